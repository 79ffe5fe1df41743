//! What a pool is made of.

use super::roster::Roster;
use super::{Deadline, Inner, Options, Policy, Pool};
use crate::device::{BACKENDS, Backend, Config};
use crate::error::Error;
use std::path::PathBuf;
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

    /// FPGA cards, by the names that [`Config::cards`] describes.
    pub fn cards<I: Into<String>>(mut self, cards: impl IntoIterator<Item = I>) -> Self {
        self.config.cards.extend(cards.into_iter().map(Into::into));
        self
    }

    /// The folder of the manifests of further cards that may be used.
    pub fn designs(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.designs = Some(folder.into());
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

    /// Lists and opens the devices; those of backends that are slow to list when there is work for them
    /// or somebody asks. Fails if an id asked for does not exist or cannot be used, or if there is
    /// no usable device at all.
    pub fn open(self) -> Result<Pool, Error> {
        let roster = Roster::new(&self.backends, self.config, self.only.as_deref())?;
        if roster.seats().next().is_none() {
            return Err(Error::NoDevice {
                job: "anything".into(),
                failures: Vec::new(),
            });
        }
        let inner = Inner {
            roster,
            deadline: self.deadline,
            evidence: Mutex::default(),
        };
        Ok(Pool {
            inner: Arc::new(inner),
            options: self.options,
        })
    }
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
