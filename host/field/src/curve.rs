//! Short Weierstrass curves y² = x³ + b as data.

use crate::field::{FieldId, FieldSpec};
use crate::int::{self, Int};
use core::fmt;

/// A pairing-friendly curve that Proofmill knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CurveId {
    /// BN254 (alt_bn128; circom calls it bn128).
    Bn254,
    /// BLS12-381.
    Bls12_381,
    /// BLS12-377, of which only G1 is offered.
    Bls12_377,
}

/// One of the two source groups of a pairing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Points over the base field.
    G1,
    /// Points of the twist, over the quadratic extension u² = −1.
    G2,
}

/// How the twist is made from the curve.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Twist {
    /// b' = b / ξ.
    Divide,
    /// b' = b · ξ.
    Multiply,
}

/// G2 of a curve whose twist is over u² = −1.
pub struct G2Spec {
    /// Kind of twist.
    pub twist: Twist,
    /// ξ = ξ₀ + u.
    pub xi: [u64; 2],
    /// Generator: x.c0, x.c1, y.c0, y.c1, plain integers.
    pub generator: [Int; 4],
}

/// A curve and its groups, whose order is the scalar field's modulus.
pub struct CurveSpec {
    /// Which curve.
    pub id: CurveId,
    /// Name in reports and files, such as `bn254`.
    pub name: &'static str,
    /// Field of the coordinates.
    pub base: &'static FieldSpec,
    /// Field of the scalars.
    pub scalar: &'static FieldSpec,
    /// b of y² = x³ + b.
    pub b: u64,
    /// Generator of G1: x, y, plain integers.
    pub g1: [Int; 2],
    /// G2; `None` where it is over another extension (BLS12-377: u² = −5) and not offered.
    pub g2: Option<G2Spec>,
}

static SPECS: [CurveSpec; 3] = [
    CurveSpec {
        id: CurveId::Bn254,
        name: "bn254",
        base: FieldId::Bn254Fq.spec(),
        scalar: FieldId::Bn254Fr.spec(),
        b: 3,
        g1: [int::small(1), int::small(2)],
        g2: Some(G2Spec {
            twist: Twist::Divide,
            xi: [9, 1],
            generator: [
                int::from_hex("0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"),
                int::from_hex("0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"),
                int::from_hex("0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"),
                int::from_hex("0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"),
            ],
        }),
    },
    CurveSpec {
        id: CurveId::Bls12_381,
        name: "bls12_381",
        base: FieldId::Bls12_381Fq.spec(),
        scalar: FieldId::Bls12_381Fr.spec(),
        b: 4,
        g1: [
            int::from_hex(
                "0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
            ),
            int::from_hex(
                "0x08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
            ),
        ],
        g2: Some(G2Spec {
            twist: Twist::Multiply,
            xi: [1, 1],
            generator: [
                int::from_hex(
                    "0x024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
                ),
                int::from_hex(
                    "0x13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e",
                ),
                int::from_hex(
                    "0x0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
                ),
                int::from_hex(
                    "0x0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
                ),
            ],
        }),
    },
    CurveSpec {
        id: CurveId::Bls12_377,
        name: "bls12_377",
        base: FieldId::Bls12_377Fq.spec(),
        scalar: FieldId::Bls12_377Fr.spec(),
        b: 1,
        g1: [
            int::from_hex(
                "0x008848defe740a67c8fc6225bf87ff5485951e2caa9d41bb188282c8bd37cb5cd5481512ffcd394eeab9b16eb21be9ef",
            ),
            int::from_hex(
                "0x01914a69c5102eff1f674f5d30afeec4bd7fb348ca3e52d96d182ad44fb82305c2fe3d3634a9591afd82de55559c8ea6",
            ),
        ],
        g2: None,
    },
];

impl CurveId {
    /// Every curve.
    pub const ALL: [CurveId; 3] = [CurveId::Bn254, CurveId::Bls12_381, CurveId::Bls12_377];

    /// The curve's data.
    pub const fn spec(self) -> &'static CurveSpec {
        &SPECS[self as usize]
    }
}

impl fmt::Debug for CurveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

impl fmt::Display for CurveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec().name)
    }
}

impl Group {
    /// Both groups.
    pub const ALL: [Group; 2] = [Group::G1, Group::G2];

    /// Base-field elements in a coordinate: 1 or 2.
    pub const fn degree(self) -> usize {
        match self {
            Group::G1 => 1,
            Group::G2 => 2,
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Group::G1 => "g1",
            Group::G2 => "g2",
        })
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl CurveSpec {
    /// The groups that the curve offers.
    pub const fn groups(&self) -> &'static [Group] {
        match self.g2 {
            Some(_) => &Group::ALL,
            None => &[Group::G1],
        }
    }

    /// Bytes of an affine point x‖y in data form; all zero stands for infinity (b is no square
    /// times anything that would put (0, 0) on a curve: b ≠ 0).
    pub const fn point_bytes(&self, group: Group) -> usize {
        2 * group.degree() * self.base.bytes
    }
}
