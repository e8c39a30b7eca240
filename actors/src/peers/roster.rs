//! Who lives, as far as this process can hear. Plain state: times come in from outside.
//!
//! A process hears its own beats too. While they do not come back it is deaf: nobody is taken for dead then, nor within a whole
//! [`SILENCE`] after they come back.

use std::collections::HashMap;
use std::time::Duration;

use chat_schema::OwnerId;
use tokio::time::Instant;

/// How often a process beats.
pub(crate) const BEAT: Duration = Duration::from_millis(500);
/// A process that was silent for this long is dead: its turns may be closed by anyone.
pub(crate) const SILENCE: Duration = Duration::from_secs(5);
/// How long a process may go on showing its answers after the newest of its beats that came back was sent. Shorter than
/// [`SILENCE`], so that it stops before anybody takes it for dead; also how long it may go without own beats before it is deaf.
pub(crate) const LEASE: Duration = Duration::from_secs(4);
/// How long a process that is gone is remembered.
const MEMORY: Duration = Duration::from_secs(60);

/// The last sign of a process.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Beat(Instant),
    /// It said that it leaves.
    Left(Instant),
}

/// This process's own beats that came back.
#[derive(Debug, Clone, Copy)]
struct Echoes {
    /// Since when they come without a longer pause.
    since: Instant,
    last: Instant,
    /// When the newest of them was sent.
    sent: Instant,
}

/// The processes heard of, and what came back of this one's own beats.
pub(crate) struct Roster {
    me: OwnerId,
    beats: u64,
    /// When the beats on their way were sent, by number.
    on_their_way: HashMap<u64, Instant>,
    echoes: Option<Echoes>,
    /// Grows whenever the lease was lost, be it for a moment that nobody looked.
    lapses: u64,
    signs: HashMap<OwnerId, Sign>,
}

impl Roster {
    pub(crate) fn new(me: OwnerId) -> Self {
        Self { me, beats: 0, on_their_way: HashMap::new(), echoes: None, lapses: 0, signs: HashMap::new() }
    }

    /// The number of the beat that is sent now.
    pub(crate) fn beat(&mut self, now: Instant) -> u64 {
        self.on_their_way.retain(|_, sent| now.duration_since(*sent) < LEASE);
        self.signs.retain(|_, sign| {
            let (Sign::Beat(at) | Sign::Left(at)) = *sign;
            now.duration_since(at) < MEMORY
        });
        self.beats += 1;
        self.on_their_way.insert(self.beats, now);
        self.beats
    }

    /// A beat arrived, perhaps an own one.
    pub(crate) fn heard(&mut self, from: OwnerId, number: u64, now: Instant) {
        if from != self.me {
            self.signs.insert(from, Sign::Beat(now));
        } else if let Some(sent) = self.on_their_way.remove(&number) {
            let before = self.echoes.filter(|echoes| now.duration_since(echoes.last) < LEASE);
            let since = before.map_or(now, |echoes| echoes.since);
            if !self.holds_lease(now) {
                self.lapse();
            }
            self.echoes = Some(Echoes { since, last: now, sent });
        }
    }

    /// The lease was lost.
    pub(crate) fn lapse(&mut self) {
        self.lapses += 1;
    }

    /// How often the lease was lost: an owner that saw another number before has to read whether its turn is still open.
    pub(crate) fn lapses(&self) -> u64 {
        self.lapses
    }

    /// A process said that it leaves.
    pub(crate) fn left(&mut self, from: OwnerId, now: Instant) {
        self.signs.insert(from, Sign::Left(now));
    }

    /// Whether `owner` said that it leaves.
    pub(crate) fn has_left(&self, owner: OwnerId) -> bool {
        matches!(self.signs.get(&owner), Some(Sign::Left(_)))
    }

    /// Whether `owner` is dead. One that was never heard has been silent for as long as this process listens.
    pub(crate) fn is_dead(&self, owner: OwnerId, now: Instant) -> bool {
        let Some(echoes) = self.echoes.filter(|echoes| now.duration_since(echoes.last) < LEASE) else { return false };
        let silent_since = match self.signs.get(&owner) {
            Some(Sign::Left(_)) => return true,
            Some(Sign::Beat(at)) => echoes.since.max(*at),
            None => echoes.since,
        };
        owner != self.me && now.duration_since(silent_since) >= SILENCE
    }

    /// Whether others surely take this process for alive.
    pub(crate) fn holds_lease(&self, now: Instant) -> bool {
        self.echoes.is_some_and(|echoes| now.duration_since(echoes.sent) < LEASE)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// A roster under a clock that only the test moves.
    struct World {
        roster: Roster,
        me: OwnerId,
        other: OwnerId,
        now: Instant,
        other_beats: u64,
    }

    impl World {
        fn new() -> Self {
            let (me, other) = (OwnerId::from(Uuid::new_v4()), OwnerId::from(Uuid::new_v4()));
            let now = Instant::now();
            Self { roster: Roster::new(me), me, other, now, other_beats: 0 }
        }

        /// Lets `time` pass; on each beat, what is said comes through or not.
        fn pass(&mut self, time: Duration, mine: bool, others: bool) {
            for _ in 0..time.as_millis() / BEAT.as_millis() {
                self.now += BEAT;
                let number = self.roster.beat(self.now);
                if mine {
                    self.roster.heard(self.me, number, self.now);
                }
                if others {
                    self.other_beats += 1;
                    self.roster.heard(self.other, self.other_beats, self.now);
                }
            }
        }

        fn other_is_dead(&self) -> bool {
            self.roster.is_dead(self.other, self.now)
        }
    }

    #[test]
    fn a_process_is_dead_after_five_silent_seconds() {
        let mut world = World::new();
        world.pass(Duration::from_secs(60), true, true);
        assert!(!world.other_is_dead());
        world.pass(SILENCE - BEAT, true, false);
        assert!(!world.other_is_dead());
        world.pass(BEAT, true, false);
        assert!(world.other_is_dead());
    }

    #[test]
    fn a_process_that_was_never_heard_is_dead_after_five_seconds_of_listening() {
        let mut world = World::new();
        world.pass(SILENCE, true, false);
        assert!(!world.other_is_dead());
        world.pass(BEAT, true, false);
        assert!(world.other_is_dead());
    }

    #[test]
    fn nobody_dies_while_the_bus_is_away() {
        let mut world = World::new();
        world.pass(Duration::from_secs(10), true, true);
        world.pass(Duration::from_secs(3600), false, false);
        assert!(!world.other_is_dead());
        world.pass(SILENCE - BEAT, true, false);
        assert!(!world.other_is_dead(), "the bus is back for less than a silence");
    }

    #[test]
    fn a_paused_waiter_takes_nobody_for_dead_when_it_goes_on() {
        let mut world = World::new();
        world.pass(Duration::from_secs(10), true, true);
        world.now += Duration::from_secs(100);
        world.pass(BEAT, true, false);
        assert!(!world.other_is_dead());
    }

    #[test]
    fn a_process_that_leaves_is_dead_at_once() {
        let mut world = World::new();
        world.pass(SILENCE, true, true);
        world.roster.left(world.other, world.now);
        assert!(world.other_is_dead());
    }

    #[test]
    fn a_process_never_takes_itself_for_dead() {
        let mut world = World::new();
        world.pass(Duration::from_secs(100), true, false);
        assert!(!world.roster.is_dead(world.me, world.now));
    }

    #[test]
    fn one_who_came_while_this_process_was_deaf_gets_a_whole_silence() {
        let mut world = World::new();
        world.pass(2 * MEMORY, true, false);
        world.pass(MEMORY, false, false);
        world.pass(SILENCE, true, false);
        assert!(!world.other_is_dead());
        world.pass(BEAT, true, false);
        assert!(world.other_is_dead());
    }

    #[test]
    fn what_is_gone_for_long_is_forgotten_and_still_dead() {
        let mut world = World::new();
        world.pass(SILENCE, true, true);
        world.pass(2 * MEMORY, true, false);
        assert!(world.roster.signs.is_empty() && world.other_is_dead());
    }

    #[test]
    fn the_lease_runs_from_when_the_beat_was_sent_and_ends_before_the_silence() {
        let mut world = World::new();
        assert!(!world.roster.holds_lease(world.now), "nothing came back yet");
        let number = world.roster.beat(world.now);
        world.now += Duration::from_secs(1);
        world.roster.heard(world.me, number, world.now);
        assert!(world.roster.holds_lease(world.now + LEASE - Duration::from_millis(1001)));
        assert!(!world.roster.holds_lease(world.now + LEASE - Duration::from_secs(1)));
        const { assert!(LEASE.as_millis() + 2 * BEAT.as_millis() <= SILENCE.as_millis()) };
    }

    #[test]
    fn a_lease_that_was_lost_and_came_back_is_told_from_one_that_was_held() {
        let mut world = World::new();
        world.pass(Duration::from_secs(60), true, true);
        let lapses = world.roster.lapses();
        world.pass(Duration::from_secs(60), true, true);
        assert_eq!(world.roster.lapses(), lapses);
        world.now += LEASE;
        world.pass(BEAT, true, true);
        assert!(world.roster.holds_lease(world.now) && world.roster.lapses() > lapses);
    }

    #[test]
    fn beats_that_never_come_back_are_not_kept() {
        let mut world = World::new();
        world.pass(Duration::from_secs(3600), false, false);
        assert!(world.roster.on_their_way.len() <= (LEASE.as_millis() / BEAT.as_millis()) as usize);
    }
}
