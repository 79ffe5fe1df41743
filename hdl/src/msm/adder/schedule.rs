//! When each product begins, and what the datapath does in each slot of the period.
//!
//! A slot is the n clocks that a value takes to pass, a period the twelve slots of an addition's products. Every
//! period begins one addition; two to four are at work. A row says what the front (memories to multiplier) and what
//! the back (multiplier to memories) do in a slot; the back's slots begin [`Schedule::lag`] clocks after the front's.

use super::formula::{Factor, Kept, Outcome, PRODUCTS, Raw, Target};

/// Slots of a period.
pub const SLOTS: usize = PRODUCTS.len();

/// Additions whose values lie in the memories.
pub const CONTEXTS: usize = 4;

/// What the datapath does in a slot.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The product whose factors the front reads, and that the back takes.
    pub product: usize,
    /// Periods since its addition began.
    pub age: u64,
    /// A coordinate that both points give, 0, 1, 2 for X, Y, Z, and the age of their addition, modulo [`CONTEXTS`].
    pub load: Option<(u8, u64)>,
}

/// A period of rows.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Clocks of a slot.
    pub digits: usize,
    /// Clocks from the front's slots to the back's.
    pub lag: usize,
    /// The rows.
    pub rows: [Row; SLOTS],
    /// In which slot of its addition each product begins.
    pub starts: [usize; SLOTS],
    /// In which slot, counted from the first product's, the back takes each coordinate: before it.
    pub loads: [i64; 3],
}

/// Clocks from the front's slot to the multiplier's factors: table, memory, its register, sum in three.
pub const FRONT: usize = 6;

/// Clocks from the product to the kept value: [`super::back`].
pub const BACK: usize = 5;

/// Clocks from asking for a digit to having it.
pub const GIVEN: usize = 6;

impl Schedule {
    /// For a multiplier of this many digits and this latency.
    pub fn new(digits: usize, latency: usize) -> Self {
        // the back's table, memory and its register take three of the clocks that the product is on its way
        let lag = FRONT + latency - 3;
        // written BACK clocks after the product, read from the next clock on, the address a clock after the slot begins
        let gap = (FRONT + latency + BACK).div_ceil(digits);
        let starts = starts(gap);
        let loads = loads(&starts, gap);
        let row = |slot: usize| {
            let product = (0..SLOTS).find(|i| starts[*i] % SLOTS == slot).unwrap_or(0);
            let load = (0..3).find(|c| loads[*c].rem_euclid(SLOTS as i64) == slot as i64);
            let age = |c: usize| {
                loads[c]
                    .div_euclid(SLOTS as i64)
                    .rem_euclid(CONTEXTS as i64)
            };
            Row {
                product,
                age: (starts[product] / SLOTS) as u64,
                load: load.map(|c| (c as u8, age(c) as u64)),
            }
        };
        Schedule {
            digits,
            lag,
            rows: std::array::from_fn(row),
            starts,
            loads,
        }
    }

    /// Periods by which an addition's first coordinate comes before its first product.
    pub fn lead(&self) -> usize {
        let first = self.loads.iter().min().copied().unwrap_or(0);
        ((-first).max(0) as usize).div_ceil(SLOTS)
    }

    /// Whether an addition has asked for all its digits a slot before the next one asks for its first.
    pub fn loads_together(&self) -> bool {
        let (first, last) = (self.loads.iter().min(), self.loads.iter().max());
        first
            .zip(last)
            .is_some_and(|(first, last)| ((last - first + 2) as usize) <= SLOTS)
    }

    /// Clocks from one addition to the next.
    pub fn period(&self) -> usize {
        SLOTS * self.digits
    }

    /// Clocks from the first digit that an addition asks for to the last one of its sum.
    pub fn latency(&self) -> usize {
        let first = self.loads.iter().min().copied().unwrap_or(0);
        let last = self.starts.iter().max().copied().unwrap_or(0) as i64;
        (last - first + 1) as usize * self.digits + BACK + 1
    }
}

/// Each product in the first slot that is free in every period once what it reads is there.
fn starts(gap: usize) -> [usize; SLOTS] {
    let mut starts = [0; SLOTS];
    for (i, product) in PRODUCTS.iter().enumerate() {
        let before = PRODUCTS[..i]
            .iter()
            .zip(starts)
            .filter_map(|(other, start)| {
                if product.reads_kept(other) {
                    Some(start + gap)
                } else {
                    product.reads_raw(other).then_some(start + 1)
                }
            });
        let earliest = before.max().unwrap_or(0);
        let taken: Vec<_> = starts[..i].iter().map(|start| start % SLOTS).collect();
        let slot = (earliest..earliest + SLOTS).find(|slot| !taken.contains(&(slot % SLOTS)));
        starts[i] = slot.unwrap_or(earliest);
    }
    starts
}

/// Each coordinate in the last slot that is early enough and in which the back keeps nothing else.
fn loads(starts: &[usize; SLOTS], gap: usize) -> [i64; 3] {
    let mut loads = [i64::MAX; 3];
    for (i, coordinate) in [Kept::X, Kept::Y, Kept::Z].into_iter().enumerate().rev() {
        let reads = |product: &super::formula::Product| {
            [product.left, product.right]
                .iter()
                .any(|factor| factor.reads().contains(&coordinate))
        };
        let first = PRODUCTS
            .iter()
            .zip(starts)
            .filter(|(product, _)| reads(product));
        let first = first.map(|(_, start)| *start as i64).min().unwrap_or(0);
        let is_free = |slot: &i64| {
            let residue = slot.rem_euclid(SLOTS as i64);
            let kept = PRODUCTS
                .iter()
                .zip(starts)
                .filter(|(product, _)| product.target.kept().is_some());
            let mut taken = kept.map(|(_, start)| (start % SLOTS) as i64);
            let mut loaded = loads[i + 1..]
                .iter()
                .map(|load| load.rem_euclid(SLOTS as i64));
            !taken.any(|slot| slot == residue) && !loaded.any(|slot| slot == residue)
        };
        let last = first - gap as i64;
        loads[i] = (0..SLOTS as i64)
            .map(|k| last - k)
            .find(is_free)
            .unwrap_or(last);
    }
    loads
}

impl super::formula::Product {
    /// Whether a factor is what the other one leaves.
    fn reads_kept(&self, other: &Self) -> bool {
        let sides = other
            .target
            .sides()
            .into_iter()
            .zip([self.left, self.right]);
        let kept = other.target.kept();
        let mut read = sides.filter(|(is_there, _)| *is_there);
        read.any(|(_, factor)| factor.reads().iter().any(|x| Some(*x) == kept))
    }

    /// Whether the outcome takes the other one as it came.
    fn reads_raw(&self, other: &Self) -> bool {
        other
            .raw
            .is_some_and(|raw| self.outcome.reads().contains(&raw))
    }
}

impl Row {
    /// The front's word: places, how they are added (and, double, minus) for both factors, age.
    pub fn front(&self) -> u64 {
        let product = &PRODUCTS[self.product];
        let factor = |factor: Factor| {
            let [x, y] = factor.reads().map(Kept::place);
            let how = match factor {
                Factor::One(_) => 0,
                Factor::Sum(..) => 0b001,
                Factor::Triple(_) => 0b011,
                Factor::Difference(..) => 0b101,
            };
            x | y << 3 | how << 6
        };
        factor(product.left) | factor(product.right) << 9 | self.age << 18
    }

    /// The back's word. From the lowest bit: where to keep (3 bits), left, right, load, coordinate (2), age of what is
    /// loaded (2); the raw product's place (3), keep; first raw product (3), use; second (3), use; whether
    /// the product is taken from it, whether they are added, times b3, multiple of p (2); out, coordinate (2), age (2).
    pub fn back(&self) -> u64 {
        let product = &PRODUCTS[self.product];
        let [left, right] = product.target.sides().map(u64::from);
        let keep = match (self.load, product.target.kept()) {
            (Some((c, age)), _) => u64::from(c) | 0b111 << 3 | u64::from(c) << 6 | age << 8,
            (None, Some(kept)) => kept.place() | left << 3 | right << 4 | (self.age % 4) << 8,
            (None, None) => 0,
        };
        let place = |raw: Option<Raw>| raw.map_or(0, |raw| raw as u64 | 1 << 3);
        let reads = product.outcome.reads();
        let raw = place(product.raw)
            | place(reads.first().copied()) << 4
            | place(reads.get(1).copied()) << 8;
        let how = match product.outcome {
            Outcome::Plain => 0,
            Outcome::Scaled => 0b00100,
            Outcome::Less(..) => 1 << 3,
            Outcome::ScaledLess(..) => 2 << 3 | 0b00100,
            Outcome::With(_) => 0b00011,
            Outcome::From(_) => 3 << 3 | 0b00001,
        };
        let out = match product.target {
            Target::Out(c) => 1 | u64::from(c) << 1,
            _ => 0,
        };
        keep | raw << 10 | how << 22 | out << 27 | self.age << 30
    }
}
