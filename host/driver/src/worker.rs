//! A device on a thread of its own, so that one that hangs can be left behind.

use crate::device::{Device, DeviceInfo, Output};
use crate::error::DeviceError;
use crate::job::{Chain, Points, Step};
use crate::pool::silicon::{Clock, Silicon};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

type Answer = Result<Vec<Output>, DeviceError>;

struct Request {
    chains: Vec<Chain>,
    limit: Duration,
    reply: Sender<Answer>,
    /// Dropped when the device is done, whether or not somebody still waits.
    _load: Box<dyn Send>,
}

/// The pool's end of a device's thread.
pub(crate) struct Worker {
    requests: Option<Sender<Request>>,
    /// Disconnected when the thread has ended.
    ended: Mutex<Receiver<()>>,
    clock: Arc<Clock>,
}

/// An answer that is still being computed.
pub(crate) struct Pending {
    reply: Receiver<Answer>,
    since: Instant,
    limit: Duration,
    clock: Arc<Clock>,
    /// What the clock showed at first.
    waited: Duration,
}

/// How long a pool that is dropped waits for a device that is at work: it must not give its objects back
/// while the process ends.
const LAST_WAIT: Duration = Duration::from_secs(1);

impl Drop for Worker {
    fn drop(&mut self) {
        self.requests = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(LAST_WAIT);
    }
}

impl Worker {
    /// Moves the device to its thread. The thread ends when the worker is dropped and the device
    /// returns from its last job.
    pub(crate) fn start(
        device: Box<dyn Device>,
        silicon: Arc<Silicon>,
    ) -> Result<Self, DeviceError> {
        let (requests, inbox) = channel();
        let (alive, ended) = channel();
        let clock = Arc::new(Clock::default());
        let turns = (silicon, clock.clone());
        std::thread::Builder::new()
            .name(device.info().id.clone())
            .spawn(move || {
                serve(device, &inbox, &turns);
                drop::<Sender<()>>(alive);
            })
            .map_err(|e| DeviceError::Failed(format!("no thread for the device: {e}")))?;
        Ok(Worker {
            requests: Some(requests),
            ended: Mutex::new(ended),
            clock,
        })
    }

    /// Hands chains over; the answer must come within `limit`.
    pub(crate) fn submit(
        &self,
        chains: Vec<Chain>,
        limit: Duration,
        load: impl Send + 'static,
    ) -> Pending {
        let (reply, answer) = channel();
        // if the thread is gone, `answer` is disconnected and says so
        let _load = Box::new(load);
        if let Some(requests) = &self.requests {
            let _ = requests.send(Request {
                chains,
                limit,
                reply,
                _load,
            });
        }
        Pending {
            reply: answer,
            since: Instant::now(),
            limit,
            clock: self.clock.clone(),
            waited: self.clock.waited().0,
        }
    }
}

impl Pending {
    /// Waits for the answer or the deadline, which time spent waiting for a turn puts off.
    pub(crate) fn wait(self) -> Answer {
        loop {
            let (waited, waits) = self.clock.waited();
            let limit = self
                .limit
                .saturating_add(waited.saturating_sub(self.waited));
            let left = limit.saturating_sub(self.since.elapsed());
            // while the clock stands, so does what is left
            let look = if waits { left.max(LOOK) } else { left };
            match self.reply.recv_timeout(look) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if waits || left > Duration::ZERO => {}
                Err(RecvTimeoutError::Timeout) => return Err(DeviceError::Hung(self.limit)),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(DeviceError::Lost("its thread has ended".into()));
                }
            }
        }
    }
}

/// How long to wait at least before the clock is looked at again.
const LOOK: Duration = Duration::from_millis(10);

fn serve(
    mut device: Box<dyn Device>,
    inbox: &Receiver<Request>,
    (silicon, clock): &(Arc<Silicon>, Arc<Clock>),
) {
    let mut residents = Residents::new(device.info());
    while let Ok(Request {
        chains,
        limit,
        reply,
        _load,
    }) = inbox.recv()
    {
        let run = AssertUnwindSafe(|| {
            let _turn = clock.paused(|| {
                device.prepare(&chains)?;
                Ok::<_, DeviceError>(silicon.own(limit))
            })?;
            residents.make_room(device.as_mut(), &chains)?;
            device.run(chains)
        });
        match catch_unwind(run) {
            // nobody listens any more if the deadline has passed
            Ok(answer) => drop(reply.send(answer)),
            Err(panic) => {
                let _ = reply.send(Err(DeviceError::Lost(words(panic.as_ref()))));
                return; // its state is unknown
            }
        }
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("its driver panicked: {}", text.unwrap_or("no message"))
}

/// Bases that lie on a device, least recently used first.
struct Residents {
    budget: Option<usize>,
    loaded: VecDeque<([u8; 32], usize)>,
}

impl Residents {
    fn new(info: &DeviceInfo) -> Self {
        Residents {
            budget: info.resident_bytes,
            loaded: VecDeque::new(),
        }
    }

    /// Loads what the chains name and unloads what has not been used for longest.
    fn make_room(&mut self, device: &mut dyn Device, chains: &[Chain]) -> Result<(), DeviceError> {
        let Some(budget) = self.budget else {
            return Ok(());
        };
        let steps = chains.iter().flat_map(|chain| &chain.steps);
        let bases = steps.filter_map(|step| match step {
            Step::Msm { bases, .. } => bases.key().map(|key| (key, bases)),
            _ => None,
        });
        let wanted: Vec<([u8; 32], &Points)> = bases.collect();
        for (key, bases) in &wanted {
            if let Some(place) = self.loaded.iter().position(|(k, _)| k == key)
                && let Some(entry) = self.loaded.remove(place)
                && device.holds(*key)
            {
                self.loaded.push_back(entry);
                continue;
            }
            let bytes = bases.bytes().len();
            if bytes > budget {
                continue; // taken from the chain
            }
            let used = |loaded: &VecDeque<(_, usize)>| loaded.iter().map(|(_, n)| n).sum::<usize>();
            while used(&self.loaded) + bytes > budget {
                // what this very job needs stays
                let idle = |(k, _): &([u8; 32], usize)| wanted.iter().all(|(w, _)| w != k);
                let Some(place) = self.loaded.iter().position(idle) else {
                    break;
                };
                if let Some((old, _)) = self.loaded.remove(place) {
                    device.unload(old);
                }
            }
            device.load(bases)?;
            self.loaded.push_back((*key, bytes));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Estimator;
    use bytes::Bytes;
    use proofmill_field::{CurveId, Group};
    use std::sync::{Arc, Mutex};

    struct Recorder(DeviceInfo, Arc<Mutex<Vec<String>>>);

    impl Device for Recorder {
        fn info(&self) -> &DeviceInfo {
            &self.0
        }
        fn estimator(&self) -> Estimator {
            Arc::new(|_| None)
        }
        fn load(&mut self, bases: &Points) -> Result<(), DeviceError> {
            self.1.lock().unwrap().push(format!("load {}", bases.len()));
            Ok(())
        }
        fn unload(&mut self, _: [u8; 32]) {
            self.1.lock().unwrap().push("unload".into());
        }
        fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
            Ok(chains.iter().map(|_| Output::default()).collect())
        }
    }

    #[test]
    fn bases_are_loaded_once_and_the_least_used_go_first() {
        let log = Arc::new(Mutex::new(Vec::new()));
        let info = DeviceInfo {
            id: "x:0".into(),
            name: String::new(),
            backend: "x",
            physical: "x".into(),
            resident_bytes: Some(64 * 10),
            unusable: None,
        };
        let worker = Worker::start(Box::new(Recorder(info, log.clone())), Arc::default()).unwrap();
        let use_bases = |n: usize| {
            let bytes = Bytes::from(vec![0; 64 * n]);
            let bases = Points::new(CurveId::Bn254, Group::G1, bytes)
                .unwrap()
                .resident();
            let chain = Chain {
                label: "t".into(),
                steps: vec![Step::Msm { scalars: 0, bases }],
            };
            worker
                .submit(vec![chain], Duration::from_secs(60), ())
                .wait()
                .unwrap();
        };
        for n in [3, 4, 3, 5, 3, 4] {
            use_bases(n);
        }
        let log = log.lock().unwrap().clone();
        assert_eq!(
            log,
            ["load 3", "load 4", "unload", "load 5", "unload", "load 4"]
        );
    }
}
