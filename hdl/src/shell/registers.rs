//! The register file: what the card is, and how far its jobs are.

use super::{byte_of, status};
use crate::leaf::Rom;
use proofmill_wire::register;
use proofmill_wire::{Capabilities, DesignId, Status};
use rust_hdl::prelude::*;

/// Registers by their addresses.
#[derive(LogicBlock)]
pub(super) struct Registers {
    pub(super) clock: Signal<In, Clock>,
    pub(super) read_address: Signal<In, Bits<28>>,
    /// The register's word, one clock after the address.
    pub(super) read_word: Signal<Out, Bits<64>>,
    pub(super) write: Signal<In, Bit>,
    pub(super) write_address: Signal<In, Bits<28>>,
    pub(super) write_word: Signal<In, Bits<64>>,
    /// The status of the write of the clock before.
    pub(super) outcome: Signal<Out, Bits<8>>,
    /// A request has been refused.
    pub(super) refusal: Signal<In, Bit>,
    // jobs
    pub(super) accepted: Signal<Out, Bits<16>>,
    pub(super) log_n: Signal<Out, Bits<5>>,
    pub(super) inverse: Signal<Out, Bit>,
    pub(super) shift: Signal<Out, Bits<64>>,
    pub(super) released: Signal<Out, Bits<16>>,
    pub(super) restart: Signal<Out, Bit>,
    pub(super) fed: Signal<In, Bits<16>>,
    pub(super) done: Signal<In, Bits<16>>,
    pub(super) fault: Signal<In, Bit>,
    pub(super) cycles: Signal<In, Bits<32>>,
    job: DFF<Bits<16>>,
    job_log_n: DFF<Bits<5>>,
    job_inverse: DFF<Bit>,
    /// As it was written last, for the next job.
    next_shift: DFF<Bits<64>>,
    job_shift: DFF<Bits<64>>,
    free: DFF<Bits<16>>,
    uptime: DFF<Bits<48>>,
    refused: DFF<Bits<32>>,
    judged: DFF<Bits<8>>,
    restarts: DFF<Bit>,
    constants: Rom<64, 3>,
    state: Signal<Local, Bits<64>>,
    number: Signal<Local, Bits<16>>,
    next_number: Signal<Local, Bits<16>>,
    size: Signal<Local, Bits<8>>,
    is_job: Signal<Local, Bit>,
    starts: Signal<Local, Bit>,
    at_state: Constant<Bits<28>>,
    at_job_cycles: Constant<Bits<28>>,
    at_uptime: Constant<Bits<28>>,
    at_refused: Constant<Bits<28>>,
    at_shift: Constant<Bits<28>>,
    at_job: Constant<Bits<28>>,
    at_release: Constant<Bits<28>>,
    at_reset: Constant<Bits<28>>,
    reset_key: Constant<Bits<64>>,
    min_log_n: Constant<Bits<8>>,
    max_log_n: Constant<Bits<8>>,
    ok: Constant<Bits<8>>,
    bad_value: Constant<Bits<8>>,
    busy: Constant<Bits<8>>,
}

/// The registers that never change, from address 0 on.
fn constants(design: DesignId, can: &Capabilities, clock_hz: u64) -> [Bits<64>; 7] {
    let [a, b, c, d] = design.words();
    let mut words = [0; 7];
    for (address, word) in [
        (register::ID, register::MAGIC),
        (register::DESIGN, a),
        (register::DESIGN + 1, b),
        (register::DESIGN + 2, c),
        (register::DESIGN + 3, d),
        (register::CAPABILITIES, can.word()),
        (register::CLOCK_HZ, clock_hz),
    ] {
        words[address as usize] = word;
    }
    words.map(Bits::from)
}

impl Registers {
    pub(super) fn new(design: DesignId, can: &Capabilities, clock_hz: u64) -> Self {
        let at = |address: u32| Constant::new(u64::from(address).into());
        Registers {
            clock: Default::default(),
            read_address: Default::default(),
            read_word: Default::default(),
            write: Default::default(),
            write_address: Default::default(),
            write_word: Default::default(),
            outcome: Default::default(),
            refusal: Default::default(),
            accepted: Default::default(),
            log_n: Default::default(),
            inverse: Default::default(),
            shift: Default::default(),
            released: Default::default(),
            restart: Default::default(),
            fed: Default::default(),
            done: Default::default(),
            fault: Default::default(),
            cycles: Default::default(),
            job: Default::default(),
            job_log_n: Default::default(),
            job_inverse: Default::default(),
            next_shift: Default::default(),
            job_shift: Default::default(),
            free: Default::default(),
            uptime: Default::default(),
            refused: Default::default(),
            judged: Default::default(),
            restarts: Default::default(),
            constants: Rom::new(constants(design, can, clock_hz)),
            state: Default::default(),
            number: Default::default(),
            next_number: Default::default(),
            size: Default::default(),
            is_job: Default::default(),
            starts: Default::default(),
            at_state: at(register::STATE),
            at_job_cycles: at(register::JOB_CYCLES),
            at_uptime: at(register::UPTIME_CYCLES),
            at_refused: at(register::REFUSED),
            at_shift: at(register::SHIFT),
            at_job: at(register::JOB),
            at_release: at(register::RELEASE),
            at_reset: at(register::RESET),
            reset_key: Constant::new(register::RESET_KEY.into()),
            min_log_n: byte_of(can.min_log_n),
            max_log_n: byte_of(can.max_log_n),
            ok: status(Status::Ok),
            bad_value: status(Status::BadValue),
            busy: status(Status::Busy),
        }
    }
}

impl Logic for Registers {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            job,
            job_log_n,
            job_inverse,
            next_shift,
            job_shift,
            free,
            uptime,
            refused,
            judged,
            restarts
        );
        clock!(self, clock, constants);
        self.accepted.next = self.job.q.val();
        self.log_n.next = self.job_log_n.q.val();
        self.inverse.next = self.job_inverse.q.val();
        self.shift.next = self.job_shift.q.val();
        self.released.next = self.free.q.val();
        self.outcome.next = self.judged.q.val();
        self.restart.next = self.restarts.q.val();
        self.restarts.d.next = false;
        self.uptime.d.next = self.uptime.q.val() + 1;
        if self.refusal.val() {
            self.refused.d.next = self.refused.q.val() + 1;
        }

        // read
        self.constants.address.next = self.read_address.val().get_bits::<3>(0);
        self.state.next = bit_cast::<64, 16>(self.job.q.val())
            | (bit_cast::<64, 16>(self.fed.val()) << 16)
            | (bit_cast::<64, 16>(self.done.val()) << 32)
            | (bit_cast::<64, 1>(self.fault.val().into()) << 48);
        self.read_word.next = self.constants.data.val();
        if self.read_address.val() == self.at_state.val() {
            self.read_word.next = self.state.val();
        }
        if self.read_address.val() == self.at_job_cycles.val() {
            self.read_word.next = bit_cast::<64, 32>(self.cycles.val());
        }
        if self.read_address.val() == self.at_uptime.val() {
            self.read_word.next = bit_cast::<64, 48>(self.uptime.q.val());
        }
        if self.read_address.val() == self.at_refused.val() {
            self.read_word.next = bit_cast::<64, 32>(self.refused.q.val());
        }

        // write
        self.number.next = self.write_word.val().get_bits::<16>(0);
        self.next_number.next = self.job.q.val() + 1;
        self.size.next = self.write_word.val().get_bits::<8>(16);
        // no bits but number, size and direction; a size that the core has
        self.is_job.next = (!self.write_word.val().get_bits::<39>(25).any())
            & (self.size.val() >= self.min_log_n.val())
            & (self.size.val() <= self.max_log_n.val());
        self.starts.next = false;
        self.judged.d.next = self.bad_value.val();
        if self.write_address.val() == self.at_shift.val() {
            self.judged.d.next = self.ok.val();
            if self.write.val() {
                self.next_shift.d.next = self.write_word.val();
            }
        }
        if (self.write_address.val() == self.at_job.val()) & self.is_job.val() {
            if self.number.val() == self.job.q.val() {
                self.judged.d.next = self.ok.val();
            } else if self.number.val() == self.next_number.val() {
                self.judged.d.next = self.busy.val();
                if self.fed.val() == self.job.q.val() {
                    self.judged.d.next = self.ok.val();
                    self.starts.next = self.write.val();
                }
            }
        }
        if self.starts.val() {
            self.job.d.next = self.number.val();
            self.job_shift.d.next = self.next_shift.q.val();
            self.job_log_n.d.next = self.size.val().get_bits::<5>(0);
            self.job_inverse.d.next = self.write_word.val().get_bit(24);
        }
        if self.write_address.val() == self.at_release.val() {
            if self.write_word.val() == bit_cast::<64, 16>(self.free.q.val()) {
                self.judged.d.next = self.ok.val();
            }
            if self.write_word.val() == bit_cast::<64, 16>(self.done.val()) {
                self.judged.d.next = self.ok.val();
                if self.write.val() {
                    self.free.d.next = self.done.val();
                }
            }
        }
        if (self.write_address.val() == self.at_reset.val())
            & (self.write_word.val() == self.reset_key.val())
        {
            self.judged.d.next = self.ok.val();
            self.restarts.d.next = self.write.val();
        }
        if self.restarts.q.val() {
            self.job.d.next = 0.into();
            self.free.d.next = 0.into();
            self.uptime.d.next = 0.into();
            self.refused.d.next = 0.into();
        }
    }
}
