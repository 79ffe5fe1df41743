/* The coordinates of a group's points: elements of the base field, or with DEGREE 2 of its extension by
 * u^2 = -1, c0 + c1 u. */
#if DEGREE == 1
typedef fe co;
#define co_zero fe_zero
#define co_one fe_one
#define co_is_zero fe_is_zero
#define co_add fe_add
#define co_sub fe_sub
#define co_mul fe_mul
FN co co_square(co a) { return fe_mul(a, a); }
#else
typedef struct { fe c0, c1; } co;

FN co co_of(fe c0, fe c1) {
    co out;
    out.c0 = c0;
    out.c1 = c1;
    return out;
}

FN co co_zero(void) { return co_of(fe_zero(), fe_zero()); }
FN co co_one(void) { return co_of(fe_one(), fe_zero()); }
FN u32 co_is_zero(co a) { return fe_is_zero(a.c0) & fe_is_zero(a.c1); }
FN co co_add(co a, co b) { return co_of(fe_add(a.c0, b.c0), fe_add(a.c1, b.c1)); }
FN co co_sub(co a, co b) { return co_of(fe_sub(a.c0, b.c0), fe_sub(a.c1, b.c1)); }

/* Karatsuba: three products. */
LONG co co_mul(co a, co b) {
    const fe low = fe_mul(a.c0, b.c0), high = fe_mul(a.c1, b.c1);
    const fe cross = fe_mul(fe_add(a.c0, a.c1), fe_add(b.c0, b.c1));
    return co_of(fe_sub(low, high), fe_sub(fe_sub(cross, low), high));
}

/* (c0 + c1)(c0 - c1) and 2 c0 c1. */
LONG co co_square(co a) {
    const fe cross = fe_mul(a.c0, a.c1);
    return co_of(fe_mul(fe_add(a.c0, a.c1), fe_sub(a.c0, a.c1)), fe_add(cross, cross));
}
#endif

FN co co_neg(co a) { return co_sub(co_zero(), a); }
FN co co_double(co a) { return co_add(a, a); }
