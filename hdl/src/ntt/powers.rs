//! The table of powers: what it holds, and the number by which it is doubled.

use crate::leaf::{Reverse, Rom};
use proofmill_field::FieldSpec;
use rust_hdl::prelude::*;

/// Parts of a shift that are compared by themselves.
const PARTS: usize = 4;

/// The bits of a part.
fn part<const W: usize>(i: usize) -> Constant<Bits<W>> {
    let size = W.div_ceil(PARTS);
    let bits = (i * size)..((i + 1) * size).min(W);
    Constant::new(bits.fold(Bits::default(), |mask, bit| mask.replace_bit(bit, true)))
}

/// Decides whether a job's elements are multiplied by powers c·shift^i, c = 1 forward and 1/N inverse, and
/// whether the table already holds them.
///
/// Power i lies where the buffer has element i when it is multiplied: at address i with its bits reversed
/// before a forward transform, at address i after an inverse one. From c the table is made by doubling:
/// power i + 2^l is power i times `extra` = shift^(2^l).
#[derive(LogicBlock)]
pub struct Powers<const W: usize, const K: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets the table.
    pub reset: Signal<In, Bit>,
    /// Half the job's size.
    pub half: Signal<In, Bits<K>>,
    /// log2 of its size.
    pub size: Signal<In, Bits<5>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// Its shift.
    pub shift: Signal<In, Bits<W>>,
    /// A table for this job begins.
    pub restart: Signal<In, Bit>,
    /// The lanes' product is c: the first doubling comes next.
    pub seeded: Signal<In, Bit>,
    /// The lanes' product is the square of `extra`.
    pub captured: Signal<In, Bit>,
    /// The lanes' product.
    pub product: Signal<In, Bits<W>>,
    /// To the next doubling; after the last one the table is complete.
    pub double: Signal<In, Bit>,
    /// The job's elements are multiplied by powers.
    pub scaled: Signal<Out, Bit>,
    /// The table holds its powers.
    pub fresh: Signal<Out, Bit>,
    /// c, then shift^(2^l).
    pub extra: Signal<Out, Bits<W>>,
    /// What the count of a doubling grows by.
    pub step: Signal<Out, Bits<K>>,
    /// The last count of a doubling.
    pub last_count: Signal<Out, Bits<K>>,
    /// The address of power 2^l.
    pub unit: Signal<Out, Bits<K>>,
    /// This is the last doubling.
    pub is_last: Signal<Out, Bit>,
    // comparisons of the job with 1 and with the table, in parts that a clock has time for
    is_inverse: DFF<Bit>,
    is_shifted: [DFF<Bit>; PARTS],
    kept: DFF<Bit>,
    differs: [DFF<Bit>; PARTS],
    part: [Constant<Bits<W>>; PARTS],
    complete: DFF<Bit>,
    table_half: DFF<Bits<K>>,
    table_inverse: DFF<Bit>,
    table_shift: DFF<Bits<W>>,
    extra_register: DFF<Bits<W>>,
    doubled: DFF<Bits<K>>,
    last_count_register: DFF<Bits<K>>,
    steps: Signal<Local, Bits<K>>,
    last: Signal<Local, Bit>,
    half_reversed: Reverse<K>,
    doubled_reversed: Reverse<K>,
    inverses: Rom<W, 5>,
    one: Constant<Bits<K>>,
    highest: Constant<Bits<K>>,
    field_one: Constant<Bits<W>>,
}

impl<const W: usize, const K: usize> Powers<W, K> {
    /// Powers in a field of one word, in data form.
    pub fn new(field: &FieldSpec) -> Self {
        let inverse = |log_n| field.inverse(&field.element(1u64 << log_n))[0].into();
        Powers {
            clock: Default::default(),
            reset: Default::default(),
            half: Default::default(),
            size: Default::default(),
            inverse: Default::default(),
            shift: Default::default(),
            restart: Default::default(),
            seeded: Default::default(),
            captured: Default::default(),
            product: Default::default(),
            double: Default::default(),
            scaled: Default::default(),
            fresh: Default::default(),
            extra: Default::default(),
            step: Default::default(),
            last_count: Default::default(),
            unit: Default::default(),
            is_last: Default::default(),
            is_inverse: Default::default(),
            is_shifted: Default::default(),
            kept: Default::default(),
            differs: Default::default(),
            part: std::array::from_fn(part),
            complete: Default::default(),
            table_half: Default::default(),
            table_inverse: Default::default(),
            table_shift: Default::default(),
            extra_register: Default::default(),
            doubled: Default::default(),
            last_count_register: Default::default(),
            steps: Default::default(),
            last: Default::default(),
            half_reversed: Default::default(),
            doubled_reversed: Default::default(),
            inverses: Rom::new((0..=K as u32).map(inverse)),
            one: Constant::new(1u64.into()),
            highest: Constant::new((1u64 << (K - 1)).into()),
            field_one: Constant::new(field.one[0].into()),
        }
    }
}

impl<const W: usize, const K: usize> Logic for Powers<W, K> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, is_inverse, kept, complete, table_half);
        dff_setup!(
            self,
            clock,
            table_inverse,
            table_shift,
            extra_register,
            doubled
        );
        self.last_count_register.clock.next = self.clock.val();
        self.inverses.clock.next = self.clock.val();
        self.inverses.address.next = self.size.val();
        self.half_reversed.a.next = self.half.val();
        self.doubled_reversed.a.next = self.doubled.q.val();
        self.is_inverse.d.next = self.inverse.val();
        self.kept.d.next = self.complete.q.val()
            & (self.table_half.q.val() == self.half.val())
            & (self.table_inverse.q.val() == self.inverse.val());
        for i in 0..PARTS {
            self.is_shifted[i].clock.next = self.clock.val();
            self.differs[i].clock.next = self.clock.val();
            self.is_shifted[i].d.next =
                ((self.shift.val() ^ self.field_one.val()) & self.part[i].val()).any();
            self.differs[i].d.next =
                ((self.shift.val() ^ self.table_shift.q.val()) & self.part[i].val()).any();
        }
        // where the buffer's addresses are reversed, so are the table's: its count runs in steps of 2^(K−n)
        self.steps.next = self.half_reversed.y.val();
        self.unit.next = self.doubled_reversed.y.val();
        self.last.next = self.doubled.q.val() == self.highest.val();
        if self.inverse.val() {
            self.steps.next = self.one.val();
            self.unit.next = self.doubled.q.val();
            self.last.next = self.doubled.q.val() == self.half.val();
        }
        self.last_count_register.d.next = self.doubled.q.val() - self.steps.val();
        if self.captured.val() {
            self.extra_register.d.next = self.product.val();
        }
        if self.seeded.val() {
            self.extra_register.d.next = self.shift.val();
        }
        if self.double.val() {
            self.doubled.d.next = self.doubled.q.val() << 1;
            self.complete.d.next = self.last.val();
        }
        if self.restart.val() {
            self.complete.d.next = false;
            self.table_half.d.next = self.half.val();
            self.table_inverse.d.next = self.inverse.val();
            self.table_shift.d.next = self.shift.val();
            self.doubled.d.next = self.steps.val();
            self.extra_register.d.next = self.field_one.val();
            if self.inverse.val() {
                self.extra_register.d.next = self.inverses.data.val();
            }
        }
        if self.reset.val() {
            self.complete.d.next = false;
        }
        self.scaled.next = self.is_inverse.q.val()
            | self.is_shifted[0].q.val()
            | self.is_shifted[1].q.val()
            | self.is_shifted[2].q.val()
            | self.is_shifted[3].q.val();
        self.fresh.next = self.kept.q.val()
            & !(self.differs[0].q.val()
                | self.differs[1].q.val()
                | self.differs[2].q.val()
                | self.differs[3].q.val());
        self.extra.next = self.extra_register.q.val();
        self.step.next = self.steps.val();
        self.last_count.next = self.last_count_register.q.val();
        self.is_last.next = self.last.val();
    }
}
