//! How long a transform takes.

use rust_hdl::prelude::*;

/// Clocks from each `start` to its `stop`, of which two may be under way.
#[derive(LogicBlock, Default)]
pub struct Stopwatch {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets all starts.
    pub reset: Signal<In, Bit>,
    /// One starts.
    pub start: Signal<In, Bit>,
    /// The one that started first stops.
    pub stop: Signal<In, Bit>,
    /// What the last one took that stopped.
    pub clocks: Signal<Out, Bits<32>>,
    now: DFF<Bits<32>>,
    starts: [DFF<Bits<32>>; 2],
    started: DFF<Bit>,
    stopped: DFF<Bit>,
    elapsed: DFF<Bits<32>>,
}

impl Logic for Stopwatch {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, now, started, stopped, elapsed);
        for i in 0..2 {
            self.starts[i].clock.next = self.clock.val();
            self.starts[i].d.next = self.starts[i].q.val();
        }
        self.now.d.next = self.now.q.val() + 1;
        if self.start.val() {
            self.started.d.next = !self.started.q.val();
            if self.started.q.val() {
                self.starts[1].d.next = self.now.q.val();
            } else {
                self.starts[0].d.next = self.now.q.val();
            }
        }
        if self.stop.val() {
            self.stopped.d.next = !self.stopped.q.val();
            self.elapsed.d.next = self.now.q.val() - self.starts[0].q.val();
            if self.stopped.q.val() {
                self.elapsed.d.next = self.now.q.val() - self.starts[1].q.val();
            }
        }
        if self.reset.val() {
            self.started.d.next = false;
            self.stopped.d.next = false;
        }
        self.clocks.next = self.elapsed.q.val();
    }
}
