//! The write-ahead log beside the database stays short, whoever reads.

use super::{
    ground::{Ground, output},
    support::temporary,
};
use entity::ids::StageRunId;
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use trainable::store::replay::Bound;

/// What README states.
const MOST: u64 = 64 << 20;
/// Bytes of one append, as the pump gathers them.
const APPEND: usize = 64 << 10;

fn wal(data: &Path) -> PathBuf {
    data.join("trainable.db-wal")
}

fn length(wal: &Path) -> u64 {
    std::fs::metadata(wal).map_or(0, |file| file.len())
}

/// Watches the length of a file; the most it came to.
fn watched(wal: PathBuf, stop: Arc<AtomicBool>) -> Arc<AtomicU64> {
    let most = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&most);
    std::thread::spawn(move || {
        while !stop.load(Relaxed) {
            seen.fetch_max(length(&wal), Relaxed);
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stays_short_under_appends_watchers_and_readers() {
    let dir = temporary();
    let ground = Arc::new(Ground::open(dir.path()).await);
    let (id, run) = (ground.session().await, StageRunId::new());
    let stop = Arc::new(AtomicBool::new(false));
    let most = watched(wal(dir.path()), Arc::clone(&stop));
    let mut readers = Vec::new();
    for reader in 0..8 {
        let (ground, stop) = (Arc::clone(&ground), Arc::clone(&stop));
        readers.push(tokio::spawn(async move {
            let mut wakes = ground.log.follow(id);
            let bound = Bound { rows: 256, bytes: 1 << 20 };
            let mut after = 1;
            while !stop.load(Relaxed) {
                let page = ground.log.page(id, after, bound).await.expect("it can be read");
                match page.entries.last() {
                    Some(last) => after = last.seq,
                    // Some read all of it again and again, some wait for more.
                    None if reader % 2 == 0 => after = 1,
                    None => {
                        let _ =
                            tokio::time::timeout(Duration::from_millis(50), wakes.changed()).await;
                    }
                }
            }
            after
        }));
    }
    let mut last = 1;
    for _ in 0..(200 << 20) / APPEND {
        last = ground.append(id, last, vec![output(run, APPEND)]).await;
    }
    eprintln!("200 MiB of appends beside 8 readers: at most {} MiB", most.load(Relaxed) >> 20);
    assert!(most.load(Relaxed) <= MOST, "{} MiB", most.load(Relaxed) >> 20);

    // A reader that stays, as a backup does: it may grow meanwhile, and is short again afterwards.
    let url = format!("sqlite://{}?mode=ro", dir.path().join("trainable.db").display());
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let long = Database::connect(options).await.expect("another connection");
    long.execute_unprepared("BEGIN; SELECT count(*) FROM sessions").await.expect("it reads");
    for _ in 0..(80 << 20) / APPEND {
        last = ground.append(id, last, vec![output(run, APPEND)]).await;
    }
    let grown = length(&wal(dir.path()));
    assert!(grown > MOST, "what reads for long holds nothing up, and this test shows nothing");
    long.execute_unprepared("ROLLBACK").await.expect("it ends");
    tokio::time::sleep(Duration::from_secs(2)).await;
    for _ in 0..4 {
        last = ground.append(id, last, vec![output(run, APPEND)]).await;
    }
    let after = length(&wal(dir.path()));
    eprintln!("beside one long reader: {} MiB, then {} MiB", grown >> 20, after >> 20);
    assert!(after <= MOST, "{} MiB", after >> 20);
    stop.store(true, Relaxed);
    for reader in readers {
        reader.await.expect("a reader ends");
    }
}
