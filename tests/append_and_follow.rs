//! The protocol of append and follow under loom: the lines of `src/log/protocol.rs` that run in production, on a log
//! and wakes whose every step is a step of the model. In every order that the threads can take, a follower reads
//! everything once and in order, and never sleeps over something that is there.
//!
//! A model that cannot fail proves nothing: the same lines on a log that wakes before it commits, and with a follower
//! that reads before it follows, are both found out.

use loom::{
    future::{AtomicWaker, block_on},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};
use std::{future::poll_fn, task::Poll};
use trainable::log::protocol::{Closed, Follower, News, Wake, append};

/// What one writer appends, one commit each.
const APPENDS: i64 = 2;

/// A log with one follower at most.
#[derive(Default)]
struct Log {
    /// What is committed.
    committed: Mutex<Vec<i64>>,
    wakes: Wakes,
}

/// What the channel of wakes promises: the last value, and that whoever marked before it is woken.
struct Wakes {
    said: Mutex<(u64, i64)>,
    waker: AtomicWaker,
    /// Followers that came; nobody speaks to those who have not.
    follows: AtomicI64,
}

impl Default for Wakes {
    fn default() -> Self {
        Self { said: Mutex::new((0, 0)), waker: AtomicWaker::new(), follows: AtomicI64::new(0) }
    }
}

impl Log {
    fn follow(log: &Arc<Self>) -> Hearing {
        log.wakes.follows.store(1, Ordering::SeqCst);
        let heard = log.wakes.said.lock().expect("a lock").0;
        Hearing { log: Arc::clone(log), heard }
    }

    fn wake(&self, last: i64) {
        if self.wakes.follows.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut said = self.wakes.said.lock().expect("a lock");
        *said = (said.0 + 1, last);
        drop(said);
        self.wakes.waker.wake();
    }

    fn commit(&self, seq: i64) {
        self.committed.lock().expect("a lock").push(seq);
    }

    fn since(&self, after: i64) -> Vec<i64> {
        let committed = self.committed.lock().expect("a lock");
        committed.iter().copied().filter(|seq| *seq > after).collect()
    }
}

/// A follower's end.
struct Hearing {
    log: Arc<Log>,
    heard: u64,
}

impl Wake for Hearing {
    fn mark(&mut self) -> i64 {
        let said = self.log.wakes.said.lock().expect("a lock");
        self.heard = said.0;
        said.1
    }

    async fn changed(&mut self) -> Result<(), Closed> {
        poll_fn(|context| {
            self.log.wakes.waker.register_by_ref(context.waker());
            let version = self.log.wakes.said.lock().expect("a lock").0;
            if version == self.heard {
                return Poll::Pending;
            }
            self.heard = version;
            Poll::Ready(Ok(()))
        })
        .await
    }
}

/// How the log's writer or its reader goes wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    WakesBeforeItCommits,
    ReadsBeforeItFollows,
}

fn model(mistake: Mistake) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let log = Arc::new(Log::default());
        let writer = {
            let log = Arc::clone(&log);
            thread::spawn(move || block_on(write(&log, mistake)))
        };
        let seen = block_on(read(&log, mistake));
        assert_eq!(seen, (1..=APPENDS).collect::<Vec<_>>());
        writer.join().expect("the writer ends");
    });
}

async fn write(log: &Log, mistake: Mistake) {
    for seq in 1..=APPENDS {
        let commit = async {
            match mistake {
                // It says that it has committed, and does it later.
                Mistake::WakesBeforeItCommits => {}
                Mistake::None | Mistake::ReadsBeforeItFollows => log.commit(seq),
            }
            Ok::<_, ()>(seq)
        };
        append(commit, |seq| log.wake(*seq)).await.expect("it commits");
        if mistake == Mistake::WakesBeforeItCommits {
            log.commit(seq);
        }
    }
}

/// Reads like a watcher does, until everything is read.
async fn read(log: &Arc<Log>, mistake: Mistake) -> Vec<i64> {
    let mut seen: Vec<i64> = Vec::new();
    if mistake == Mistake::ReadsBeforeItFollows {
        seen = log.since(0);
    }
    let mut follower = Follower::new(|| Log::follow(log));
    let mut reads = mistake != Mistake::ReadsBeforeItFollows;
    while seen.len() < APPENDS as usize {
        let after = seen.last().copied().unwrap_or(0);
        let news = follower.news(after);
        let page = match news {
            News::Nothing => Vec::new(),
            News::Unknown if !reads => Vec::new(),
            News::Unknown | News::Until(_) => log.since(after),
        };
        if let News::Until(last) = news {
            assert!(page.last() >= Some(&last), "what was said is there");
        }
        reads = true;
        if page.is_empty() {
            follower.changed().await.expect("the log is open");
        }
        seen.extend(page);
    }
    seen
}

#[test]
fn a_follower_reads_everything_once_in_every_order() {
    model(Mistake::None);
}

#[test]
#[should_panic(expected = "what was said is there")]
fn a_wake_before_the_commit_is_found_out() {
    model(Mistake::WakesBeforeItCommits);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_read_before_the_follow_is_found_out() {
    model(Mistake::ReadsBeforeItFollows);
}
