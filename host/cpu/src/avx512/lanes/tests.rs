use super::*;
use crate::arith::{Bls12_377Fq, Bls12_377Fr, Bls12_381Fq, Bls12_381Fr, Bn254Fq, Bn254Fr};
use proofmill_field::{Random, int};

/// Eight integers below 2^(64·words) as clean limbs.
#[target_feature(enable = "avx512f,avx512vbmi2")]
fn load<const L: usize>(values: &[Int; 8], words: usize) -> Lanes<L> {
    let mut out = [_mm512_setzero_si512(); 6];
    for (k, out) in out.iter_mut().enumerate() {
        let word = values.map(|v| v[k]);
        // SAFETY: eight words.
        *out = unsafe { _mm512_loadu_si512(word.as_ptr().cast()) };
    }
    split(&out[..words])
}

/// Clean limbs as integers.
#[target_feature(enable = "avx512f")]
fn store<const L: usize>(a: &Lanes<L>) -> [Int; 8] {
    let (mut words, mut out) = ([_mm512_setzero_si512(); 6], [int::ZERO; 8]);
    join(a, &mut words);
    for (k, word) in words.iter().enumerate() {
        let mut lanes = [0u64; 8];
        // SAFETY: eight words.
        unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), *word) };
        for (out, lane) in out.iter_mut().zip(lanes) {
            out[k] = lane;
        }
    }
    out
}

fn reduced(spec: &FieldSpec, mut a: Int) -> Int {
    while !int::less(&a, &spec.modulus) {
        a = int::sub(&a, &spec.modulus).0;
    }
    a
}

/// a·b/2^(52L) mod p for any a, b.
fn judge<const L: usize>(spec: &FieldSpec, a: &Int, b: &Int) -> Int {
    let power = power_of_two(spec, 2 * spec.log_r as usize - BITS * L);
    spec.mul(&spec.mul(&reduced(spec, *a), &reduced(spec, *b)), &power)
}

/// Random values below 2p, six in 32 replaced by an edge: 0, 1, p − 1, p, p + 1, 2p − 1.
fn values(spec: &FieldSpec, random: &mut Random) -> [Int; 8] {
    core::array::from_fn(|_| {
        let (p, one) = (&spec.modulus, int::small(1));
        let value = random.element(spec.id);
        match random.word() % 32 {
            0 => int::ZERO,
            1 => one,
            2 => int::sub(p, &one).0,
            3 => *p,
            4 => int::add(p, &one).0,
            5 => int::sub(&int::add(p, p).0, &one).0,
            k if k % 2 == 0 => int::add(&value, p).0,
            _ => value,
        }
    })
}

#[target_feature(enable = "avx512f,avx512ifma,avx512vbmi2")]
fn products<M: Modulus, const L: usize>(random: &mut Random) {
    let (spec, words) = (M::SPEC, M::SPEC.limbs());
    let (ia, ib, ic) = (
        values(spec, random),
        values(spec, random),
        values(spec, random),
    );
    let (a, b, c) = (load(&ia, words), load(&ib, words), load(&ic, words));
    let product = store(&clean(mul::<M, L>(&a, &b)));
    let sum = store(&clean(mul_add::<M, L>(&a, &b, &c)));
    let square = store(&clean(reduce::<M, L>(square_columns(&a, &zero()))));
    // a difference with limbs not carried, raised above zero, as a factor
    let difference = multiplicand(add(&sub(&a, &b), &constant(&times::<M, L>(2))));
    let lazy = store(&clean(mul::<M, L>(&difference, &c)));
    let raised = int::add(&spec.modulus, &spec.modulus).0;
    for i in 0..8 {
        let expected = judge::<L>(spec, &ia[i], &ib[i]);
        assert!(int::less(&product[i], &int::add(&raised, &spec.modulus).0));
        assert_eq!(reduced(spec, product[i]), expected, "{}", spec.name);
        let expected = spec.add(&expected, &reduced(spec, ic[i]));
        assert_eq!(reduced(spec, sum[i]), expected, "{}", spec.name);
        let expected = judge::<L>(spec, &ia[i], &ia[i]);
        assert_eq!(reduced(spec, square[i]), expected, "{}", spec.name);
        let difference = spec.sub(&reduced(spec, ia[i]), &reduced(spec, ib[i]));
        let expected = judge::<L>(spec, &difference, &ic[i]);
        assert_eq!(reduced(spec, lazy[i]), expected, "{}", spec.name);
    }
}

/// Four products in eight lanes, 31250 times: 10^6.
fn a_million_products<M: Modulus, const L: usize>() {
    if !crate::dispatch::has_ifma() {
        println!("skipped: no AVX-512 IFMA");
        return;
    }
    let mut random = Random::seeded(11);
    for _ in 0..31_250 {
        // SAFETY: the instructions are there.
        unsafe { products::<M, L>(&mut random) };
    }
}

#[test]
fn a_million_products_agree_in_bn254() {
    a_million_products::<Bn254Fq, 5>();
    a_million_products::<Bn254Fr, 5>();
}

#[test]
fn a_million_products_agree_in_bls12_381() {
    a_million_products::<Bls12_381Fq, 8>();
    a_million_products::<Bls12_381Fr, 5>();
}

#[test]
fn a_million_products_agree_in_bls12_377() {
    a_million_products::<Bls12_377Fq, 8>();
    a_million_products::<Bls12_377Fr, 5>();
}

#[test]
fn a_transpose_swaps_rows_and_columns() {
    #[target_feature(enable = "avx512f")]
    fn run() {
        let rows: [[u64; 8]; 8] =
            core::array::from_fn(|i| core::array::from_fn(|j| (10 * i + j) as u64));
        // SAFETY: eight words.
        let vectors = rows.map(|r| unsafe { _mm512_loadu_si512(r.as_ptr().cast()) });
        for (j, column) in transpose(vectors).into_iter().enumerate() {
            let mut lanes = [0u64; 8];
            // SAFETY: eight words.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), column) };
            assert_eq!(lanes, rows.map(|r| r[j]));
        }
    }
    if crate::dispatch::has_ifma() {
        // SAFETY: the instructions are there.
        unsafe { run() };
    }
}
