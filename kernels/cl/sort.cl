/* The digits of recoded scalars (recode.cl) sorted by bucket: counted, summed up, written.
 *
 * Scalar g belongs to sum g / points and to point g mod points. Window w of sum s with digit d != 0 puts
 * the entry 2 point + (d < 0) into bucket (s windows + w) 2^(c-1) + |d| - 1. */

typedef struct { u32 c, windows, words; } recoding;

/* Digit w as |d| << 1 | (d < 0). */
FN u32 digit_at(GLOBAL const u64 *scalar, recoding r, u32 w) {
    const u32 bit = r.c * w, word = bit >> 6, shift = bit & 63;
    u64 bits = scalar[word] >> shift;
    if (shift + r.c > 64 && word + 1 < r.words) bits |= scalar[word + 1] << (64 - shift);
    const u32 digit = (u32)bits & ((1u << r.c) - 1), middle = 1u << (r.c - 1);
    if (w + 1 == r.windows) return digit << 1;
    return digit >= middle ? (digit - middle) << 1 : (middle - digit) << 1 | 1;
}

FN u32 bucket_of(recoding r, u32 sum, u32 w, u32 digit) {
    return ((sum * r.windows + w) << (r.c - 1)) + (digit >> 1) - 1;
}

KERNEL digits_count(GLOBAL const u64 *scalars, GLOBAL u32 *counts, u32 count, u32 points, u32 c, u32 windows,
                    u32 words) {
    const recoding r = {c, windows, words};
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            for (u32 w = 0; w < windows; ++w) {
                const u32 digit = digit_at(scalars + (u64)g * words, r, w);
                if (digit >> 1) (void)ATOMIC_ADD(&counts[bucket_of(r, g / points, w, digit)], 1u);
            }
        }
    }
    END
}

/* `places` holds where the next entry of each bucket goes; afterwards, where the bucket ends. */
KERNEL digits_place(GLOBAL const u64 *scalars, GLOBAL u32 *places, GLOBAL u32 *entries, u32 count, u32 points, u32 c,
                    u32 windows, u32 words) {
    const recoding r = {c, windows, words};
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            for (u32 w = 0; w < windows; ++w) {
                const u32 digit = digit_at(scalars + (u64)g * words, r, w);
                if (digit >> 1) {
                    const u32 place = ATOMIC_ADD(&places[bucket_of(r, g / points, w, digit)], 1u);
                    entries[place] = (g % points) << 1 | (digit & 1);
                }
            }
        }
    }
    END
}

/* Each SCAN values become the sums of those before them in their run; `totals` gets each run's sum. */
#define SCAN (4 * THREADS)

KERNEL scan_runs(GLOBAL u32 *values, GLOBAL u32 *totals, u32 count) {
    LOCAL_ARRAY(u32, sums, THREADS);
    PHASE(t) {
        const u32 first = GROUP * SCAN + 4 * t;
        u32 sum = 0;
        for (u32 i = first; i < first + 4 && i < count; ++i) sum += values[i];
        sums[t] = sum;
    }
    MEET
    /* Blelloch: a tree of sums, then down again */
    for (u32 stride = 1; stride < THREADS; stride <<= 1) {
        PHASE(t) {
            const u32 right = (t + 1) * 2 * stride - 1;
            if (right < THREADS) sums[right] += sums[right - stride];
        }
        MEET
    }
    PHASE(t) {
        if (t == 0) {
            totals[GROUP] = sums[THREADS - 1];
            sums[THREADS - 1] = 0;
        }
    }
    MEET
    for (u32 stride = THREADS / 2; stride > 0; stride >>= 1) {
        PHASE(t) {
            const u32 right = (t + 1) * 2 * stride - 1;
            if (right < THREADS) {
                const u32 left = sums[right - stride];
                sums[right - stride] = sums[right];
                sums[right] += left;
            }
        }
        MEET
    }
    PHASE(t) {
        const u32 first = GROUP * SCAN + 4 * t;
        u32 sum = sums[t];
        for (u32 i = first; i < first + 4 && i < count; ++i) {
            const u32 value = values[i];
            values[i] = sum;
            sum += value;
        }
    }
    END
}

/* Adds to each run the sum of the runs before it. */
KERNEL scan_add(GLOBAL u32 *values, GLOBAL const u32 *totals, u32 count) {
    PHASE(t) {
        const u32 first = GROUP * SCAN + 4 * t;
        for (u32 i = first; i < first + 4 && i < count; ++i) values[i] += totals[GROUP];
    }
    END
}

KERNEL fill_words(GLOBAL u32 *to, u32 value, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) to[g] = value;
    }
    END
}
