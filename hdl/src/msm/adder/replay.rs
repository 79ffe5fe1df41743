//! The schedule in software: what the memories hold after each slot, from the same words that the datapath reads.

use super::Plan;
use super::schedule::{BACK, CONTEXTS, SLOTS};
use num_bigint::BigUint;

/// A point in homogeneous projective coordinates, Montgomery form for R = 2^(18·n), not reduced.
pub type Point = [BigUint; 3];

/// What passes in a slot, by its clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// An outcome, or a coordinate, can be read.
    Keep,
    /// A raw product can be read.
    Raw,
    /// The back reads raw products.
    Back,
    /// The front reads factors.
    Front,
}

/// Sums of pairs of points, as the datapath makes them.
///
/// # Panics
/// If a value leaves the range that [`super::range`] gives it.
pub fn sums(plan: &Plan, pairs: &[[Point; 2]]) -> Vec<Point> {
    let (n, lag) = (plan.schedule.digits, plan.schedule.lag);
    let slots = SLOTS * (pairs.len() + CONTEXTS);
    let steps = (0..slots).flat_map(|slot| {
        let (front, back) = (slot * n, slot * n + lag);
        [
            (front + 1, Step::Front, slot),
            (back + 1, Step::Back, slot),
            (back + 4, Step::Raw, slot),
            (back + 3 + BACK + 1, Step::Keep, slot),
        ]
    });
    let mut steps: Vec<_> = steps.collect();
    steps.sort_unstable();
    let mut replay = Replay {
        plan,
        pairs,
        lead: plan.schedule.lead(),
        sides: Default::default(),
        raw: Default::default(),
        products: vec![BigUint::default(); slots],
        outcomes: vec![BigUint::default(); slots],
        sums: vec![Point::default(); pairs.len()],
    };
    for (_, step, slot) in steps {
        match step {
            Step::Front => replay.front(slot),
            Step::Back => replay.back(slot),
            Step::Raw => replay.keep_raw(slot),
            Step::Keep => replay.keep(slot),
        }
    }
    replay.sums
}

type Memory = [[BigUint; 8]; CONTEXTS];

struct Replay<'a> {
    plan: &'a Plan,
    pairs: &'a [[Point; 2]],
    lead: usize,
    sides: [Memory; 2],
    raw: Memory,
    products: Vec<BigUint>,
    outcomes: Vec<BigUint>,
    sums: Vec<Point>,
}

fn bits(word: u64, from: u32, count: u32) -> usize {
    (word >> from & ((1 << count) - 1)) as usize
}

/// The context of what began `age` periods before the slot's.
fn context(slot: usize, age: usize) -> usize {
    (slot / SLOTS + CONTEXTS - age) % CONTEXTS
}

impl Replay<'_> {
    /// Whether the slot works for an addition that there is.
    fn is_real(&self, slot: usize) -> bool {
        let age = self.plan.schedule.rows[slot % SLOTS].age as usize;
        (slot / SLOTS)
            .checked_sub(age)
            .is_some_and(|k| k >= self.lead && k < self.lead + self.pairs.len())
    }

    fn front(&mut self, slot: usize) {
        let row = &self.plan.schedule.rows[slot % SLOTS];
        let word = row.front();
        let context = context(slot, bits(word, 18, 2));
        let factor = |side: usize| {
            let word = word >> (9 * side);
            let memory = &self.sides[side][context];
            let (x, y) = (&memory[bits(word, 0, 3)], &memory[bits(word, 3, 3)]);
            match bits(word, 6, 3) {
                0b001 => x + y,
                0b011 => x + y * 2u8,
                0b101 => x + self.plan.modulus() * self.plan.ranges.factor_offset - y,
                _ => x.clone(),
            }
        };
        let [a, b] = [factor(0), factor(1)];
        if self.is_real(slot) {
            let ranges = self.plan.ranges.factors[row.product];
            self.plan.assert_below(&a, ranges[0]);
            self.plan.assert_below(&b, ranges[1]);
        }
        self.products[slot] = self.plan.product(&a, &b);
    }

    fn back(&mut self, slot: usize) {
        let row = &self.plan.schedule.rows[slot % SLOTS];
        let word = row.back();
        let raw = &self.raw[context(slot, bits(word, 30, 2))];
        let read = |from: u32| match bits(word, from + 3, 1) {
            0 => BigUint::default(),
            _ => raw[bits(word, from, 3)].clone(),
        };
        let (m, x, y) = (&self.products[slot], read(14), read(18));
        let offset = self.plan.modulus() * self.plan.offsets()[bits(word, 25, 2)];
        let scale = [1, self.plan.b3][bits(word, 24, 1)];
        let outcome = match bits(word, 22, 2) {
            0b11 => x + m,
            0b01 => x + offset - m,
            _ => m * scale + offset - (x + y) * scale,
        };
        if self.is_real(slot) {
            self.plan
                .assert_below(m, self.plan.ranges.products[row.product]);
            self.plan
                .assert_below(&outcome, self.plan.ranges.outcomes[row.product]);
            if bits(word, 27, 1) == 1 {
                let number = slot / SLOTS - row.age as usize - self.lead;
                self.sums[number][bits(word, 28, 2)] = outcome.clone();
            }
        }
        self.outcomes[slot] = outcome;
    }

    fn keep_raw(&mut self, slot: usize) {
        let word = self.plan.schedule.rows[slot % SLOTS].back();
        if bits(word, 13, 1) == 1 {
            let context = context(slot, bits(word, 30, 2));
            self.raw[context][bits(word, 10, 3)] = self.products[slot].clone();
        }
    }

    fn keep(&mut self, slot: usize) {
        let word = self.plan.schedule.rows[slot % SLOTS].back();
        let context = context(slot, bits(word, 8, 2));
        for side in 0..2 {
            if bits(word, 3 + side as u32, 1) == 1 {
                let value = match bits(word, 5, 1) {
                    0 => Some(self.outcomes[slot].clone()),
                    _ => self.loaded(slot, side, bits(word, 6, 2)),
                };
                self.sides[side][context][bits(word, 0, 3)] = value.unwrap_or_default();
            }
        }
    }

    /// The coordinate that the caller gives in this slot. The first addition is the first one of which all
    /// coordinates can be asked for.
    fn loaded(&self, slot: usize, side: usize, coordinate: usize) -> Option<BigUint> {
        let lead = self.plan.schedule.loads[coordinate].div_euclid(SLOTS as i64);
        let number = (slot / SLOTS) as i64 - lead - self.lead as i64;
        let pair = usize::try_from(number)
            .ok()
            .and_then(|number| self.pairs.get(number));
        pair.map(|pair| pair[side][coordinate].clone())
    }
}
