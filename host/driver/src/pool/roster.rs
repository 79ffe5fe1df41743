//! The devices of a pool: those that cost nothing to list at once, the others when work is worth it.

use super::seat::{Runner, Seat};
use super::silicon::Silicon;
use crate::device::cpu::{Cpu, CpuBackend};
use crate::device::{Backend, Config, Device, DeviceInfo, Estimator};
use crate::error::{DeviceError, Error};
use crate::worker::Worker;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Devices, usable or not, and the seats of the usable ones.
#[derive(Default)]
struct Part {
    seats: Vec<Seat>,
    listed: Vec<DeviceInfo>,
    /// Pieces of silicon by name; a seat has the index of its own.
    silicon: Vec<(String, Arc<Silicon>)>,
}

/// Every device of a pool. Those of backends that are slow to list ([`Backend::opening`]) are listed when
/// somebody asks for them, or when as much work has come as their listing costs. Indices of seats stay.
pub(super) struct Roster {
    near: Part,
    far: OnceLock<Part>,
    /// The backends of `far`.
    slow: Vec<&'static dyn Backend>,
    config: Config,
    /// Nanoseconds of work that came while `far` was not listed.
    work: AtomicU64,
}

impl Roster {
    /// Lists the devices of these backends, those that are slow to list later unless devices are named.
    /// Fails if a device in `only` does not exist or cannot be used, or if two have one id.
    pub(super) fn new(
        backends: &[&'static dyn Backend],
        config: Config,
        only: Option<&[String]>,
    ) -> Result<Self, Error> {
        let later = |b: &&&'static dyn Backend| only.is_none() && !b.opening().is_zero();
        let (slow, fast): (Vec<_>, Vec<_>) = backends.iter().partition(later);
        let asked = |b: &&&'static dyn Backend| {
            only.is_none_or(|only| only.iter().any(|id| b.may_list(id)))
        };
        let asked: Vec<_> = fast.into_iter().filter(asked).copied().collect();
        let mut near = Part::default();
        let found = list(&asked, &config);
        let missing = |id: &&String| found.iter().all(|(_, info)| info.id != **id);
        if let Some(id) = only.into_iter().flatten().find(missing) {
            let all = list(backends, &config).into_iter();
            let (id, found) = (id.clone(), all.map(|(_, info)| info.id).collect());
            return Err(Error::UnknownDevice { id, found });
        }
        let wanted = |info: &DeviceInfo| only.is_none_or(|only| only.contains(&info.id));
        for (backend, info) in found.into_iter().filter(|(_, info)| wanted(info)) {
            let refused = near.add(&Part::default(), backend, info, &config);
            if let Some((id, reason)) = refused.filter(|r| only.is_some() || r.1 == TWICE) {
                return Err(Error::Unusable { id, reason });
            }
        }
        let (far, work) = (OnceLock::new(), AtomicU64::new(0));
        let slow = slow.into_iter().copied().collect();
        let roster = Roster {
            near,
            far,
            slow,
            config,
            work,
        };
        if roster.seats().next().is_none() {
            roster.all();
        }
        Ok(roster)
    }

    /// The devices listed so far, as they were found.
    pub(super) fn listed(&self) -> impl Iterator<Item = &DeviceInfo> {
        self.parts().flat_map(|part| &part.listed)
    }

    /// The seats known so far, in the order of their indices.
    pub(super) fn seats(&self) -> impl Iterator<Item = &Seat> {
        self.parts().flat_map(|part| &part.seats)
    }

    /// A seat by its index.
    pub(super) fn seat(&self, index: usize) -> &Seat {
        match index.checked_sub(self.near.seats.len()) {
            None => &self.near.seats[index],
            Some(index) => &self.all().seats[index],
        }
    }

    /// A device by its id, looked for among those not yet listed if it may be there.
    pub(super) fn find(&self, id: &str) -> Option<&DeviceInfo> {
        let mut known = self.listed();
        known.find(|info| info.id == id).or_else(|| {
            let may = self.slow.iter().any(|b| b.may_list(id));
            may.then(|| self.all().listed.iter().find(|info| info.id == id))?
        })
    }

    /// Whether there may be devices that are not listed yet and that work of this length, with what
    /// came before it, is worth being looked for.
    pub(super) fn worth_more(&self, work: Duration) -> bool {
        if self.far.get().is_some() || self.slow.is_empty() {
            return false;
        }
        let nanos = u64::try_from(work.as_nanos()).unwrap_or(u64::MAX >> 1);
        let before = self.work.fetch_add(nanos, Ordering::Relaxed);
        let opening: Duration = self.slow.iter().map(|b| b.opening()).sum();
        Duration::from_nanos(before.saturating_add(nanos)) >= opening
    }

    /// Lists what is not listed yet.
    pub(super) fn list_all(&self) {
        self.all();
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.near).chain(self.far.get())
    }

    fn all(&self) -> &Part {
        self.far.get_or_init(|| {
            let mut far = Part {
                silicon: self.near.silicon.clone(),
                ..Part::default()
            };
            for (backend, info) in list(&self.slow, &self.config) {
                far.add(&self.near, backend, info, &self.config);
            }
            far
        })
    }
}

const TWICE: &str = "two backends list a device of this id";

impl Part {
    /// Adds a device, opened if it is usable; `others` are known already. Returns the id and the reason of one
    /// that is not usable.
    fn add(
        &mut self,
        others: &Part,
        backend: &'static dyn Backend,
        mut info: DeviceInfo,
        config: &Config,
    ) -> Option<(String, String)> {
        let mut known = self.listed.iter().chain(&others.listed);
        if known.any(|other| other.id == info.id) {
            info.unusable = Some(TWICE.into());
        }
        if info.unusable.is_none() {
            let physical = self.physical(&info.physical);
            let shared = self.silicon[physical].1.clone();
            match open(backend, &info, config, shared.clone()) {
                Ok((runner, estimator)) => {
                    let seat = Seat::new(info.clone(), (physical, shared), estimator, runner);
                    self.seats.push(seat);
                }
                Err(e) => info.unusable = Some(e.to_string()),
            }
        }
        let refused = info.unusable.clone().map(|why| (info.id.clone(), why));
        self.listed.push(info);
        refused
    }

    /// The index of a piece of silicon.
    fn physical(&mut self, name: &str) -> usize {
        let known = self.silicon.iter().position(|(other, _)| other == name);
        known.unwrap_or_else(|| {
            self.silicon.push((name.into(), Arc::default()));
            self.silicon.len() - 1
        })
    }
}

fn list(
    backends: &[&'static dyn Backend],
    config: &Config,
) -> Vec<(&'static dyn Backend, DeviceInfo)> {
    let devices = |b: &&'static dyn Backend| {
        let b = *b;
        b.list(config).into_iter().map(move |info| (b, info))
    };
    backends.iter().flat_map(devices).collect()
}

fn open(
    backend: &'static dyn Backend,
    info: &DeviceInfo,
    config: &Config,
    silicon: Arc<Silicon>,
) -> Result<(Runner, Estimator), DeviceError> {
    if backend.name() == CpuBackend.name() {
        let cpu = Cpu::new(info.clone(), config)?;
        return Ok((Runner::Host(cpu.clone()), cpu.estimator()));
    }
    let device = backend.open(info, config)?;
    let estimator = device.estimator();
    Ok((Runner::Worker(Worker::start(device, silicon)?), estimator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::reference::ReferenceBackend;
    use std::sync::atomic::AtomicUsize;

    /// A backend that is slow to list, with one device of this id and of the host's silicon.
    struct Slow {
        id: &'static str,
        listed: AtomicUsize,
    }

    impl Slow {
        const fn new(id: &'static str) -> Self {
            let listed = AtomicUsize::new(0);
            Slow { id, listed }
        }
    }

    impl Backend for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }
        fn may_list(&self, id: &str) -> bool {
            id == self.id
        }
        fn opening(&self) -> Duration {
            Duration::from_millis(500)
        }
        fn list(&self, config: &Config) -> Vec<DeviceInfo> {
            self.listed.fetch_add(1, Ordering::Relaxed);
            let mut found = ReferenceBackend.list(config);
            found.iter_mut().for_each(|info| info.id = self.id.into());
            found
        }
        fn open(&self, info: &DeviceInfo, config: &Config) -> Result<Box<dyn Device>, DeviceError> {
            ReferenceBackend.open(info, config)
        }
    }

    fn ids(roster: &Roster) -> Vec<&str> {
        roster.listed().map(|info| info.id.as_str()).collect()
    }

    #[test]
    fn devices_that_are_slow_to_list_wait_for_enough_work() {
        static SLOW: Slow = Slow::new("slow:0");
        let roster = Roster::new(&[&SLOW, &ReferenceBackend], Config::default(), None).unwrap();
        assert!(!roster.worth_more(Duration::from_millis(499)));
        assert!(roster.find("nobody").is_none());
        assert_eq!(
            (ids(&roster), SLOW.listed.load(Ordering::Relaxed)),
            (vec!["ref:0"], 0)
        );
        assert!(roster.worth_more(Duration::from_millis(1)));
        roster.list_all();
        assert!(!roster.worth_more(Duration::MAX));
        assert_eq!(
            (ids(&roster), SLOW.listed.load(Ordering::Relaxed)),
            (vec!["ref:0", "slow:0"], 1)
        );
        let seats: Vec<_> = roster
            .seats()
            .map(|seat| (seat.info.id.as_str(), seat.physical))
            .collect();
        assert_eq!(seats, [("ref:0", 0), ("slow:0", 0)]);
        assert_eq!(roster.seat(1).info.id, "slow:0");
        assert!(Arc::ptr_eq(
            &roster.seat(0).silicon,
            &roster.seat(1).silicon
        ));
    }

    #[test]
    fn who_is_named_is_listed() {
        static SLOW: Slow = Slow::new("slow:0");
        let backends: [&'static dyn Backend; 2] = [&ReferenceBackend, &SLOW];
        let only = ["slow:0".to_string()];
        let roster = Roster::new(&backends, Config::default(), Some(&only)).unwrap();
        assert_eq!(ids(&roster), ["slow:0"]);
        let roster = Roster::new(&backends, Config::default(), None).unwrap();
        assert!(roster.find("slow:0").is_some());
        let alone = Roster::new(&[&SLOW], Config::default(), None).unwrap();
        assert_eq!(ids(&alone), ["slow:0"], "there is nobody else");
    }

    #[test]
    fn the_second_device_of_an_id_is_not_used() {
        static TWIN: Slow = Slow::new("ref:0");
        let roster = Roster::new(&[&ReferenceBackend, &TWIN], Config::default(), None).unwrap();
        roster.list_all();
        assert_eq!(roster.seats().count(), 1);
        let reasons: Vec<_> = roster
            .listed()
            .map(|info| info.unusable.as_deref())
            .collect();
        assert_eq!(reasons, [None, Some(TWICE)]);
    }
}
