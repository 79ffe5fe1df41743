//! Hashes of answers: what says that two programs have computed the same.

use crate::Settings;
use ark_ec::{AffineRepr, CurveGroup};
use ark_ff::{BigInteger, Field, PrimeField};
use p3_field::PrimeField64;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// Splits `kernel/field-or-group/who/size` into its row and who.
pub fn row_of(id: &str) -> Option<(String, &str)> {
    let parts: Vec<&str> = id.split('/').collect();
    let [kernel, what, who, size] = parts[..] else {
        return None;
    };
    Some((format!("{kernel}/{what}/{size}"), who))
}

/// A running hash of plain integers.
#[derive(Default)]
pub struct Answer(Sha256);

impl Answer {
    /// Elements of a large field.
    pub fn large<F: PrimeField>(mut self, values: &[F]) -> Self {
        for value in values {
            self.0.update(value.into_bigint().to_bytes_le());
        }
        self
    }

    /// Elements of a small field.
    pub fn small<F: PrimeField64>(mut self, values: &[F]) -> Self {
        for value in values {
            self.0.update(value.as_canonical_u64().to_le_bytes());
        }
        self
    }

    /// A point.
    pub fn point<G: CurveGroup>(mut self, point: G) -> Self {
        if let Some((x, y)) = point.into_affine().xy() {
            for coordinate in [x, y] {
                let parts: Vec<_> = coordinate.to_base_prime_field_elements().collect();
                self = self.large(&parts);
            }
        }
        self
    }

    /// Notes the answer of an id for `ratios` to compare.
    pub fn note(self, settings: &Settings, id: &str) {
        let mut hex = String::new();
        for byte in &self.0.finalize()[..16] {
            let _ = write!(hex, "{byte:02x}");
        }
        let noted = std::fs::create_dir_all(&settings.out).and_then(|()| {
            let path = settings.out.join("answers.txt");
            let mut file = OpenOptions::new().create(true).append(true).open(path)?;
            writeln!(file, "{id} {hex}")
        });
        if let Err(e) = noted {
            eprintln!("{id}: the answer cannot be noted: {e}");
        }
    }
}

/// Rows on which two programs disagree, or which only one has answered. Whole proofs note none: they
/// are verified.
pub fn disagreements(out: &Path) -> std::io::Result<Vec<String>> {
    let text = match std::fs::read_to_string(out.join("answers.txt")) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let mut rows: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
    for line in text.lines() {
        if let Some((id, hash)) = line.split_once(' ')
            && let Some((row, who)) = row_of(id)
        {
            rows.entry(row).or_default().push((who, hash));
        }
    }
    let mut out = Vec::new();
    for (row, answers) in rows {
        let (_, first) = answers[0];
        for (who, hash) in &answers[1..] {
            if *hash != first {
                out.push(format!("{row}: {who} disagrees with {}", answers[0].0));
            }
        }
        if answers.len() == 1 {
            out.push(format!("{row}: only {} has answered", answers[0].0));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_an_id_without_who() {
        let id = "msm/bn254-g1/arkworks/2^16";
        assert_eq!(row_of(id), Some(("msm/bn254-g1/2^16".into(), "arkworks")));
        assert_eq!(row_of("msm/bn254-g1"), None);
    }

    #[test]
    fn a_different_answer_and_a_single_one_are_told() {
        let out = std::env::temp_dir().join(format!("proofmill-answers-{}", std::process::id()));
        std::fs::create_dir_all(&out).unwrap();
        let text = "a/b/x/1 00\na/b/y/1 01\na/b/x/2 02\na/b/y/2 02\na/b/x/3 03\n";
        std::fs::write(out.join("answers.txt"), text).unwrap();
        let told = disagreements(&out).unwrap();
        std::fs::remove_dir_all(&out).unwrap();
        assert_eq!(
            told,
            ["a/b/1: y disagrees with x", "a/b/3: only x has answered"]
        );
    }
}
