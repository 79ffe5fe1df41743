//! Loops on all threads, compiled once: for every type and closure anew, rayon's machinery was a third
//! of this crate's code.

use bytemuck::Pod;
use rayon::prelude::*;

/// Runs `work` for every index.
pub(crate) fn each(count: usize, work: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().for_each(work);
}

/// Runs `work` on chunks of `size` values, the last of which may be shorter, with their indices.
pub(crate) fn chunks<T: Pod>(data: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    in_bytes(
        bytemuck::cast_slice_mut(data),
        size * size_of::<T>(),
        &|i, bytes| work(i, bytemuck::cast_slice_mut(bytes)),
    );
}

fn in_bytes(data: &mut [u8], size: usize, work: &(dyn Fn(usize, &mut [u8]) + Sync)) {
    let chunks = data.par_chunks_mut(size).enumerate();
    chunks.for_each(|(i, chunk)| work(i, chunk));
}

/// As [`chunks`], on slices of one length side by side.
pub(crate) fn side_by_side<T: Pod, const N: usize>(
    data: [&mut [T]; N],
    size: usize,
    work: impl Fn([&mut [T]; N]) + Sync,
) {
    let data = data.map(bytemuck::cast_slice_mut);
    bytes_side_by_side(data, size * size_of::<T>(), &|bytes| {
        work(bytes.map(bytemuck::cast_slice_mut));
    });
}

fn bytes_side_by_side<const N: usize>(
    data: [&mut [u8]; N],
    size: usize,
    work: &(dyn Fn([&mut [u8]; N]) + Sync),
) {
    let count = data[0].len().div_ceil(size);
    let mut chunks = data.map(|data| data.chunks_mut(size));
    let mut next = || {
        chunks
            .each_mut()
            .map(|chunks| chunks.next().unwrap_or_default())
    };
    let tasks: Vec<[&mut [u8]; N]> = (0..count).map(|_| next()).collect();
    tasks.into_par_iter().with_max_len(1).for_each(work);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_visited_once_with_its_place() {
        for len in [0, 1, 7, 64, 1000] {
            let mut data = vec![0u64; len];
            chunks(&mut data, 7, |i, chunk| {
                for (j, x) in chunk.iter_mut().enumerate() {
                    *x += (7 * i + j) as u64;
                }
            });
            let (mut a, mut b) = (data.clone(), vec![0; len]);
            assert!(data.into_iter().eq(0..len as u64));
            side_by_side([&mut a, &mut b], 7, |[a, b]| b.swap_with_slice(a));
            assert!(b.into_iter().eq(0..len as u64) && a.iter().all(|x| *x == 0));
        }
    }
}
