//! The Montgomery product with BMI2's and ADX's instructions: `mulx` and two chains of carries, which
//! compilers do not write.
//!
//! A word b_i of the second factor at a time, as in [`super::Mont::step`]: t ← (t + a·b_i + m·p)/2^64.
//! Low words of the products go through one chain, high words through the other. The top word of p
//! has a bit to spare, so what both carry out of the last word fits the next one (gnark's condition).

use std::arch::asm;

/// What a product by a modulus of N words needs.
#[repr(C)]
pub(super) struct Constants<const N: usize> {
    pub(super) modulus: [u64; N],
    /// −1/p mod 2^64.
    pub(super) neg_inverse: u64,
}

/// a·b/2^(64·N) or p more, for a, b < p; N is 4 or 6.
///
/// # Safety
/// BMI2 and ADX.
#[inline(always)]
pub(super) unsafe fn product<const N: usize>(
    a: &[u64; N],
    b: &[u64; N],
    k: &Constants<N>,
) -> [u64; N] {
    const { assert!(N == 4 || N == 6) };
    let (a, b, k) = (a.as_ptr(), b.as_ptr(), std::ptr::from_ref(k).cast::<u64>());
    let mut out = [0; N];
    // SAFETY: as many words; the caller vouches for the instructions.
    unsafe {
        match N {
            4 => out[..4].copy_from_slice(&product_4(a, b, k)),
            _ => out[..6].copy_from_slice(&product_6(a, b, k)),
        }
    }
    out
}

/// The step of word `i`, as text, for t0 … t`last`; then of each further word its number, and the names
/// of the one below and of itself.
macro_rules! step {
    ($i:literal, $last:literal, ($($j:literal $below:literal $t:literal,)*)) => {
        concat!(
            "xor {x:e}, {x:e}\n",
            "mov rdx, [{b} + 8*", $i, "]\n",
            "mulx {c}, {x}, [{a}]\n",
            "adox {t0}, {x}\n",
            $(
                "adcx ", $t, ", {c}\n",
                "mulx {c}, {x}, [{a} + 8*", $j, "]\n",
                "adox ", $t, ", {x}\n",
            )*
            "mov {x:e}, 0\n",
            "adcx {c}, {x}\n",
            "adox {c}, {x}\n",
            // m·p, whose lowest word takes t's away
            "mov rdx, {t0}\n",
            "imul rdx, [{k} + 8*", $last, " + 8]\n",
            "xor {x:e}, {x:e}\n",
            "mulx {y}, {x}, [{k}]\n",
            "adcx {x}, {t0}\n",
            "mov {t0}, {y}\n",
            $(
                "adcx ", $below, ", ", $t, "\n",
                "mulx ", $t, ", {x}, [{k} + 8*", $j, "]\n",
                "adox ", $below, ", {x}\n",
            )*
            "mov {x:e}, 0\n",
            "adcx {t", $last, "}, {x}\n",
            "adox {t", $last, "}, {c}\n",
        )
    };
}

macro_rules! product {
    ($name:ident, $n:literal, $last:literal, [$($i:literal $t:ident)*], $words:tt) => {
        /// # Safety
        /// BMI2 and ADX; as many words of a and of b, both reduced, and [`Constants`] of as many.
        #[inline(always)]
        unsafe fn $name(a: *const u64, b: *const u64, k: *const u64) -> [u64; $n] {
            $( let mut $t = 0u64; )*
            // SAFETY: it reads what the caller vouches for.
            unsafe {
                asm!(
                    $( step!($i, $last, $words), )*
                    a = in(reg) a, b = in(reg) b, k = in(reg) k,
                    $( $t = inout(reg) $t, )*
                    x = out(reg) _, y = out(reg) _, c = out(reg) _, out("rdx") _,
                    options(pure, readonly, nostack),
                );
            }
            [$($t),*]
        }
    };
}

product!(product_4, 4, 3, [0 t0 1 t1 2 t2 3 t3],
    (1 "{t0}" "{t1}", 2 "{t1}" "{t2}", 3 "{t2}" "{t3}",));
product!(product_6, 6, 5, [0 t0 1 t1 2 t2 3 t3 4 t4 5 t5],
    (1 "{t0}" "{t1}", 2 "{t1}" "{t2}", 3 "{t2}" "{t3}", 4 "{t3}" "{t4}", 5 "{t4}" "{t5}",));
