/* Points of y^2 = x^3 + b. Affine: x, y, both zero for infinity. Sums: X, Y, ZZ = z^2, ZZZ = z^3 with
 * x = X/ZZ, y = Y/ZZZ, ZZ = 0 for infinity (Explicit-Formulas Database, "XYZZ coordinates", a = 0). */
typedef struct { co x, y; } affine;
typedef struct { co x, y, zz, zzz; } point;

FN point point_infinity(void) {
    point out;
    out.x = co_one();
    out.y = co_one();
    out.zz = co_zero();
    out.zzz = co_zero();
    return out;
}

FN u32 point_is_infinity(point p) { return co_is_zero(p.zz); }

/* 2p by dbl-2008-s-1: 6M 4S with ZZ and ZZZ, which are 1 for an affine p. Infinity, and a point of order
 * two, give ZZ = 0. */
CALLED point point_double(point p) {
    point out;
    const co u = co_double(p.y), v = co_square(u), w = co_mul(u, v), s = co_mul(p.x, v);
    const co xx = co_square(p.x), m = co_add(co_double(xx), xx);
    out.x = co_sub(co_square(m), co_double(s));
    out.y = co_sub(co_mul(m, co_sub(s, out.x)), co_mul(w, p.y));
    out.zz = co_mul(v, p.zz);
    out.zzz = co_mul(w, p.zzz);
    return out;
}

/* What follows in both additions once u1, s1, d = u2 - u1 and r = s2 - s1 are known; zz and zzz are the
 * products of the operands'. d is not zero. */
FN point point_sum(co u1, co s1, co d, co r, co zz, co zzz) {
    point out;
    const co dd = co_square(d), ddd = co_mul(d, dd), q = co_mul(u1, dd);
    out.x = co_sub(co_sub(co_square(r), ddd), co_double(q));
    out.y = co_sub(co_mul(r, co_sub(q, out.x)), co_mul(s1, ddd));
    out.zz = co_mul(zz, dd);
    out.zzz = co_mul(zzz, ddd);
    return out;
}

FN point point_from_affine(affine q) {
    point out;
    out.x = q.x;
    out.y = q.y;
    out.zz = co_one();
    out.zzz = co_one();
    return out;
}

/* p + q by madd-2008-s, 8M 2S; any p, any q. */
FN point point_add_affine(point p, affine q) {
    if (co_is_zero(q.x) & co_is_zero(q.y)) return p;
    if (point_is_infinity(p)) return point_from_affine(q);
    const co d = co_sub(co_mul(q.x, p.zz), p.x), r = co_sub(co_mul(q.y, p.zzz), p.y);
    if (co_is_zero(d)) return co_is_zero(r) ? point_double(point_from_affine(q)) : point_infinity();
    return point_sum(p.x, p.y, d, r, p.zz, p.zzz);
}

/* p + q by add-2008-s, 12M 2S; any p and q. */
CALLED point point_add(point p, point q) {
    if (point_is_infinity(q)) return p;
    if (point_is_infinity(p)) return q;
    const co u1 = co_mul(p.x, q.zz), s1 = co_mul(p.y, q.zzz);
    const co d = co_sub(co_mul(q.x, p.zz), u1), r = co_sub(co_mul(q.y, p.zzz), s1);
    if (co_is_zero(d)) return co_is_zero(r) ? point_double(p) : point_infinity();
    return point_sum(u1, s1, d, r, co_mul(p.zz, q.zz), co_mul(p.zzz, q.zzz));
}

/* a^(p - 2). */
CALLED fe fe_inverse(fe a) {
    const u64 p[LIMBS] = MODULUS;
    fe out = fe_one();
    for (int i = LIMBS - 1; i >= 0; --i) {
        const u64 word = i == 0 ? p[0] - 2 : p[i]; /* p is odd and above 2: no borrow */
        for (int bit = 63; bit >= 0; --bit) {
            out = fe_mul(out, out);
            if ((word >> bit) & 1) out = fe_mul(out, a);
        }
    }
    return out;
}

FN co co_inverse(co a) {
#if DEGREE == 1
    return fe_inverse(a);
#else
    const fe norm = fe_inverse(fe_add(fe_mul(a.c0, a.c0), fe_mul(a.c1, a.c1)));
    return co_of(fe_mul(a.c0, norm), fe_mul(fe_sub(fe_zero(), a.c1), norm));
#endif
}

CALLED affine point_to_affine(point p) {
    affine out;
    out.x = co_zero();
    out.y = co_zero();
    if (!point_is_infinity(p)) {
        const co i = co_inverse(co_mul(p.zz, p.zzz));
        out.x = co_mul(p.x, co_mul(i, p.zzz));
        out.y = co_mul(p.y, co_mul(i, p.zz));
    }
    return out;
}
