//! What transforms of one size, root, direction and coset share, and the plans made so far.

use super::dft::{Dft, powers, times_16, twiddle};
use super::lanes::*;
use super::modulus::{Constants, Twiddle};
use super::words::{packed, unpacked, words_of};
use crate::arith::{Arith, Field, Modulus, Mont};
use crate::memory::Table;
use crate::{Direction, Ntt};
use proofmill_field::{FieldId, Int, naive};
use rayon::prelude::*;
use std::arch::x86_64::*;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of plans kept, those used last: a plan is a little over 32 bytes for each element.
const MAX_BYTES: usize = 1 << 28;

/// A transform of n = n1·n2 elements: columns of n1 = 2^⌊log n/2⌋, a twist, rows of n2.
///
/// With i = i1·n2 + i2 and k = k2·n1 + k1: first over i1, then times w^(i2·k1), then over i2.
/// A forward transform's shift s goes into the columns' twiddles (s^n2) and the twist (s^i2), an
/// inverse one's into the twist (s^−k1, and 1/n) and, times s^(−n1·k2), into the last step.
pub(super) struct Plan {
    pub(super) log_n: u32,
    pub(super) first: Dft,
    pub(super) second: Dft,
    /// For eight i2, for each place r of k1 = rev(r): the factor times 2^260.
    pub(super) twist: Table<Cell>,
    /// For each place r of k2 = rev(r); empty for 1.
    pub(super) finish: Vec<Twiddle>,
}

/// What a plan depends on.
#[derive(Clone, PartialEq)]
struct Key {
    field: FieldId,
    log_n: u32,
    direction: Direction,
    root: Int,
    shift: Option<Int>,
}

/// Plans, the one used last at the end.
static PLANS: Mutex<Vec<(Key, Arc<Plan>)>> = Mutex::new(Vec::new());

/// The plan of a transform of 2^log_n ≥ 2^6 elements, made now or before.
pub(super) fn plan<P: Modulus>(
    log_n: u32,
    direction: Direction,
    ntt: &Ntt,
    shift: Option<Int>,
) -> Arc<Plan> {
    let key = Key {
        field: P::SPEC.id,
        log_n,
        direction,
        root: ntt.root.unwrap_or(P::SPEC.root),
        shift: shift.filter(|s| *s != P::SPEC.one),
    };
    let lock = || PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    {
        let mut plans = lock();
        if let Some(i) = plans.iter().position(|(k, _)| *k == key) {
            let found = plans.remove(i);
            let plan = found.1.clone();
            plans.push(found);
            return plan;
        }
    }
    let plan = Arc::new(Plan::new::<P>(&key));
    if plan.bytes() > MAX_BYTES {
        return plan;
    }
    let mut plans = lock();
    if let Some((_, made)) = plans.iter().find(|(k, _)| *k == key) {
        return made.clone(); // by another thread meanwhile
    }
    plans.push((key, plan.clone()));
    let mut bytes: usize = plans.iter().map(|(_, plan)| plan.bytes()).sum();
    while bytes > MAX_BYTES {
        bytes -= plans.remove(0).1.bytes();
    }
    plan
}

impl Plan {
    fn new<P: Modulus>(key: &Key) -> Self {
        let log_n = key.log_n;
        let (log_1, log_2) = (log_n / 2, log_n.div_ceil(2));
        let one = Mont::<P, 4>::ONE;
        let mut root = Mont::<P, 4>::from_int(&key.root);
        for _ in log_n..P::SPEC.two_adicity {
            root = root.square();
        }
        let shift = key.shift.as_ref().map_or(one, Mont::from_int);
        let forward = key.direction == Direction::Forward;
        let (root, on_input, on_output, scale) = match forward {
            true => (root, shift, one, one),
            false => {
                let scale = Mont::<P, 4>::element(1 << log_n).inverse_vartime();
                (root.inverse_vartime(), one, shift.inverse_vartime(), scale)
            }
        };
        let (n1, n2) = (1u64 << log_1, 1u64 << log_2);
        let finish = match on_output == one {
            true => Vec::new(),
            false => {
                let factors = powers(on_output.pow(n1), n2 as usize);
                let at = |r| twiddle(factors[naive::bit_reverse(r, log_2)]);
                (0..n2 as usize).map(at).collect()
            }
        };
        Plan {
            log_n,
            first: Dft::new(log_1, root.pow(n2), on_input.pow(n2), 1),
            second: Dft::new(log_2, root.pow(n1), one, 2),
            twist: twist(log_n, root, on_input, on_output, scale),
            finish,
        }
    }

    fn bytes(&self) -> usize {
        let dfts = self.first.bytes() + self.second.bytes();
        size_of_val(&self.twist[..]) + size_of_val(&self.finish[..]) + dfts
    }

    /// Rows of working memory for one thread.
    pub(super) fn scratch_rows(&self) -> usize {
        self.first.scratch_rows().max(self.second.scratch_rows())
    }
}

/// scale·on_input^i2·(root^i2·on_output)^k1.
fn twist<P: Modulus>(
    log_n: u32,
    root: Mont<P, 4>,
    on_input: Mont<P, 4>,
    on_output: Mont<P, 4>,
    scale: Mont<P, 4>,
) -> Table<Cell> {
    let (n1, n2) = (1usize << (log_n / 2), 1usize << log_n.div_ceil(2));
    let starts: Vec<_> = powers(on_input, n2)
        .iter()
        .map(|x| times_16(x.mul(scale)))
        .collect();
    let steps: Vec<_> = powers(root, n2)
        .iter()
        .map(|x| times_16(x.mul(on_output)))
        .collect();
    let mut table = Table::zeroed(n1 * n2 / 8);
    let groups = table
        .par_chunks_mut(2 * n1)
        .zip(starts.par_chunks(16))
        .zip(steps.par_chunks(16));
    // two groups at a time where there are two
    groups.for_each(|((cells, starts), steps)| {
        // SAFETY: plans are made only where the instructions are.
        unsafe { progression::<P>(cells, n1, [starts, steps].map(bytemuck_words)) };
    });
    table
}

fn bytemuck_words<P: Modulus>(elements: &[Mont<P, 4>]) -> &[u64] {
    bytemuck::cast_slice(elements)
}

/// cells[group·n1 + r] = start·step^rev(r), in eight lanes for each group of eight elements.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma,avx512vbmi2")]
fn progression<P: Modulus>(cells: &mut [Cell], n1: usize, [starts, steps]: [&[u64]; 2]) {
    let last = starts.len() / 32 - 1; // 0 or 1
    let load = |words: &[u64], group: usize| {
        let mut z = [_mm512_setzero_si512(); 4];
        for (z, words) in z.iter_mut().zip(words[32 * group..].chunks_exact(8)) {
            // SAFETY: eight words.
            *z = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
        }
        unpacked(&words_of(&z))
    };
    let (mut a, mut b) = (load(starts, 0), load(starts, last));
    let (step_a, step_b) = (load(steps, 0), load(steps, last));
    for k in 0..n1 {
        let r = naive::bit_reverse(k, n1.trailing_zeros());
        cells[r] = Cell(packed::<P>(&a));
        cells[last * n1 + r] = Cell(packed::<P>(&b));
        let (next_a, next_b) = montgomery_pair!(P, a, b, step_a, step_b);
        (a, b) = (below_p::<P>(&next_a), below_p::<P>(&next_b));
    }
}
