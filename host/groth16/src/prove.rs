//! The prover: one chain for the quotient and its sum, four sums over the witness beside it, a handful of additions,
//! and the verification of what came out.

mod coefficients;

use crate::check;
use crate::curve::{KeyCurve, KeyPoint, MontgomeryField, SnarkCurve};
use crate::error::{Error, Result};
use crate::json::{Proof, PublicSignals, VerificationKey, verify};
use crate::random::Source;
use crate::with_curve;
use crate::wtns::{Witness, check_pair};
use crate::zkey::Zkey;
use ark_ec::CurveGroup;
use bytes::Bytes;
use proofmill::job::{Chain, Form, Points, Shape, Step, Values};
use proofmill::{Checked, Direction, Done, Failure, Fault, Ntt, Options, Order, Policy, Pool};
use proofmill::{StepReport, WrongResult};
use proofmill_field::{CurveId, FieldId, Group, Int, int};
use std::time::{Duration, Instant};
use zeroize::Zeroize;

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
    /// `coefficients`, `quotient`, `msm A`, `msm B1`, `msm B2`, `msm C`, `msm H` or `verify`.
    pub name: &'static str,
    /// Who did it.
    pub device: String,
    /// How long it took there. Parts on different devices overlap.
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
    let chains = chains::<E>(zkey, witness)?;
    let coefficients = host_step("coefficients", start);
    progress("kernels");
    let run = |policy: Policy, device: &Option<String>| {
        let options = Options {
            policy: Some(policy),
            device: device.clone(),
        };
        // with a bad key the devices' answers cannot hold: the key's own fault says more
        let blame_key = |e: proofmill::Error| check::check(zkey).err().unwrap_or(e.into());
        pool.with(options).run(chains.clone()).map_err(blame_key)
    };
    let policy = match options.check {
        Check::Off => Policy::Off,
        Check::Proof => Policy::Proof,
        Check::Full => Policy::Full,
    };
    let mut done = run(policy, &options.device)?;
    let mut proof = assemble::<E>(zkey, &done, source)?;
    let public = PublicSignals::<E::ScalarField>::from_witness(witness, zkey.header().n_public);
    let mut checked = Vec::new();
    let mut failures = take_failures(&mut done);
    let mut verification = None;
    if options.check != Check::Off {
        progress("verify");
        let start = Instant::now();
        let vk = VerificationKey::<E>::from_zkey(zkey)?;
        if !verify(&vk, &public, &proof)? {
            // a bad key, a liar, or a bad witness, in the order in which they can be told apart: with
            // good bases and every kernel checked the liar shows
            check::check(zkey)?;
            let unsatisfied = || Error::InvalidProof {
                what: format!(
                    "{} with {}: the witness does not satisfy the circuit, or the key is of another circuit",
                    zkey.name(),
                    witness.name()
                ),
            };
            // the host alone has nobody to accuse but itself, and the textbook would take minutes to
            // agree with it: whoever doubts the host asks for full checks
            if options.check == Check::Full || done.iter().all(|d| d.report.devices() == [HOST]) {
                return Err(unsatisfied());
            }
            let before = std::mem::replace(&mut done, run(Policy::Full, &options.device)?);
            failures.extend(take_failures(&mut done));
            failures.extend(relapsed(pool, &before, &done, &failures));
            proof = assemble::<E>(zkey, &done, source)?;
            if !verify(&vk, &public, &proof)? {
                return Err(unsatisfied());
            }
        }
        checked.extend(words(&done));
        checked.push("the proof verifies".into());
        verification = Some(host_step("verify", start));
    }
    let steps = std::iter::once(coefficients)
        .chain(step_times(&done))
        .chain(verification)
        .collect();
    Ok(Proved {
        proof_json: proof.to_json(),
        public_json: public.to_json(),
        steps,
        checked,
        failures,
    })
}

/// The five chains: the quotient with its sum, and the sums A, B1, B2, C over the witness.
fn chains<E: SnarkCurve>(zkey: &Zkey, witness: &Witness) -> Result<Vec<Chain>> {
    let (curve, field) = ids(zkey.curve());
    let header = zkey.header();
    // in range: n_public < n_vars, which is the witness' length
    let values = |skip: usize| {
        let bytes = witness.values().slice(skip * header.curve.r_bytes()..);
        Values::new(Form::Integer(field), bytes)
    };
    let sum = |name: &str, group, bytes: Bytes, skip| -> Result<Chain> {
        let bases = Points::new(curve, group, bytes).map_err(proofmill::Error::from)?;
        let values = values(skip).map_err(proofmill::Error::from)?;
        let steps = vec![
            Step::Upload { to: 0, values },
            Step::Msm { scalars: 0, bases },
        ];
        Ok(Chain {
            label: name.into(),
            steps,
        })
    };
    Ok(vec![
        quotient::<E>(zkey, witness)?,
        sum("msm A", Group::G1, zkey.a(), 0)?,
        sum("msm B1", Group::G1, zkey.b1(), 0)?,
        sum("msm B2", Group::G2, zkey.b2(), 0)?,
        sum("msm C", Group::G1, zkey.c(), header.n_public + 1)?,
    ])
}

/// h = (a∘b − c) on the odd points of the domain twice as large, and its sum over the key's H points.
///
/// a, b and c = a∘b are values on the domain: back to coefficients, left in bit-reversed order, and forward again on
/// the coset w·⟨w²⟩, w the root of order 2n. The H points are Lagrange polynomials at τ, so that nothing is divided.
fn quotient<E: SnarkCurve>(zkey: &Zkey, witness: &Witness) -> Result<Chain> {
    let (curve, field) = ids(zkey.curve());
    let log_n = zkey.header().log_domain;
    let root = |log: u32| -> Result<Int> {
        let too_large = || Error::Unsupported {
            file: zkey.name().into(),
            what: "domain",
            expected: "one that the field has roots of unity for".into(),
            found: format!("2^{log_n}"),
        };
        E::root_of_unity(log).map(data_form).ok_or_else(too_large)
    };
    let inverse = Ntt {
        output: Order::BitReversed,
        root: Some(root(field.spec().two_adicity)?),
        ..Ntt::new(log_n, Direction::Inverse)
    };
    let forward = Ntt {
        direction: Direction::Forward,
        input: Order::BitReversed,
        output: Order::Natural,
        coset: Some(root(log_n + 1)?),
        ..inverse.clone()
    };
    let [a, b] = coefficients::products::<E>(zkey, witness)?;
    let upload = |to, bytes| -> Result<Step> {
        let values = Values::new(Form::Data(field), bytes).map_err(proofmill::Error::from)?;
        Ok(Step::Upload { to, values })
    };
    let bases = Points::new(curve, Group::G1, zkey.h()).map_err(proofmill::Error::from)?;
    let on = vec![0, 1, 2];
    let steps = vec![
        upload(0, a)?,
        upload(1, b)?,
        Step::Mul { to: 2, a: 0, b: 1 },
        Step::Ntt {
            on: on.clone(),
            ntt: inverse,
        },
        Step::Ntt { on, ntt: forward },
        Step::Mul { to: 0, a: 0, b: 1 },
        Step::Sub { to: 0, a: 0, b: 2 },
        Step::Msm { scalars: 0, bases },
    ];
    Ok(Chain {
        label: "quotient".into(),
        steps,
    })
}

fn ids(curve: KeyCurve) -> (CurveId, FieldId) {
    match curve {
        KeyCurve::Bn128 => (CurveId::Bn254, FieldId::Bn254Fr),
        KeyCurve::Bls12381 => (CurveId::Bls12_381, FieldId::Bls12_381Fr),
    }
}

/// The data form of a scalar.
fn data_form<F: MontgomeryField>(value: F) -> Int {
    let mut bytes = Vec::new();
    value.push_montgomery_le(&mut bytes);
    let mut out = int::ZERO;
    for (limb, word) in out.iter_mut().zip(bytes.as_chunks().0) {
        *limb = u64::from_le_bytes(*word);
    }
    out
}

/// The proof from the five sums, blinded with fresh r and s.
fn assemble<E: SnarkCurve>(zkey: &Zkey, done: &[Done], source: &mut Source) -> Result<Proof<E>> {
    let header = zkey.header();
    let [h, a, b1, b2, c] = done else {
        return Err(no_point(zkey));
    };
    let (h, a, b1, c) = (
        g1::<E>(zkey, h)?,
        g1::<E>(zkey, a)?,
        g1::<E>(zkey, b1)?,
        g1::<E>(zkey, c)?,
    );
    let b2: E::G2Affine = point(zkey, b2)?;
    let alpha1: E::G1Affine = check::fixed_point(zkey, "alpha in G1", &header.alpha1)?;
    let beta1: E::G1Affine = check::fixed_point(zkey, "beta in G1", &header.beta1)?;
    let delta1: E::G1Affine = check::fixed_point(zkey, "delta in G1", &header.delta1)?;
    let beta2: E::G2Affine = check::fixed_point(zkey, "beta in G2", &header.beta2)?;
    let delta2: E::G2Affine = check::fixed_point(zkey, "delta in G2", &header.delta2)?;

    let (mut r, mut s) = (
        source.scalar::<E::ScalarField>()?,
        source.scalar::<E::ScalarField>()?,
    );
    let mut rs = r * s;
    let a = delta1 * r + a + alpha1;
    let b = delta2 * s + b2 + beta2;
    let b1 = delta1 * s + b1 + beta1;
    let c = a * s + b1 * r - delta1 * rs + c + h;
    r.zeroize();
    s.zeroize();
    rs.zeroize();
    Ok(Proof {
        a: a.into_affine(),
        b: b.into_affine(),
        c: c.into_affine(),
    })
}

fn g1<E: SnarkCurve>(zkey: &Zkey, done: &Done) -> Result<E::G1Affine> {
    point(zkey, done)
}

/// The point that a chain brought back. Its coordinates are read; whether it is right shows at the end.
fn point<A: KeyPoint>(zkey: &Zkey, done: &Done) -> Result<A> {
    let points = done.points.first().ok_or_else(|| no_point(zkey))?;
    A::decode(points.bytes()).map_err(|_| no_point(zkey))
}

/// A device returned something that is no point at all, and nobody was asked to check it.
fn no_point(zkey: &Zkey) -> Error {
    Error::InvalidProof {
        what: format!("{}: a device returned no point", zkey.name()),
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

fn host_step(name: &'static str, start: Instant) -> StepTime {
    StepTime {
        name,
        device: "host".into(),
        time: start.elapsed(),
    }
}

/// The parts of the work as users know them.
fn step_times(done: &[Done]) -> Vec<StepTime> {
    let is_sum = |s: &&StepReport| matches!(s.shape, Shape::Msm { .. });
    let is_quotient =
        |s: &&StepReport| matches!(s.shape, Shape::Ntt { .. } | Shape::Pointwise { .. });
    let total = |name, steps: Vec<&StepReport>| StepTime {
        name,
        device: devices(&steps),
        time: steps.iter().map(|s| s.time).sum(),
    };
    let sums = |i: usize| {
        let steps = done.get(i).map(|d| &d.report.steps[..]).unwrap_or_default();
        steps.iter().filter(is_sum).collect()
    };
    let quotient = done
        .iter()
        .take(1)
        .flat_map(|d| d.report.steps.iter().filter(is_quotient));
    vec![
        total("quotient", quotient.collect()),
        total("msm A", sums(1)),
        total("msm B1", sums(2)),
        total("msm B2", sums(3)),
        total("msm C", sums(4)),
        total("msm H", sums(0)),
    ]
}

/// The devices of these steps; the host's pointwise work between checked kernels is not worth a name.
fn devices(steps: &[&StepReport]) -> String {
    let mut names: Vec<&str> = steps.iter().map(|s| s.device.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > 1 {
        names.retain(|name| *name != "host");
    }
    names.join(", ")
}

fn words(done: &[Done]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for checked in done.iter().flat_map(|d| &d.report.checked) {
        let text = match checked {
            Checked::Canonical => "values are reduced".into(),
            Checked::Transform => "transforms agree at fresh random points".into(),
            Checked::Points => "sums are on the curve and in the subgroup".into(),
            Checked::Recomputed(by) => format!("sums recomputed by {by}"),
            other => format!("{other:?}"),
        };
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
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
