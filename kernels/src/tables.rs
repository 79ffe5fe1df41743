//! Powers on the device: made once, kept while they are used.

use crate::machine::{Machine, launch};
use crate::{Program, ntt};
use proofmill_field::{FieldId, Int};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of tables that a device keeps; beyond, all are forgotten.
const KEPT_BYTES: usize = 1 << 28;

/// scale·base^i for i below 2^log_n as two short tables: `low[i mod 2^split]·high[i / 2^split]`.
pub(crate) struct Powers<B> {
    pub(crate) low: B,
    pub(crate) high: B,
    pub(crate) split: u32,
}

/// ω^i for i below half of its order 2^(log + 1).
pub(crate) struct Twiddles<B> {
    pub(crate) words: B,
    pub(crate) log: u32,
}

/// A field, base, scale and log2 of the count.
type Key = (FieldId, Int, Int, u32);

/// The tables of one device.
pub struct Tables<B> {
    powers: HashMap<Key, Arc<Powers<B>>>,
    twiddles: HashMap<(FieldId, Int), Arc<Twiddles<B>>>,
    bytes: usize,
}

impl<B> Default for Tables<B> {
    fn default() -> Self {
        Tables {
            powers: HashMap::new(),
            twiddles: HashMap::new(),
            bytes: 0,
        }
    }
}

impl<B> Tables<B> {
    /// Forgets everything: the memory is wanted.
    pub fn clear(&mut self) {
        *self = Tables::default();
    }

    fn count(&mut self, bytes: usize) {
        // a device's memory comes in pages
        let bytes = bytes.max(1 << 12);
        if self.bytes + bytes > KEPT_BYTES {
            self.clear();
        }
        self.bytes += bytes;
    }

    pub(crate) fn powers<M: Machine<Buffer = B>>(
        &mut self,
        machine: &mut M,
        field: FieldId,
        base: &Int,
        scale: &Int,
        log_n: u32,
    ) -> Result<Arc<Powers<B>>, M::Error> {
        let key = (field, *base, *scale, log_n);
        if let Some(powers) = self.powers.get(&key) {
            return Ok(powers.clone());
        }
        let spec = field.spec();
        let split = log_n.div_ceil(2);
        let mut upload = |start: &Int, ratio: &Int, log: u32| {
            let mut bytes = vec![0; spec.bytes << log];
            let mut power = *start;
            for to in bytes.chunks_exact_mut(spec.bytes) {
                spec.write(&power, to);
                power = spec.mul(&power, ratio);
            }
            machine.upload(&bytes).map(|buffer| (buffer, power))
        };
        let (low, next) = upload(scale, base, split)?;
        // next = scale·base^(2^split)
        let ratio = spec.mul(&next, &spec.inverse(scale));
        let (high, _) = upload(&spec.one, &ratio, log_n - split)?;
        self.count(spec.bytes << (split + 1));
        let powers = Arc::new(Powers { low, high, split });
        self.powers.insert(key, powers.clone());
        Ok(powers)
    }

    /// Of a root of order 2^log_n or more with the same powers; `full` is the root of order
    /// 2^two_adicity.
    pub(crate) fn twiddles<M: Machine<Buffer = B>>(
        &mut self,
        machine: &mut M,
        field: FieldId,
        full: &Int,
        log_n: u32,
    ) -> Result<Arc<Twiddles<B>>, M::Error> {
        let key = (field, *full);
        let log = log_n.max(1) - 1;
        if let Some(twiddles) = self.twiddles.get(&key)
            && twiddles.log >= log
        {
            return Ok(twiddles.clone());
        }
        let spec = field.spec();
        let root = ntt::root_of_order(spec, full, log + 1);
        let powers = self.powers(machine, field, &root, &spec.one, log)?;
        let words = machine.alloc(spec.bytes << log)?;
        let groups = (1usize << log).div_ceil(machine.properties().threads as usize);
        launch!(machine, Program::Field(field), "powers", groups;
            &words, &powers.low, &powers.high; powers.split, 1u32 << log)?;
        self.count(spec.bytes << log);
        let twiddles = Arc::new(Twiddles { words, log });
        self.twiddles.insert(key, twiddles.clone());
        Ok(twiddles)
    }
}
