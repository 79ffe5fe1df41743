//! Products and differences of vectors, element by element.

use crate::arith::Field;
use crate::{parallel, with_field};
use proofmill_field::FieldId;

/// Elements of one task.
const TASK: usize = 1 << 12;

/// a_i·b_i for every a_i; elements in data form, as many in `b`, at any alignment.
pub fn mul(field: FieldId, a: &mut [u8], b: &[u8]) {
    with_field!(field, F => each::<F>(a, b, F::mul));
}

/// a_i − b_i for every a_i, as [`mul`].
pub fn sub(field: FieldId, a: &mut [u8], b: &[u8]) {
    with_field!(field, F => each::<F>(a, b, F::sub));
}

fn each<F: Field>(a: &mut [u8], b: &[u8], operation: impl Fn(F, F) -> F + Sync) {
    let size = size_of::<F>();
    parallel::chunks(a, TASK * size, |i, a| {
        let b = b[i * TASK * size..].chunks_exact(size);
        for (a, b) in a.chunks_exact_mut(size).zip(b) {
            let read = bytemuck::pod_read_unaligned::<F>;
            let result = operation(read(a), read(b)).canonical();
            a.copy_from_slice(bytemuck::bytes_of(&result));
        }
    });
}
