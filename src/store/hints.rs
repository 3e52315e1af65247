//! Hints between servers on one database: LISTEN and NOTIFY.
//!
//! A hint says where it is worth looking, and nothing rests on it: what was committed is read from the tables,
//! and whoever waits for a hint also looks from time to time. Hints are gathered while one is on its way and sent
//! after the commit, not within it: PostgreSQL lets one transaction at a time commit that notifies, and so two
//! servers would wait for each other's disk.

use super::{ANSWER, Trouble, connect::ECHO, silent};
use entity::ids::{AskedId, ExperimentId, ServerId, SessionId};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
    sqlx::{Error, Executor, postgres::PgListener},
};
use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    io::ErrorKind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Notify, broadcast},
    task::AbortHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

/// The channel of all servers of a database.
const CHANNEL: &str = "trainable";
/// Bytes of one payload; PostgreSQL takes fewer than 8,000.
const PAYLOAD: usize = 7_900;
/// Hints that a slow hearer may lag behind before it is told that it missed some.
const HEARD: usize = 1024;
/// After so long without a word the connection is asked for a sign of life.
const SILENCE: Duration = Duration::from_secs(5);
/// The wait before another attempt to listen, or to say something.
const AGAIN: Duration = Duration::from_millis(500);

/// Where it is worth looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// A session's log grew, to this sequence.
    Appended(SessionId, i64),
    /// A session was deleted.
    Forgotten(SessionId),
    /// An experiment, or a session of it, changed.
    Changed(ExperimentId),
    /// A command waits for the owner of a session.
    Asked(SessionId),
    /// A command was answered.
    Answered(AskedId),
    /// Some may have been missed: look at everything.
    Missed,
}

/// What is said to other servers, and heard from them, for as long as this is held.
#[derive(Debug)]
pub struct Hints {
    shared: Arc<Shared>,
    tasks: [AbortHandle; 2],
}

#[derive(Debug)]
struct Shared {
    pending: Mutex<Pending>,
    more: Notify,
    heard: broadcast::Sender<Hint>,
}

/// What waits to be sent: never more than there are sessions and such.
#[derive(Debug, Default)]
struct Pending {
    appended: HashMap<SessionId, i64>,
    others: HashSet<Hint>,
}

impl Drop for Hints {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Hints {
    /// Begins to send and to listen.
    pub(super) fn start(me: ServerId, url: &str, pool: DatabaseConnection) -> Self {
        let shared = Arc::new(Shared {
            pending: Mutex::default(),
            more: Notify::new(),
            heard: broadcast::channel(HEARD).0,
        });
        let sending = tokio::spawn(send(me, pool, Arc::clone(&shared)));
        let (told, url) = (Arc::clone(&shared), url.to_owned());
        let listening = tokio::spawn(async move {
            loop {
                let Err(error) = listen(me, &url, &told).await;
                tracing::warn!(%error, "hints of other servers are not heard for now");
                sleep(AGAIN).await;
            }
        });
        Self { shared, tasks: [sending.abort_handle(), listening.abort_handle()] }
    }

    /// Says something to all other servers, soon. Called after the commit.
    pub fn say(&self, hint: Hint) {
        {
            let mut pending = self.shared.lock();
            match hint {
                Hint::Appended(session, last) => {
                    let known = pending.appended.entry(session).or_default();
                    *known = last.max(*known);
                }
                Hint::Forgotten(_)
                | Hint::Changed(_)
                | Hint::Asked(_)
                | Hint::Answered(_)
                | Hint::Missed => {
                    pending.others.insert(hint);
                }
            }
        }
        self.shared.more.notify_one();
    }

    /// What other servers say from now on. One that lags has missed some.
    pub fn hear(&self) -> broadcast::Receiver<Hint> {
        self.shared.heard.subscribe()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        // Maps of ids are whole after any panic.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(me: ServerId, pool: DatabaseConnection, shared: Arc<Shared>) {
    loop {
        shared.more.notified().await;
        let pending = std::mem::take(&mut *shared.lock());
        for payload in payloads(me, pending) {
            // What comes meanwhile is gathered. A hint that is sent twice makes somebody look twice.
            while let Err(error) = sent(&pool, &payload).await {
                tracing::debug!(%error, "a hint is sent again");
                if Trouble::of(&error).is_none() {
                    break;
                }
                sleep(AGAIN).await;
            }
        }
    }
}

async fn sent(pool: &DatabaseConnection, payload: &str) -> Result<(), DbErr> {
    let values = [CHANNEL.into(), payload.into()];
    let text = "SELECT pg_notify($1, $2)";
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, text, values);
    match timeout(ANSWER, pool.query_one_raw(statement)).await {
        Ok(done) => done.map(drop),
        Err(_) => Err(silent()),
    }
}

/// Hears until the connection cannot be had any more.
async fn listen(me: ServerId, url: &str, shared: &Shared) -> Result<Infallible, Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    // Whatever was said before is past. That nobody hears it is fine.
    let _ = shared.heard.send(Hint::Missed);
    loop {
        let hints = match timeout(SILENCE, listener.try_recv()).await {
            Ok(heard) => match heard? {
                Some(note) => read(me, note.payload()),
                // The connection was lost and is there again.
                None => vec![Hint::Missed],
            },
            // Nobody says anything, or nothing comes through any more.
            Err(_) => {
                let lives = timeout(ECHO, listener.execute("SELECT 1")).await;
                lives.unwrap_or_else(|_| Err(Error::Io(ErrorKind::TimedOut.into())))?;
                continue;
            }
        };
        for hint in hints {
            let _ = shared.heard.send(hint);
        }
    }
}

/// Hints as texts: who says it, then words of a letter and what it is about.
fn payloads(me: ServerId, pending: Pending) -> Vec<String> {
    let words = pending.appended.into_iter().map(|(id, last)| Hint::Appended(id, last));
    let mut texts: Vec<String> = Vec::new();
    for hint in words.chain(pending.others) {
        let word = match hint {
            Hint::Appended(id, last) => format!(" a{}:{last}", id.0.simple()),
            Hint::Forgotten(id) => format!(" f{}", id.0.simple()),
            Hint::Changed(id) => format!(" c{}", id.0.simple()),
            Hint::Asked(id) => format!(" q{}", id.0.simple()),
            Hint::Answered(id) => format!(" r{}", id.0.simple()),
            Hint::Missed => " m".to_owned(),
        };
        match texts.last_mut() {
            Some(text) if text.len() + word.len() <= PAYLOAD => text.push_str(&word),
            Some(_) | None => texts.push(format!("{}{word}", me.0.simple())),
        }
    }
    texts
}

/// What another server said. A word of a newer version's may mean anything.
fn read(me: ServerId, payload: &str) -> Vec<Hint> {
    let mut words = payload.split(' ');
    if words.next().and_then(|id| Uuid::parse_str(id).ok()) == Some(me.0) {
        return Vec::new();
    }
    words.map(|word| parse(word).unwrap_or(Hint::Missed)).collect()
}

fn parse(word: &str) -> Option<Hint> {
    let (kind, rest) = word.split_at_checked(1)?;
    let (id, last) = rest.split_once(':').unwrap_or((rest, "0"));
    let id = || Uuid::parse_str(id).ok();
    match kind {
        "a" => Some(Hint::Appended(SessionId(id()?), last.parse().ok()?)),
        "f" => Some(Hint::Forgotten(SessionId(id()?))),
        "c" => Some(Hint::Changed(ExperimentId(id()?))),
        "q" => Some(Hint::Asked(SessionId(id()?))),
        "r" => Some(Hint::Answered(AskedId(id()?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_heard_by_others_alone() {
        let (me, other) = (ServerId::new(), ServerId::new());
        let mut said = vec![
            Hint::Forgotten(SessionId::new()),
            Hint::Changed(ExperimentId::new()),
            Hint::Asked(SessionId::new()),
            Hint::Answered(AskedId::new()),
        ];
        let appended: HashMap<_, _> = (1..=1000).map(|n| (SessionId::new(), n)).collect();
        let pending =
            Pending { appended: appended.clone(), others: said.iter().copied().collect() };
        said.extend(appended.into_iter().map(|(id, last)| Hint::Appended(id, last)));
        let texts = payloads(me, pending);
        assert!(texts.len() > 1 && texts.iter().all(|text| text.len() < 8000));
        assert!(texts.iter().all(|text| read(me, text).is_empty()));
        let heard: HashSet<_> = texts.iter().flat_map(|text| read(other, text)).collect();
        assert_eq!(heard, said.into_iter().collect());
        // Whatever cannot be read makes everybody look.
        let strange = format!("{} z17", me.0.simple());
        assert_eq!(read(other, &strange), [Hint::Missed]);
        assert_eq!(read(other, "nonsense a"), [Hint::Missed]);
    }
}
