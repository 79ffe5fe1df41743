/* 31-bit primes, Montgomery form with R = 2^32, reduced. From the field's header: P, NEG_INVERSE_32, ONE. */
typedef u32 fe;

/* The host brings reduced elements. */
FN fe fe_input(fe a) { return a; }

FN fe fe_zero(void) { return 0; }
FN fe fe_one(void) { return ONE; }

FN fe fe_add(fe a, fe b) {
    const u32 sum = a + b; /* below 2^32 */
    return sum >= P ? sum - P : sum;
}

FN fe fe_sub(fe a, fe b) { return a >= b ? a - b : a - b + P; }

FN fe fe_mul(fe a, fe b) {
    const u64 t = (u64)a * b;
    const u32 m = (u32)t * NEG_INVERSE_32;
    const u32 r = (u32)((t + (u64)m * P) >> 32); /* (p^2 + 2^32 p) / 2^32 < 2p < 2^32; the sum fits 64 bits */
    return r >= P ? r - P : r;
}
