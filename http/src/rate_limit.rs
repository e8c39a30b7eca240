//! The limit of requests a client: so many a window, counted per [`LimitKey`], as `RATE_LIMIT_*` promise.
//!
//! Architecture invariant: memory is bounded by [`CAPACITY`] whatever addresses are claimed; no I/O, and no lock is held
//! for longer than a count takes. Why fixed windows: `docs/decisions/0001-fixed-window-limiter.md`.

use std::time::{Duration, Instant};

use quick_cache::sync::{Cache, DefaultLifecycle, EntryAction, EntryResult};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, UnitWeighter};

use crate::client_address::LimitKey;

/// Most clients remembered at once. A power of two, so that the cache's shards divide it evenly and never hold more.
const CAPACITY: usize = 65_536;

/// How much of [`CAPACITY`] the clients that came back may hold; the rest is a queue of newcomers. In halves, a client is
/// remembered as long as fewer than about half of [`CAPACITY`] other clients come between two of its requests. The
/// cache's own choice, 97 %, is made for hit rates: a client first seen during a flood would get a second window.
const SHARE_OF_REGULARS: f64 = 0.5;

/// Counts requests per client in fixed windows; a client's window begins with its first request.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    max_requests: u32,
    window: Duration,
    windows: Cache<LimitKey, Window>,
}

/// What [`RateLimiter::take`] says, in the terms of the `RateLimit-*` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whether the request may go on.
    pub(crate) allowed: bool,
    /// Requests a window.
    pub(crate) limit: u32,
    /// Requests left in this window.
    pub(crate) remaining: u32,
    /// Time until the window ends and the count begins anew; never zero.
    pub(crate) reset_after: Duration,
}

/// The running window of one client.
#[derive(Debug, Clone, Copy)]
struct Window {
    started: Instant,
    used: u32,
}

impl RateLimiter {
    /// A limiter of `max_requests` (at least 1) per `window` and client.
    pub(crate) fn new(max_requests: u32, window: Duration) -> Self {
        let options = OptionsBuilder::new()
            .estimated_items_capacity(CAPACITY)
            .weight_capacity(CAPACITY as u64)
            .hot_allocation(SHARE_OF_REGULARS)
            .build()
            .expect("both capacities are set, and nothing else is asked for");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self { max_requests, window, windows: Cache::with_options(options, UnitWeighter, hasher, lifecycle) }
    }

    /// Counts a request of `key` at `now`, unless the window is used up.
    pub(crate) fn take(&self, key: LimitKey, now: Instant) -> Decision {
        // The closure runs under the lock of the key's shard, so of any number of threads exactly the limit gets through.
        let counted = self.windows.entry(&key, None, |_, window| EntryAction::Retain(self.count(window, now)));
        match counted {
            EntryResult::Retained(decision) => decision,
            EntryResult::Vacant(place) => {
                let mut window = Window { started: now, used: 0 };
                let decision = self.count(&mut window, now);
                // Refused only when the entry was removed meanwhile, and nothing here removes entries.
                let _ = place.insert(window);
                decision
            }
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => {
                unreachable!("the closure only retains, and waiting has no time limit")
            }
        }
    }

    /// Gives back a request that [`take`](Self::take) allowed at `taken_at`. Without effect when that window is over.
    pub(crate) fn refund(&self, key: LimitKey, taken_at: Instant) {
        // Dropping the place of an unknown key leaves it unknown.
        drop(self.windows.entry(&key, None, |_, window| {
            if taken_at >= window.started {
                window.used = window.used.saturating_sub(1);
            }
            EntryAction::Retain(())
        }));
    }

    fn count(&self, window: &mut Window, now: Instant) -> Decision {
        if window.elapsed(now) >= self.window {
            *window = Window { started: now, used: 0 };
        }
        let allowed = window.used < self.max_requests;
        window.used += u32::from(allowed);
        Decision {
            allowed,
            limit: self.max_requests,
            remaining: self.max_requests - window.used,
            reset_after: self.window - window.elapsed(now),
        }
    }
}

impl Window {
    /// A `now` from just before another thread began the window belongs to it, so this is zero then.
    fn elapsed(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    fn client(number: u32) -> LimitKey {
        LimitKey::from(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    fn allowed(limiter: &RateLimiter, key: LimitKey, now: Instant) -> bool {
        limiter.take(key, now).allowed
    }

    #[test]
    fn a_window_allows_exactly_its_requests_and_counts_them_down() {
        let (limiter, now) = (RateLimiter::new(3, WINDOW), Instant::now());
        for remaining in [2, 1, 0] {
            assert_eq!(
                limiter.take(client(1), now),
                Decision { allowed: true, limit: 3, remaining, reset_after: WINDOW }
            );
        }
        let later = now + Duration::from_secs(20);
        assert_eq!(
            limiter.take(client(1), later),
            Decision { allowed: false, limit: 3, remaining: 0, reset_after: Duration::from_secs(40) }
        );
    }

    #[test]
    fn clients_do_not_share_a_window() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        assert!(allowed(&limiter, client(1), now));
        assert!(allowed(&limiter, client(2), now));
        assert!(!allowed(&limiter, client(1), now));
    }

    #[test]
    fn a_new_window_begins_when_the_old_one_is_over_and_not_before() {
        let (limiter, now) = (RateLimiter::new(2, WINDOW), Instant::now());
        assert!(allowed(&limiter, client(1), now));
        assert!(allowed(&limiter, client(1), now + WINDOW / 2));
        assert!(!allowed(&limiter, client(1), now + WINDOW - Duration::from_millis(1)));
        let renewed = limiter.take(client(1), now + WINDOW);
        assert_eq!(renewed, Decision { allowed: true, limit: 2, remaining: 1, reset_after: WINDOW });
    }

    #[test]
    fn being_refused_does_not_put_off_the_new_window() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        assert!(allowed(&limiter, client(1), now));
        for second in 1..60 {
            assert!(!allowed(&limiter, client(1), now + Duration::from_secs(second)));
        }
        assert!(allowed(&limiter, client(1), now + WINDOW));
    }

    #[test]
    fn an_instant_from_before_the_window_counts_in_it() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        assert!(allowed(&limiter, client(1), now + Duration::from_millis(1)));
        assert!(!allowed(&limiter, client(1), now));
    }

    #[test]
    fn a_refunded_request_can_be_made_again() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        assert!(allowed(&limiter, client(1), now));
        limiter.refund(client(1), now);
        assert!(allowed(&limiter, client(1), now));
        assert!(!allowed(&limiter, client(1), now));
    }

    #[test]
    fn a_refund_never_gives_more_than_was_taken_nor_in_a_later_window() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        limiter.refund(client(1), now);
        assert_eq!(limiter.windows.len(), 0, "an unknown client stays unknown");
        assert!(allowed(&limiter, client(1), now));
        assert!(allowed(&limiter, client(1), now + WINDOW));
        limiter.refund(client(1), now);
        assert!(!allowed(&limiter, client(1), now + WINDOW));
    }

    #[test]
    fn memory_is_bounded_whatever_addresses_are_claimed() {
        let (limiter, now) = (RateLimiter::new(1, WINDOW), Instant::now());
        for number in 0..200_000 {
            limiter.take(client(number), now);
        }
        assert!(limiter.windows.len() <= CAPACITY, "{}", limiter.windows.len());
        let bytes = limiter.windows.memory_used().total();
        assert!(bytes < 12 * 1024 * 1024, "{bytes} bytes");
    }

    #[test]
    fn an_active_offender_is_not_forgotten_in_a_flood_of_other_addresses() {
        let offender = client(u32::MAX);
        // One-time addresses, then addresses that come twice, which push harder: both before and during the flood.
        for (visits, first_seen) in [(1, 0), (1, 100_000), (2, 0), (2, 100_000)] {
            let (limiter, now) = (RateLimiter::new(2, WINDOW), Instant::now());
            let mut passed = 0;
            for number in 0..180_000 {
                for _ in 0..visits {
                    limiter.take(client(number), now);
                }
                if number >= first_seen && number % 20_000 == 0 {
                    passed += usize::from(allowed(&limiter, offender, now));
                }
            }
            assert_eq!(passed, 2, "{visits} visits each, offender first seen after {first_seen}");
        }
    }

    #[test]
    fn of_many_concurrent_requests_exactly_the_limit_is_allowed() {
        let (limiter, now, passed) = (RateLimiter::new(1000, WINDOW), Instant::now(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..5_000 {
                        passed.fetch_add(usize::from(allowed(&limiter, client(0), now)), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 1000);
    }

    #[test]
    fn of_concurrent_first_requests_exactly_the_limit_is_allowed() {
        let (limiter, now, passed) = (RateLimiter::new(1, WINDOW), Instant::now(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for number in 0..5_000 {
                        passed.fetch_add(usize::from(allowed(&limiter, client(number), now)), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(passed.into_inner(), 5_000);
    }
}
