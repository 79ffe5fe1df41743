//! Which transform comes next, and when.

use super::plan::LOG_N;
use rust_hdl::prelude::*;

/// Holds the transform that was asked for until its words may come: until those of the one before are in,
/// and, on a coset other than that of the table of powers or in the other direction, until the core is empty
/// and the table is filled.
#[derive(LogicBlock)]
pub struct Jobs {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub reset: Signal<In, Bit>,
    /// Asks for a transform, when `ready`.
    pub start: Signal<In, Bit>,
    /// log2 of its size.
    pub log_n: Signal<In, Bits<5>>,
    /// Its direction.
    pub inverse: Signal<In, Bit>,
    /// Its coset; 1 is none.
    pub coset_shift: Signal<In, Bits<64>>,
    /// May start.
    pub ready: Signal<Out, Bit>,
    /// The last start asked for what cannot be done.
    pub fault: Signal<Out, Bit>,
    /// The words of a transform may come from the next clock on.
    pub free: Signal<In, Bit>,
    /// No word is in the core.
    pub empty: Signal<In, Bit>,
    /// The table is being filled.
    pub busy: Signal<In, Bit>,
    /// The words of the transform come next.
    pub load: Signal<Out, Bit>,
    /// Its direction.
    pub load_inverse: Signal<Out, Bit>,
    /// It is on a coset.
    pub load_coset: Signal<Out, Bit>,
    /// Fills the table with the powers of `shift`.
    pub fill: Signal<Out, Bit>,
    /// The coset.
    pub shift: Signal<Out, Bits<64>>,
    /// The table is for inverse transforms.
    pub behind: Signal<Out, Bit>,
    possible: Signal<Local, Bit>,
    faulty: DFF<Bit>,
    waiting: DFF<Bit>,
    waiting_inverse: DFF<Bit>,
    waiting_shift: DFF<Bits<64>>,
    /// It has been compared with the table: is on no coset, or on the table's.
    compared: DFF<Bit>,
    plain: DFF<Bit>,
    same: DFF<Bit>,
    proceed: Signal<Local, Bit>,
    filling: DFF<Bit>,
    /// What the table holds, if anything.
    table_shift: DFF<Bits<64>>,
    table_inverse: DFF<Bit>,
    table_filled: DFF<Bit>,
    has_coset: Constant<Bit>,
    supported: Constant<Bits<5>>,
}

impl Jobs {
    /// For a core with cosets or without.
    pub fn new(has_coset: bool) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            coset_shift: Default::default(),
            ready: Default::default(),
            fault: Default::default(),
            free: Default::default(),
            empty: Default::default(),
            busy: Default::default(),
            load: Default::default(),
            load_inverse: Default::default(),
            load_coset: Default::default(),
            fill: Default::default(),
            shift: Default::default(),
            behind: Default::default(),
            possible: Default::default(),
            faulty: Default::default(),
            waiting: Default::default(),
            waiting_inverse: Default::default(),
            waiting_shift: Default::default(),
            compared: Default::default(),
            plain: Default::default(),
            same: Default::default(),
            proceed: Default::default(),
            filling: Default::default(),
            table_shift: Default::default(),
            table_inverse: Default::default(),
            table_filled: Default::default(),
            has_coset: Constant::new(has_coset),
            supported: Constant::new(u64::from(LOG_N).into()),
        }
    }
}

impl Logic for Jobs {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            faulty,
            waiting,
            waiting_inverse,
            waiting_shift,
            compared,
            plain,
            same,
            filling,
            table_shift,
            table_inverse,
            table_filled
        );
        self.compared.d.next = self.waiting.q.val();
        self.plain.d.next = self.waiting_shift.q.val() == 1;
        self.same.d.next = self.table_filled.q.val()
            & (self.waiting_shift.q.val() == self.table_shift.q.val())
            & (self.waiting_inverse.q.val() == self.table_inverse.q.val());
        self.proceed.next = self.free.val()
            & self.compared.q.val()
            & (self.plain.q.val() | (self.same.q.val() & (!self.busy.val())));
        if self.proceed.val() {
            self.waiting.d.next = false;
            self.compared.d.next = false;
        }
        self.load.next = self.proceed.val();
        self.load_inverse.next = self.waiting_inverse.q.val();
        self.load_coset.next = !self.plain.q.val();
        // Another table.
        self.filling.d.next = self.empty.val()
            & self.compared.q.val()
            & (!(self.plain.q.val() | self.same.q.val()))
            & (!self.filling.q.val());
        if self.filling.q.val() {
            self.compared.d.next = false;
            self.table_shift.d.next = self.waiting_shift.q.val();
            self.table_inverse.d.next = self.waiting_inverse.q.val();
            self.table_filled.d.next = true;
        }
        self.fill.next = self.filling.q.val();
        self.shift.next = self.waiting_shift.q.val();
        self.behind.next = self.table_inverse.q.val();
        // Starts.
        self.possible.next = (self.log_n.val() == self.supported.val())
            & ((self.coset_shift.val() == 1) | self.has_coset.val());
        if self.start.val() & (!self.waiting.q.val()) {
            self.waiting.d.next = self.possible.val();
            self.waiting_inverse.d.next = self.inverse.val();
            self.waiting_shift.d.next = self.coset_shift.val();
            self.faulty.d.next = !self.possible.val();
        }
        self.ready.next = !self.waiting.q.val();
        self.fault.next = self.faulty.q.val();
        if self.reset.val() {
            self.faulty.d.next = false;
            self.waiting.d.next = false;
            self.compared.d.next = false;
            self.filling.d.next = false;
            self.table_filled.d.next = false;
        }
    }
}
