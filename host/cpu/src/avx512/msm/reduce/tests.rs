use crate::arith::{Bls12_377Fq, Bls12_381Fq, Bn254Fq, Mont, Quadratic};
use crate::avx512::msm::group::VectorGroup;
use crate::curve::{Affine, Jacobian};
use bytemuck::Zeroable;
use proofmill_field::naive::NaiveGroup;
use proofmill_field::{CurveId, Group, Random};

/// Σ (j + 1)·B_j by doubling and adding.
fn definition<C: VectorGroup>(buckets: &[Affine<C>]) -> Jacobian<C> {
    let weighted = buckets.iter().enumerate().map(|(j, b)| {
        let bits = (0..usize::BITS).rev();
        bits.fold(Jacobian::INFINITY, |t: Jacobian<C>, i| {
            let t = t.double();
            if (j + 1) >> i & 1 == 1 {
                t.add_affine(b)
            } else {
                t
            }
        })
    });
    weighted.fold(Jacobian::INFINITY, |t, b| t.add(&b))
}

fn group_agrees<C: VectorGroup>(curve: CurveId, group: Group) {
    if !crate::dispatch::has_ifma() {
        println!("skipped: no AVX-512 IFMA");
        return;
    }
    let naive = NaiveGroup::new(curve.spec(), group);
    let mut bytes = vec![0; curve.spec().point_bytes(group)];
    naive.write(&naive.generator(), &mut bytes);
    let generator: Affine<C> = bytemuck::pod_read_unaligned(&bytes);
    let mut random = Random::seeded(9);
    for (per_window, windows) in [(1, 1), (2, 3), (8, 2), (9, 1), (64, 3), (141, 2), (1000, 1)] {
        let mut sum = Jacobian::INFINITY;
        let points: Vec<Affine<C>> = (0..per_window * windows)
            .map(|_| {
                sum = sum.add_affine(&generator);
                let point = sum.to_affine();
                match random.word() % 5 {
                    0 => Affine::INFINITY,
                    1 => generator,
                    2 => generator.neg(),
                    _ => point,
                }
            })
            .collect();
        let mut packed = vec![C::Packed::zeroed(); points.len()];
        // SAFETY: the instructions are there.
        let sums = unsafe {
            C::load_points(bytemuck::cast_slice(&points), &mut packed, None);
            C::weighted_sums(&packed, per_window, &mut C::work())
        };
        assert_eq!(sums.len(), windows);
        for (sum, buckets) in sums.into_iter().zip(points.chunks(per_window)) {
            assert!(
                sum.to_affine() == definition(buckets).to_affine(),
                "{per_window} buckets"
            );
        }
    }
}

#[test]
fn weighted_sums_agree_with_the_definition() {
    group_agrees::<Mont<Bn254Fq, 4>>(CurveId::Bn254, Group::G1);
    group_agrees::<Quadratic<Mont<Bn254Fq, 4>>>(CurveId::Bn254, Group::G2);
    group_agrees::<Mont<Bls12_381Fq, 6>>(CurveId::Bls12_381, Group::G1);
    group_agrees::<Quadratic<Mont<Bls12_381Fq, 6>>>(CurveId::Bls12_381, Group::G2);
    group_agrees::<Mont<Bls12_377Fq, 6>>(CurveId::Bls12_377, Group::G1);
}
