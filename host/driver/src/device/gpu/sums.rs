//! Sums of points, in pieces that the device's memory holds.

use super::{Driven, Gpu, Held};
use crate::error::{BadJob, DeviceError};
use crate::job::{Form, Points};
use bytes::Bytes;
use proofmill_field::naive::NaiveGroup;
use proofmill_kernels::msm::{self, Failure, Sums};

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
        let pieces = self.pieces(&of);
        let out = match pieces {
            1 => self.whole(&of, scalars, bases)?,
            _ => self.in_pieces(&of, scalars, bases, points.div_ceil(pieces))?,
        };
        Ok(Points::new(curve.id, group, Bytes::from(out))?)
    }

    /// Into how many runs of points the sums are cut.
    fn pieces(&self, of: &Sums) -> usize {
        let mut pieces = 1;
        let fits = |pieces: usize| {
            let points = of.points.div_ceil(pieces);
            let piece = Sums { points, ..*of };
            let bytes = points * of.curve.spec().point_bytes(of.group);
            let most = piece.largest_buffer(&self.machine.properties()).max(bytes);
            piece.entries() <= MAX_ENTRIES && most <= self.machine.largest_buffer()
        };
        while !fits(pieces) && pieces < of.points {
            pieces *= 2;
        }
        pieces.min(of.points)
    }

    fn whole(
        &mut self,
        of: &Sums,
        scalars: &Held<M::Buffer>,
        bases: &Points,
    ) -> Result<Vec<u8>, DeviceError> {
        let found = match bases.key().and_then(|key| self.residents.get(&key)) {
            Some(points) => msm::run(&mut self.machine, of, points, &scalars.buffer),
            None => {
                let points = self.machine.upload(bases.bytes())?;
                msm::run(&mut self.machine, of, &points, &scalars.buffer)
            }
        };
        found.map_err(|failure| device_error(failure, of, 0))
    }

    /// Sums over runs of `length` points, added up on the host.
    fn in_pieces(
        &mut self,
        of: &Sums,
        scalars: &Held<M::Buffer>,
        bases: &Points,
        length: usize,
    ) -> Result<Vec<u8>, DeviceError> {
        let naive = NaiveGroup::new(of.curve.spec(), of.group);
        let (point_bytes, bytes) = (bases.point_bytes(), of.form.bytes());
        let mut out = vec![0; of.sums * point_bytes];
        let mut host = vec![0; length * bytes];
        for first in (0..of.points).step_by(length) {
            let points = length.min(of.points - first);
            let run = first * point_bytes..(first + points) * point_bytes;
            let loaded = self.machine.upload(&bases.bytes()[run])?;
            for (sum, to) in out.chunks_exact_mut(point_bytes).enumerate() {
                let host = &mut host[..points * bytes];
                let offset = (sum * of.points + first) * bytes;
                self.machine.read(&scalars.buffer, offset, host)?;
                let piece = self.machine.upload(host)?;
                let of = Sums {
                    points,
                    sums: 1,
                    ..*of
                };
                let found = msm::run(&mut self.machine, &of, &loaded, &piece);
                let found = found.map_err(|f| device_error(f, &of, offset / bytes))?;
                let total = naive.add(&naive.read(to), &naive.read(&found));
                naive.write(&total, to);
            }
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
