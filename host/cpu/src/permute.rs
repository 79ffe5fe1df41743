//! The bit-reversal permutation of rows, in place.

use super::ntt::SERIAL_BYTES;
use super::parallel;
use bytemuck::Pod;
use proofmill_field::naive;

/// log2 of the rows on a side of a tile: 16 runs of 16 rows. At 32 bytes an element a run is eight
/// cache lines.
const TILE: u32 = 4;
const SIDE: usize = 1 << TILE;

/// A shared pointer to rows of which every task touches its own.
#[derive(Clone, Copy)]
struct Rows<T> {
    start: *mut T,
    width: usize,
}

// SAFETY: the tasks below read and write disjoint rows, as each says.
unsafe impl<T: Send> Send for Rows<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Rows<T> {}

/// Swaps every row i of a power of two of them with row rev(i).
pub(crate) fn bit_reverse<T: Pod + Send>(data: &mut [T], width: usize) {
    let rows = data.len() / width;
    let log_rows = rows.trailing_zeros();
    debug_assert!(rows.is_power_of_two());
    let all = Rows {
        start: data.as_mut_ptr(),
        width,
    };
    if width * size_of::<T>() >= 64 || log_rows < 2 * TILE {
        swap_rows(all, log_rows);
    } else {
        swap_tiles(all, log_rows);
    }
}

fn swap_rows<T: Pod + Send>(all: Rows<T>, log_rows: u32) {
    let swap = move |i: usize| {
        let Rows { start, width } = { all };
        let j = naive::bit_reverse(i, log_rows);
        if i < j {
            // SAFETY: i, j < rows, so both runs lie in the slice; i ≠ j, so they do not overlap;
            // the pair {i, rev(i)} is touched by the task of its smaller member alone.
            unsafe {
                std::ptr::swap_nonoverlapping(start.add(i * width), start.add(j * width), width);
            }
        }
    };
    let rows = 1usize << log_rows;
    let task = (1 << 10).min(rows);
    let swaps = |i: usize| (i * task..(i + 1) * task).for_each(swap);
    match rows * all.width * size_of::<T>() <= SERIAL_BYTES {
        true => (0..rows / task).for_each(swaps),
        false => parallel::each(rows / task, &swaps),
    }
}

/// Row index = a · 2^(log_rows − TILE) + mid · SIDE + c; its reversal is rev(c), rev(mid), rev(a).
/// So the tile of all (a, c) with one mid goes, transposed and reversed, to the tile of rev(mid):
/// two tiles are read into the cache, exchanged and written back.
fn swap_tiles<T: Pod + Send>(all: Rows<T>, log_rows: u32) {
    let mid_bits = log_rows - 2 * TILE;
    let tiles = move |(one, two): &mut (Vec<T>, Vec<T>), mid: usize| {
        let other = naive::bit_reverse(mid, mid_bits);
        if mid > other {
            return;
        }
        // SAFETY: the rows of tiles mid and other lie in the slice, and only the task of the
        // smaller of the two touches them.
        unsafe {
            load(all, log_rows, mid, one);
            load(all, log_rows, other, two);
            store(all, log_rows, other, one);
            if mid != other {
                store(all, log_rows, mid, two);
            }
        }
    };
    let count = 1usize << mid_bits;
    // tiles that share their buffers
    let task = 16.min(count);
    let swaps = |i: usize| {
        let mut buffers = (Vec::new(), Vec::new());
        (i * task..(i + 1) * task).for_each(|mid| tiles(&mut buffers, mid));
    };
    match (all.width << log_rows) * size_of::<T>() <= SERIAL_BYTES {
        true => (0..count / task).for_each(swaps),
        false => parallel::each(count / task, &swaps),
    }
}

/// # Safety
/// The tile's rows must lie in the slice, and no other thread may write them.
unsafe fn load<T: Pod>(all: Rows<T>, log_rows: u32, mid: usize, tile: &mut Vec<T>) {
    tile.clear();
    for a in 0..SIDE {
        let row = (a << (log_rows - TILE)) + mid * SIDE;
        // SAFETY: rows row..row + SIDE are part of the tile.
        let run =
            unsafe { std::slice::from_raw_parts(all.start.add(row * all.width), SIDE * all.width) };
        tile.extend_from_slice(run);
    }
}

/// # Safety
/// The tile's rows must lie in the slice, and no other thread may touch them.
unsafe fn store<T: Pod>(all: Rows<T>, log_rows: u32, mid: usize, tile: &[T]) {
    let Rows { start, width } = all;
    for a in 0..SIDE {
        let row = (a << (log_rows - TILE)) + mid * SIDE;
        // SAFETY: rows row..row + SIDE are part of the tile.
        let run = unsafe { std::slice::from_raw_parts_mut(start.add(row * width), SIDE * width) };
        let column = naive::bit_reverse(a, TILE);
        for (c, to) in run.chunks_exact_mut(width).enumerate() {
            let from = (naive::bit_reverse(c, TILE) * SIDE + column) * width;
            to.copy_from_slice(&tile[from..from + width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_goes_to_its_reversed_place() {
        for log_rows in 0..=14 {
            for width in [1, 2, 3, 40] {
                let mut data: Vec<u32> = (0..width << log_rows).collect();
                bit_reverse(&mut data, width as usize);
                for (i, row) in data.chunks(width as usize).enumerate() {
                    let from = naive::bit_reverse(i, log_rows) as u32 * width;
                    assert!(
                        row.iter().copied().eq(from..from + width),
                        "2^{log_rows} × {width}"
                    );
                }
            }
        }
    }
}
