/* The bare product, to be timed and tested: x * y^rounds, or the two operands' sum and difference. */
KERNEL products(GLOBAL fe *to, GLOBAL const fe *x, GLOBAL const fe *y, u32 count, u32 rounds) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            fe product = x[g];
            const fe by = y[g];
            for (u32 i = 0; i < rounds; ++i) product = fe_mul(product, by);
            to[g] = product;
        }
    }
    END
}

KERNEL sums_and_differences(GLOBAL fe *sum, GLOBAL fe *difference, GLOBAL const fe *x, GLOBAL const fe *y, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            sum[g] = fe_add(x[g], y[g]);
            difference[g] = fe_sub(x[g], y[g]);
        }
    }
    END
}
