//! What a pool is made of.

use super::silicon::Silicon;
use super::{Deadline, Inner, Options, Policy, Pool, Runner, Seat};
use crate::device::cpu::{Cpu, CpuBackend};
use crate::device::{BACKENDS, Backend, Config, Device, DeviceInfo, Estimator};
use crate::error::{DeviceError, Error};
use crate::worker::Worker;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Chooses what a pool is made of.
pub struct Builder {
    backends: Vec<&'static dyn Backend>,
    config: Config,
    only: Option<Vec<String>>,
    deadline: Deadline,
    options: Options,
}

impl Builder {
    /// Adds a kind of device, ahead of those that are built in.
    pub fn backend(mut self, backend: &'static dyn Backend) -> Self {
        self.backends.insert(0, backend);
        self
    }

    /// Threads of the CPU device.
    pub fn threads(mut self, threads: usize) -> Self {
        self.config.threads = Some(threads);
        self
    }

    /// Only the devices with these ids.
    pub fn devices<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.only = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// What is checked unless a call says otherwise.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.options.policy = Some(policy);
        self
    }

    /// A device is left behind after `grace` + `factor` × the time that it was expected to take.
    pub fn deadline(mut self, grace: Duration, factor: u32) -> Self {
        self.deadline = Deadline { grace, factor };
        self
    }

    /// Lists and opens the devices. Fails if an id asked for does not exist or cannot be used, or
    /// if there is no usable device at all.
    pub fn open(self) -> Result<Pool, Error> {
        let asked = |b: &&&'static dyn Backend| match &self.only {
            Some(only) => only.iter().any(|id| b.may_list(id)),
            None => true,
        };
        let backends: Vec<_> = self.backends.iter().filter(asked).copied().collect();
        let found = list(&backends, &self.config);
        if let Some(only) = &self.only {
            let ids = || {
                let all = list(&self.backends, &self.config).into_iter();
                all.map(|(_, info)| info.id).collect()
            };
            if let Some(id) = only
                .iter()
                .find(|id| found.iter().all(|(_, i)| i.id != **id))
            {
                return Err(Error::UnknownDevice {
                    id: id.clone(),
                    found: ids(),
                });
            }
        }
        let wanted = |info: &DeviceInfo| self.only.as_ref().is_none_or(|o| o.contains(&info.id));
        let mut ids: Vec<&str> = found.iter().map(|(_, info)| info.id.as_str()).collect();
        ids.sort_unstable();
        if let Some(twice) = ids.windows(2).find(|w| w[0] == w[1]) {
            let reason = "two backends list a device of this id".into();
            return Err(Error::Unusable {
                id: twice[0].into(),
                reason,
            });
        }
        let (mut seats, mut listed) = (Vec::new(), Vec::new());
        let mut silicon: Vec<(String, Arc<Silicon>)> = Vec::new();
        for (backend, mut info) in found.into_iter().filter(|(_, info)| wanted(info)) {
            if info.unusable.is_none() {
                let known = silicon.iter().position(|(id, _)| *id == info.physical);
                let physical = known.unwrap_or(silicon.len());
                if known.is_none() {
                    silicon.push((info.physical.clone(), Arc::default()));
                }
                let shared = silicon[physical].1.clone();
                match open(backend, &info, &self.config, shared.clone()) {
                    Ok((runner, estimator)) => {
                        let silicon = (physical, shared);
                        seats.push(Seat::new(info.clone(), silicon, estimator, runner));
                    }
                    Err(e) => info.unusable = Some(e.to_string()),
                }
            }
            if let (Some(_), Some(reason)) = (&self.only, &info.unusable) {
                return Err(Error::Unusable {
                    id: info.id,
                    reason: reason.clone(),
                });
            }
            listed.push(info);
        }
        if seats.is_empty() {
            return Err(Error::NoDevice {
                job: "anything".into(),
                failures: Vec::new(),
            });
        }
        let inner = Inner {
            seats,
            listed,
            deadline: self.deadline,
            evidence: Mutex::default(),
        };
        Ok(Pool {
            inner: Arc::new(inner),
            options: self.options,
        })
    }
}

fn list(
    backends: &[&'static dyn Backend],
    config: &Config,
) -> Vec<(&'static dyn Backend, DeviceInfo)> {
    backends
        .iter()
        .flat_map(|b| b.list(config).into_iter().map(|info| (*b, info)))
        .collect()
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

impl Pool {
    /// To choose devices, threads, checks and deadlines.
    pub fn builder() -> Builder {
        Builder {
            backends: BACKENDS.to_vec(),
            config: Config::default(),
            only: None,
            // generous: an estimate may be ten times off on a strange machine
            deadline: Deadline {
                grace: Duration::from_secs(20),
                factor: 20,
            },
            options: Options::default(),
        }
    }
}
