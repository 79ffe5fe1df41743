//! A JSON document, read with the place in hand: every complaint says where.

use crate::curve::{KeyCurve, KeyPoint, SnarkCurve};
use crate::error::{Error, Result};
use ark_ff::{Field, One, PrimeField, Zero};
use num_bigint::BigUint;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The longest file read: room for some 70,000 public signals. A parsed document takes up to 40 times its text.
const MAX_BYTES: usize = 1 << 24;

/// Digits of the largest modulus (381 bits), leading zeros not expected.
const MAX_DIGITS: usize = 115;

/// A JSON document and the name of its file.
#[derive(Debug, Clone)]
pub struct JsonFile {
    name: Arc<str>,
    root: Value,
}

impl JsonFile {
    /// Reads and parses a file (or pipe) of at most 16 MiB.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut text = Vec::new();
        let file = File::open(path).map_err(Error::io(path, "open"))?;
        let read = file.take(MAX_BYTES as u64 + 1).read_to_end(&mut text);
        read.map_err(Error::io(path, "read"))?;
        Self::from_slice(path.display().to_string(), &text)
    }

    /// Parses text; `name` stands for the file in messages.
    pub fn from_slice(name: impl Into<Arc<str>>, text: &[u8]) -> Result<Self> {
        let name = name.into();
        let fail = |what: String, source| Error::Json {
            file: name.to_string(),
            path: "document".into(),
            what,
            source,
        };
        if text.len() > MAX_BYTES {
            return Err(fail(
                format!("expected at most {MAX_BYTES} bytes, found {}", text.len()),
                None,
            ));
        }
        match serde_json::from_slice(text) {
            Ok(root) => Ok(Self { name, root }),
            Err(source) => Err(fail(
                "expected JSON, found something else".into(),
                Some(source),
            )),
        }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The curve that a proof or verification key names, after its protocol.
    pub fn curve(&self) -> Result<KeyCurve> {
        let unsupported = |what, expected: &str, found: &str| Error::Unsupported {
            file: self.name.to_string(),
            what,
            expected: expected.into(),
            found: found.chars().take(32).collect(),
        };
        match self.root().field("protocol")?.text()? {
            "groth16" => {}
            other => return Err(unsupported("protocol", "groth16", other)),
        }
        let name = self.root().field("curve")?.text()?;
        KeyCurve::from_name(name).ok_or_else(|| unsupported("curve", "bn128 or bls12381", name))
    }

    /// As [`expect_curve`](Self::expect_curve), for a proof that may leave out curve or protocol, as rapidsnark's do.
    pub(super) fn expect_curve_if_named<E: SnarkCurve>(&self) -> Result<()> {
        let names = |key| self.root.get(key).is_some();
        match (names("protocol"), names("curve")) {
            (true, true) => self.expect_curve::<E>(),
            (true, false) if self.root().field("protocol")?.text()? == "groth16" => Ok(()),
            (false, true) if self.root().field("curve")?.text()? == E::CURVE.name() => Ok(()),
            (false, false) => Ok(()),
            (true, false) => Err(self
                .root()
                .at("protocol")
                .fault("expected groth16, found another")),
            (false, true) => {
                let expected = E::CURVE.name();
                Err(self
                    .root()
                    .at("curve")
                    .fault(format!("expected {expected}, found another")))
            }
        }
    }

    pub(super) fn expect_curve<E: SnarkCurve>(&self) -> Result<()> {
        match self.curve()? {
            curve if curve == E::CURVE => Ok(()),
            curve => Err(self.root().at("curve").fault(format!(
                "expected {}, found {}",
                E::CURVE.name(),
                curve.name()
            ))),
        }
    }

    pub(super) fn root(&self) -> Node<'_> {
        Node {
            file: &self.name,
            path: String::new(),
            value: &self.root,
        }
    }
}

/// A value and its place in the document.
pub(super) struct Node<'a> {
    file: &'a str,
    pub(super) path: String,
    pub(super) value: &'a Value,
}

impl<'a> Node<'a> {
    pub(super) fn at(mut self, path: &str) -> Self {
        self.path.push_str(path);
        self
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> Error {
        let path = if self.path.is_empty() {
            "document"
        } else {
            &self.path
        };
        Error::Json {
            file: self.file.into(),
            path: path.into(),
            what: what.into(),
            source: None,
        }
    }

    pub(super) fn field(&self, key: &str) -> Result<Node<'a>> {
        let value = self
            .value
            .get(key)
            .ok_or_else(|| self.fault(format!("expected a field {key}, found none")))?;
        Ok(Node {
            file: self.file,
            path: key.into(),
            value,
        })
    }

    pub(super) fn text(&self) -> Result<&'a str> {
        self.value
            .as_str()
            .ok_or_else(|| self.fault(format!("expected a string, found {}", kind(self.value))))
    }

    pub(super) fn list(&self) -> Result<Vec<Node<'a>>> {
        let list = self.value.as_array();
        let list = list
            .ok_or_else(|| self.fault(format!("expected an array, found {}", kind(self.value))))?;
        let node = |(i, value)| Node {
            file: self.file,
            path: format!("{}[{i}]", self.path),
            value,
        };
        Ok(list.iter().enumerate().map(node).collect())
    }

    fn list_of<const N: usize>(&self) -> Result<[Node<'a>; N]> {
        let wrong =
            |list: Vec<_>| self.fault(format!("expected {N} elements, found {}", list.len()));
        self.list()?.try_into().map_err(wrong)
    }

    pub(super) fn number<F: PrimeField>(&self) -> Result<F> {
        let text = self.text()?;
        let decimal = (1..=MAX_DIGITS).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = decimal
            .then(|| BigUint::parse_bytes(text.as_bytes(), 10))
            .flatten();
        let number =
            number.ok_or_else(|| self.fault("expected a decimal number, found other text"))?;
        if number >= F::MODULUS.into() {
            return Err(self.fault("expected a number below the modulus, found a larger one"));
        }
        Ok(F::from(number))
    }

    /// A base field element as a string, or an extension's as an array of strings.
    fn coordinate<F: Field>(&self) -> Result<F> {
        let parts = match F::extension_degree() {
            1 => vec![self.number()?],
            _ => self
                .list()?
                .iter()
                .map(Node::number)
                .collect::<Result<_>>()?,
        };
        let found = parts.len();
        F::from_base_prime_field_elems(parts).ok_or_else(|| {
            self.fault(format!(
                "expected {} elements, found {found}",
                F::extension_degree()
            ))
        })
    }

    pub(super) fn point<A: KeyPoint>(&self) -> Result<A> {
        let [x, y, z] = self.list_of()?;
        let (x, y, z_value): (_, _, A::BaseField) =
            (x.coordinate()?, y.coordinate()?, z.coordinate()?);
        if z_value.is_zero() {
            return Ok(A::zero());
        }
        if !z_value.is_one() {
            return Err(z.fault("expected 1 or 0, found another number"));
        }
        let point = A::from_xy_unchecked(x, y);
        point
            .validate()
            .map_err(|fault| self.fault(fault.to_string()))?;
        Ok(point)
    }

    pub(super) fn finite_point<A: KeyPoint>(&self) -> Result<A> {
        match self.point::<A>()? {
            point if point.is_zero() => Err(self.fault("expected a finite point, found infinity")),
            point => Ok(point),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn coordinate_json<F: Field>(value: &F) -> Value {
    let mut parts: Vec<Value> = value
        .to_base_prime_field_elements()
        .map(|part| part.to_string().into())
        .collect();
    if parts.len() == 1 {
        parts.remove(0)
    } else {
        parts.into()
    }
}

pub(super) fn point_json<A: KeyPoint>(point: &A) -> Value {
    let (zero, one) = (A::BaseField::zero(), A::BaseField::one());
    let (x, y, z) = point.xy().map_or((zero, one, zero), |(x, y)| (x, y, one));
    json!([
        coordinate_json(&x),
        coordinate_json(&y),
        coordinate_json(&z)
    ])
}

/// snarkjs' layout: one space of indentation where `serde_json` has two, no newline at the end.
pub(super) fn pretty(value: &Value) -> String {
    let halve = |line: &str| {
        let text = line.trim_start();
        " ".repeat((line.len() - text.len()) / 2) + text
    };
    format!("{value:#}")
        .lines()
        .map(halve)
        .collect::<Vec<_>>()
        .join("\n")
}
