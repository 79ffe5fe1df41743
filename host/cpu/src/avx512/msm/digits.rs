//! Scalars to halves and digits, eight at a time.

mod read;
mod recode;

pub(crate) use read::read;
pub(crate) use recode::cut;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::msm::scalars::{Digits, Halves, Windows};
    use crate::{Form, Unreduced, dispatch, endomorphism, with_field};
    use proofmill_field::{CurveId, Int, Random, int};

    /// Both readers' halves, if the processor has the vectors.
    fn both(curve: CurveId, scalars: &[u8], form: Form) -> Option<[Result<Halves, Unreduced>; 2]> {
        if !dispatch::has_ifma() {
            println!("skipped: no AVX-512 IFMA");
            return None;
        }
        // SAFETY: just asked.
        let vector = unsafe { read(curve, scalars, form) };
        let phi = endomorphism::of(curve);
        let portable =
            with_field!(curve.spec().scalar.id, S => Halves::read::<S>(scalars, form, phi));
        Some([portable, vector])
    }

    fn scalars(curve: CurveId, count: usize, data: bool) -> Vec<u8> {
        let (field, mut random) = (curve.spec().scalar, Random::seeded(1));
        let (top, half) = (
            int::sub(&field.modulus, &int::small(1)).0,
            int::shr(&field.modulus, 1),
        );
        let mut values: Vec<Int> = (0..20)
            .flat_map(|i| {
                let i = int::small(i);
                [
                    i,
                    int::sub(&top, &i).0,
                    int::sub(&half, &i).0,
                    int::add(&half, &i).0,
                ]
            })
            .collect();
        values.extend((0..253).map(endomorphism::power_of_2));
        values.extend((0..count).map(|_| random.element(field.id)));
        let mut out = vec![0; 32 * values.len()];
        for (x, bytes) in values.iter().zip(out.chunks_mut(32)) {
            field.write(&if data { field.to_data(x) } else { *x }, bytes);
        }
        out
    }

    #[test]
    fn a_million_scalars_are_read_as_the_portable_reader_reads_them() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar.id;
            for (form, data) in [(Form::Data(field), true), (Form::Integer(field), false)] {
                let bytes = scalars(curve, 500_003, data);
                let Some([Ok(portable), Ok(vector)]) = both(curve, &bytes, form) else {
                    return;
                };
                let phi = endomorphism::of(curve);
                let bound = (phi.b + phi.s) / 2 + ((phi.b + phi.s) >> 5);
                assert!(vector.bound() <= bound | u64::MAX as u128);
                for (p, v) in portable.blocks.iter().zip(&vector.blocks) {
                    for lane in 0..8 {
                        let [p, v] = [p, v].map(|b| crate::msm::scalars::halves(b, lane));
                        // the multiple taken off may differ by the reader's rounding: by a vector
                        // of the lattice's basis
                        let by = [0, 1].map(|h| p[h].wrapping_sub(v[h]));
                        assert!(phi.is_basis_multiple(by), "{p:?} {v:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn small_scalars_and_their_opposites_have_one_half() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar;
            let values = [0, 1, 2, 0xffff_ffff, u64::MAX].map(int::small);
            let all = values.iter().flat_map(|x| [*x, field.neg(x)]);
            let bytes: Vec<u8> = all
                .flat_map(|x| {
                    let mut bytes = [0; 32];
                    field.write(&x, &mut bytes);
                    bytes
                })
                .collect();
            let Some(read) = both(curve, &bytes, Form::Integer(field.id)) else {
                return;
            };
            for halves in read {
                let Ok(halves) = halves else {
                    panic!("reduced")
                };
                assert_eq!((halves.count(), halves.bound()), (1, u64::MAX as u128));
                for (i, value) in values.iter().enumerate() {
                    for (j, sign) in [1, -1].into_iter().enumerate() {
                        let at = 2 * i + j;
                        let [k, zero] = crate::msm::scalars::halves(&halves.blocks[at / 8], at % 8);
                        assert_eq!((k, zero), (sign * value[0] as i128, 0));
                    }
                }
            }
        }
    }

    #[test]
    fn the_first_unreduced_integer_is_named() {
        for curve in CurveId::ALL {
            let field = curve.spec().scalar;
            let valid = scalars(curve, 5000, false);
            for (at, value) in [
                (0, field.modulus),
                (3, [u64::MAX; 6]),
                (4999, field.modulus),
            ] {
                let mut bytes = valid.clone();
                for later in [at, at + 1, at + 300] {
                    field.write(&value, &mut bytes[32 * later..][..32]);
                }
                let Some(read) = both(curve, &bytes, Form::Integer(field.id)) else {
                    return;
                };
                for halves in read {
                    assert_eq!(halves.err(), Some(Unreduced { index: at }));
                }
            }
        }
    }

    #[test]
    fn digits_are_those_of_the_portable_cut_and_sum_to_the_scalar() {
        for curve in CurveId::ALL {
            let bytes = scalars(curve, 3000, false);
            let Some([_, Ok(halves)]) = both(curve, &bytes, Form::Integer(curve.spec().scalar.id))
            else {
                return;
            };
            for c in 2..=16 {
                let windows = Windows::choose(halves.bound(), |w| (w.c != c) as u32 as f64);
                assert_eq!(windows.c, c);
                let portable = Digits::cut(&halves, &windows);
                // SAFETY: `both` found the processor's vectors.
                let vector = unsafe { cut(&halves, &windows) };
                for w in 0..windows.count {
                    assert!(
                        portable.window(w) == vector.window(w),
                        "{curve} {windows:?} {w}"
                    );
                    let most = vector.window(w).iter().map(|d| d.unsigned_abs()).max();
                    assert!(most.is_some_and(|d| d as usize <= windows.buckets(w)));
                }
                for i in 0..halves.len() {
                    let k = crate::msm::scalars::halves(&halves.blocks[i / 8], i % 8);
                    for (h, k) in k.into_iter().enumerate() {
                        let digit = |w: usize| vector.window(w)[h * halves.len() + i] as i128;
                        let sum = (0..windows.count)
                            .rev()
                            .fold(0, |sum, w| (sum << c) + digit(w));
                        assert_eq!(sum, k);
                    }
                }
            }
        }
    }

    #[test]
    fn small_integers_are_read() {
        let words: Vec<u64> = (0..1001)
            .map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .collect();
        let Some(read) = both(CurveId::Bn254, bytemuck::cast_slice(&words), Form::Small) else {
            return;
        };
        let [Ok(portable), Ok(vector)] = read else {
            panic!("no modulus")
        };
        assert!(portable.blocks == vector.blocks && portable.bounds == vector.bounds);
        assert_eq!(vector.count(), 1);
    }
}
