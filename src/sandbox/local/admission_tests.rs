use super::*;
use futures::FutureExt;
use proptest::prelude::*;

fn places(memory_mib: u64, at_once: usize) -> Admission {
    Admission::new(Budget { memory_mib, at_once: NonZeroUsize::new(at_once).unwrap() })
}

fn key(number: u8) -> Key {
    Uuid::from_u128(number.into())
}

/// The last that an execution is told without waiting for more.
fn news(entry: &mut Entry) -> Option<Turn> {
    let mut last = None;
    while let Some(told) = entry.next().now_or_never() {
        match told {
            Some(turn) => last = Some(turn),
            None => break,
        }
    }
    last
}

#[track_caller]
fn waits(entry: &mut Entry, expect: usize) {
    match news(entry) {
        Some(Turn::Waiting { ahead }) => assert_eq!(ahead, expect),
        other => panic!("{other:?}, not {expect} ahead"),
    }
}

#[track_caller]
fn enters(entry: &mut Entry) -> Permit {
    match news(entry) {
        Some(Turn::Entered(permit)) => permit,
        other => panic!("{other:?}, not entered"),
    }
}

#[test]
fn a_share_is_a_quarter_of_the_limit_but_no_less_than_what_pandas_takes() {
    for (limit, expect) in
        [(0, 0), (256, 256), (512, 512), (1024, 512), (4096, 1024), (65_536, 16_384)]
    {
        assert_eq!(share(limit), expect, "{limit}");
    }
}

#[test]
fn the_number_at_once_is_kept_and_the_queue_is_told() {
    let places = places(1 << 20, 2);
    let mut entries: Vec<_> = (0..4).map(|n| places.enter(key(n), 4096)).collect();
    let first = enters(&mut entries[0]);
    let second = enters(&mut entries[1]);
    waits(&mut entries[2], 0);
    waits(&mut entries[3], 1);
    assert_eq!(places.counts(), Counts { running: 2, waiting: 2 });
    assert!(news(&mut entries[3]).is_none(), "nothing changed");
    drop(first);
    let third = enters(&mut entries[2]);
    waits(&mut entries[3], 0);
    assert!(entries[2].next().now_or_never().unwrap().is_none(), "that was all");
    drop((second, third));
    drop(enters(&mut entries[3]));
    assert_eq!(places.counts(), Counts::default());
}

#[test]
fn memory_is_kept_and_nobody_overtakes_a_large_one() {
    let places = places(2048, 100);
    let mut small = places.enter(key(0), 2048);
    let mut large = places.enter(key(1), 8192);
    let mut late = places.enter(key(2), 512);
    let permit = enters(&mut small);
    waits(&mut large, 0);
    waits(&mut late, 1);
    drop(permit);
    let permit = enters(&mut large);
    waits(&mut late, 0);
    drop(permit);
    drop(enters(&mut late));
}

#[test]
fn what_is_larger_than_everything_runs_alone() {
    let places = places(1024, 8);
    let mut huge = places.enter(key(0), u64::MAX);
    let mut other = places.enter(key(0), 1);
    let permit = enters(&mut huge);
    waits(&mut other, 0);
    drop(permit);
    drop(enters(&mut other));
    let mut nothing = self::places(0, 1).enter(key(0), 4096);
    drop(enters(&mut nothing));
}

#[test]
fn sandboxes_take_turns() {
    let places = places(1 << 20, 1);
    let mut first = places.enter(key(0), 1);
    let mut many: Vec<_> = (0..3).map(|_| places.enter(key(0), 1)).collect();
    let mut other = places.enter(key(1), 1);
    for (n, entry) in many.iter_mut().enumerate() {
        waits(entry, [0, 2, 3][n]);
    }
    waits(&mut other, 1);
    let mut permit = enters(&mut first);
    for entry in [&mut many.remove(0), &mut other, &mut many.remove(0), &mut many.remove(0)] {
        drop(permit);
        permit = enters(entry);
    }
    drop(permit);
    assert_eq!(places.counts(), Counts::default());
}

#[test]
fn whoever_goes_away_makes_room() {
    let places = places(1 << 20, 1);
    let mut entries: Vec<_> = (0..4).map(|n| places.enter(key(n), 1)).collect();
    waits(&mut entries[3], 2);
    // In the queue; let in but not told yet; let in.
    drop(entries.remove(1));
    waits(&mut entries[2], 1);
    drop(entries.remove(0));
    let permit = enters(&mut entries[0]);
    waits(&mut entries[1], 0);
    drop(entries.remove(0));
    assert_eq!(places.counts(), Counts { running: 1, waiting: 1 }, "the permit is what counts");
    drop(permit);
    drop(enters(&mut entries[0]));
}

#[derive(Clone, Debug)]
enum Act {
    Enter {
        key: u8,
        limit_mib: u64,
    },
    /// One of those that wait goes away.
    Leave(prop::sample::Index),
    /// One of those that run ends.
    End(prop::sample::Index),
}

fn act() -> impl Strategy<Value = Act> {
    let limit = prop_oneof![0..600_u64, 600..20_000_u64, Just(u64::MAX)];
    prop_oneof![
        4 => (0..5_u8, limit).prop_map(|(key, limit_mib)| Act::Enter { key, limit_mib }),
        1 => any::<prop::sample::Index>().prop_map(Act::Leave),
        3 => any::<prop::sample::Index>().prop_map(Act::End),
    ]
}

struct Asked {
    number: usize,
    key: u8,
    /// How many of its own sandbox were before it when it came.
    own_before: usize,
    /// How many of each other sandbox entered since it came.
    passed: [usize; 5],
    ahead: usize,
    entry: Entry,
}

#[derive(Default)]
struct World {
    came: usize,
    waiting: Vec<Asked>,
    running: Vec<(u64, Permit)>,
}

impl World {
    fn act(&mut self, places: &Admission, act: Act) {
        match act {
            Act::Enter { key: number, limit_mib } => {
                let own_before = self.waiting.iter().filter(|a| a.key == number).count();
                let entry = places.enter(key(number), limit_mib);
                let asked = Asked {
                    number: self.came,
                    key: number,
                    own_before,
                    passed: [0; 5],
                    ahead: usize::MAX,
                    entry,
                };
                self.came += 1;
                self.waiting.push(asked);
            }
            Act::Leave(index) if !self.waiting.is_empty() => {
                self.waiting.remove(index.index(self.waiting.len()));
            }
            Act::End(index) if !self.running.is_empty() => {
                drop(self.running.remove(index.index(self.running.len())));
            }
            Act::Leave(_) | Act::End(_) => {}
        }
    }

    /// Hears all news and checks what must hold after every act.
    fn check(&mut self, places: &Admission) {
        let mut entered = Vec::new();
        for mut asked in std::mem::take(&mut self.waiting) {
            match news(&mut asked.entry) {
                Some(Turn::Entered(permit)) => {
                    entered.push((asked, permit));
                    continue;
                }
                Some(Turn::Waiting { ahead }) => asked.ahead = ahead,
                None => {}
            }
            self.waiting.push(asked);
        }
        for (asked, permit) in entered {
            assert!(
                self.waiting.iter().all(|a| a.key != asked.key || a.number > asked.number),
                "first come, first served within a sandbox"
            );
            for other in self.waiting.iter_mut().filter(|a| a.key != asked.key) {
                other.passed[usize::from(asked.key)] += 1;
                let most = other.own_before + 1;
                assert!(other.passed.iter().all(|passed| *passed <= most), "sandboxes take turns");
            }
            self.running.push((permit.share, permit));
        }
        let budget = places.places.budget;
        let reserved: u64 = self.running.iter().map(|(share, _)| share).sum();
        assert!(reserved <= budget.memory_mib && self.running.len() <= budget.at_once.get());
        let counts = Counts { running: self.running.len(), waiting: self.waiting.len() };
        assert_eq!(places.counts(), counts);
        let mut ahead: Vec<_> = self.waiting.iter().map(|asked| asked.ahead).collect();
        ahead.sort_unstable();
        assert!(ahead.iter().copied().eq(0..self.waiting.len()), "each has a place of its own");
        if let Some(next) = self.waiting.iter().find(|asked| asked.ahead == 0) {
            let full = self.running.len() == budget.at_once.get();
            let large = reserved + next.entry.share > budget.memory_mib;
            assert!(full || large, "nobody waits for what is free");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_it_is_fair_and_full_and_ends_empty(
        memory_mib in 0..8192_u64,
        at_once in 1..5_usize,
        acts in prop::collection::vec(act(), 1..80),
    ) {
        let places = places(memory_mib, at_once);
        let mut world = World::default();
        for act in acts {
            world.act(&places, act);
            world.check(&places);
        }
        // Nothing is stuck: all that wait come in as the others end.
        while !world.running.is_empty() {
            drop(world.running.remove(0));
            world.check(&places);
        }
        assert_eq!(places.counts(), Counts::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_that_are_broken_off_leave_nothing() {
    let places = places(4096, 3);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..400_u32 {
        let places = places.clone();
        tasks.spawn(async move {
            let mut entry = places.enter(key((n % 7) as u8), u64::from(n % 5) * 1024);
            let permit = loop {
                match entry.next().await.expect("it comes in") {
                    Turn::Waiting { .. } if n % 3 == 0 => return,
                    Turn::Waiting { .. } => {}
                    Turn::Entered(permit) => break permit,
                }
            };
            assert!(places.counts().running <= 3);
            tokio::task::yield_now().await;
            drop(permit);
        });
    }
    // These are broken off from outside: while they wait, or while they hold a place.
    for n in 0..50 {
        let mut entry = places.enter(key(n), 4096);
        let stays = tokio::spawn(async move {
            let mut held = None;
            while let Some(turn) = entry.next().await {
                held = Some(turn);
            }
            std::future::pending::<()>().await;
            drop(held);
        });
        tokio::task::yield_now().await;
        stays.abort();
        assert!(stays.await.is_err_and(|ended| ended.is_cancelled()));
    }
    while let Some(ended) = tasks.join_next().await {
        ended.expect("nobody panicked");
    }
    assert_eq!(places.counts(), Counts::default());
}
