//! A device's place in the pool: how to reach it, what it has to do, whether it is trusted with more.

use super::silicon::Silicon;
use crate::device::cpu::Cpu;
use crate::device::{DeviceInfo, Estimator};
use crate::job::Shape;
use crate::worker::Worker;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How a device is reached.
pub(super) enum Runner {
    /// The host itself, on the caller's thread and memory.
    Host(Cpu),
    /// A device on its own thread.
    Worker(Worker),
}

pub(super) struct Seat {
    pub(super) info: DeviceInfo,
    /// Index of its piece of silicon.
    pub(super) physical: usize,
    pub(super) silicon: Arc<Silicon>,
    pub(super) estimator: Estimator,
    pub(super) runner: Runner,
    /// Nanoseconds of work submitted and not finished.
    backlog: Arc<AtomicU64>,
    /// Why it gets no more work.
    aside: Mutex<Option<String>>,
}

/// Work on a device's backlog until this is dropped.
pub(crate) struct Load {
    backlog: Arc<AtomicU64>,
    nanos: u64,
}

impl Drop for Load {
    fn drop(&mut self) {
        self.backlog.fetch_sub(self.nanos, Ordering::Relaxed);
    }
}

impl Seat {
    pub(super) fn new(
        info: DeviceInfo,
        (physical, silicon): (usize, Arc<Silicon>),
        estimator: Estimator,
        runner: Runner,
    ) -> Self {
        let (backlog, aside) = (Arc::new(AtomicU64::new(0)), Mutex::new(None));
        Seat {
            info,
            physical,
            silicon,
            estimator,
            runner,
            backlog,
            aside,
        }
    }

    /// The time for all of a chain's steps; `None` if it cannot do one of them.
    pub(super) fn estimate(&self, shapes: &[Shape]) -> Option<Duration> {
        let add = |sum: Duration, shape| Some(sum.saturating_add((self.estimator)(shape)?));
        shapes.iter().try_fold(Duration::ZERO, add)
    }

    pub(super) fn backlog(&self) -> Duration {
        Duration::from_nanos(self.backlog.load(Ordering::Relaxed))
    }

    /// Notes new work: all that there is to do now, and the new work's weight, which lasts as long as
    /// the [`Load`].
    pub(super) fn submitted(&self, cost: Duration) -> (Duration, Load) {
        // a century is as good as forever, and many of them fit
        let nanos = u64::try_from(cost.as_nanos())
            .unwrap_or(u64::MAX)
            .min(u64::MAX >> 3);
        let before = self.backlog.fetch_add(nanos, Ordering::Relaxed);
        let expected = Duration::from_nanos(before.saturating_add(nanos));
        (
            expected,
            Load {
                backlog: self.backlog.clone(),
                nanos,
            },
        )
    }

    /// Why the device gets no more work; `None` if it does.
    pub(super) fn set_aside(&self) -> Option<String> {
        self.aside
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The first reason stays.
    pub(super) fn put_aside(&self, reason: String) {
        let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
        aside.get_or_insert(format!("set aside: {reason}"));
    }
}
