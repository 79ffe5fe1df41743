//! What stands between a stream of bytes and an NTT core: frames, registers, buffers, jobs.
//!
//! `docs/wire.md` describes what a card does; every number comes from `proofmill-wire`. Read in this order:
//! [`receiver`], [`transmitter`], [`executive`] (requests), [`registers`], [`jobs`] (the core).

mod crc;
mod executive;
mod jobs;
mod receiver;
mod registers;
mod transmitter;

use executive::Executive;
use jobs::Jobs;
use proofmill_wire::frame::{HEADER_BYTES, SYNC};
use proofmill_wire::{Capabilities, DesignId, Status};
use receiver::Receiver;
use registers::Registers;
use rust_hdl::prelude::*;
use transmitter::Transmitter;

/// Bits of a header behind the sync.
const HEADER_BITS: u64 = 8 * (HEADER_BYTES - SYNC.len()) as u64;

fn byte_of(byte: u8) -> Constant<Bits<8>> {
    Constant::new(u64::from(byte).into())
}

fn status(status: Status) -> Constant<Bits<8>> {
    byte_of(status.code())
}

/// The shell around one core. `K`: log2 of the largest transform. A frame that stops for 2^F clocks is given up; a
/// core that moves no word for 2^W clocks when it should is at fault.
#[derive(LogicBlock)]
pub struct Shell<const K: usize, const F: usize, const W: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// A byte from the host.
    pub rx_byte: Signal<In, Bits<8>>,
    /// Whether there is one.
    pub rx_valid: Signal<In, Bit>,
    /// Whether it is taken.
    pub rx_ready: Signal<Out, Bit>,
    /// A byte to the host.
    pub tx_byte: Signal<Out, Bits<8>>,
    /// Whether there is one.
    pub tx_valid: Signal<Out, Bit>,
    /// Whether it is taken.
    pub tx_ready: Signal<In, Bit>,
    /// Whether anything happens without bytes that come or go.
    pub active: Signal<Out, Bit>,
    /// The last job that is done.
    pub job: Signal<Out, Bits<16>>,
    /// To the core: forget everything.
    pub core_reset: Signal<Out, Bit>,
    /// To the core: a job starts.
    pub core_start: Signal<Out, Bit>,
    /// To the core: log2 of the job's size.
    pub core_log_n: Signal<Out, Bits<5>>,
    /// To the core: the direction.
    pub core_inverse: Signal<Out, Bit>,
    /// To the core: the base of the powers that scale.
    pub core_shift: Signal<Out, Bits<64>>,
    /// From the core: a job may start.
    pub core_ready: Signal<In, Bit>,
    /// From the core: it cannot do what it was asked for.
    pub core_fault: Signal<In, Bit>,
    /// From the core: clocks of the last transform.
    pub core_cycles: Signal<In, Bits<32>>,
    /// To the core: a value.
    pub in_data: Signal<Out, Bits<64>>,
    /// Whether there is one.
    pub in_valid: Signal<Out, Bit>,
    /// Whether it is taken.
    pub in_ready: Signal<In, Bit>,
    /// From the core: a value.
    pub out_data: Signal<In, Bits<64>>,
    /// Whether there is one.
    pub out_valid: Signal<In, Bit>,
    /// Whether it is taken.
    pub out_ready: Signal<Out, Bit>,
    receiver: Receiver<F>,
    executive: Executive<K>,
    registers: Registers,
    transmitter: Transmitter,
    jobs: Jobs<K, W>,
}

impl<const K: usize, const F: usize, const W: usize> Shell<K, F, W> {
    /// A shell that says so of itself.
    pub fn new(design: DesignId, can: &Capabilities, clock_hz: u64) -> Self {
        Shell {
            clock: Default::default(),
            rx_byte: Default::default(),
            rx_valid: Default::default(),
            rx_ready: Default::default(),
            tx_byte: Default::default(),
            tx_valid: Default::default(),
            tx_ready: Default::default(),
            active: Default::default(),
            job: Default::default(),
            core_reset: Default::default(),
            core_start: Default::default(),
            core_log_n: Default::default(),
            core_inverse: Default::default(),
            core_shift: Default::default(),
            core_ready: Default::default(),
            core_fault: Default::default(),
            core_cycles: Default::default(),
            in_data: Default::default(),
            in_valid: Default::default(),
            in_ready: Default::default(),
            out_data: Default::default(),
            out_valid: Default::default(),
            out_ready: Default::default(),
            receiver: Default::default(),
            executive: Default::default(),
            registers: Registers::new(design, can, clock_hz),
            transmitter: Default::default(),
            jobs: Default::default(),
        }
    }
}

impl<const K: usize, const F: usize, const W: usize> Logic for Shell<K, F, W> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(
            self,
            clock,
            receiver,
            executive,
            registers,
            transmitter,
            jobs
        );
        self.active.next = self.receiver.active.val()
            | self.executive.active.val()
            | self.transmitter.sending.val()
            | self.jobs.active.val();
        // bytes
        self.receiver.octet.next = self.rx_byte.val();
        self.receiver.valid.next = self.rx_valid.val();
        self.rx_ready.next = self.receiver.ready.val();
        self.tx_byte.next = self.transmitter.octet.val();
        self.tx_valid.next = self.transmitter.valid.val();
        self.transmitter.ready.next = self.tx_ready.val();
        // requests
        self.executive.request.next = self.receiver.request.val();
        self.executive.verdict.next = self.receiver.verdict.val();
        self.executive.header.next = self.receiver.header.val();
        self.receiver.taken.next = self.executive.taken.val();
        self.receiver.word_address.next = self.executive.word_address.val();
        // answers
        self.executive.sending.next = self.transmitter.sending.val();
        self.executive.answer_index.next = self.transmitter.index.val();
        self.transmitter.send.next = self.executive.send.val();
        self.transmitter.header.next = self.executive.answer.val();
        self.transmitter.words.next = self.executive.answer_words.val();
        self.transmitter.word.next = self.registers.read_word.val();
        if self.executive.reads_output.val() {
            self.transmitter.word.next = self.jobs.output_word.val();
        }
        // registers and buffers
        self.registers.read_address.next = self.executive.read_address.val();
        self.registers.write.next = self.executive.register_write.val();
        self.registers.write_address.next = self.executive.write_address.val();
        self.registers.write_word.next = self.receiver.word.val();
        self.registers.refusal.next = self.executive.refusal.val();
        self.executive.register_outcome.next = self.registers.outcome.val();
        self.jobs.input_address.next = self.executive.write_address.val().get_bits::<K>(0);
        self.jobs.input_word.next = self.receiver.word.val();
        self.jobs.input_write.next = self.executive.input_write.val();
        self.jobs.output_address.next = self.executive.read_address.val().get_bits::<K>(0);
        // jobs
        self.jobs.restart.next = self.registers.restart.val();
        self.jobs.accepted.next = self.registers.accepted.val();
        self.jobs.log_n.next = self.registers.log_n.val();
        self.jobs.released.next = self.registers.released.val();
        self.registers.fed.next = self.jobs.fed.val();
        self.registers.done.next = self.jobs.done.val();
        self.registers.fault.next = self.jobs.fault.val();
        self.registers.cycles.next = self.core_cycles.val();
        self.job.next = self.jobs.done.val();
        self.executive.input_free.next = self.jobs.fed.val() == self.registers.accepted.val();
        self.executive.output_there.next = self.jobs.done.val() != self.registers.released.val();
        // the core
        self.core_reset.next = self.registers.restart.val();
        self.core_start.next = self.jobs.core_start.val();
        self.core_log_n.next = self.registers.log_n.val();
        self.core_inverse.next = self.registers.inverse.val();
        self.core_shift.next = self.registers.shift.val();
        self.jobs.core_ready.next = self.core_ready.val();
        self.jobs.core_fault.next = self.core_fault.val();
        self.in_data.next = self.jobs.in_data.val();
        self.in_valid.next = self.jobs.in_valid.val();
        self.jobs.in_ready.next = self.in_ready.val();
        self.jobs.out_data.next = self.out_data.val();
        self.jobs.out_valid.next = self.out_valid.val();
        self.out_ready.next = self.jobs.out_ready.val();
    }
}
