//! Which device does which chain: a pure function of estimates and present load.

use std::time::Duration;

/// A device as the planner sees it.
pub(crate) struct Candidate {
    /// Index of its piece of silicon.
    pub(crate) physical: usize,
    /// Work that it has yet to finish.
    pub(crate) backlog: Duration,
    /// Its estimate for each chain; `None`: cannot do it, or must not.
    pub(crate) estimates: Vec<Option<Duration>>,
}

/// For each chain the candidate that should do it; `None` where nobody can.
///
/// Longest chain first, each to the device that will have finished it first (Graham's list
/// scheduling). Devices on one piece of silicon share a queue.
pub(crate) fn assign(chains: usize, candidates: &[Candidate]) -> Vec<Option<usize>> {
    let silicon = candidates.iter().map(|c| c.physical + 1).max().unwrap_or(0);
    let mut busy = vec![Duration::ZERO; silicon];
    for c in candidates {
        busy[c.physical] = busy[c.physical].saturating_add(c.backlog);
    }
    let best = |chain: usize| candidates.iter().filter_map(|c| c.estimates[chain]).min();
    let mut order: Vec<usize> = (0..chains).collect();
    order.sort_by_key(|chain| std::cmp::Reverse(best(*chain)));
    let mut plan = vec![None; chains];
    for chain in order {
        let finish = |(i, c): (usize, &Candidate)| {
            c.estimates[chain].map(|e| (busy[c.physical].saturating_add(e), i))
        };
        if let Some((end, i)) = candidates.iter().enumerate().filter_map(finish).min() {
            busy[candidates[i].physical] = end;
            plan[chain] = Some(i);
        }
    }
    plan
}

/// What a plan expects its chains to take, one after the other; for ever, if nobody can do one of them.
pub(crate) fn work(plan: &[Option<usize>], candidates: &[Candidate]) -> Duration {
    let each = plan.iter().enumerate().map(|(chain, seat)| {
        let estimate = seat.and_then(|seat| candidates[seat].estimates[chain]);
        estimate.unwrap_or(Duration::MAX)
    });
    each.fold(Duration::ZERO, Duration::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(physical: usize, estimates: &[Option<u64>]) -> Candidate {
        let estimates = estimates
            .iter()
            .map(|e| e.map(Duration::from_millis))
            .collect();
        Candidate {
            physical,
            backlog: Duration::ZERO,
            estimates,
        }
    }

    #[test]
    fn work_is_spread_by_when_it_ends() {
        let fast = candidate(0, &[Some(10), Some(10), Some(10)]);
        let slow = candidate(1, &[Some(15), Some(15), Some(15)]);
        let plan = assign(3, &[fast, slow]);
        assert_eq!(plan.iter().filter(|d| **d == Some(0)).count(), 2);
        assert_eq!(plan.iter().filter(|d| **d == Some(1)).count(), 1);
    }

    #[test]
    fn what_nobody_can_do_goes_to_nobody() {
        let a = candidate(0, &[Some(1), None]);
        assert_eq!(assign(2, &[a]), [Some(0), None]);
        assert_eq!(assign(1, &[]), [None]);
    }

    #[test]
    fn a_slower_device_does_what_the_faster_cannot() {
        let g1_only = candidate(0, &[Some(1), None]);
        let both = candidate(1, &[Some(9), Some(9)]);
        assert_eq!(assign(2, &[g1_only, both]), [Some(0), Some(1)]);
    }

    #[test]
    fn devices_on_one_silicon_share_its_time() {
        // the second name of the same chip is no second chip: the other device gets one of two
        let a = candidate(0, &[Some(10), Some(10)]);
        let b = candidate(0, &[Some(11), Some(11)]);
        let c = candidate(1, &[Some(15), Some(15)]);
        let plan = assign(2, &[a, b, c]);
        assert_eq!(plan.iter().filter(|d| **d == Some(2)).count(), 1);
        assert_eq!(plan.iter().filter(|d| **d == Some(1)).count(), 0);
    }

    #[test]
    fn backlog_counts() {
        let mut a = candidate(0, &[Some(10)]);
        a.backlog = Duration::from_millis(100);
        let b = candidate(1, &[Some(50)]);
        assert_eq!(assign(1, &[a, b]), [Some(1)]);
    }
}
