//! Chance that comes out the same every time.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use uuid::{Builder, Uuid};

/// The generator is one whose numbers are promised never to change.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    /// The chance of conversation `number`, independent of all others.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(number);
        Self(generator)
    }

    /// From 0 to below `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The upper half of the product: as even as a division, to one in 2⁶⁴ / limit.
        ((u128::from(self.0.next_u64()) * u128::from(limit)) >> 64) as u64
    }

    /// From `first` to `last`.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// True in `percent` of 100 cases.
    pub(super) fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A version 4 UUID, as visitors' sessions have.
    pub(super) fn random_id(&mut self) -> Uuid {
        Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A version 7 UUID made at that time, as events have.
    pub(super) fn timed_id(&mut self, at: u64) -> Uuid {
        let [_, _, _, _, _, _, random @ ..]: [u8; 16] = self.bytes();
        Builder::from_unix_timestamp_millis(at, &random).into_uuid()
    }

    fn bytes(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
