//! The arithmetic of series and their levels, without a database: which summaries points go into,
//! and which of them make up a range of steps.
//!
//! A bucket of level n spans 16^n steps and begins at a multiple of that. The levels of a series end
//! below the first one on which all its points share a bucket: that one would only repeat the
//! series' own summary.

use chrono::{DateTime, Utc};
use entity::{metric_series, vocab::MetricKind};
use sea_orm::FromQueryResult;
use std::collections::BTreeMap;

/// A bucket spans two to the power of this of the level below.
const BITS: u32 = 4;
/// The last level; on it every step there is lies in one of 16 buckets.
const LAST: u32 = 15;

/// Some points of a series as one.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Summary {
    pub points: i64,
    pub last_step: i64,
    /// Of the finite values.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Of the point that was logged last; null unless `kind` is finite.
    pub value: Option<f64>,
    pub kind: MetricKind,
    /// The event of the point that was logged last, and its place in that.
    pub seq: i64,
    pub ordinal: i32,
    pub created_at: DateTime<Utc>,
}

impl Summary {
    /// Takes other points of the same series in.
    pub fn add(&mut self, other: &Self) {
        self.points += other.points;
        self.last_step = self.last_step.max(other.last_step);
        self.low = chosen(self.low, other.low, |new, old| new < old);
        self.high = chosen(self.high, other.high, |new, old| new > old);
        if (other.seq, other.ordinal) > (self.seq, self.ordinal) {
            (self.value, self.kind) = (other.value, other.kind);
            (self.seq, self.ordinal, self.created_at) =
                (other.seq, other.ordinal, other.created_at);
        }
    }
}

fn chosen(old: Option<f64>, new: Option<f64>, better: fn(f64, f64) -> bool) -> Option<f64> {
    match (old, new) {
        (Some(old), Some(new)) if better(new, old) => Some(new),
        (None, new) => new,
        (old, _) => old,
    }
}

/// All points of a series as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub first_step: i64,
    pub summary: Summary,
}

impl Whole {
    /// The level on which all points share a bucket; those below it are stored.
    pub fn top(&self) -> u32 {
        let (first, last) = (self.first_step, self.summary.last_step);
        (0..=LAST).find(|level| bucket(first, *level) == bucket(last, *level)).unwrap_or(LAST + 1)
    }
}

impl From<metric_series::Model> for Whole {
    fn from(row: metric_series::Model) -> Self {
        let summary = Summary {
            points: row.points,
            last_step: row.last_step,
            low: row.low,
            high: row.high,
            value: row.value,
            kind: row.kind,
            seq: row.seq,
            ordinal: row.ordinal,
            created_at: row.created_at,
        };
        Self { first_step: row.first_step, summary }
    }
}

/// A series that points are added to.
#[derive(Debug, Default)]
pub struct Growing {
    before: Option<Whole>,
    whole: Option<Whole>,
    /// The new points that are behind, by step.
    behind: BTreeMap<i64, Summary>,
    /// All new points on the first level.
    first: BTreeMap<i64, Summary>,
}

impl Growing {
    /// One that has these points.
    pub fn from(before: Option<Whole>) -> Self {
        Self { whole: before.clone(), before, ..Self::default() }
    }

    /// Takes the summary of one point. True when it is behind: the series had its step, or a later
    /// one, before.
    pub fn take(&mut self, point: &Summary) -> bool {
        let step = point.last_step;
        add(&mut self.first, bucket(step, 1), point);
        let Some(whole) = &mut self.whole else {
            self.whole = Some(Whole { first_step: step, summary: point.clone() });
            return false;
        };
        let behind = step <= whole.summary.last_step;
        whole.first_step = whole.first_step.min(step);
        whole.summary.add(point);
        if behind {
            add(&mut self.behind, step, point);
        }
        behind
    }

    /// All its points; `None` before the first.
    pub fn whole(&self) -> Option<&Whole> {
        self.whole.as_ref()
    }

    /// What is to be added to which bucket of which level.
    pub fn buckets(self) -> Vec<(u32, i64, Summary)> {
        let mut all: Vec<_> =
            self.behind.into_iter().map(|(step, summary)| (0, step, summary)).collect();
        let top = self.whole.as_ref().map_or(0, Whole::top);
        let mut level = self.first;
        for n in 1..top {
            if n > 1 {
                let below = std::mem::take(&mut level);
                for (at, summary) in below {
                    add(&mut level, at >> BITS, &summary);
                }
            }
            // The points from before had one bucket on this level, which was not stored.
            let fresh = self.before.as_ref().filter(|before| n >= before.top());
            let mut joined = fresh.map(|_| level.clone());
            if let (Some(before), Some(joined)) = (fresh, &mut joined) {
                add(joined, bucket(before.first_step, n), &before.summary);
            }
            let level = joined.as_ref().unwrap_or(&level);
            all.extend(level.iter().map(|(at, summary)| (n, *at, summary.clone())));
        }
        all
    }
}

fn add(level: &mut BTreeMap<i64, Summary>, at: i64, summary: &Summary) {
    match level.get_mut(&at) {
        Some(there) => there.add(summary),
        None => {
            level.insert(at, summary.clone());
        }
    }
}

/// The bucket of a step on a level.
fn bucket(step: i64, level: u32) -> i64 {
    step >> (BITS * level)
}

/// How a range of steps is shown: buckets of two to the power of `bits` steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    bits: u32,
}

impl Grid {
    /// The finest on which a range, both ends included, has at most so many buckets.
    pub fn of(from: i64, to: i64, buckets: i64) -> Self {
        let fits = |bits: &u32| {
            let grid = Self { bits: *bits };
            i128::from(grid.bucket(to)) - i128::from(grid.bucket(from)) < i128::from(buckets.max(1))
        };
        Self { bits: (0..=i64::BITS).find(fits).unwrap_or(i64::BITS) }
    }

    /// The bucket that a step is in.
    pub fn bucket(self, step: i64) -> i64 {
        step.checked_shr(self.bits).unwrap_or(0)
    }

    /// The coarsest level whose buckets lie in one of these each.
    fn level(self) -> u32 {
        (self.bits / BITS).min(LAST)
    }
}

/// Neighbouring buckets of a level, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub level: u32,
    pub first: i64,
    pub last: i64,
}

/// The fewest stored buckets that hold exactly the points of a series in a range of steps (no end is
/// the series' own), each of them inside one bucket of the grid.
pub fn parts(whole: &Whole, from: Option<i64>, to: Option<i64>, grid: Grid) -> Vec<Part> {
    let level = grid.level().min(whole.top().saturating_sub(1));
    let (first, last) = (whole.first_step, whole.summary.last_step);
    let (mut from, mut to) = (from.unwrap_or(first), to.unwrap_or(last));
    if from > last || to < first || from > to {
        return Vec::new();
    }
    // Beyond its ends a series has no points, so whole buckets are as good as parts of them.
    let span = (1_i64 << (BITS * level)) - 1;
    if from <= first {
        from = first & !span;
    }
    if to >= last {
        to = last | span;
    }
    cover(from, to, level)
}

fn cover(mut from: i64, mut to: i64, level: u32) -> Vec<Part> {
    const SPAN: i64 = (1 << BITS) - 1;
    let mut parts = Vec::new();
    for n in 0..level {
        if from & SPAN != 0 {
            let end = from | SPAN;
            parts.push(Part { level: n, first: from, last: end.min(to) });
            if end >= to {
                return parts;
            }
            from = end + 1;
        }
        if to & SPAN != SPAN {
            let begin = to & !SPAN;
            parts.push(Part { level: n, first: begin, last: to });
            if begin <= from {
                return parts;
            }
            to = begin - 1;
        }
        (from, to) = (from >> BITS, to >> BITS);
    }
    parts.push(Part { level, first: from, last: to });
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grids_are_the_finest_that_fit() {
        let bits = |from, to, buckets| Grid::of(from, to, buckets).bits;
        assert_eq!(bits(0, 0, 1), 0);
        assert_eq!(bits(0, 599, 600), 0);
        assert_eq!(bits(0, 600, 600), 1);
        // From an odd step the same number of steps lies in one bucket more.
        assert_eq!(bits(1, 1200, 600), 2);
        assert_eq!(bits(-1, 0, 1), 64);
        assert_eq!(bits(i64::MIN, i64::MAX, 2), 63);
    }

    proptest! {
        #[test]
        fn a_cover_is_exact(from in -5000_i64..5000, length in 0_i64..5000, level in 0_u32..5) {
            let to = from + length;
            let mut steps: Vec<i64> = Vec::new();
            for part in cover(from, to, level) {
                prop_assert!(part.level <= level && part.first <= part.last);
                let bits = BITS * part.level;
                steps.extend(part.first << bits..(part.last + 1) << bits);
                if part.level < level {
                    prop_assert!(part.last - part.first < 15, "an end takes less than a bucket");
                }
            }
            steps.sort_unstable();
            prop_assert_eq!(steps, (from..=to).collect::<Vec<_>>());
        }
    }

    /// A series from one step to another.
    fn whole(first_step: i64, last_step: i64) -> Whole {
        let summary = Summary {
            points: 2,
            last_step,
            low: None,
            high: None,
            value: None,
            kind: MetricKind::Nan,
            seq: 1,
            ordinal: 0,
            created_at: DateTime::UNIX_EPOCH,
        };
        Whole { first_step, summary }
    }

    proptest! {
        #[test]
        fn what_is_read_follows_from_what_is_shown(
            first in any::<i64>(), last in any::<i64>(), a in any::<i64>(), b in any::<i64>(),
            near in 0_u32..63, buckets in 1_i64..2000,
        ) {
            let series = whole(first.min(last), first.max(last));
            // Of all lengths, not only of those that most numbers have.
            let (from, to) = (a.min(b), a.min(b).saturating_add(a.abs_diff(b) as i64 >> near).max(a.min(b)));
            let (low, high) = (from.max(series.first_step), to.min(series.summary.last_step));
            prop_assume!(low <= high);
            let grid = Grid::of(low, high, buckets);
            let parts = parts(&series, Some(from), Some(to), grid);
            let rows: i128 = parts.iter().map(|p| i128::from(p.last) - i128::from(p.first) + 1).sum();
            prop_assert!(rows <= i128::from(8 * buckets + 30 * 15 + 32), "{rows} rows, {parts:?}");
            prop_assert!(parts.iter().all(|part| part.level <= grid.level()), "one bucket each");
        }
    }

    #[test]
    fn ranges_at_the_ends_of_all_steps_are_covered() {
        let all = Part { level: 15, first: -8, last: 7 };
        assert_eq!(cover(i64::MIN, i64::MAX, LAST), [all]);
        let parts = cover(i64::MAX - 1, i64::MAX, 2);
        assert_eq!(parts, [Part { level: 0, first: i64::MAX - 1, last: i64::MAX }]);
    }
}
