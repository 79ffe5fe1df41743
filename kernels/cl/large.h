/* Prime fields of several 64-bit limbs, little-endian, Montgomery form with R = 2^(64 LIMBS).
 *
 * From the field's header: LIMBS, MODULUS and ONE (brace lists), BITS, NEG_INVERSE = -1/p mod 2^64.
 * Every element is below p in and out. p has a spare bit: a + b < 2^(64 LIMBS), and p's highest limb is
 * below 2^63 - 1, so a product's running sum needs no limb beyond LIMBS (Botrel, Housni: "Faster big-integer
 * modular multiplication for most moduli", 2020). */
typedef struct ALIGNED { u64 v[LIMBS]; } fe;

#define WORDS (2 * LIMBS)

/* The host brings reduced elements. */
FN fe fe_input(fe a) { return a; }

FN fe fe_zero(void) {
    fe out;
    UNROLL for (int i = 0; i < LIMBS; ++i) out.v[i] = 0;
    return out;
}

FN fe fe_one(void) {
    const u64 one[LIMBS] = ONE;
    fe out;
    UNROLL for (int i = 0; i < LIMBS; ++i) out.v[i] = one[i];
    return out;
}

FN u32 fe_is_zero(fe a) {
    u64 bits = 0;
    UNROLL for (int i = 0; i < LIMBS; ++i) bits |= a.v[i];
    return bits == 0;
}

FN u32 fe_equal(fe a, fe b) {
    u64 bits = 0;
    UNROLL for (int i = 0; i < LIMBS; ++i) bits |= a.v[i] ^ b.v[i];
    return bits == 0;
}

/* Whether a < p. */
FN u32 fe_is_reduced(fe a) {
    const u64 p[LIMBS] = MODULUS;
    u64 borrow = 0;
    UNROLL for (int i = 0; i < LIMBS; ++i) (void)sub_borrow(a.v[i], p[i], &borrow);
    return (u32)borrow;
}

/* a < 2p to a < p. */
FN fe fe_reduce(fe a) {
    const u64 p[LIMBS] = MODULUS;
    u64 borrow = 0;
    fe d;
    UNROLL for (int i = 0; i < LIMBS; ++i) d.v[i] = sub_borrow(a.v[i], p[i], &borrow);
    UNROLL for (int i = 0; i < LIMBS; ++i) d.v[i] = borrow ? a.v[i] : d.v[i];
    return d;
}

/* The same on the words of the 32-bit forms. */
FN fe fe_from_words(const u32 *t) {
    fe out;
    UNROLL for (int i = 0; i < LIMBS; ++i) out.v[i] = (u64)t[2 * i] | (u64)t[2 * i + 1] << 32;
    return out;
}

FN void fe_words(fe a, u32 *t) {
    UNROLL for (int i = 0; i < LIMBS; ++i) {
        t[2 * i] = (u32)a.v[i];
        t[2 * i + 1] = (u32)(a.v[i] >> 32);
    }
}

FN void modulus_words(u32 *t) {
    const u64 p[LIMBS] = MODULUS;
    UNROLL for (int i = 0; i < LIMBS; ++i) {
        t[2 * i] = (u32)p[i];
        t[2 * i + 1] = (u32)(p[i] >> 32);
    }
}

FN fe fe_add_64(fe a, fe b) {
    u64 carry = 0;
    fe sum;
    UNROLL for (int i = 0; i < LIMBS; ++i) sum.v[i] = add_carry(a.v[i], b.v[i], &carry);
    return fe_reduce(sum);
}

FN fe fe_sub_64(fe a, fe b) {
    const u64 p[LIMBS] = MODULUS;
    u64 borrow = 0, carry = 0;
    fe d;
    UNROLL for (int i = 0; i < LIMBS; ++i) d.v[i] = sub_borrow(a.v[i], b.v[i], &borrow);
    const u64 mask = 0 - borrow;
    UNROLL for (int i = 0; i < LIMBS; ++i) d.v[i] = add_carry(d.v[i], p[i] & mask, &carry);
    return d;
}

/* a*b/R: for each limb of b one row of a*b_i and one of m*p, m such that the lowest limb vanishes. */
FN fe fe_mul_64(fe a, fe b) {
    const u64 p[LIMBS] = MODULUS;
    fe t = fe_zero();
    UNROLL for (int i = 0; i < LIMBS; ++i) {
        u64 c = 0, d = 0;
        const u64 low = mul_add(a.v[0], b.v[i], t.v[0], &c);
        const u64 m = low * NEG_INVERSE;
        (void)mul_add(m, p[0], low, &d);
        UNROLL for (int j = 1; j < LIMBS; ++j) {
            const u64 x = mul_add(a.v[j], b.v[i], t.v[j], &c);
            t.v[j - 1] = mul_add(m, p[j], x, &d);
        }
        t.v[LIMBS - 1] = c + d; /* t < 2p: no carry */
    }
    return fe_reduce(t);
}

/* The same in 32-bit words and 64-bit sums, for devices that multiply no more. */
FN fe fe_mul_32(fe a, fe b) {
    u32 p[WORDS], x[WORDS], y[WORDS], t[WORDS];
    modulus_words(p);
    fe_words(a, x);
    fe_words(b, y);
    UNROLL for (int i = 0; i < WORDS; ++i) t[i] = 0;
    UNROLL for (int i = 0; i < WORDS; ++i) {
        u64 sum = (u64)x[0] * y[i] + t[0];
        const u32 m = (u32)sum * (u32)NEG_INVERSE;
        u64 c = sum >> 32;
        u64 d = ((u64)m * p[0] + (u32)sum) >> 32;
        UNROLL for (int j = 1; j < WORDS; ++j) {
            sum = (u64)x[j] * y[i] + t[j] + c; /* (2^32 - 1)^2 + 2 (2^32 - 1) < 2^64 */
            c = sum >> 32;
            sum = (u64)m * p[j] + (u32)sum + d;
            t[j - 1] = (u32)sum;
            d = sum >> 32;
        }
        t[WORDS - 1] = (u32)(c + d);
    }
    return fe_reduce(fe_from_words(t));
}

#if defined(CUDA_DIALECT) || defined(HOST_DIALECT)
/* The same in chains of the carry flag. A row x*y is two chains: the products of x's even words lie at
 * even places, those of its odd words one place higher, and neither chain is broken by the other. After
 * each row the sum is divided by 2^32, so that what was odd becomes even: the two change their names. */

/* acc = x[0], x[2], ... times y; x is a number, or one word further for its odd words. */
FN void row_first(u32 *acc, const u32 *x, u32 y) {
    UNROLL for (int j = 0; j < WORDS; j += 2) {
        acc[j] = mul_lo(x[j], y);
        acc[j + 1] = mul_high(x[j], y);
    }
}

/* The same, added to acc; the carry out is left in the flag. */
FN void row_add(u32 *acc, const u32 *x, u32 y) {
    acc[0] = mad_lo_cc(x[0], y, acc[0]);
    acc[1] = madc_hi_cc(x[0], y, acc[1]);
    UNROLL for (int j = 2; j < WORDS; j += 2) {
        acc[j] = madc_lo_cc(x[j], y, acc[j]);
        acc[j + 1] = madc_hi_cc(x[j], y, acc[j + 1]);
    }
}

/* acc = acc / 2^64 + x*y + flag. */
FN void row_add_shifted(u32 *acc, const u32 *x, u32 y) {
    UNROLL for (int j = 0; j < WORDS - 2; j += 2) {
        acc[j] = madc_lo_cc(x[j], y, acc[j + 2]);
        acc[j + 1] = madc_hi_cc(x[j], y, acc[j + 3]);
    }
    acc[WORDS - 2] = madc_lo_cc(x[WORDS - 2], y, 0);
    acc[WORDS - 1] = madc_hi(x[WORDS - 2], y, 0);
}

/* Read from memory on CUDA: of a product by -1, which some fields have here, ptxas makes sums that cost the
 * product of elements 100 instructions more (of BLS12-381's scalars on architecture 9.0: 287, not 188). */
CONSTANT(u32, neg_inverse_word, (u32)NEG_INVERSE);

/* Adds m*p so that even[0] vanishes. */
FN void row_reduce(u32 *even, u32 *odd, const u32 *p) {
    const u32 m = mul_lo(even[0], neg_inverse_word);
    row_add(odd, p + 1, m); /* no carry: the sum is below 2 p 2^32 */
    row_add(even, p, m);
    odd[WORDS - 1] = addc(odd[WORDS - 1], 0);
}

/* Adds x*y to the sum divided by 2^32: here `odd` is what was even, whose lowest word is zero. */
FN void row_next(u32 *even, u32 *odd, const u32 *x, u32 y) {
    even[0] = add_cc(even[0], odd[1]);
    row_add_shifted(odd, x + 1, y);
    row_add(even, x, y);
    odd[WORDS - 1] = addc(odd[WORDS - 1], 0);
}

FN fe fe_reduce_chain(const u32 *t, const u32 *p) {
    u32 d[WORDS];
    d[0] = sub_cc(t[0], p[0]);
    UNROLL for (int i = 1; i < WORDS; ++i) d[i] = subc_cc(t[i], p[i]);
    const u32 borrow = subc(0, 0);
    UNROLL for (int i = 0; i < WORDS; ++i) d[i] = borrow ? t[i] : d[i];
    return fe_from_words(d);
}

FN fe fe_mul_ptx(fe a, fe b) {
    u32 p[WORDS], x[WORDS], y[WORDS], even[WORDS], odd[WORDS];
    modulus_words(p);
    fe_words(a, x);
    fe_words(b, y);
    row_first(odd, x + 1, y[0]);
    row_first(even, x, y[0]);
    row_reduce(even, odd, p);
    row_next(odd, even, x, y[1]);
    row_reduce(odd, even, p);
    UNROLL for (int i = 2; i < WORDS; i += 2) {
        row_next(even, odd, x, y[i]);
        row_reduce(even, odd, p);
        row_next(odd, even, x, y[i + 1]);
        row_reduce(odd, even, p);
    }
    even[0] = add_cc(even[0], odd[1]);
    UNROLL for (int i = 1; i < WORDS - 1; ++i) even[i] = addc_cc(even[i], odd[i + 1]);
    even[WORDS - 1] = addc(even[WORDS - 1], 0);
    return fe_reduce_chain(even, p);
}

FN fe fe_add_ptx(fe a, fe b) {
    u32 p[WORDS], x[WORDS], y[WORDS];
    modulus_words(p);
    fe_words(a, x);
    fe_words(b, y);
    x[0] = add_cc(x[0], y[0]);
    UNROLL for (int i = 1; i < WORDS; ++i) x[i] = addc_cc(x[i], y[i]);
    return fe_reduce_chain(x, p);
}

FN fe fe_sub_ptx(fe a, fe b) {
    u32 p[WORDS], x[WORDS], y[WORDS];
    modulus_words(p);
    fe_words(a, x);
    fe_words(b, y);
    x[0] = sub_cc(x[0], y[0]);
    UNROLL for (int i = 1; i < WORDS; ++i) x[i] = subc_cc(x[i], y[i]);
    const u32 mask = subc(0, 0);
    x[0] = add_cc(x[0], p[0] & mask);
    UNROLL for (int i = 1; i < WORDS; ++i) x[i] = addc_cc(x[i], p[i] & mask);
    return fe_from_words(x);
}
#endif

/* The form of this device: FORM is 0 for the carry flag, else the bits of its multiplications. */
#if !defined(FORM)
#if defined(CUDA_DIALECT)
#define FORM 0
#else
#define FORM 64
#endif
#endif
#if FORM == 0
#define fe_add fe_add_ptx
#define fe_sub fe_sub_ptx
#define fe_mul fe_mul_ptx
#elif FORM == 32
#define fe_add fe_add_64
#define fe_sub fe_sub_64
#define fe_mul fe_mul_32
#else
#define fe_add fe_add_64
#define fe_sub fe_sub_64
#define fe_mul fe_mul_64
#endif

/* a/R: an element as a plain integer. */
FN fe fe_plain(fe a) {
    fe one = fe_zero();
    one.v[0] = 1;
    return fe_mul(a, one);
}
