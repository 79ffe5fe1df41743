//! The in-place cores in rust-hdl's own simulator, which shares nothing with the emitted Verilog.

mod common;

use common::{expected, job};
use proofmill_field::{FieldId, Random};
use proofmill_hdl::ntt::core::{Ntt31, Ntt64};
use proofmill_hdl::sim::tick_block;
use rust_hdl::prelude::*;

/// A forward and an inverse transform on a coset, of 2^6 elements each.
macro_rules! check {
    ($core:ty, $field:expr) => {{
        let mut random = Random::seeded(6);
        let shift = random.element($field);
        let mut core: Box<$core> = Box::new(<$core>::new($field.spec()));
        core.connect_all();
        core.out_ready.next = true;
        for inverse in [false, true] {
            let job = job($field, 6, inverse, shift, &mut random);
            core.log_n.next = u64::from(job.log_n).into();
            core.inverse.next = inverse;
            core.coset_shift.next = job.coset_shift.into();
            core.start.next = true;
            let (mut taken, mut found) = (0, Vec::new());
            for _ in 0..2000 {
                core.in_valid.next = taken < job.words.len();
                core.in_data.next = job.words[taken.min(63)].into();
                let takes = core.in_ready.val() && taken < job.words.len();
                taken += usize::from(takes);
                if core.out_valid.val() {
                    found.push(core.out_data.val().to_u64());
                }
                tick_block(&mut *core, |core, clock| core.clock.next = clock);
                core.start.next = false;
                if found.len() == job.words.len() {
                    break;
                }
            }
            assert_eq!(found, expected($field.spec(), &job));
        }
    }};
}

#[test]
fn two_cores_are_right() {
    let check = || {
        check!(Ntt31<6, 5, 1, 2, 1>, FieldId::BabyBear);
        check!(Ntt64<6, 5, 1, 2, 1>, FieldId::Goldilocks);
    };
    let large_stack = std::thread::Builder::new().stack_size(1 << 27);
    large_stack.spawn(check).unwrap().join().unwrap();
}
