//! Whole proofs: genuine keys, development keys, bad keys, and devices that disagree.
#![allow(clippy::unwrap_used)]

use proofmill::{Pool, Random};
use proofmill_groth16::json::{JsonFile, verify_files};
use proofmill_groth16::prove::{Check, ProveOptions, Proved, prove};
use proofmill_groth16::wtns::Witness;
use proofmill_groth16::zkey::Zkey;
use proofmill_groth16::{Error, Result};

const FIXTURES: [&str; 5] = ["poseidon8", "one", "nopublic", "one_bls", "chain_bls"];

fn path(name: &str, kind: &str) -> String {
    format!(
        "{}/tests/fixtures/{name}.{kind}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn open(name: &str) -> (Zkey, Witness) {
    let zkey = Zkey::open(path(name, "zkey")).unwrap();
    (zkey, Witness::open(path(name, "wtns")).unwrap())
}

fn run(pool: &Pool, zkey: &Zkey, witness: &Witness, check: Check) -> Result<Proved> {
    let options = ProveOptions {
        check,
        device: None,
    };
    prove(pool, zkey, witness, &options, &mut |_| {})
}

fn verifies(name: &str, proved: &Proved) -> bool {
    let json = |kind: &str, text: &str| JsonFile::from_slice(kind, text.as_bytes()).unwrap();
    let vk = JsonFile::open(path(name, "vkey.json")).unwrap();
    let public = json("public", &proved.public_json);
    verify_files(&vk, &public, &json("proof", &proved.proof_json)).unwrap()
}

fn values(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn every_genuine_key_proves_under_every_check() {
    let pool = Pool::open().unwrap();
    for name in FIXTURES {
        let (zkey, witness) = open(name);
        for check in [Check::Off, Check::Proof, Check::Full] {
            let proved = run(&pool, &zkey, &witness, check).unwrap();
            assert!(verifies(name, &proved), "{name} {check:?}");
            let theirs = std::fs::read_to_string(path(name, "public.json")).unwrap();
            assert_eq!(values(&proved.public_json), values(&theirs), "{name}");
            assert_eq!(proved.checked.is_empty(), check == Check::Off);
            let names: Vec<&str> = proved.steps.iter().map(|s| s.name).collect();
            let expected = [
                "coefficients",
                "quotient",
                "msm A",
                "msm B1",
                "msm B2",
                "msm C",
                "msm H",
            ];
            assert_eq!(names[..7], expected);
            assert!(proved.failures.is_empty());
        }
    }
}

#[test]
fn two_proofs_of_one_witness_differ() {
    let pool = Pool::open().unwrap();
    let (zkey, witness) = open("one");
    let proof = || {
        run(&pool, &zkey, &witness, Check::Proof)
            .unwrap()
            .proof_json
    };
    assert_ne!(proof(), proof());
}

#[test]
fn the_reference_device_proves_too() {
    let pool = Pool::builder().devices(["ref:0"]).open().unwrap();
    for name in ["one", "nopublic", "one_bls", "chain_bls"] {
        let (zkey, witness) = open(name);
        let proved = run(&pool, &zkey, &witness, Check::Proof).unwrap();
        assert!(verifies(name, &proved), "{name}");
        assert!(proved.steps[1..7].iter().all(|s| s.device == "ref:0"));
    }
}

#[test]
fn every_device_of_this_machine_proves_alone() {
    let found = Pool::open().unwrap().devices();
    for device in found
        .iter()
        .filter(|d| d.backend != "reference" && d.unusable.is_none())
    {
        let pool = Pool::builder().devices([&device.id[..]]).open().unwrap();
        for name in FIXTURES {
            let (zkey, witness) = open(name);
            let proved = run(&pool, &zkey, &witness, Check::Proof).unwrap();
            assert!(verifies(name, &proved), "{} {name}", device.id);
            assert!(proved.steps[1..7].iter().all(|s| s.device == device.id));
            assert!(proved.failures.is_empty(), "{} {name}", device.id);
        }
    }
}

/// A witness with one value changed no longer satisfies the circuit: no proof comes out.
#[test]
fn a_witness_that_does_not_satisfy_the_circuit_gives_an_error() {
    let pool = Pool::open().unwrap();
    for name in FIXTURES {
        let (zkey, _) = open(name);
        let mut bytes = std::fs::read(path(name, "wtns")).unwrap();
        let last = bytes.len() - 32;
        bytes[last] ^= 1;
        let witness = Witness::from_bytes("changed.wtns", bytes.into()).unwrap();
        let error = run(&pool, &zkey, &witness, Check::Proof).unwrap_err();
        assert!(
            matches!(error, Error::InvalidProof { .. }),
            "{name}: {error}"
        );
        assert!(pool.evidence().is_empty(), "no device is to blame");
    }
}

/// The first byte of a section's payload and the payload's length.
fn section(zkey: &[u8], id: u32) -> (usize, usize) {
    let mut at = 12;
    loop {
        let length = u64::from_le_bytes(zkey[at + 4..at + 12].try_into().unwrap()) as usize;
        if zkey[at..at + 4] == id.to_le_bytes() {
            return (at + 12, length);
        }
        at += 12 + length;
    }
}

/// Entries of the matrices in an order that snarkjs never writes: the tasks' runs of rows are not to be had.
#[test]
fn entries_in_any_order_give_a_proof() {
    let pool = Pool::open().unwrap();
    let (_, witness) = open("poseidon8");
    let mut bytes = std::fs::read(path("poseidon8", "zkey")).unwrap();
    let (start, length) = section(&bytes, 4);
    let entries = &mut bytes[start + 4..start + length];
    let reversed: Vec<u8> = entries.chunks(44).rev().flatten().copied().collect();
    entries.copy_from_slice(&reversed);
    let zkey = Zkey::from_bytes("reversed.zkey", bytes.clone().into()).unwrap();
    let proved = run(&pool, &zkey, &witness, Check::Proof).unwrap();
    assert!(verifies("poseidon8", &proved));

    let last = start + length - 44;
    bytes[last + 4..last + 8].fill(255); // its row
    let zkey = Zkey::from_bytes("reversed.zkey", bytes.into()).unwrap();
    let error = run(&pool, &zkey, &witness, Check::Proof).unwrap_err();
    let expected = "expected a row below 2048, found 4294967295";
    assert!(error.to_string().ends_with(expected), "{error}");
}

/// A flipped bit in a point gives an error that names the section, or (where the point does not
/// matter, because its scalar is zero) a proof that verifies.
#[test]
fn a_flipped_bit_in_the_key_never_gives_a_wrong_proof() {
    let pool = Pool::open().unwrap();
    let mut random = Random::seeded(5);
    let (mut named, mut total) = (0, 0);
    for name in ["one", "nopublic", "one_bls", "chain_bls"] {
        let good = std::fs::read(path(name, "zkey")).unwrap();
        let (_, witness) = open(name);
        for _ in 0..60 {
            let mut bytes = good.clone();
            let at = random.word() as usize % bytes.len();
            bytes[at] ^= 1 << (random.word() % 8);
            total += 1;
            let result = Zkey::from_bytes("flipped.zkey", bytes.into())
                .and_then(|zkey| run(&pool, &zkey, &witness, Check::Proof));
            match result {
                Ok(proved) => assert!(verifies(name, &proved), "{name} byte {at}"),
                Err(error) => {
                    let text = error.to_string();
                    assert!(text.contains("flipped.zkey"), "{name} byte {at}: {text}");
                    named += text.contains("section") as u32;
                }
            }
        }
    }
    assert!(
        named * 2 > total,
        "{named} of {total} errors name a section"
    );
    assert!(
        pool.evidence().is_empty(),
        "no device is to blame for a bad key"
    );
}

mod liar {
    //! A device that does the host's work and then changes one sum for another good point.

    use bytes::Bytes;
    use proofmill::Pool;
    use proofmill::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
    use proofmill::job::{Chain, Points};
    use proofmill::{DeviceError, Options, Policy};
    use std::sync::Arc;
    use std::time::Duration;

    /// Lies so many times, each time about all that it is asked.
    pub(super) struct Liar(pub(super) usize);

    struct Open(DeviceInfo, Pool, usize);

    impl Backend for Liar {
        fn name(&self) -> &'static str {
            "liar"
        }
        fn list(&self, _: &Config) -> Vec<DeviceInfo> {
            vec![DeviceInfo {
                id: "liar:0".into(),
                name: "lies about every sum".into(),
                backend: "liar",
                physical: "liar".into(),
                resident_bytes: None,
                unusable: None,
            }]
        }
        fn open(&self, info: &DeviceInfo, _: &Config) -> Result<Box<dyn Device>, DeviceError> {
            let pool = Pool::builder().devices(["cpu:0"]).open();
            let pool = pool.map_err(|e| DeviceError::Failed(e.to_string()))?;
            let policy = Some(Policy::Off);
            let pool = pool.with(Options {
                policy,
                device: None,
            });
            Ok(Box::new(Open(info.clone(), pool, self.0)))
        }
    }

    impl Device for Open {
        fn info(&self) -> &DeviceInfo {
            &self.0
        }
        fn estimator(&self) -> Estimator {
            Arc::new(|_| Some(Duration::from_nanos(1)))
        }
        fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
            let bases = |chain: &Chain| {
                chain.steps.iter().rev().find_map(|step| match step {
                    proofmill::job::Step::Msm { bases, .. } => Some(bases.clone()),
                    _ => None,
                })
            };
            let lies: Vec<Option<Points>> = chains.iter().map(bases).collect();
            let honest = self.2 == 0;
            self.2 = self.2.saturating_sub(1);
            let done = self
                .1
                .run(chains)
                .map_err(|e| DeviceError::Failed(e.to_string()))?;
            let lie = |p: &Points, bases: &Option<Points>| {
                let bytes = bases.as_ref().map_or(Bytes::new(), |b| b.bytes().clone());
                let point = bytes.slice(bytes.len() - p.point_bytes()..);
                Points::new(p.curve().id, p.group(), point).unwrap()
            };
            let output = |(d, bases): (proofmill::Done, &Option<Points>)| Output {
                points: match honest {
                    true => d.points.clone(),
                    false => d.points.iter().map(|p| lie(p, bases)).collect(),
                },
                values: d.values,
                ..Output::default()
            };
            Ok(done.into_iter().zip(&lies).map(output).collect())
        }
    }
}

#[test]
fn a_lying_device_is_named_and_the_proof_is_right_all_the_same() {
    static ALWAYS: liar::Liar = liar::Liar(usize::MAX);
    // while its answers are looked at, it does nothing wrong
    static ONCE: liar::Liar = liar::Liar(1);
    for (liar, check) in [
        (&ALWAYS, Check::Proof),
        (&ALWAYS, Check::Full),
        (&ONCE, Check::Proof),
    ] {
        let pool = Pool::builder().backend(liar).open().unwrap();
        let (zkey, witness) = open("chain_bls");
        let proved = run(&pool, &zkey, &witness, check).unwrap();
        assert!(verifies("chain_bls", &proved), "{check:?}");
        assert!(!proved.failures.is_empty());
        assert!(
            proved.failures.iter().all(|f| f.device == "liar:0"),
            "{:?}",
            proved.failures
        );
        let devices = pool.devices();
        let unusable: Vec<&str> = devices
            .iter()
            .filter(|d| d.unusable.is_some())
            .map(|d| d.id.as_str())
            .collect();
        assert_eq!(unusable, ["liar:0"]);
        let again = run(&pool, &zkey, &witness, Check::Proof).unwrap();
        assert!(again.failures.is_empty());
    }
}
