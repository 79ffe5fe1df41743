//! A card's Verilog under Verilator, with bytes going in and out.

use crate::HdlError;
use crate::sim::{Model, Port};
use std::collections::VecDeque;

/// Clocks that go by at once while no byte moves.
const STRIDE: u64 = 64;

/// A simulated card.
pub struct Simulation {
    model: Model,
    rx_byte: Port,
    rx_valid: Port,
    rx_ready: Port,
    tx_byte: Port,
    tx_valid: Port,
    tx_ready: Port,
    active: Port,
    job: Port,
    cycles: Port,
    clocks: u64,
    /// Bytes that `output` may hold before the card has to wait.
    pub(super) room: usize,
}

impl Simulation {
    /// Compiles a card's Verilog, or finds it compiled.
    pub fn new(verilog: &str) -> Result<Self, HdlError> {
        let model = Model::new(verilog)?;
        Ok(Simulation {
            rx_byte: model.port("rx_byte")?,
            rx_valid: model.port("rx_valid")?,
            rx_ready: model.port("rx_ready")?,
            tx_byte: model.port("tx_byte")?,
            tx_valid: model.port("tx_valid")?,
            tx_ready: model.port("tx_ready")?,
            active: model.port("active")?,
            job: model.port("job")?,
            cycles: model.port("cycles")?,
            clocks: 0,
            room: usize::MAX,
            model,
        })
    }

    /// Lets about `clocks` clocks go by: bytes of `input` go in as the card takes them, what it sends is appended to
    /// `output`.
    pub fn run(&mut self, input: &mut VecDeque<u8>, output: &mut Vec<u8>, clocks: u64) {
        let end = self.clocks + clocks;
        while self.clocks < end {
            let byte = input.front().copied();
            let sends = self.model.get(self.tx_valid) != 0 && output.len() < self.room;
            if byte.is_none() && !sends {
                self.model.set(self.rx_valid, 0);
                self.model.set(self.tx_ready, 0);
                self.tick(STRIDE);
                continue;
            }
            self.model
                .set(self.rx_byte, byte.unwrap_or_default().into());
            self.model.set(self.rx_valid, byte.is_some().into());
            self.model.set(self.tx_ready, sends.into());
            if byte.is_some() && self.model.get(self.rx_ready) != 0 {
                input.pop_front();
            }
            if sends {
                output.push(self.model.get(self.tx_byte) as u8);
            }
            self.tick(1);
        }
    }

    fn tick(&mut self, clocks: u64) {
        self.model.tick(clocks);
        self.clocks += clocks;
    }

    /// Whether anything happens without bytes that go in.
    pub fn is_active(&self) -> bool {
        self.model.get(self.active) != 0
    }

    /// Number of the last job that is done, and the clocks that its transform took.
    pub fn last_job(&self) -> (u16, u64) {
        (self.model.get(self.job) as u16, self.model.get(self.cycles))
    }

    /// Clocks that have gone by.
    pub fn clocks(&self) -> u64 {
        self.clocks
    }
}
