//! Transforms of many columns: while some are transformed, the next ones arrive and the last ones leave.

use super::{Driven, Gpu};
use crate::device::Output;
use crate::error::DeviceError;
use crate::job::{Chain, Layout, Ntt, Step, Values};
use bytes::Bytes;
use proofmill_field::{FieldId, Form};
use proofmill_kernels::ntt;

/// Bytes that are moved at once, at least a column.
const PIECE_BYTES: usize = 1 << 25;

/// The transform of columns that arrive and leave, each in one piece.
pub(super) struct Columns<'a> {
    values: &'a Values,
    field: FieldId,
    ntt: &'a Ntt,
    at_once: usize,
}

/// What a chain asks for, if it is that and more than one piece.
pub(super) fn of_chain(chain: &Chain) -> Option<Columns<'_>> {
    let [
        Step::Upload { to, values },
        Step::Ntt { on, ntt },
        Step::Download { from },
    ] = &chain.steps[..]
    else {
        return None;
    };
    let Form::Data(field) = values.form() else {
        return None;
    };
    let at_once = ((PIECE_BYTES / field.spec().bytes) >> ntt.log_n).max(1);
    let same = from == to && on[..] == [*to];
    let whole = ntt.layout == Layout::Contiguous && at_once < ntt.columns;
    (same && whole).then_some(Columns {
        values,
        field,
        ntt,
        at_once,
    })
}

impl<M: Driven> Gpu<M> {
    /// The steps' times are until all columns have arrived, until all are transformed, until all have left.
    pub(super) fn in_columns(
        &mut self,
        of: &Columns<'_>,
        out: &mut Output,
    ) -> Result<(), DeviceError> {
        let Columns {
            values,
            field,
            ntt,
            at_once,
        } = *of;
        let column = field.spec().bytes << ntt.log_n;
        let output = field.spec().bytes * ntt.output_rows();
        let mut bytes = vec![0; output * ntt.columns];
        let mut leaving = None;
        let arriving = values.bytes().chunks(column * at_once);
        let last = arriving.len() - 1;
        for (i, (from, to)) in arriving.zip(bytes.chunks_mut(output * at_once)).enumerate() {
            let buffer = self.machine.upload(from)?;
            if i == last {
                self.machine.mark()?;
            }
            let columns = from.len() / column;
            let ntt = Ntt {
                columns,
                ..ntt.clone()
            };
            let buffer = ntt::run(&mut self.machine, &mut self.tables, field, buffer, &ntt)?;
            let ready = self.machine.ready(buffer)?;
            if let Some((ready, to)) = leaving.replace((ready, to)) {
                self.machine.fetch(ready, to)?;
            }
        }
        self.machine.mark()?;
        if let Some((ready, to)) = leaving {
            self.machine.fetch(ready, to)?;
        }
        self.machine.mark()?;
        out.values
            .push(Values::new(Form::Data(field), Bytes::from(bytes))?);
        Ok(())
    }
}
