//! Jobs and their answers by the definition.

use proofmill_field::{FieldId, FieldSpec, Int, Random, int, naive};
use proofmill_hdl::sim::core::Job;

/// A job over random elements.
pub(crate) fn job(
    field: FieldId,
    log_n: u32,
    inverse: bool,
    shift: Int,
    random: &mut Random,
) -> Job {
    let words = (0..1 << log_n).map(|_| random.element(field)[0]).collect();
    Job {
        log_n,
        inverse,
        coset_shift: shift[0],
        words,
    }
}

/// The transform by its definition.
pub(crate) fn expected(field: &FieldSpec, job: &Job) -> Vec<u64> {
    let words: Vec<Int> = job.words.iter().map(|word| int::small(*word)).collect();
    let root = field.root_of_unity(job.log_n).unwrap_or(field.one);
    let shift = int::small(job.coset_shift);
    let values = if job.inverse {
        let root = field.inverse(&root);
        let sums = naive::transform(field, &words, &root, &field.one, words.len());
        let mut power = field.inverse(&field.element(words.len() as u64));
        let scale = |sum: &Int| {
            let scaled = field.mul(sum, &power);
            power = field.mul(&power, &shift);
            scaled
        };
        sums.iter().map(scale).collect()
    } else {
        naive::transform(field, &words, &root, &shift, words.len())
    };
    values.iter().map(|value: &Int| value[0]).collect()
}
