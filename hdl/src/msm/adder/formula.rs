//! The complete addition of Renes, Costello and Batina (eprint 2015/1060, algorithm 7, a = 0) as data.
//!
//! t0 = X1·X2, t1 = Y1·Y2, t2 = Z1·Z2, t3 = X1·Y2 + X2·Y1, t4 = Y1·Z2 + Y2·Z1, t5 = X1·Z2 + X2·Z1, and
//!
//! X3 = t3·(t1 − b3·t2) − t4·b3·t5,
//! Y3 = (t1 − b3·t2)·(t1 + b3·t2) + 3·t0·b3·t5,
//! Z3 = (t1 + b3·t2)·t4 + 3·t0·t3.
//!
//! Twelve products: a factor is at most a sum of two kept values, and what is kept is a product with at most two raw
//! products taken from it. So each factor's memory is read twice and that of the raw products twice.

/// What the factors' memories keep. The left one has X1, Y1, Z1, the right one X2, Y2, Z2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kept {
    /// X.
    X,
    /// Y.
    Y,
    /// Z.
    Z,
    /// t0, on the left.
    T0,
    /// t1, on both sides.
    T1,
    /// b3·t2, on both sides.
    Scaled2,
    /// t3, on the right.
    T3,
    /// t4, on both sides.
    T4,
    /// b3·t5, on the right.
    Scaled5,
}

impl Kept {
    /// Its place in a memory, of eight.
    pub fn place(self) -> u64 {
        match self {
            Kept::X => 0,
            Kept::Y => 1,
            Kept::Z => 2,
            Kept::T0 | Kept::Scaled5 => 3,
            Kept::T1 => 4,
            Kept::Scaled2 => 5,
            Kept::T3 => 6,
            Kept::T4 => 7,
        }
    }
}

/// A product as it came, with its place in their memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Raw {
    /// t0.
    T0 = 0,
    /// t1.
    T1 = 1,
    /// t2.
    T2 = 2,
    /// t3·(t1 − b3·t2).
    X = 3,
    /// (t1 − b3·t2)·(t1 + b3·t2).
    Y = 4,
    /// (t1 + b3·t2)·t4.
    Z = 5,
}

/// A factor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Factor {
    /// A kept value.
    One(Kept),
    /// Their sum.
    Sum(Kept, Kept),
    /// Their difference, and as many p as keep it from being negative.
    Difference(Kept, Kept),
    /// Three times the value.
    Triple(Kept),
}

/// What becomes of a product m.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// m.
    Plain,
    /// b3·m.
    Scaled,
    /// m − r − s, and as many p as keep it from being negative.
    Less(Raw, Raw),
    /// b3 times that.
    ScaledLess(Raw, Raw),
    /// r + m.
    With(Raw),
    /// r − m, and as many p as keep it from being negative.
    From(Raw),
}

/// Where the outcome goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Nowhere: the raw product is enough.
    Nowhere,
    /// The memory of left factors.
    Left(Kept),
    /// The memory of right factors.
    Right(Kept),
    /// Both.
    Both(Kept),
    /// Out: 0, 1, 2 for X3, Y3, Z3.
    Out(u8),
}

/// A product and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    /// The left factor.
    pub left: Factor,
    /// The right factor.
    pub right: Factor,
    /// Where it is kept as it is.
    pub raw: Option<Raw>,
    /// What is made of it.
    pub outcome: Outcome,
    /// Where that goes.
    pub target: Target,
}

const fn product(
    left: Factor,
    right: Factor,
    raw: Option<Raw>,
    outcome: Outcome,
    target: Target,
) -> Product {
    Product {
        left,
        right,
        raw,
        outcome,
        target,
    }
}

use Factor::{Difference, One, Sum, Triple};
use Kept::{Scaled2, Scaled5, T0, T1, T3, T4, X, Y, Z};
use Outcome::{From, Less, Plain, Scaled, ScaledLess, With};
use Target::{Both, Left, Nowhere, Out, Right};

/// The addition, in the order in which its products begin.
pub const PRODUCTS: [Product; 12] = [
    product(One(X), One(X), Some(Raw::T0), Plain, Left(T0)),
    product(One(Y), One(Y), Some(Raw::T1), Plain, Both(T1)),
    product(One(Z), One(Z), Some(Raw::T2), Scaled, Both(Scaled2)),
    product(
        Sum(X, Y),
        Sum(X, Y),
        None,
        Less(Raw::T0, Raw::T1),
        Right(T3),
    ),
    product(Sum(Y, Z), Sum(Y, Z), None, Less(Raw::T1, Raw::T2), Both(T4)),
    product(
        Sum(X, Z),
        Sum(X, Z),
        None,
        ScaledLess(Raw::T0, Raw::T2),
        Right(Scaled5),
    ),
    product(
        Difference(T1, Scaled2),
        Sum(T1, Scaled2),
        Some(Raw::Y),
        Plain,
        Nowhere,
    ),
    product(
        Difference(T1, Scaled2),
        One(T3),
        Some(Raw::X),
        Plain,
        Nowhere,
    ),
    product(Sum(T1, Scaled2), One(T4), Some(Raw::Z), Plain, Nowhere),
    product(Triple(T0), One(T3), None, With(Raw::Z), Out(2)),
    product(Triple(T0), One(Scaled5), None, With(Raw::Y), Out(1)),
    product(One(T4), One(Scaled5), None, From(Raw::X), Out(0)),
];

impl Factor {
    /// The one or two values that it reads.
    pub fn reads(self) -> [Kept; 2] {
        match self {
            One(x) | Triple(x) => [x, x],
            Sum(x, y) | Difference(x, y) => [x, y],
        }
    }
}

impl Outcome {
    /// The raw products that it reads.
    pub fn reads(self) -> Vec<Raw> {
        match self {
            Plain | Scaled => vec![],
            With(r) | From(r) => vec![r],
            Less(r, s) | ScaledLess(r, s) => vec![r, s],
        }
    }
}

impl Target {
    /// Whether it is in the memory of left factors, and whether in that of right ones.
    pub fn sides(self) -> [bool; 2] {
        [
            matches!(self, Left(_) | Both(_)),
            matches!(self, Right(_) | Both(_)),
        ]
    }

    /// Its place there.
    pub fn kept(self) -> Option<Kept> {
        match self {
            Left(kept) | Right(kept) | Both(kept) => Some(kept),
            Nowhere | Out(_) => None,
        }
    }
}
