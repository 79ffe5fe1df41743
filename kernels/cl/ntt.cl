/* One pass of a transform: `log_rows` of its log_n levels of butterflies (decimation in frequency), on a
 * tile of 2^log_rows rows in local memory. The levels go from the highest bit of an element's index
 * down, so that after the last pass the result of index k lies at place reversed(k).
 *
 * An index has three parts, above | row | below; a pass works on its rows, bits `log_below` and up. The
 * lanes of a tile are neighbours: in `below`, in the columns of a row-major batch, or, in the last pass
 * to natural order, in reversed(above), so that they are neighbours where they are written.
 *
 * Any order of input and output is a way to address memory: REVERSED_INPUT in the first pass reads index
 * i at place reversed(i), NATURAL_OUTPUT in the last one writes index i there. */

#define ROW_MAJOR 1
#define REVERSED_INPUT 2
#define NATURAL_OUTPUT 4
/* load times low * high by index, in the first pass */
#define SCALED_INPUT 8
/* store times low * high by the index of the result, in the last pass */
#define SCALED_OUTPUT 16

typedef struct {
    u32 log_n;     /* levels of the transform */
    u32 log_above; /* levels done by earlier passes */
    u32 log_rows;  /* levels of this one */
    u32 columns;   /* transforms */
    u32 log_from;  /* log2 of a column's length in the source; what is beyond it is zero */
    u32 flags;
} pass;

/* A column of a tile: everything of an index but its row. */
typedef struct { u32 column, above, below; } lane;

FN u32 log_below(pass s) { return s.log_n - s.log_above - s.log_rows; }

FN lane lane_at(pass s, u32 q) {
    lane out;
    const u32 bits = s.log_n - s.log_rows, below = log_below(s);
    u32 rest = q & ((1u << bits) - 1);
    out.column = q >> bits;
    if (s.flags & ROW_MAJOR) {
        out.column = q % s.columns;
        rest = q / s.columns;
    }
    out.above = rest >> below;
    out.below = rest & ((1u << below) - 1);
    if ((s.flags & (ROW_MAJOR | NATURAL_OUTPUT)) == NATURAL_OUTPUT) out.above = reversed(out.above, s.log_above);
    return out;
}

FN u32 index_at(pass s, lane l, u32 row) {
    return ((l.above << s.log_rows | row) << log_below(s)) | l.below;
}

FN u32 place_at(pass s, lane l, u32 index, u32 log_length) {
    return s.flags & ROW_MAJOR ? index * s.columns + l.column : (l.column << log_length) + index;
}

/* Thread e of the tile takes this row of this lane: neighbours are lanes, or rows where it is rows that
 * are neighbours in memory. */
FN u32 row_of(pass s, u32 log_lanes, u32 e, u32 rows_first) {
    return rows_first ? e & ((1u << s.log_rows) - 1) : e >> log_lanes;
}

FN u32 lane_of(pass s, u32 log_lanes, u32 e, u32 rows_first) {
    return rows_first ? e >> s.log_rows : e & ((1u << log_lanes) - 1);
}

/* (a + b, (a - b) w) */
FN void butterfly(LOCAL fe *a, LOCAL fe *b, fe w) {
    const fe x = *a, y = *b;
    *a = fe_add(x, y);
    *b = fe_mul(fe_sub(x, y), w);
}

KERNEL ntt_pass(GLOBAL const fe *from, GLOBAL fe *to, GLOBAL const fe *twiddles, GLOBAL const fe *low,
                GLOBAL const fe *high, u32 split, u32 log_n, u32 log_above, u32 log_rows, u32 columns, u32 log_from,
                u32 log_twiddles, u32 flags) {
    LOCAL_ARRAY(fe, tile, 1 << LOG_TILE);
    const pass s = {log_n, log_above, log_rows, columns, log_from, flags};
    const u32 log_lanes = LOG_TILE - log_rows, below = log_below(s);
    const u32 first = GROUP << log_lanes, lanes = columns << (log_n - log_rows);
    const u32 vectors = !(flags & ROW_MAJOR);

    PHASE(t) {
        const u32 rows_first = vectors & (u32)(below == 0 || (flags & REVERSED_INPUT));
        for (u32 e = t; e < 1u << LOG_TILE; e += THREADS) {
            const u32 row = row_of(s, log_lanes, e, rows_first), q = lane_of(s, log_lanes, e, rows_first);
            fe x = fe_zero();
            if (first + q < lanes) {
                const lane l = lane_at(s, first + q);
                const u32 index = index_at(s, l, row);
                const u32 place = flags & REVERSED_INPUT ? reversed(index, log_from) : index;
                if (index >> log_from == 0) x = fe_input(from[place_at(s, l, place, log_from)]);
                if (flags & SCALED_INPUT) x = fe_mul(x, power_at(low, high, split, index));
            }
            tile[row << log_lanes | q] = x;
        }
    }
    MEET

    for (u32 level = 0; level < log_rows; ++level) {
        /* rows r and r + half; index j of the half-block has the twiddle w^(j 2^(levels done)) */
        const u32 log_half = log_rows - 1 - level, done = log_above + level;
        PHASE(t) {
            for (u32 e = t; e < 1u << (LOG_TILE - 1); e += THREADS) {
                const u32 q = e & ((1u << log_lanes) - 1), pair = e >> log_lanes;
                const u32 r = pair & ((1u << log_half) - 1);
                const u32 row = ((pair >> log_half) << (log_half + 1)) | r;
                const u32 at = row << log_lanes | q, other = at + (1u << (log_half + log_lanes));
                if (below + log_half == 0) { /* w^0 */
                    const fe x = tile[at], y = tile[other];
                    tile[at] = fe_add(x, y);
                    tile[other] = fe_sub(x, y);
                } else if (first + q < lanes) {
                    const u32 j = r << below | lane_at(s, first + q).below;
                    butterfly(&tile[at], &tile[other], twiddles[j << (done + log_twiddles + 1 - log_n)]);
                }
            }
        }
        MEET
    }

    PHASE(t) {
        const u32 rows_first = vectors & (u32)(below == 0 && !(flags & NATURAL_OUTPUT));
        for (u32 e = t; e < 1u << LOG_TILE; e += THREADS) {
            const u32 row = row_of(s, log_lanes, e, rows_first), q = lane_of(s, log_lanes, e, rows_first);
            if (first + q < lanes) {
                const lane l = lane_at(s, first + q);
                const u32 index = index_at(s, l, row), result = reversed(index, log_n);
                const u32 place = flags & NATURAL_OUTPUT ? result : index;
                fe x = tile[row << log_lanes | q];
                if (flags & SCALED_OUTPUT) x = fe_mul(x, power_at(low, high, split, result));
                to[place_at(s, l, place, log_n)] = x;
            }
        }
    }
    END
}
