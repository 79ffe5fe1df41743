/* p = 2^64 - 2^32 + 1, plain and reduced. From the field's header: P. 2^64 = 2^32 - 1 and 2^96 = -1 mod p. */
typedef u64 fe;

#define EPSILON ((u32)(0 - P)) /* 2^64 mod p = 2^32 - 1 */

/* Any 64 bits from the host, reduced. */
FN fe fe_input(fe a) { return a >= P ? a - P : a; }

FN fe fe_zero(void) { return 0; }
FN fe fe_one(void) { return 1; }

FN fe fe_add(fe a, fe b) {
    const u64 sum = a + b;
    return sum < a || sum >= P ? sum - P : sum; /* a + b - p < p, modulo 2^64 if it carried */
}

FN fe fe_sub(fe a, fe b) { return a < b ? a - b + P : a - b; }

FN fe fe_mul(fe a, fe b) {
    const u64 low = a * b, high = MUL_HIGH(a, b);
    const u64 top = high >> 32, middle = high & EPSILON; /* low + 2^64 middle + 2^96 top */
    u64 t = low - top;
    t -= EPSILON & (0 - (u64)(low < top)); /* a borrow is 2^64; t >= 2^64 - 2^32 then: no second one */
    const u64 m = (middle << 32) - middle; /* at most 2^64 - 2^33 + 1 */
    u64 r = t + m;
    r += EPSILON & (0 - (u64)(r < m)); /* a carry is 2^64; r < 2^64 - 2^33 + 1 then: no second one */
    return r - (P & (0 - (u64)(r >= P)));
}
