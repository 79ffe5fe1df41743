use super::*;
use crate::arith::{Bls12_377Fq, Bls12_381Fq, Bn254Fq, Mont, Quadratic};
use crate::curve::{Affine, Jacobian};
use proofmill_field::{CurveId, Group, Random};

/// Multiples 1·G, 2·G, … of the generator, affine, in data form.
fn multiples<C: Arith>(curve: CurveId, group: Group, count: usize) -> Vec<Affine<C>> {
    let naive = proofmill_field::naive::NaiveGroup::new(curve.spec(), group);
    let mut bytes = vec![0; curve.spec().point_bytes(group)];
    naive.write(&naive.generator(), &mut bytes);
    let generator: Affine<C> = bytemuck::pod_read_unaligned(&bytes);
    let mut sum = Jacobian::INFINITY;
    let mut next = || {
        sum = sum.add_affine(&generator);
        sum.to_affine()
    };
    (0..count).map(|_| next()).collect()
}

fn schedule_of(of: &[u32], buckets: usize) -> Schedule {
    let mut schedule = Schedule::default();
    schedule.fill(of, buckets);
    schedule
}

/// Sums of random buckets against scalar additions.
fn sums_agree<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    points: &[Affine<C>],
    of: &[u32],
    buckets: usize,
) {
    let schedule = schedule_of(of, buckets);
    // SAFETY: the caller found the instructions.
    let (out, cut) = unsafe {
        let mut list = vec![Packed::INFINITY; points.len() + 1];
        let mut image = list.clone();
        let beta = &M::SPEC.one;
        let bytes = bytemuck::cast_slice(points);
        points::convert::<M, L, D, W>(bytes, &mut list, Some((beta, &mut image)));
        assert!(list == image);
        let (mut out, mut cut) = (vec![Packed::INFINITY; buckets], Vec::new());
        let mut work = Work::new();
        accumulate::<M, C, L, D, W>(&list, &schedule, &mut out, &mut cut, &mut work);
        (out, cut)
    };
    let mut expected = vec![Jacobian::<C>::INFINITY; buckets];
    for (point, bucket) in points.iter().zip(of) {
        expected[*bucket as usize] = expected[*bucket as usize].add_affine(point);
    }
    let mut found: Vec<_> = out
        .iter()
        .map(|p| Jacobian::<C>::INFINITY.add_affine(&points::unpack::<M, C, L, W>(p)))
        .collect();
    for (bucket, p) in &cut {
        found[*bucket as usize] =
            found[*bucket as usize].add_affine(&points::unpack::<M, C, L, W>(p));
    }
    for (i, (e, f)) in expected.into_iter().zip(found).enumerate() {
        assert!(e.to_affine() == f.to_affine(), "bucket {i}");
    }
}

fn group_agrees<M: Modulus, C: Arith, const L: usize, const D: usize, const W: usize>(
    curve: CurveId,
    group: Group,
) {
    if !crate::dispatch::has_ifma() {
        println!("skipped: no AVX-512 IFMA");
        return;
    }
    let points = multiples::<C>(curve, group, 400);
    let mut random = Random::seeded(5);
    for buckets in [1, 7, 8, 9, 40, 130] {
        let of: Vec<u32> = points
            .iter()
            .map(|_| random.word() as u32 % buckets)
            .collect();
        sums_agree::<M, C, L, D, W>(&points, &of, buckets as usize);
    }
    // equal, opposite and infinite points, one after the other in a few buckets
    let mut mixed = Vec::new();
    for i in 0..400 {
        let p = points[i % 5];
        mixed.push(match random.word() % 4 {
            0 => p,
            1 => p.neg(),
            2 => Affine::INFINITY,
            _ => points[i],
        });
    }
    for buckets in [3, 50, 200] {
        let of: Vec<u32> = points
            .iter()
            .map(|_| random.word() as u32 % buckets)
            .collect();
        sums_agree::<M, C, L, D, W>(&mixed, &of, buckets as usize);
    }
}

#[test]
fn sums_of_bn254_g1_agree() {
    group_agrees::<Bn254Fq, Mont<Bn254Fq, 4>, 5, 1, 8>(CurveId::Bn254, Group::G1);
}

#[test]
fn sums_of_bn254_g2_agree() {
    group_agrees::<Bn254Fq, Quadratic<Mont<Bn254Fq, 4>>, 5, 2, 16>(CurveId::Bn254, Group::G2);
}

#[test]
fn sums_of_bls12_381_g1_agree() {
    group_agrees::<Bls12_381Fq, Mont<Bls12_381Fq, 6>, 8, 1, 12>(CurveId::Bls12_381, Group::G1);
}

#[test]
fn sums_of_bls12_381_g2_agree() {
    group_agrees::<Bls12_381Fq, Quadratic<Mont<Bls12_381Fq, 6>>, 8, 2, 24>(
        CurveId::Bls12_381,
        Group::G2,
    );
}

#[test]
fn sums_of_bls12_377_g1_agree() {
    group_agrees::<Bls12_377Fq, Mont<Bls12_377Fq, 6>, 8, 1, 12>(CurveId::Bls12_377, Group::G1);
}
