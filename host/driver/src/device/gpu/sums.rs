//! Sums of points, in pieces that the device's memory holds.

use super::{Driven, Gpu, Held};
use crate::error::{BadJob, DeviceError};
use crate::job::{Form, Points};
use bytes::Bytes;
use proofmill_field::naive::NaiveGroup;
use proofmill_kernels::msm::{self, Failure, Scalars, Sums};

/// Entries of the sorted list in one piece: a list of 32-bit words, with room below 2^31.
const MAX_ENTRIES: usize = 1 << 30;

impl<M: Driven> Gpu<M> {
    pub(super) fn sum(
        &mut self,
        scalars: &Held<M::Buffer>,
        bases: &Points,
    ) -> Result<Points, DeviceError> {
        let (curve, group, points) = (bases.curve(), bases.group(), bases.len());
        if points == 0 {
            let bytes = vec![0; bases.point_bytes()];
            return Ok(Points::new(curve.id, group, Bytes::from(bytes))?);
        }
        let of = Sums {
            curve: curve.id,
            group,
            form: scalars.form,
            points,
            sums: scalars.len / points,
        };
        let piece = self.piece(&of);
        let out = match (piece.points, piece.sums) == (of.points, of.sums) {
            true => self.whole(&of, scalars, bases)?,
            false => self.in_pieces(&of, &piece, scalars, bases)?,
        };
        Ok(Points::new(curve.id, group, Bytes::from(out))?)
    }

    /// As much of the sums as fits at once: fewer sums, then fewer points of one.
    fn piece(&mut self, of: &Sums) -> Sums {
        let mut piece = *of;
        let properties = self.machine.properties();
        let most = |piece: &Sums| {
            let points = piece.points * of.curve.spec().point_bytes(of.group);
            piece.largest_buffer(&properties).max(points)
        };
        while piece.entries() > MAX_ENTRIES || most(&piece) > self.sum_limit {
            match (piece.sums, piece.points) {
                (1, 1) => break, // the allocation says that it does not fit
                (1, points) => piece.points = points.div_ceil(2),
                (sums, _) => piece.sums = sums.div_ceil(2),
            }
        }
        self.sum_taken = self.sum_taken.max(most(&piece));
        piece
    }

    fn whole(
        &mut self,
        of: &Sums,
        scalars: &Held<M::Buffer>,
        bases: &Points,
    ) -> Result<Vec<u8>, DeviceError> {
        let held = bases.key().and_then(|key| self.residents.get(&key));
        let points = match held {
            Some(points) => msm::Points::Held(points),
            None => msm::Points::Host(bases.bytes()),
        };
        let (buffer, first) = (&scalars.buffer, 0);
        let found = msm::run(&mut self.machine, of, points, Scalars { buffer, first });
        found.map_err(|failure| device_error(failure, of, 0))
    }

    /// Sums piece by piece, those over a part of the points added up on the host. While a piece is summed the
    /// next points arrive.
    fn in_pieces(
        &mut self,
        of: &Sums,
        piece: &Sums,
        scalars: &Held<M::Buffer>,
        bases: &Points,
    ) -> Result<Vec<u8>, DeviceError> {
        let naive = NaiveGroup::new(of.curve.spec(), of.group);
        let point_bytes = bases.point_bytes();
        let mut out = vec![0; of.sums * point_bytes];
        let mut runs = bases.bytes().chunks(piece.points * point_bytes);
        let mut next = runs
            .next()
            .map(|run| self.machine.upload(run))
            .transpose()?;
        let mut first = 0;
        while let Some(loaded) = next.take() {
            let points = piece.points.min(of.points - first);
            for (i, to) in out.chunks_mut(piece.sums * point_bytes).enumerate() {
                // one sum, or the whole points of several: either way the scalars lie side by side
                let sums = to.len() / point_bytes;
                let place = i * piece.sums * of.points + first;
                let (of, buffer) = (
                    Sums {
                        points,
                        sums,
                        ..*of
                    },
                    &scalars.buffer,
                );
                let part = Scalars {
                    buffer,
                    first: place,
                };
                let held = msm::Points::Held(&loaded);
                let started = msm::start(&mut self.machine, &of, held, part)
                    .map_err(|failure| device_error(failure, &of, place))?;
                if next.is_none() {
                    next = runs
                        .next()
                        .map(|run| self.machine.upload(run))
                        .transpose()?;
                }
                let found = msm::finish(&mut self.machine, &started)?;
                for (to, found) in to.chunks_mut(point_bytes).zip(found.chunks(point_bytes)) {
                    let total = naive.add(&naive.read(to), &naive.read(found));
                    naive.write(&total, to);
                }
            }
            first += points;
        }
        Ok(out)
    }
}

fn device_error(failure: Failure<DeviceError>, of: &Sums, first: usize) -> DeviceError {
    match failure {
        Failure::Machine(error) => error,
        Failure::Unreduced(index) => {
            let field = match of.form {
                Form::Data(field) | Form::Integer(field) => field,
                Form::Small => of.curve.spec().scalar.id,
            };
            BadJob::Unreduced {
                what: "scalar",
                index: first + index,
                field,
            }
            .into()
        }
    }
}
