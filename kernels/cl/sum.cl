/* Points summed by bucket, then buckets by weight.
 *
 * The sorted entries are cut into segments of equal length, one for each thread, whatever the buckets: a
 * bucket that lies in one segment is finished there, the pieces of one that does not are partial sums,
 * two at most from a segment, which the next level merges in the same way. So scalars that are all alike
 * cost what random ones do. */

#define NO_BUCKET 0xffffffffu

/* The first bucket, from `from` on, that ends after place i. */
FN u32 bucket_at(GLOBAL const u32 *ends, u32 from, u32 buckets, u32 i) {
    u32 low = from, high = buckets; /* ends[high] would be beyond every place */
    if (low < high && ends[low] > i) return low;
    while (low < high) {
        const u32 middle = low + (high - low) / 2;
        if (ends[middle] > i) high = middle;
        else low = middle + 1;
    }
    return low;
}

KERNEL accumulate(GLOBAL const affine *points, GLOBAL const u32 *entries, GLOBAL const u32 *ends, GLOBAL point *sums,
                  GLOBAL u32 *keys, GLOBAL point *partials, u32 count, u32 buckets, u32 segment) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t, begin = g * segment;
        if (begin < count) {
            const u32 end = count - begin < segment ? count : begin + segment;
            u32 bucket = bucket_at(ends, 0, buckets, begin);
            u32 whole = (bucket == 0 ? 0 : ends[bucket - 1]) == begin; /* the bucket starts here */
            keys[2 * g] = NO_BUCKET;
            keys[2 * g + 1] = NO_BUCKET;
            u32 i = begin;
            while (i < end) {
                const u32 last = ends[bucket] < end ? ends[bucket] : end;
                point sum = point_infinity();
                for (; i < last; ++i) {
                    affine p = points[entries[i] >> 1];
                    if (entries[i] & 1) p.y = co_neg(p.y);
                    sum = point_add_affine(sum, p);
                }
                if (whole && ends[bucket] <= end) {
                    sums[bucket] = sum;
                } else {
                    const u32 to = 2 * g + whole;
                    keys[to] = bucket;
                    partials[to] = sum;
                }
                whole = 1;
                if (i < end) bucket = bucket_at(ends, bucket + 1, buckets, i);
            }
        }
    }
    END
}

/* The next level: `count` partial sums, those of a bucket side by side but for empty places. A thread's
 * first and last bucket may go on in its neighbours, unless it is the only thread. */
KERNEL merge(GLOBAL const u32 *keys, GLOBAL const point *partials, GLOBAL point *sums, GLOBAL u32 *out_keys,
             GLOBAL point *out_partials, u32 count, u32 segment) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t, begin = g * segment;
        if (begin < count) {
            const u32 end = count - begin < segment ? count : begin + segment, alone = segment >= count;
            out_keys[2 * g] = NO_BUCKET;
            out_keys[2 * g + 1] = NO_BUCKET;
            u32 bucket = NO_BUCKET, first = 1;
            point sum = point_infinity();
            for (u32 i = begin; i < end; ++i) {
                const u32 key = keys[i];
                if (key == NO_BUCKET) continue;
                if (key == bucket) {
                    sum = point_add(sum, partials[i]);
                    continue;
                }
                if (bucket != NO_BUCKET) {
                    if (first && !alone) {
                        out_keys[2 * g] = bucket;
                        out_partials[2 * g] = sum;
                    } else {
                        sums[bucket] = sum;
                    }
                    first = 0;
                }
                bucket = key;
                sum = partials[i];
            }
            if (bucket != NO_BUCKET) {
                if (alone) {
                    sums[bucket] = sum;
                } else {
                    out_keys[2 * g + 1] = bucket;
                    out_partials[2 * g + 1] = sum;
                }
            }
        }
    }
    END
}

KERNEL clear_sums(GLOBAL point *sums, u32 count) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) sums[g] = point_infinity();
    }
    END
}

/* k p for k < 2^bits, by doubling and adding. */
FN point point_times(point p, u32 k, u32 bits) {
    point out = point_infinity();
    for (u32 bit = bits; bit-- > 0;) {
        out = point_double(out);
        if ((k >> bit) & 1) out = point_add(out, p);
    }
    return out;
}

/* Of rows of 2^log_row buckets: sum of (i + 1) bucket i, over pieces of 2^log_piece of them. */
KERNEL weigh(GLOBAL const point *buckets, GLOBAL point *to, u32 count, u32 log_row, u32 log_piece) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            point running = point_infinity(), sum = point_infinity();
            for (u32 i = 1u << log_piece; i-- > 0;) {
                running = point_add(running, buckets[(g << log_piece) + i]);
                sum = point_add(sum, running);
            }
            const u32 before = (g & ((1u << (log_row - log_piece)) - 1)) << log_piece;
            to[g] = point_add(sum, point_times(running, before, log_row));
        }
    }
    END
}

/* The sums of pieces of `length` points. */
KERNEL fold(GLOBAL const point *from, GLOBAL point *to, u32 count, u32 length) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            point sum = from[(u64)g * length];
            for (u32 i = 1; i < length; ++i) sum = point_add(sum, from[(u64)g * length + i]);
            to[g] = sum;
        }
    }
    END
}

/* Of `windows` sums for each result: sum of 2^(c w) times window w, as an affine point. */
KERNEL join_windows(GLOBAL const point *windows_of, GLOBAL affine *to, u32 count, u32 windows, u32 c) {
    PHASE(t) {
        const u32 g = GROUP * THREADS + t;
        if (g < count) {
            point sum = point_infinity();
            for (u32 w = windows; w-- > 0;) {
                for (u32 i = 0; i < c; ++i) sum = point_double(sum);
                sum = point_add(sum, windows_of[g * windows + w]);
            }
            to[g] = point_to_affine(sum);
        }
    }
    END
}
