//! The typed door: slices of the caller's elements and points, erased to bytes and back.

use super::{Done, Options, Policy, Pool, Report, Runner, StepReport, Task, silicon};
use crate::device::cpu::{Cpu, too_large};
use crate::element::{self, Element, Point};
use crate::error::{BadJob, Error};
use crate::job::{Chain, Direction, Form, Ntt, Points, Shape, Step, Values};
use bytes::Bytes;
use proofmill_field::{FieldId, Int};
use std::marker::PhantomData;
use std::time::Instant;

/// Points that were put into data form once and are kept on the devices that use them, under the
/// hash of their content, as long as the devices' memory allows.
#[derive(Clone)]
pub struct Resident<A> {
    points: Points,
    ty: PhantomData<A>,
}

impl<A: Point> Resident<A> {
    /// The points in data form, for chains.
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// The data form of an element: what [`Ntt`] takes as coset shift and root.
pub fn data_form<F: Element>(value: F) -> Int {
    F::FIELD.spec().read(element::bytes_of(&[value]))
}

impl Pool {
    /// The transform of one vector of 2^k elements, natural order in and out.
    ///
    /// ```
    /// # use proofmill::{Direction, Pool};
    /// let pool = Pool::open()?;
    /// let mut values = vec![ark_bn254::Fr::from(3u64); 4];
    /// let report = pool.ntt(&mut values, Direction::Forward)?;
    /// assert_eq!(report.devices(), ["cpu:0"]);
    /// # Ok::<(), proofmill::Error>(())
    /// ```
    pub fn ntt<F: Element>(&self, values: &mut [F], direction: Direction) -> Result<Report, Error> {
        let log_n = log_2(values.len())?;
        self.ntt_with(values, &Ntt::new(log_n, direction))
    }

    /// The transform of a batch in place, in any order and layout, on a coset. `values` holds
    /// `columns << log_n` elements and is changed only when the answer is accepted.
    pub fn ntt_with<F: Element>(&self, values: &mut [F], ntt: &Ntt) -> Result<Report, Error> {
        if ntt.added_bits > 0 {
            let why = "an extension does not fit in place: use Pool::lde";
            return Err(BadJob::Parameter {
                what: "added_bits",
                why,
            }
            .into());
        }
        let found = values.len();
        let columns = (ntt.columns as u128) << ntt.log_n.min(64);
        if found as u128 != columns {
            let expected = usize::try_from(columns).unwrap_or(usize::MAX);
            return Err(BadJob::Length {
                what: "elements",
                expected,
                found,
            }
            .into());
        }
        let done = match self.turn(F::FIELD, values.len(), ntt)? {
            Turn::Host(cpu, _turn) => {
                let data = element::bytes_of_mut(values);
                return Ok(timed(cpu, F::FIELD, ntt, || {
                    cpu.transform(F::FIELD, data, ntt)
                }));
            }
            Turn::Of(pool) => pool.one(ntt_chain(values, ntt)?)?,
        };
        element::bytes_of_mut(values).copy_from_slice(first(&done)?);
        Ok(done.report)
    }

    /// The low-degree extension of each column: values on the subgroup of order 2^`log_n` to values
    /// on the coset of the group 2^`added_bits` times as large.
    pub fn lde<F: Element>(&self, values: &[F], ntt: &Ntt) -> Result<(Vec<F>, Report), Error> {
        match self.turn(F::FIELD, values.len(), ntt)? {
            Turn::Host(cpu, _turn) => {
                let mut out =
                    element::zeros(values.len() << ntt.added_bits).ok_or_else(too_large)?;
                let (values, room) = (element::bytes_of(values), element::bytes_of_mut(&mut out));
                let extend = || cpu.extend(F::FIELD, values, room, ntt);
                let report = timed(cpu, F::FIELD, ntt, extend);
                Ok((out, report))
            }
            Turn::Of(pool) => {
                let done = pool.one(ntt_chain(values, ntt)?)?;
                Ok((element::elements_of(first(&done)?), done.report))
            }
        }
    }

    /// Σ scalars[i]·bases[i]. Infinity, equal and opposite points and zero scalars are ordinary
    /// input; no points give the neutral element.
    pub fn msm<A: Point>(&self, bases: &[A], scalars: &[A::Scalar]) -> Result<A::Sum, Error> {
        self.one_sum::<A>(
            inline(bases)?,
            Form::Data(A::Scalar::FIELD),
            element::bytes_of(scalars),
        )
    }

    /// As [`Pool::msm`] with scalars as plain integers below r, little-endian limbs (arkworks'
    /// `BigInt`, or `[u64; 4]`).
    pub fn msm_bigint<A: Point, I: AsRef<[u64]>>(
        &self,
        bases: &[A],
        scalars: &[I],
    ) -> Result<A::Sum, Error> {
        let limbs = A::Scalar::FIELD.spec().limbs();
        let mut bytes = Vec::with_capacity(scalars.len() * limbs * 8);
        for scalar in scalars {
            let found = scalar.as_ref().len();
            if found != limbs {
                return Err(BadJob::Length {
                    what: "limbs",
                    expected: limbs,
                    found,
                }
                .into());
            }
            bytes.extend_from_slice(bytemuck::cast_slice(scalar.as_ref()));
        }
        self.one_sum::<A>(inline(bases)?, Form::Integer(A::Scalar::FIELD), &bytes)
    }

    /// As [`Pool::msm`] with small unsigned scalars.
    pub fn msm_small<A: Point>(&self, bases: &[A], scalars: &[u64]) -> Result<A::Sum, Error> {
        self.one_sum::<A>(inline(bases)?, Form::Small, bytemuck::cast_slice(scalars))
    }

    /// Puts points into data form once, to be used in many sums and kept on the devices.
    pub fn load<A: Point>(&self, bases: &[A]) -> Result<Resident<A>, Error> {
        Ok(Resident {
            points: inline(bases)?.resident(),
            ty: PhantomData,
        })
    }

    /// As [`Pool::msm`] over resident points.
    pub fn msm_resident<A: Point>(
        &self,
        bases: &Resident<A>,
        scalars: &[A::Scalar],
    ) -> Result<A::Sum, Error> {
        let form = Form::Data(A::Scalar::FIELD);
        self.one_sum::<A>(bases.points.clone(), form, element::bytes_of(scalars))
    }

    /// Several sums over the same points: `scalars` holds one run of `bases.len()` after another.
    pub fn msm_batch<A: Point>(
        &self,
        bases: &Resident<A>,
        scalars: &[A::Scalar],
    ) -> Result<(Vec<A::Sum>, Report), Error> {
        let form = Form::Data(A::Scalar::FIELD);
        self.sums::<A>(bases.points.clone(), form, element::bytes_of(scalars))
    }

    fn one_sum<A: Point>(
        &self,
        bases: Points,
        form: Form,
        scalars: &[u8],
    ) -> Result<A::Sum, Error> {
        let (expected, found) = (bases.len(), scalars.len() / form.bytes());
        if expected != found {
            return Err(BadJob::Length {
                what: "scalars",
                expected,
                found,
            }
            .into());
        }
        let (mut sums, _) = self.sums::<A>(bases, form, scalars)?;
        sums.pop().ok_or_else(no_answer)
    }

    fn sums<A: Point>(
        &self,
        bases: Points,
        form: Form,
        scalars: &[u8],
    ) -> Result<(Vec<A::Sum>, Report), Error> {
        let values = Values::new(form, Bytes::copy_from_slice(scalars))?;
        let steps = vec![
            Step::Upload { to: 0, values },
            Step::Msm { scalars: 0, bases },
        ];
        let done = self.one(Chain {
            label: "msm".into(),
            steps,
        })?;
        let points = done.points.first().ok_or_else(no_answer)?;
        let sums = points
            .bytes()
            .chunks(points.point_bytes())
            .map(A::read)
            .collect();
        Ok((sums, done.report))
    }

    fn one(&self, chain: Chain) -> Result<Done, Error> {
        self.run(vec![chain])?.pop().ok_or_else(no_answer)
    }

    /// Whose turn a transform is. On the host and unchecked it needs no chain: the host cannot fail,
    /// so there is nothing to keep the input for.
    fn turn(&self, field: FieldId, found: usize, ntt: &Ntt) -> Result<Turn<'_>, Error> {
        crate::job::validate_transform(ntt, field)?;
        let expected = ntt.columns << ntt.log_n;
        if found != expected {
            let what = "elements to transform";
            return Err(BadJob::Length {
                what,
                expected,
                found,
            }
            .into());
        }
        // to plan, the shapes are enough: nothing is copied
        let transfer = |added_bits| Shape::Transfer {
            bytes: (found << added_bits) * field.spec().bytes,
        };
        let task = Task {
            chain: Chain {
                label: "ntt".into(),
                steps: Vec::new(),
            },
            shapes: vec![transfer(0), shape(field, ntt), transfer(ntt.added_bits)],
            failures: Vec::new(),
            tried: Vec::new(),
        };
        let seat = self.plan(&[&task])?[0];
        let Runner::Host(cpu) = &self.inner.roster.seat(seat).runner else {
            return Ok(Turn::Of(self.clone()));
        };
        if !self.checks(seat) {
            return Ok(Turn::Host(
                cpu,
                self.inner.roster.seat(seat).silicon.share(),
            ));
        }
        // the lot is drawn: it must not be drawn again
        let policy = Some(Policy::Full);
        let options = self.options.clone();
        Ok(Turn::Of(self.with(Options { policy, ..options })))
    }
}

/// Whose turn a transform is.
enum Turn<'a> {
    /// The host's, unchecked, on its silicon.
    Host(&'a Cpu, silicon::Turn),
    /// That of a chain, with these options.
    Of(Pool),
}

/// The report of what the host does without a chain.
fn timed(cpu: &Cpu, field: FieldId, ntt: &Ntt, work: impl FnOnce()) -> Report {
    let start = Instant::now();
    work();
    let step = StepReport {
        shape: shape(field, ntt),
        device: cpu.info().id.clone(),
        time: start.elapsed(),
    };
    Report {
        steps: vec![step],
        ..Report::default()
    }
}

fn shape(field: FieldId, ntt: &Ntt) -> Shape {
    Shape::Ntt {
        field,
        log_n: ntt.log_n,
        added_bits: ntt.added_bits,
        columns: ntt.columns,
    }
}

fn no_answer() -> Error {
    Error::NoDevice {
        job: "an empty job".into(),
        failures: Vec::new(),
    }
}

fn first(done: &Done) -> Result<&[u8], Error> {
    done.values
        .first()
        .map(|v| &v.bytes()[..])
        .ok_or_else(no_answer)
}

fn ntt_chain<F: Element>(values: &[F], ntt: &Ntt) -> Result<Chain, BadJob> {
    let bytes = Bytes::copy_from_slice(element::bytes_of(values));
    let values = Values::new(Form::Data(F::FIELD), bytes)?;
    let steps = vec![
        Step::Upload { to: 0, values },
        Step::Ntt {
            on: vec![0],
            ntt: ntt.clone(),
        },
        Step::Download { from: 0 },
    ];
    Ok(Chain {
        label: "ntt".into(),
        steps,
    })
}

/// Points in data form.
fn inline<A: Point>(bases: &[A]) -> Result<Points, BadJob> {
    let size = A::CURVE.spec().point_bytes(A::GROUP);
    let mut bytes = vec![0; bases.len() * size];
    bases
        .iter()
        .zip(bytes.chunks_mut(size))
        .for_each(|(point, out)| point.write(out));
    Points::new(A::CURVE, A::GROUP, bytes.into())
}

fn log_2(n: usize) -> Result<u32, BadJob> {
    match n.is_power_of_two() {
        true => Ok(n.trailing_zeros()),
        false => {
            let expected = n.checked_next_power_of_two().unwrap_or(1 << 63);
            Err(BadJob::Length {
                what: "elements to transform",
                expected,
                found: n,
            })
        }
    }
}
