//! A core that is no transform: for tests of what is around it.

use crate::leaf::Ram;
use rust_hdl::prelude::*;

#[derive(LogicState, Clone, Copy, Debug, PartialEq)]
enum Phase {
    Idle,
    Load,
    Unload,
}

/// log2 of its largest job.
pub(super) const LOG_N: usize = 6;
/// A shift for which it never answers.
pub(super) const STUCK: u64 = 0xdead;
/// A shift that it refuses.
pub(super) const FAULTY: u64 = 0xbad;

/// Gives back each word plus the shift, all bits flipped if inverse, one job after the other. Says that a job of
/// 2^n took n clocks.
#[derive(LogicBlock)]
pub(super) struct Mirror {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub start: Signal<In, Bit>,
    pub log_n: Signal<In, Bits<5>>,
    pub inverse: Signal<In, Bit>,
    pub coset_shift: Signal<In, Bits<64>>,
    pub ready: Signal<Out, Bit>,
    pub fault: Signal<Out, Bit>,
    pub in_data: Signal<In, Bits<64>>,
    pub in_valid: Signal<In, Bit>,
    pub in_ready: Signal<Out, Bit>,
    pub out_data: Signal<Out, Bits<64>>,
    pub out_valid: Signal<Out, Bit>,
    pub out_ready: Signal<In, Bit>,
    pub cycles: Signal<Out, Bits<32>>,
    phase: DFF<Phase>,
    size: DFF<Bits<5>>,
    flip: DFF<Bit>,
    shift: DFF<Bits<64>>,
    count: DFF<Bits<8>>,
    have: DFF<Bit>,
    words: Ram<64, LOG_N>,
    limit: Signal<Local, Bits<8>>,
    next: Signal<Local, Bits<8>>,
    sum: Signal<Local, Bits<64>>,
    advance: Signal<Local, Bit>,
    one: Constant<Bits<8>>,
    stuck: Constant<Bits<64>>,
    faulty: Constant<Bits<64>>,
}

impl Default for Mirror {
    fn default() -> Self {
        Mirror {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            coset_shift: Default::default(),
            ready: Default::default(),
            fault: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            cycles: Default::default(),
            phase: Default::default(),
            size: Default::default(),
            flip: Default::default(),
            shift: Default::default(),
            count: Default::default(),
            have: Default::default(),
            words: Default::default(),
            limit: Default::default(),
            next: Default::default(),
            sum: Default::default(),
            advance: Default::default(),
            one: Constant::new(1u64.into()),
            stuck: Constant::new(STUCK.into()),
            faulty: Constant::new(FAULTY.into()),
        }
    }
}

impl Logic for Mirror {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, phase, size, flip, shift, count, have);
        clock!(self, clock, words);
        self.ready.next = self.phase.q.val() == Phase::Idle;
        self.fault.next = self.start.val() & (self.coset_shift.val() == self.faulty.val());
        self.cycles.next = bit_cast::<32, 5>(self.size.q.val());
        self.limit.next = self.one.val() << self.size.q.val();
        self.next.next = self.count.q.val() + 1;
        self.in_ready.next = self.phase.q.val() == Phase::Load;
        self.words.write_address.next = self.count.q.val().get_bits::<LOG_N>(0);
        self.words.read_address.next = self.count.q.val().get_bits::<LOG_N>(0);
        self.words.write_data.next = self.in_data.val();
        self.words.write_enable.next = self.in_ready.val() & self.in_valid.val();
        self.advance.next = (self.phase.q.val() == Phase::Unload)
            & ((!self.have.q.val()) | self.out_ready.val())
            & (self.shift.q.val() != self.stuck.val());
        self.words.read_enable.next = self.advance.val();
        self.sum.next = self.words.read_data.val() + self.shift.q.val();
        self.out_data.next = self.sum.val();
        if self.flip.q.val() {
            self.out_data.next = !self.sum.val();
        }
        self.out_valid.next = self.have.q.val();
        match self.phase.q.val() {
            Phase::Idle => {
                self.count.d.next = 0.into();
                if self.start.val() {
                    self.size.d.next = self.log_n.val();
                    self.flip.d.next = self.inverse.val();
                    self.shift.d.next = self.coset_shift.val();
                    self.phase.d.next = Phase::Load;
                }
            }
            Phase::Load => {
                if self.in_valid.val() {
                    self.count.d.next = self.next.val();
                    if self.next.val() == self.limit.val() {
                        self.count.d.next = 0.into();
                        self.phase.d.next = Phase::Unload;
                    }
                }
            }
            Phase::Unload => {
                if self.advance.val() {
                    self.have.d.next = self.count.q.val() != self.limit.val();
                    self.count.d.next = self.next.val();
                    if self.count.q.val() == self.limit.val() {
                        self.phase.d.next = Phase::Idle;
                    }
                }
            }
            _ => {
                self.phase.d.next = Phase::Idle;
            }
        }
        if self.reset.val() {
            self.phase.d.next = Phase::Idle;
            self.have.d.next = false;
        }
    }
}
