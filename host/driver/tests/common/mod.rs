//! What both test programs need: jobs from integers and integers from answers.

use bytes::Bytes;
use proofmill::job::{Chain, Form, Step, Values};
use proofmill::{Ntt, Options, Policy, Pool};
use proofmill_field::{FieldId, Int};
use std::time::Duration;

/// Elements in data form as values.
pub(crate) fn pack(field: FieldId, elements: &[Int]) -> Values {
    pack_as(Form::Data(field), elements)
}

/// Integers as values of any form.
pub(crate) fn pack_as(form: Form, integers: &[Int]) -> Values {
    let size = form.bytes();
    let mut bytes = vec![0; integers.len() * size];
    for (a, out) in integers.iter().zip(bytes.chunks_mut(size)) {
        let words = a.iter().flat_map(|limb| limb.to_le_bytes());
        words.zip(out).for_each(|(byte, out)| *out = byte);
    }
    Values::new(form, Bytes::from(bytes)).unwrap()
}

/// The integers of values, reduced or not.
pub(crate) fn unpack(values: &Values) -> Vec<Int> {
    let chunks = values.bytes().chunks(values.form().bytes());
    let read = |bytes: &[u8]| {
        let mut out = [0; 6];
        for (limb, word) in out.iter_mut().zip(bytes.chunks(8)) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            *limb = u64::from_le_bytes(padded);
        }
        out
    };
    chunks.map(read).collect()
}

pub(crate) fn chain(label: &str, steps: Vec<Step>) -> Chain {
    let label = label.into();
    Chain { label, steps }
}

pub(crate) fn upload(to: u8, values: Values) -> Step {
    Step::Upload { to, values }
}

/// One transform of one upload.
pub(crate) fn ntt_chain(values: Values, ntt: &Ntt) -> Chain {
    let (on, ntt) = (vec![0], ntt.clone());
    let steps = vec![
        upload(0, values),
        Step::Ntt { on, ntt },
        Step::Download { from: 0 },
    ];
    chain("ntt", steps)
}

/// A pool of the named devices, which may take their time.
pub(crate) fn pool(ids: &[&str], threads: usize, policy: Option<Policy>) -> Pool {
    let devices = ids.iter().copied();
    let builder = Pool::builder().devices(devices).threads(threads);
    let pool = builder.deadline(Duration::from_secs(300), 20).open();
    let (pool, device) = (pool.unwrap(), None);
    pool.with(Options { policy, device })
}
