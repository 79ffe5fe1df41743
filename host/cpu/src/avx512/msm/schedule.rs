//! The order in which points are added to their buckets.
//!
//! Additions that share an inversion must not touch the same bucket. A counting sort gives each
//! bucket a run of points; runs go by falling length, in chunks that are summed side by side: round r
//! of a chunk adds the r-th point of each of its runs that has so many, and these are a prefix of the
//! chunk. Buckets that are much longer than others are cut into several runs, whose sums are points of
//! a further schedule: no set of scalars makes a chunk of few runs and many rounds.

/// Runs in a chunk. One inversion is shared by so many additions; a chunk's sums stay in the
/// second-level cache.
pub(crate) const CHUNK: usize = 2048;

/// Codes after the last one that may be looked at, for prefetching.
pub(crate) const SLACK: usize = 2 * CHUNK;

/// A run of points with one sum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// Points.
    pub(crate) len: u32,
    bucket: u32,
}

impl Run {
    /// Set where the run is a part of its bucket's points.
    const PART: u32 = 1 << 31;

    /// The bucket.
    #[inline(always)]
    pub(crate) fn bucket(&self) -> usize {
        (self.bucket & !Self::PART) as usize
    }

    /// Whether other runs have points of the same bucket.
    #[inline(always)]
    pub(crate) fn is_part(&self) -> bool {
        self.bucket & Self::PART != 0
    }
}

/// The order in which a set of windows' points are added.
#[derive(Default)]
pub(crate) struct Schedule {
    /// By falling number of points.
    pub(crate) runs: Vec<Run>,
    /// Runs in a chunk, a multiple of 8: chunk k has runs[k·stride..][..stride].
    pub(crate) stride: usize,
    /// Start of each chunk in `codes`: its round r starts at chunks[k] + r·stride.
    pub(crate) chunks: Vec<u32>,
    /// Place in the table, doubled, plus 1 for the opposite point. Where a run has ended there is the
    /// code of the table's last point, infinity.
    pub(crate) codes: Vec<u32>,
    /// By bucket + 1 (0: no bucket): the number of points, then where the next one goes.
    places: Vec<u32>,
    cut: Vec<Cut>,
}

/// Where the next point of a bucket in several runs goes.
struct Cut {
    place: u32,
    /// Points until its run is full.
    left: u32,
    /// Places among the runs: of the next full one, and of the last one, which is not.
    rank: u32,
    full: u32,
    last: u32,
}

/// Set in `places` where the rest is an index into `cut`.
const IS_CUT: u32 = 1 << 31;

impl Schedule {
    /// Schedules the points of windows' digits (|digit| ≤ buckets): the digit at place i goes with the
    /// point at first + i of the table, whose last point is `nowhere`. Bucket b of window w is
    /// w·buckets + b, for magnitude b + 1.
    pub(crate) fn fill_digits(
        &mut self,
        windows: &[&[i16]],
        buckets: usize,
        first: usize,
        nowhere: usize,
    ) {
        self.reset(windows.len() * buckets);
        for (w, digits) in windows.iter().enumerate() {
            let counts = &mut self.places[w * buckets..][..buckets + 1];
            for_each_digit(digits, |_, digit| {
                counts[digit.unsigned_abs() as usize] += 1
            });
        }
        self.lay_out(nowhere);
        for (w, digits) in windows.iter().enumerate() {
            for_each_digit(digits, |i, digit| {
                let code = ((first + i) as u32) << 1 | (digit < 0) as u32;
                self.place(w * buckets + digit.unsigned_abs() as usize, code);
            });
        }
    }

    /// Schedules points one after the other, the i-th for bucket `of[i]`.
    pub(crate) fn fill(&mut self, of: &[u32], buckets: usize) {
        self.reset(buckets);
        for bucket in of {
            self.places[*bucket as usize + 1] += 1;
        }
        self.lay_out(of.len());
        for (i, bucket) in of.iter().enumerate() {
            self.place(*bucket as usize + 1, (i as u32) << 1);
        }
    }

    fn reset(&mut self, buckets: usize) {
        self.places.clear();
        self.places.resize(buckets + 1, 0);
        self.cut.clear();
    }

    /// From the counts in `places` to the runs, and the place of each bucket's first point.
    fn lay_out(&mut self, nowhere: usize) {
        let cap = cap(&self.places);
        let mut starts = rank_starts(&self.places, cap);
        let total = starts[0] as usize;
        self.stride = CHUNK.min(total.next_multiple_of(8)).max(8);
        self.runs.clear();
        self.runs.resize(total, Run::default());
        // ranks first, chunks once all lengths are known
        for (bucket, count) in self.places.iter_mut().enumerate().skip(1) {
            let name = bucket as u32 - 1;
            if *count == 0 {
                continue;
            }
            if *count > cap {
                let cut = cut_run(&mut self.runs, &mut starts, *count, cap, name);
                *count = IS_CUT | self.cut.len() as u32;
                self.cut.push(cut);
            } else {
                let run = Run {
                    len: *count,
                    bucket: name,
                };
                *count = take_rank(&mut self.runs, &mut starts, run);
            }
        }
        self.find_places(nowhere);
    }

    /// From ranks to places.
    fn find_places(&mut self, nowhere: usize) {
        let stride = self.stride;
        self.chunks.clear();
        let mut end = 0;
        for chunk in self.runs.chunks(stride) {
            self.chunks.push(end);
            end += chunk[0].len * stride as u32;
        }
        self.codes.clear();
        self.codes
            .resize(end as usize + SLACK, (nowhere as u32) << 1);
        let (chunks, log) = (&self.chunks, stride.trailing_zeros());
        // more than one chunk: the stride is CHUNK, a power of two
        let place = |rank: u32| match chunks.len() {
            0 | 1 => rank,
            _ => chunks[(rank >> log) as usize] + (rank & (stride as u32 - 1)),
        };
        let (runs, places) = (&self.runs, &mut self.places);
        for rank in 0..runs.len() as u32 {
            let run = &runs[rank as usize];
            if !run.is_part() {
                places[run.bucket() + 1] = place(rank);
            }
        }
        for cut in &mut self.cut {
            cut.place = place(cut.rank);
        }
    }

    /// The next point of a bucket (plus 1).
    #[inline(always)]
    fn place(&mut self, bucket: usize, code: u32) {
        let place = &mut self.places[bucket];
        if *place & IS_CUT == 0 {
            self.codes[*place as usize] = code;
            *place += self.stride as u32;
        } else {
            let cut = (*place & !IS_CUT) as usize;
            self.place_cut(cut, code);
        }
    }

    #[inline(never)]
    fn place_cut(&mut self, cut: usize, code: u32) {
        let cut = &mut self.cut[cut];
        if cut.left == 0 {
            cut.rank = if cut.full > 0 { cut.rank + 1 } else { cut.last };
            cut.full = cut.full.saturating_sub(1);
            cut.left = self.runs[cut.rank as usize].len;
            let (chunk, at) = (
                cut.rank as usize / self.stride,
                cut.rank as usize % self.stride,
            );
            cut.place = self.chunks[chunk] + at as u32;
        }
        self.codes[cut.place as usize] = code;
        cut.place += self.stride as u32;
        cut.left -= 1;
    }
}

/// The longest run: what hardly any bucket exceeds where points are spread evenly over those that are
/// not empty (mean and three deviations), and less where that would give fewer runs than fill a chunk.
fn cap(counts: &[u32]) -> u32 {
    let (mut total, mut used) = (0u64, 0u64);
    for count in &counts[1..] {
        total += *count as u64;
        used += (*count > 0) as u64;
    }
    let mean = total as f64 / used.max(1) as f64;
    let spread = (mean + 3.0 * mean.sqrt()) as u64 + 1;
    spread.min((total / CHUNK as u64).max(4)) as u32
}

/// starts[l]: the rank of the first run of l points when longer runs come first; starts[0] is the
/// number of runs.
fn rank_starts(counts: &[u32], cap: u32) -> Vec<u32> {
    let mut starts = vec![0; cap as usize + 1];
    for count in &counts[1..] {
        if *count > cap {
            starts[cap as usize] += count / cap;
            starts[(count % cap) as usize] += 1;
        } else {
            starts[*count as usize] += 1;
        }
    }
    let mut sum = 0;
    for start in starts.iter_mut().rev() {
        (*start, sum) = (sum, sum + *start);
    }
    starts
}

/// The rank of a run, which is written there.
#[inline(always)]
fn take_rank(runs: &mut [Run], starts: &mut [u32], run: Run) -> u32 {
    let start = &mut starts[run.len as usize];
    let rank = *start;
    runs[rank as usize] = run;
    *start += 1;
    rank
}

/// Cuts a bucket of more than `cap` points: full runs, which get consecutive ranks, and the rest.
fn cut_run(runs: &mut [Run], starts: &mut [u32], count: u32, cap: u32, bucket: u32) -> Cut {
    let part = |len| Run {
        len,
        bucket: bucket | Run::PART,
    };
    let full = count / cap;
    let rank = starts[cap as usize];
    for _ in 0..full {
        take_rank(runs, starts, part(cap));
    }
    let rest = count % cap;
    let last = if rest > 0 {
        take_rank(runs, starts, part(rest))
    } else {
        0
    };
    Cut {
        place: 0,
        left: cap,
        rank,
        full: full - 1,
        last,
    }
}

/// Calls `put` with place and value of every digit that is not zero.
#[inline(always)]
fn for_each_digit(digits: &[i16], mut put: impl FnMut(usize, i16)) {
    /// Digits looked at together: most of a witness is zeros.
    const GROUP: usize = 32;
    for (g, group) in digits.chunks(GROUP).enumerate() {
        if group.iter().fold(0, |all, d| all | d) == 0 {
            continue;
        }
        for (i, digit) in group.iter().enumerate() {
            if *digit != 0 {
                put(g * GROUP + i, *digit);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_field::Random;
    use std::collections::BTreeMap;

    /// The codes of each bucket by following the schedule, parts joined.
    fn followed(schedule: &Schedule, nowhere: u32) -> BTreeMap<usize, Vec<u32>> {
        let (mut out, mut seen) = (BTreeMap::<usize, Vec<u32>>::new(), 0);
        assert!(schedule.runs.is_sorted_by(|a, b| a.len >= b.len));
        assert!(schedule.stride.is_multiple_of(8));
        for (k, runs) in schedule.runs.chunks(schedule.stride).enumerate() {
            for r in 0..runs[0].len as usize {
                let at = schedule.chunks[k] as usize + r * schedule.stride;
                let round = &schedule.codes[at..][..schedule.stride];
                for (i, code) in round.iter().enumerate() {
                    let run = runs.get(i).filter(|run| run.len as usize > r);
                    match run {
                        Some(run) => out.entry(run.bucket()).or_default().push(*code),
                        None => assert_eq!(*code, nowhere << 1),
                    }
                }
            }
            seen += runs[0].len as usize * schedule.stride;
        }
        assert_eq!(schedule.codes.len(), seen + SLACK);
        let mut parts = BTreeMap::<usize, usize>::new();
        for run in &schedule.runs {
            assert!(run.len > 0);
            *parts.entry(run.bucket()).or_default() += 1;
        }
        assert!(
            schedule
                .runs
                .iter()
                .all(|run| run.is_part() == (parts[&run.bucket()] > 1))
        );
        out.values_mut().for_each(|codes| codes.sort());
        out
    }

    fn check(windows: &[Vec<i16>], buckets: usize) {
        let mut expected = BTreeMap::<usize, Vec<u32>>::new();
        let (first, nowhere) = (5, 1_000_000);
        for (w, digits) in windows.iter().enumerate() {
            for (i, d) in digits.iter().enumerate().filter(|(_, d)| **d != 0) {
                let code = ((first + i) as u32) << 1 | (*d < 0) as u32;
                let bucket = w * buckets + d.unsigned_abs() as usize - 1;
                expected.entry(bucket).or_default().push(code);
            }
        }
        let rows: Vec<&[i16]> = windows.iter().map(Vec::as_slice).collect();
        let mut schedule = Schedule::default();
        // a second use finds the first one's memory
        for _ in 0..2 {
            schedule.fill_digits(&rows, buckets, first, nowhere);
            assert_eq!(followed(&schedule, nowhere as u32), expected);
        }
    }

    #[test]
    fn every_point_has_one_place_in_the_run_of_its_bucket() {
        let mut random = Random::seeded(1);
        for (n, buckets) in [(0, 4), (1, 1), (7, 4), (100, 8), (5000, 64), (40_000, 4096)] {
            let mut digit = || (random.word() % (2 * buckets + 1)) as i16 - buckets as i16;
            let uniform: Vec<i16> = (0..n).map(|_| digit()).collect();
            let one: Vec<i16> = uniform.iter().map(|d| d.signum()).collect();
            let zeros = vec![0; n];
            let mut mixed = uniform.clone();
            mixed[..n / 2].fill(-1);
            check(std::slice::from_ref(&uniform), buckets as usize);
            check(std::slice::from_ref(&one), buckets as usize);
            check(&[uniform, mixed, zeros, one], buckets as usize);
        }
    }

    #[test]
    fn one_bucket_is_cut_into_parts_until_one_is_left() {
        let (mut schedule, mut of, mut rounds) = (Schedule::default(), vec![3; 100_000], 0);
        while of.len() > 1 {
            schedule.fill(&of, 10);
            let codes = followed(&schedule, of.len() as u32);
            assert_eq!(codes[&3].len(), of.len());
            of.truncate(schedule.runs.len());
            rounds += 1;
        }
        assert!(rounds < 12);
    }
}
