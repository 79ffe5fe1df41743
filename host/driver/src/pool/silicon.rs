//! One piece of silicon behind several devices of a pool, and whose turn it is: the host's own jobs run side
//! by side, another device's job runs alone.
//!
//! Nobody waits for ever. A device's turn ends at its deadline, whether or not the device has come back; a
//! device that the host does not let in for as long as its job may take goes ahead beside it. So no
//! order in which callers' threads wait for each other can stop them all.

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
    /// The device whose job runs, by its turn's number, and until when.
    owner: Option<(u64, Instant)>,
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

    /// The state once no device has its turn, and none of the host's jobs runs if `alone`; or at `limit`.
    fn free(&self, alone: bool, limit: Option<Instant>) -> MutexGuard<'_, State> {
        let mut state = self.state();
        loop {
            let now = Instant::now();
            let owned = state
                .owner
                .map(|(_, until)| until)
                .filter(|until| *until > now);
            if owned.is_none()
                && (!alone || state.host == 0 || limit.is_none_or(|limit| limit <= now))
            {
                return state;
            }
            // a turn that ends at its deadline tells nobody
            let next = owned
                .into_iter()
                .chain(limit.filter(|limit| *limit > now))
                .min();
            let left = next.map_or(Duration::MAX, |next| next - now);
            let woken = self
                .changed
                .wait_timeout(state, left.min(Duration::from_secs(3600)));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A turn for one of the host's jobs.
    pub(crate) fn share(self: &Arc<Self>) -> Turn {
        self.free(false, None).host += 1;
        let silicon = self.clone();
        Turn {
            silicon,
            number: None,
        }
    }

    /// A turn for a device's job that may take so long.
    pub(crate) fn own(self: &Arc<Self>, may_take: Duration) -> Turn {
        let end = || Instant::now().checked_add(may_take);
        // a century is as good as for ever
        let far = || Instant::now() + Duration::from_secs(3_000_000_000);
        let mut state = self.free(true, Some(end().unwrap_or_else(far)));
        state.turns += 1;
        let number = state.turns;
        state.owner = Some((number, end().unwrap_or_else(far)));
        let silicon = self.clone();
        Turn {
            silicon,
            number: Some(number),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.silicon.state();
        match self.number {
            // unless it ended at its deadline and is another's by now
            Some(turn) if state.owner.is_some_and(|(owner, _)| owner == turn) => state.owner = None,
            Some(_) => {}
            None => state.host -= 1,
        }
        self.silicon.changed.notify_all();
    }
}

/// How long a device has waited for its turns and been made ready, which puts deadlines off.
#[derive(Default)]
pub(crate) struct Clock(Mutex<Waits>);

#[derive(Default)]
struct Waits {
    past: Duration,
    since: Option<Instant>,
}

impl Clock {
    fn waits(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what no deadline counts.
    pub(crate) fn paused<T>(&self, work: impl FnOnce() -> T) -> T {
        self.waits().since = Some(Instant::now());
        let out = work();
        let mut waits = self.waits();
        let since = waits.since.take();
        waits.past += since.map_or(Duration::ZERO, |since| since.elapsed());
        out
    }

    /// Time that no deadline counts, up to now, and whether it goes on.
    pub(crate) fn waited(&self) -> (Duration, bool) {
        let waits = self.waits();
        let now = waits.since.map_or(Duration::ZERO, |since| since.elapsed());
        (waits.past + now, waits.since.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_device_is_alone_and_the_host_is_not() {
        let silicon = Arc::new(Silicon::default());
        let (one, other) = (silicon.share(), silicon.share());
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let turn = silicon.own(LONG);
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
        let hung = silicon.own(Duration::ZERO);
        let next = silicon.own(LONG);
        drop(hung); // comes back late: the turn is no longer its own
        assert_eq!(silicon.state().owner.map(|(turn, _)| turn), next.number);
    }

    #[test]
    fn a_device_that_is_never_let_in_goes_ahead() {
        let silicon = Arc::new(Silicon::default());
        let _host = silicon.share();
        let turn = silicon.own(Duration::from_millis(1));
        assert!(turn.number.is_some());
    }
}
