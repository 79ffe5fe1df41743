//! Prime fields as data, with textbook arithmetic on elements in data form.

use crate::int::{self, Int};
use core::fmt;

/// A field that Proofmill knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldId {
    /// Scalar field of BN254.
    Bn254Fr,
    /// Base field of BN254.
    Bn254Fq,
    /// Scalar field of BLS12-381.
    Bls12_381Fr,
    /// Base field of BLS12-381.
    Bls12_381Fq,
    /// 2^64 − 2^32 + 1.
    Goldilocks,
    /// 2^31 − 2^27 + 1.
    BabyBear,
    /// 2^31 − 2^24 + 1.
    KoalaBear,
    /// Scalar field of BLS12-377.
    Bls12_377Fr,
    /// Base field of BLS12-377.
    Bls12_377Fq,
}

/// A prime field: modulus and generator, and what follows from them.
pub struct FieldSpec {
    /// Which field.
    pub id: FieldId,
    /// Name in reports and files, such as `bn254_fr`.
    pub name: &'static str,
    /// The prime p.
    pub modulus: Int,
    /// Bits of p.
    pub bits: u32,
    /// Bytes of an element in data form: 4, 8, 32 or 48.
    pub bytes: usize,
    /// log2 R of the Montgomery form; 0 where the data form is the plain integer.
    pub log_r: u32,
    /// R mod p: the data form of 1.
    pub one: Int,
    /// R² mod p: multiplying by it takes a plain integer into data form.
    pub r2: Int,
    /// −1/p mod 2^64.
    pub neg_inverse: u64,
    /// A generator of the multiplicative group, as arkworks and Plonky3 choose it (plain integer).
    pub generator: u64,
    /// The largest s for which 2^s divides p − 1.
    pub two_adicity: u32,
    /// generator^((p−1)/2^s), of order 2^s, in data form.
    pub root: Int,
}

static SPECS: [FieldSpec; 9] = [
    FieldSpec::derive(
        FieldId::Bn254Fr,
        "bn254_fr",
        "0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001",
        5,
        256,
    ),
    FieldSpec::derive(
        FieldId::Bn254Fq,
        "bn254_fq",
        "0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47",
        3,
        256,
    ),
    FieldSpec::derive(
        FieldId::Bls12_381Fr,
        "bls12_381_fr",
        "0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001",
        7,
        256,
    ),
    FieldSpec::derive(
        FieldId::Bls12_381Fq,
        "bls12_381_fq",
        "0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
        2,
        384,
    ),
    FieldSpec::derive(
        FieldId::Goldilocks,
        "goldilocks",
        "0xffffffff00000001",
        7,
        0,
    ),
    FieldSpec::derive(FieldId::BabyBear, "babybear", "0x78000001", 31, 32),
    FieldSpec::derive(FieldId::KoalaBear, "koalabear", "0x7f000001", 3, 32),
    FieldSpec::derive(
        FieldId::Bls12_377Fr,
        "bls12_377_fr",
        "0x12ab655e9a2ca55660b44d1e5c37b00159aa76fed00000010a11800000000001",
        22,
        256,
    ),
    FieldSpec::derive(
        FieldId::Bls12_377Fq,
        "bls12_377_fq",
        "0x01ae3a4617c510eac63b05c06ca1493b1a22d9f300f5138f1ef3622fba094800170b5d44300000008508c00000000001",
        15,
        384,
    ),
];

impl FieldId {
    /// Every field.
    pub const ALL: [FieldId; 9] = [
        FieldId::Bn254Fr,
        FieldId::Bn254Fq,
        FieldId::Bls12_381Fr,
        FieldId::Bls12_381Fq,
        FieldId::Goldilocks,
        FieldId::BabyBear,
        FieldId::KoalaBear,
        FieldId::Bls12_377Fr,
        FieldId::Bls12_377Fq,
    ];

    /// The field's data.
    pub const fn spec(self) -> &'static FieldSpec {
        &SPECS[self as usize]
    }
}

impl fmt::Debug for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

impl fmt::Display for FieldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

impl FieldSpec {
    const fn derive(
        id: FieldId,
        name: &'static str,
        modulus: &str,
        generator: u64,
        log_r: u32,
    ) -> Self {
        let modulus = int::from_hex(modulus);
        let below = int::sub(&modulus, &int::small(1)).0; // p − 1
        let mut spec = FieldSpec {
            id,
            name,
            modulus,
            bits: int::bits(&modulus),
            bytes: if log_r == 0 { 8 } else { log_r as usize / 8 },
            log_r,
            one: int::small(1),
            r2: int::small(1),
            neg_inverse: int::neg_inverse(modulus[0]),
            generator,
            two_adicity: int::trailing_zeros(&below),
            root: int::ZERO,
        };
        let (mut power, mut i) = (int::small(1), 0); // 2^i mod p
        while i < 2 * log_r {
            if i == log_r {
                spec.one = power;
            }
            power = spec.add(&power, &power);
            i += 1;
        }
        spec.r2 = power;
        let generator = spec.to_data(&int::small(generator));
        spec.root = spec.pow(&generator, &int::shr(&below, spec.two_adicity));
        spec
    }

    /// 64-bit limbs of an element (1 for the small fields).
    pub const fn limbs(&self) -> usize {
        self.bytes.div_ceil(8)
    }

    /// The lowest `N` limbs of an integer of this field; the rest are zero if `N ≥ limbs()`.
    pub const fn low<const N: usize>(a: &Int) -> [u64; N] {
        let (mut out, mut i) = ([0; N], 0);
        while i < N {
            out[i] = a[i];
            i += 1;
        }
        out
    }

    /// `a + b`, both < p.
    pub const fn add(&self, a: &Int, b: &Int) -> Int {
        let (sum, carry) = int::add(a, b);
        if carry || !int::less(&sum, &self.modulus) {
            int::sub(&sum, &self.modulus).0
        } else {
            sum
        }
    }

    /// `a − b`, both < p.
    pub const fn sub(&self, a: &Int, b: &Int) -> Int {
        let (difference, borrow) = int::sub(a, b);
        if borrow {
            int::add(&difference, &self.modulus).0
        } else {
            difference
        }
    }

    /// `−a`, a < p.
    pub const fn neg(&self, a: &Int) -> Int {
        self.sub(&int::ZERO, a)
    }

    /// `a · b / R`, both < p: the product of two elements in data form.
    pub const fn mul(&self, a: &Int, b: &Int) -> Int {
        let p = self.modulus[0];
        match self.log_r {
            0 => int::small((a[0] as u128 * b[0] as u128 % p as u128) as u64),
            32 => {
                let t = a[0] * b[0]; // < 2^62
                let m = (t as u32).wrapping_mul(self.neg_inverse as u32) as u64;
                let t = (t + m * p) >> 32; // t + m·p < 2^62 + 2^63, and the result < 2p
                int::small(if t < p { t } else { t - p })
            }
            _ => self.montgomery(a, b),
        }
    }

    /// Textbook Montgomery: the whole product first, then one limb cleared at a time.
    const fn montgomery(&self, a: &Int, b: &Int) -> Int {
        let n = self.limbs();
        let mut t = [0u64; 2 * int::LIMBS + 1];
        let mut i = 0;
        while i < n {
            add_scaled(&mut t, i, a[i], b, n);
            i += 1;
        }
        i = 0;
        while i < n {
            let m = t[i].wrapping_mul(self.neg_inverse);
            add_scaled(&mut t, i, m, &self.modulus, n);
            i += 1;
        }
        let (mut out, mut j) = (int::ZERO, 0);
        while j < n {
            out[j] = t[n + j];
            j += 1;
        }
        // t < p² + R·p, so out < 2p (and 2p < 2^(64n): no carry beyond)
        if int::less(&out, &self.modulus) {
            out
        } else {
            int::sub(&out, &self.modulus).0
        }
    }

    /// The product by its definition, one bit at a time, of plain integers < p. The judge of `mul`.
    pub const fn mul_by_definition(&self, a: &Int, b: &Int) -> Int {
        let (mut out, mut i) = (int::ZERO, self.bits);
        while i > 0 {
            i -= 1;
            out = self.add(&out, &out);
            if int::bit(a, i) {
                out = self.add(&out, b);
            }
        }
        out
    }

    /// `a^e`, a in data form.
    pub const fn pow(&self, a: &Int, e: &Int) -> Int {
        let (mut out, mut i) = (self.one, int::bits(e));
        while i > 0 {
            i -= 1;
            out = self.mul(&out, &out);
            if int::bit(e, i) {
                out = self.mul(&out, a);
            }
        }
        out
    }

    /// `1/a` by Fermat; 0 for 0.
    pub const fn inverse(&self, a: &Int) -> Int {
        self.pow(a, &int::sub(&self.modulus, &int::small(2)).0)
    }

    /// Data form of a plain integer < p.
    pub const fn to_data(&self, a: &Int) -> Int {
        if self.log_r == 0 {
            *a
        } else {
            self.mul(a, &self.r2)
        }
    }

    /// The plain integer of an element in data form.
    pub const fn from_data(&self, a: &Int) -> Int {
        if self.log_r == 0 {
            *a
        } else {
            self.mul(a, &int::small(1))
        }
    }

    /// Data form of x mod p.
    pub const fn element(&self, x: u64) -> Int {
        let x = if self.limbs() == 1 {
            x % self.modulus[0]
        } else {
            x
        };
        self.to_data(&int::small(x))
    }

    /// The data form of an integer of any size: reduced bit by bit.
    pub const fn reduce(&self, a: &Int) -> Int {
        let (mut out, mut i) = (int::ZERO, 64 * int::LIMBS as u32);
        while i > 0 {
            i -= 1;
            out = self.add(&out, &out);
            if int::bit(a, i) {
                out = self.add(&out, &int::small(1));
            }
        }
        self.to_data(&out)
    }

    /// The primitive 2^log_n-th root of unity, in data form; `None` beyond the two-adicity.
    pub const fn root_of_unity(&self, log_n: u32) -> Option<Int> {
        if log_n > self.two_adicity {
            return None;
        }
        let (mut root, mut i) = (self.root, log_n);
        while i < self.two_adicity {
            root = self.mul(&root, &root);
            i += 1;
        }
        Some(root)
    }

    /// Whether `a` is a reduced element.
    pub const fn is_canonical(&self, a: &Int) -> bool {
        int::less(a, &self.modulus)
    }

    /// An integer of as many bits as the modulus from words that a source gives: uniform once those
    /// that are no reduced element are thrown away.
    pub fn candidate(&self, mut word: impl FnMut() -> u64) -> Int {
        let mut out = int::ZERO;
        let top = self.limbs() - 1;
        out[..=top].fill_with(&mut word);
        out[top] &= u64::MAX >> ((64 - self.bits % 64) % 64);
        out
    }

    /// The little-endian integer of one element's bytes (`self.bytes` long, not reduced).
    pub fn read(&self, bytes: &[u8]) -> Int {
        let mut out = int::ZERO;
        for (i, byte) in bytes.iter().take(self.bytes).enumerate() {
            out[i / 8] |= (*byte as u64) << (8 * (i % 8));
        }
        out
    }

    /// Writes an element's bytes, little-endian.
    pub fn write(&self, a: &Int, bytes: &mut [u8]) {
        for (i, byte) in bytes.iter_mut().take(self.bytes).enumerate() {
            *byte = (a[i / 8] >> (8 * (i % 8))) as u8;
        }
    }
}

/// t += (x · b) · 2^(64·at), b of n limbs, the carry carried to the end of t.
const fn add_scaled(t: &mut [u64; 2 * int::LIMBS + 1], at: usize, x: u64, b: &Int, n: usize) {
    let (mut carry, mut j) = (0u64, 0);
    while at + j < t.len() && (j < n || carry != 0) {
        let product = if j < n { x as u128 * b[j] as u128 } else { 0 };
        let sum = product + t[at + j] as u128 + carry as u128; // ≤ (2^64−1)² + 2(2^64−1) < 2^128
        t[at + j] = sum as u64;
        carry = (sum >> 64) as u64;
        j += 1;
    }
}
