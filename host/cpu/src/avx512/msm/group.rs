//! The groups whose sums run on vectors, by their coordinates' type.

use super::batch::{self, Work};
use super::points::{self, Packed};
use super::reduce;
use super::schedule::Schedule;
use crate::arith::{Arith, Bls12_377Fq, Bls12_381Fq, Bn254Fq, Mont, Quadratic};
use crate::curve::Jacobian;
use bytemuck::Pod;
use proofmill_field::Int;

/// Coordinates of a group with vector additions.
pub(crate) trait VectorGroup: Arith {
    /// A point of a table; all zero is infinity.
    type Packed: Pod + PartialEq + Send + Sync;
    /// Memory of the additions, for one thread.
    type Work: Send;

    /// New memory.
    fn work() -> Self::Work;

    /// Converts points in data form at any alignment; places past the last one become infinity. With
    /// `image`, also (β·x, y) there, for β in data form.
    ///
    /// # Safety
    /// [`crate::dispatch::has_ifma`], as for all that follow.
    unsafe fn load_points(
        points: &[u8],
        out: &mut [Self::Packed],
        image: Option<(&Int, &mut [Self::Packed])>,
    );

    /// The sum of each run's points: put to out[bucket], or where the bucket was cut, pushed to
    /// `cut`.
    ///
    /// # Safety
    /// As above.
    unsafe fn accumulate(
        table: &[Self::Packed],
        schedule: &Schedule,
        out: &mut [Self::Packed],
        cut: &mut Vec<(u32, Self::Packed)>,
        work: &mut Self::Work,
    );

    /// Σ (j + 1)·B_j for each window of `per_window` buckets.
    ///
    /// # Safety
    /// As above.
    unsafe fn weighted_sums(
        buckets: &[Self::Packed],
        per_window: usize,
        work: &mut Self::Work,
    ) -> Vec<Jacobian<Self>>;
}

macro_rules! vector_group {
    ($C:ty, $M:ty, $L:literal, $D:literal, $W:literal) => {
        impl VectorGroup for $C {
            type Packed = Packed<$W>;
            type Work = Work<$L, $D>;

            fn work() -> Self::Work {
                Work::new()
            }

            unsafe fn load_points(
                points: &[u8],
                out: &mut [Self::Packed],
                image: Option<(&Int, &mut [Self::Packed])>,
            ) {
                // SAFETY: the caller's promise.
                unsafe { points::convert::<$M, $L, $D, $W>(points, out, image) }
            }

            unsafe fn accumulate(
                table: &[Self::Packed],
                schedule: &Schedule,
                out: &mut [Self::Packed],
                cut: &mut Vec<(u32, Self::Packed)>,
                work: &mut Self::Work,
            ) {
                // SAFETY: the caller's promise.
                unsafe { batch::accumulate::<$M, $C, $L, $D, $W>(table, schedule, out, cut, work) }
            }

            unsafe fn weighted_sums(
                buckets: &[Self::Packed],
                per_window: usize,
                work: &mut Self::Work,
            ) -> Vec<Jacobian<Self>> {
                // SAFETY: the caller's promise.
                unsafe { reduce::weighted_sums::<$M, $C, $L, $D, $W>(buckets, per_window, work) }
            }
        }
    };
}
vector_group!(Mont<Bn254Fq, 4>, Bn254Fq, 5, 1, 8);
vector_group!(Quadratic<Mont<Bn254Fq, 4>>, Bn254Fq, 5, 2, 16);
vector_group!(Mont<Bls12_381Fq, 6>, Bls12_381Fq, 8, 1, 12);
vector_group!(Quadratic<Mont<Bls12_381Fq, 6>>, Bls12_381Fq, 8, 2, 24);
vector_group!(Mont<Bls12_377Fq, 6>, Bls12_377Fq, 8, 1, 12);
