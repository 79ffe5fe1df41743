//! What a card is expected to take, from its clock, its capabilities and how fast words were seen to move.

use super::card::{Identity, Link};
use super::split::{fits, parts};
use crate::device::Estimator;
use crate::job::Shape;
use std::sync::Arc;
use std::time::Duration;

/// Bytes a second that the host reorders, transposes and multiplies, about.
const HOST_BYTES: f64 = 5e8;
/// Exchanges of one word for each job beside its input and output: it is started, asked for, released.
const EXCHANGES: f64 = 3.0;

/// Estimates of a card behind this link.
pub(super) fn estimator(identity: Identity, link: Link) -> Estimator {
    Arc::new(move |shape| {
        let seconds = seconds(&identity, link, shape)?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    })
}

fn seconds(identity: &Identity, link: Link, shape: &Shape) -> Option<f64> {
    match *shape {
        // values move when they are transformed
        Shape::Transfer { .. } => Some(0.0),
        Shape::Ntt {
            field,
            log_n,
            added_bits,
            columns,
        } if field == identity.field => {
            let inner = match added_bits {
                0 => Some(0.0),
                _ => transform(identity, link, log_n),
            };
            let outer = transform(identity, link, log_n.saturating_add(added_bits));
            Some((inner? + outer?) * columns as f64)
        }
        _ => None,
    }
}

/// Seconds of one transform among many: the longer of computing and moving, where one hides the other.
fn transform(identity: &Identity, link: Link, log_n: u32) -> Option<f64> {
    if !fits(log_n, &identity.can) {
        return None;
    }
    let n = f64::from(log_n).exp2();
    let host = 16.0 * n / HOST_BYTES;
    let Some((first, second)) = parts(log_n, &identity.can) else {
        let compute = identity.cycles(log_n, 0) / identity.clock_hz as f64;
        let moving = 16.0 * n / link.bytes_per_second + EXCHANGES * link.round_trip;
        return Some(compute.max(moving) + host);
    };
    let columns = transform(identity, link, first)? * f64::from(second).exp2();
    let rows = transform(identity, link, second)? * f64::from(first).exp2();
    Some(columns + rows + 2.0 * host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proofmill_field::FieldId;
    use proofmill_wire::{Capabilities, DesignId};

    fn card(clock_hz: u64) -> Identity {
        let can = Capabilities {
            field: FieldId::Goldilocks as u8,
            min_log_n: 2,
            max_log_n: 12,
            log_butterflies: 1,
            buffers: 2,
            coset: true,
            inverse: true,
            reversed_input: false,
            reversed_output: false,
            streaming: false,
        };
        let (design, field) = (DesignId::default(), FieldId::Goldilocks);
        Identity {
            design,
            field,
            can,
            clock_hz,
        }
    }

    fn ntt(log_n: u32, columns: usize) -> Shape {
        Shape::Ntt {
            field: FieldId::Goldilocks,
            log_n,
            added_bits: 0,
            columns,
        }
    }

    #[test]
    fn the_clock_and_the_link_decide() {
        let link = |bytes_per_second| Link {
            bytes_per_second,
            round_trip: 0.0,
        };
        let seconds = |clock_hz, rate, shape| seconds(&card(clock_hz), link(rate), &shape).unwrap();
        // 12·(2048/2 + 16) clocks of 1 µs
        let slow = seconds(1_000_000, 1e12, ntt(12, 1));
        assert!((0.01248..0.0127).contains(&slow), "{slow}");
        // 64 KiB at 64 KiB a second
        let link = seconds(100_000_000, 65536.0, ntt(12, 1));
        assert!((1.0..1.001).contains(&link), "{link}");
        assert!(seconds(1_000_000, 1e12, ntt(12, 10)) > 9.9 * slow);
        // 2^24 is twice 4096 transforms of 2^12
        assert!(seconds(1_000_000, 1e12, ntt(24, 1)) > 8192.0 * slow);
        let far = Link {
            bytes_per_second: 1e12,
            round_trip: 0.016,
        };
        let far = super::seconds(&card(100_000_000), far, &ntt(12, 1)).unwrap();
        assert!((0.048..0.0485).contains(&far), "{far}");
    }

    #[test]
    fn what_the_card_cannot_do_has_no_estimate() {
        let link = Link {
            bytes_per_second: 1.0,
            round_trip: 0.0,
        };
        let estimate = |shape| seconds(&card(1), link, &shape);
        assert!(estimate(ntt(1, 1)).is_none() && estimate(ntt(0, 1)).is_some());
        let (field, elements) = (FieldId::Goldilocks, 1);
        assert!(estimate(Shape::Pointwise { field, elements }).is_none());
        let other = Shape::Ntt {
            field: FieldId::BabyBear,
            log_n: 12,
            added_bits: 0,
            columns: 1,
        };
        assert!(estimate(other).is_none());
        assert_eq!(estimate(Shape::Transfer { bytes: 9 }), Some(0.0));
    }
}
