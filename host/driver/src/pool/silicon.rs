//! One piece of silicon behind several devices, and whose turn it is: the host's own jobs run side by
//! side, another device's job runs alone.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A piece of silicon.
#[derive(Default)]
pub(crate) struct Silicon {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Jobs of the host that run.
    host: usize,
    /// The device whose job runs.
    owner: Option<u64>,
    /// Devices that wait: the host's next jobs let them go first.
    waiting: usize,
    /// Turns given so far.
    turns: u64,
}

/// A turn, until it is dropped.
pub(crate) struct Turn {
    silicon: Arc<Silicon>,
    /// Of a device; `None`: one of the host's.
    number: Option<u64>,
}

impl Silicon {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn for one of the host's jobs, when no device has its turn or waits for it.
    pub(crate) fn share(self: &Arc<Self>) -> Turn {
        let mut state = self.state();
        while state.owner.is_some() || state.waiting > 0 {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.host += 1;
        let silicon = self.clone();
        Turn {
            silicon,
            number: None,
        }
    }

    /// A turn for a device's job, when nobody else has one.
    pub(crate) fn own(self: &Arc<Self>) -> Turn {
        let mut state = self.state();
        state.waiting += 1;
        while state.owner.is_some() || state.host > 0 {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        state.turns += 1;
        state.owner = Some(state.turns);
        let (silicon, number) = (self.clone(), state.owner);
        Turn { silicon, number }
    }

    /// Ends the turn of a device that was left behind: others need not wait for it.
    pub(crate) fn abandon(&self, turn: u64) {
        let mut state = self.state();
        if state.owner == Some(turn) {
            state.owner = None;
            self.changed.notify_all();
        }
    }
}

impl Turn {
    /// The number of a device's turn.
    pub(crate) fn number(&self) -> Option<u64> {
        self.number
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        match self.number {
            Some(turn) => self.silicon.abandon(turn),
            None => {
                self.silicon.state().host -= 1;
                self.silicon.changed.notify_all();
            }
        }
    }
}

/// How long a device has waited for its turns, which is nobody's fault: deadlines are put off by it.
#[derive(Default)]
pub(crate) struct Clock(Mutex<Waits>);

#[derive(Default)]
struct Waits {
    past: Duration,
    since: Option<Instant>,
    turn: Option<u64>,
}

impl Clock {
    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(crate) fn own(&self, silicon: &Arc<Silicon>) -> Turn {
        self.waits().since = Some(Instant::now());
        let turn = silicon.own();
        let mut waits = self.waits();
        let since = waits.since.take();
        waits.past += since.map_or(Duration::ZERO, |since| since.elapsed());
        waits.turn = turn.number();
        turn
    }

    /// Time spent waiting, up to now.
    pub(crate) fn waited(&self) -> Duration {
        let waits = self.waits();
        waits.past + waits.since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// The number of the last turn.
    pub(crate) fn turn(&self) -> Option<u64> {
        self.waits().turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn a_device_is_alone_and_the_host_is_not() {
        let silicon = Arc::new(Silicon::default());
        let (one, other) = (silicon.share(), silicon.share());
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let turn = silicon.own();
                sender.send("device").unwrap();
                drop(turn);
            });
            drop(one);
            assert!(receiver.try_recv().is_err());
            drop(other);
            assert_eq!(receiver.recv(), Ok("device"));
        });
        drop(silicon.share());
    }

    #[test]
    fn who_was_left_behind_holds_nobody_up() {
        let silicon = Arc::new(Silicon::default());
        let hung = silicon.own();
        silicon.abandon(hung.number().unwrap());
        let next = silicon.own();
        drop(hung); // comes back late: the turn is no longer its own
        let state = silicon.state();
        assert_eq!(state.owner, next.number());
    }
}
