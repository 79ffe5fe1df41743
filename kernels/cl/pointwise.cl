/* Elements one by one: thread g of `count` takes element g. */

/* scale * base^i from two tables: low[i mod 2^split] * high[i / 2^split]. */
FN fe power_at(GLOBAL const fe *low, GLOBAL const fe *high, u32 split, u32 i) {
    return fe_mul(low[i & ((1u << split) - 1)], high[i >> split]);
}

KERNEL pointwise_mul(GLOBAL fe *to, GLOBAL const fe *a, GLOBAL const fe *b, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) to[g] = fe_mul(fe_input(a[g]), fe_input(b[g]));
    }
    END
}

KERNEL pointwise_sub(GLOBAL fe *to, GLOBAL const fe *a, GLOBAL const fe *b, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) to[g] = fe_sub(fe_input(a[g]), fe_input(b[g]));
    }
    END
}

/* Element i times power i; place g holds element g, or with `bits` not zero element reversed(g). */
KERNEL scale_by_powers(GLOBAL fe *to, GLOBAL const fe *low, GLOBAL const fe *high, u32 split, u32 bits, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) to[g] = fe_mul(fe_input(to[g]), power_at(low, high, split, bits ? reversed(g, bits) : g));
    }
    END
}

/* The table of `count` powers. */
KERNEL powers(GLOBAL fe *to, GLOBAL const fe *low, GLOBAL const fe *high, u32 split, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) to[g] = power_at(low, high, split, g);
    }
    END
}
