//! Whether the wall clock can be trusted to say how old something is.
//!
//! A clock that jumps a day ahead would make everything a day older, and what is old is deleted. It is
//! compared with one that never jumps; after a jump nothing is deleted for a day, so that somebody
//! can put the clock right. What it said wrongly before the server started, nobody can know.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

/// By how much the clocks may differ between two looks.
const SLACK: TimeDelta = TimeDelta::minutes(5);
/// How long nothing is believed after a jump.
const DOUBT: Duration = Duration::from_secs(24 * 3600);

/// Looks at both clocks from time to time.
#[derive(Debug, Default)]
pub struct Calendar {
    last: Option<(DateTime<Utc>, Duration)>,
    doubts_until: Duration,
}

impl Calendar {
    /// The time, when it can be believed.
    pub fn now(&mut self) -> Option<DateTime<Utc>> {
        let now = Utc::now();
        // It counts while the machine sleeps, too.
        let clock = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let steady = Duration::new(clock.tv_sec.unsigned_abs(), clock.tv_nsec as u32);
        self.look(now, steady).then_some(now)
    }

    fn look(&mut self, wall: DateTime<Utc>, steady: Duration) -> bool {
        if let Some((wall_before, steady_before)) = self.last.replace((wall, steady)) {
            let passed = TimeDelta::from_std(steady.saturating_sub(steady_before));
            let jump = passed.map_or(TimeDelta::MAX, |passed| (wall - wall_before) - passed);
            if jump.abs() > SLACK {
                self.doubts_until = steady + DOUBT;
                let seconds = jump.num_seconds();
                tracing::warn!(
                    seconds,
                    "the clock jumped; nothing is deleted by its age for a day"
                );
            }
        }
        steady >= self.doubts_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks: hours of the steady clock, hours of the wall clock, believed.
    #[track_caller]
    fn check(looks: &[(u64, i64, bool)]) {
        let mut calendar = Calendar::default();
        let since = Duration::from_secs(1_000_000);
        for (steady, wall, believed) in looks {
            let wall = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(*wall);
            let steady = since + Duration::from_secs(steady * 3600);
            assert_eq!(calendar.look(wall, steady), *believed, "at {steady:?} of {looks:?}");
        }
    }

    #[test]
    fn after_a_jump_nothing_is_believed_for_a_day() {
        check(&[(0, 0, true), (1, 1, true), (50, 50, true)]);
        check(&[(0, 0, true), (1, 25, false), (2, 26, false), (24, 48, false), (25, 49, true)]);
        check(&[(0, 0, true), (1, -23, false), (24, 0, false), (25, 1, true)]);
        // Ahead and back: a day from the second one.
        check(&[(0, 0, true), (1, 25, false), (2, 2, false), (25, 25, false), (26, 26, true)]);
    }
}
