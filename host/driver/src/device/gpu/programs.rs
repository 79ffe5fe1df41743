//! The programs of one device that were wanted so far.

use crate::error::DeviceError;
use proofmill_kernels::Program;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Programs that a device's compiler refused: shapes that need one are not estimated.
pub(crate) type Refused = Arc<Mutex<HashSet<Program>>>;

/// Built programs; of one that the compiler refused, its log.
pub(crate) struct Programs<B> {
    known: HashMap<Program, Result<B, String>>,
    refused: Refused,
}

impl<B> Default for Programs<B> {
    fn default() -> Self {
        Programs {
            known: HashMap::new(),
            refused: Refused::default(),
        }
    }
}

impl<B> Programs<B> {
    /// Whether it was wanted before.
    pub(crate) fn knows(&self, program: Program) -> bool {
        self.known.contains_key(&program)
    }

    /// Those that could not be built so far.
    pub(crate) fn refused(&self) -> Refused {
        self.refused.clone()
    }

    /// The program, built if it was not yet. One that the compiler refuses is refused from then on.
    pub(crate) fn get(
        &mut self,
        program: Program,
        build: impl FnOnce() -> Result<Result<B, String>, DeviceError>,
    ) -> Result<&mut B, DeviceError> {
        if !self.known.contains_key(&program) {
            let built = build()?;
            if built.is_err() {
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                refused.insert(program);
            }
            self.known.insert(program, built);
        }
        match self.known.get_mut(&program) {
            Some(Ok(built)) => Ok(built),
            Some(Err(log)) => {
                let what = format!("{program}, which its compiler refuses:\n{log}");
                Err(DeviceError::Unsupported(what))
            }
            None => Err(DeviceError::Failed(format!("no {program}"))),
        }
    }
}
