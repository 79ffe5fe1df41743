/* Scalars to plain integers, ready to be cut into signed digits of c bits.
 *
 * With k' = k + sum over i < windows - 1 of 2^(c-1) 2^(c i), digit i of k is bits [c i, c i + c) of k' less
 * 2^(c-1), and the last digit is what is left: no carry runs from digit to digit. c windows > bits of k,
 * so the last digit is at most 2^(c-1). */

#define FORM_DATA 0
#define FORM_INTEGER 1
#define FORM_SMALL 2

/* Scalars from `first` on. `bad` is lowered to the index, among these, of the first one that is not below the
 * modulus. */
KERNEL recode(GLOBAL const u64 *scalars, GLOBAL fe *to, GLOBAL u32 *bad, u32 first, u32 count, u32 form, u32 c,
              u32 windows) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            fe k = fe_zero();
            if (form == FORM_SMALL) {
                k.v[0] = scalars[first + g];
            } else {
                UNROLL for (int i = 0; i < LIMBS; ++i) k.v[i] = scalars[(u64)(first + g) * LIMBS + i];
                if (!fe_is_reduced(k)) {
                    (void)ATOMIC_MIN(bad, g);
                    k = fe_zero();
                }
                if (form == FORM_DATA) k = fe_plain(k);
            }
            fe offset = fe_zero();
            for (u32 i = 0; i + 1 < windows; ++i) {
                const u32 bit = c * i + c - 1;
                UNROLL for (u32 limb = 0; limb < LIMBS; ++limb)
                    offset.v[limb] |= limb == bit >> 6 ? (u64)1 << (bit & 63) : 0;
            }
            u64 carry = 0;
            UNROLL for (int i = 0; i < LIMBS; ++i) k.v[i] = add_carry(k.v[i], offset.v[i], &carry);
            to[g] = k;
        }
    }
    END
}
