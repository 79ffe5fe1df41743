//! The prover: one chain for the quotient and its sum, four sums over the witness beside it, a handful of additions,
//! and the verification of what came out.

mod blinding;
mod chains;
mod coefficients;
mod report;

use crate::check;
use crate::curve::SnarkCurve;
use crate::error::{Error, Result};
use crate::json::{PublicSignals, VerificationKey};
use crate::random::Source;
use crate::verifier::Verifier;
use crate::with_curve;
use crate::wtns::{Witness, check_pair};
use crate::zkey::Zkey;
use blinding::Blinding;
use proofmill::job::Chain;
use proofmill::{Done, Failure, Fault, Options, Policy, Pool, WrongResult};
use report::{host_step, step_times, words};
use std::time::{Duration, Instant};

/// The device that is the host itself.
const HOST: &str = "cpu:0";

/// How much is checked before a proof is returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Nothing: the proof may be wrong.
    Off,
    /// The finished proof is verified; if that fails every kernel is checked and the guilty device named.
    Proof,
    /// Every kernel is checked as it is done, then the proof is verified.
    Full,
}

impl Check {
    fn policy(self) -> Policy {
        match self {
            Self::Off => Policy::Off,
            Self::Proof => Policy::Proof,
            Self::Full => Policy::Full,
        }
    }
}

/// What a caller may decide.
#[derive(Debug, Clone)]
pub struct ProveOptions {
    /// What is checked.
    pub check: Check,
    /// Only this device; `None` leaves it to the planner.
    pub device: Option<String>,
}

impl Default for ProveOptions {
    fn default() -> Self {
        Self {
            check: Check::Proof,
            device: None,
        }
    }
}

/// The time of one part of the work.
#[derive(Debug, Clone)]
pub struct StepTime {
    /// `coefficients`, `quotient`, `msm A`, `msm B1`, `msm B2`, `msm C`, `msm H`, `kernels`, `assemble` or `verify`.
    /// `kernels` is the time from the first of the quotient and the sums to the end of the last.
    pub name: &'static str,
    /// Who did it.
    pub device: String,
    /// How long it took there. The quotient and the sums overlap, the other parts follow each other.
    pub time: Duration,
}

/// A finished proof with what is known of it.
#[derive(Debug, Clone)]
pub struct Proved {
    /// `proof.json`, byte for byte in snarkjs' form.
    pub proof_json: String,
    /// `public.json`, likewise.
    pub public_json: String,
    /// The parts of the work.
    pub steps: Vec<StepTime>,
    /// What was checked, in words; empty: the proof is unchecked.
    pub checked: Vec<String>,
    /// Devices that failed on the way and were set aside.
    pub failures: Vec<Failure>,
}

/// Proves that the witness satisfies the key's circuit.
///
/// `progress` is told the name of each stage as it begins: `coefficients`, `kernels`, `verify`.
///
/// # Errors
/// Files that do not belong together, a malformed key, no usable device, and, unless checks are off, a proof that does
/// not verify: then the key's points are looked at to say what is wrong with it.
pub fn prove(
    pool: &Pool,
    zkey: &Zkey,
    witness: &Witness,
    options: &ProveOptions,
    progress: &mut dyn FnMut(&'static str),
) -> Result<Proved> {
    with_curve!(zkey.curve(), E => {
        prove_on::<E>(pool, zkey, witness, options, &mut Source::System, progress)
    })
}

fn prove_on<E: SnarkCurve>(
    pool: &Pool,
    zkey: &Zkey,
    witness: &Witness,
    options: &ProveOptions,
    source: &mut Source,
    progress: &mut dyn FnMut(&'static str),
) -> Result<Proved> {
    check_pair(zkey, witness)?;
    progress("coefficients");
    let start = Instant::now();
    let public = PublicSignals::from_witness(witness, zkey.header().n_public);
    let (products, ahead) = rayon::join(
        || coefficients::products::<E>(zkey, witness),
        || Ahead::<E>::new(zkey, &public, options.check, source),
    );
    let work = Work {
        pool,
        zkey,
        options,
        chains: chains::chains::<E>(zkey, witness, products?)?,
    };
    let mut steps = vec![host_step("coefficients", start)];
    progress("kernels");
    let start = Instant::now();
    let mut done = work.run(options.check.policy())?;
    let mut failures = take_failures(&mut done);
    steps.extend(step_times(&done));
    steps.push(report::kernels(&done, start));
    let start = Instant::now();
    let mut proof = ahead.blinding?.assemble(zkey, &done)?;
    steps.push(host_step("assemble", start));
    let mut checked = Vec::new();
    if let Some(verifier) = ahead.verifier {
        progress("verify");
        let start = Instant::now();
        let verifier = verifier?;
        if !verifier.accepts(&proof) {
            work.explain(witness, &done)?;
            let before = std::mem::replace(&mut done, work.run(Policy::Full)?);
            failures.extend(take_failures(&mut done));
            failures.extend(relapsed(pool, &before, &done, &failures));
            proof = Blinding::<E>::draw(zkey, source)?.assemble(zkey, &done)?;
            if !verifier.accepts(&proof) {
                return Err(work.unsatisfied(witness));
            }
            steps.splice(1..7, step_times(&done));
        }
        checked.extend(words(&done));
        checked.push("the proof verifies".into());
        steps.push(host_step("verify", start));
    }
    Ok(Proved {
        proof_json: proof.to_json(),
        public_json: public.to_json(),
        steps,
        checked,
        failures,
    })
}

/// What the host makes ready beside the coefficients, since it needs no device's answer.
struct Ahead<E: SnarkCurve> {
    blinding: Result<Blinding<E>>,
    /// `None` where nothing is checked.
    verifier: Option<Result<Verifier<E>>>,
}

impl<E: SnarkCurve> Ahead<E> {
    fn new(
        zkey: &Zkey,
        public: &PublicSignals<E::ScalarField>,
        check: Check,
        source: &mut Source,
    ) -> Self {
        let verifier = || {
            let vk = VerificationKey::<E>::from_zkey(zkey)?;
            Verifier::new(&vk, public)
        };
        let (blinding, verifier) = rayon::join(
            || Blinding::draw(zkey, source),
            || (check != Check::Off).then(verifier),
        );
        Self { blinding, verifier }
    }
}

/// The devices' part of a proof.
struct Work<'a> {
    pool: &'a Pool,
    zkey: &'a Zkey,
    options: &'a ProveOptions,
    chains: Vec<Chain>,
}

impl Work<'_> {
    fn run(&self, policy: Policy) -> Result<Vec<Done>> {
        let options = Options {
            policy: Some(policy),
            device: self.options.device.clone(),
        };
        // with a bad key the devices' answers cannot hold: the key's own fault says more
        let blame_key = |e: proofmill::Error| check::check(self.zkey).err().unwrap_or(e.into());
        let pool = self.pool.with(options);
        pool.run(self.chains.clone()).map_err(blame_key)
    }

    /// Why a proof from these answers does not verify: a bad key, a liar, or a bad witness, in the order in which they
    /// can be told apart. `Ok` where it may be a liar: with good bases and every kernel checked it shows.
    fn explain(&self, witness: &Witness, done: &[Done]) -> Result<()> {
        check::check(self.zkey)?;
        // the host alone has nobody to accuse but itself, and the textbook would take minutes to
        // agree with it: whoever doubts the host asks for full checks
        let host_alone = done.iter().all(|d| d.report.devices() == [HOST]);
        if self.options.check == Check::Full || host_alone {
            return Err(self.unsatisfied(witness));
        }
        Ok(())
    }

    fn unsatisfied(&self, witness: &Witness) -> Error {
        Error::InvalidProof {
            what: format!(
                "{} with {}: the witness does not satisfy the circuit, or the key is of another circuit",
                self.zkey.name(),
                witness.name()
            ),
        }
    }
}

/// Devices whose sums of the first run differ from the checked ones, though they did nothing wrong while they were
/// watched: set aside all the same.
fn relapsed(pool: &Pool, before: &[Done], checked: &[Done], known: &[Failure]) -> Vec<Failure> {
    let mut out: Vec<Failure> = Vec::new();
    for (b, c) in before.iter().zip(checked) {
        let bytes = |d: &Done| d.points.first().map(|p| p.bytes().clone());
        if bytes(b) == bytes(c) {
            continue;
        }
        for device in b.report.devices() {
            if known.iter().chain(&out).any(|f| f.device == device) {
                continue;
            }
            let by = c.report.devices().join(", ");
            let fault = Fault::Wrong(WrongResult::Recomputed { index: 0, by });
            pool.set_aside(device, &fault.to_string());
            out.push(Failure {
                device: device.into(),
                fault,
            });
        }
    }
    out
}

fn take_failures(done: &mut [Done]) -> Vec<Failure> {
    done.iter_mut()
        .flat_map(|d| std::mem::take(&mut d.report.failures))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With r and s from a seed every device gives the same proof, byte for byte.
    #[test]
    fn a_proof_does_not_depend_on_the_device() {
        let fixture = |name: &str| format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        let zkey = Zkey::open(fixture("one.zkey")).unwrap();
        let witness = Witness::open(fixture("one.wtns")).unwrap();
        let proof = |device: &str| {
            let pool = Pool::builder().devices([device]).open().unwrap();
            let (mut source, options) = (Source::seeded(1), ProveOptions::default());
            type E = crate::curve::Bn128;
            prove_on::<E>(&pool, &zkey, &witness, &options, &mut source, &mut |_| {}).unwrap()
        };
        assert_eq!(proof("cpu:0").proof_json, proof("ref:0").proof_json);
    }
}
