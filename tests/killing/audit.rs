//! What is compared after each end of a server: the log with itself before, the tables with the log,
//! what watchers and users were told with what is stored, and what the next server shows.

use super::{
    asking::Asker,
    lane::{Known, Told},
    moment::{Moment, Standing},
    replay,
    support::{database, temporary},
    watcher,
};
use entity::{events, ids::SessionId, sessions};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use std::{collections::HashMap, path::Path, sync::Arc};
use trainable::store::Store;

const SHOWN: &str = "query($id: ID!) { session(id: $id) {
    lastSeq plan { status title } charts { metrics title type } question { callId }
    budgets { executionSeconds memoryMib questionSeconds turns
        stageSeconds stageTokens stageUsd stageSandboxSeconds
        sessionTurns sessionSeconds sessionTokens sessionUsd sessionSandboxSeconds } } }";

/// What the log held whenever it was looked at.
#[derive(Default)]
pub struct Audit {
    rows: HashMap<SessionId, Vec<events::Model>>,
}

/// What was known of a session when its server was gone.
pub struct Before {
    known: Arc<Known>,
    seen: Vec<Value>,
    told: Vec<Told>,
    refused: Vec<String>,
}

impl Before {
    pub fn of(known: &Arc<Known>) -> Self {
        let told = known.told.lock().expect("nobody panicked").clone();
        let refused = known.refused.lock().expect("nobody panicked").clone();
        Self { seen: known.watcher.events(), known: Arc::clone(known), told, refused }
    }
}

/// Copies the database of a dead server, so that the next one finds it as it was left.
async fn opened(data: &Path, into: &Path) -> Store {
    if database::is_postgres() {
        // Nobody else writes it, and looking changes nothing.
        return database::open(&data.join("trainable.db")).await;
    }
    for name in ["trainable.db", "trainable.db-wal"] {
        let from = data.join(name);
        if from.exists() {
            std::fs::copy(from, into.join(name)).expect("a copy");
        }
    }
    Store::open_sqlite(&into.join("trainable.db")).await.expect("the database opens")
}

/// The last sequence of each session of a dead server, the oldest session first.
pub async fn last_sequences(data: &Path) -> Vec<i64> {
    let folder = temporary();
    let store = opened(data, folder.path()).await;
    let rows = sessions::Entity::find().order_by_asc(sessions::Column::Id).all(store.read()).await;
    rows.expect("rows").iter().map(|row| row.last_seq).collect()
}

impl Audit {
    /// Events that are stored, of all sessions.
    pub fn events(&self) -> usize {
        self.rows.values().map(Vec::len).sum()
    }

    /// Looks at what a dead server left: where each session was.
    pub async fn dead(&mut self, data: &Path, all: &[Before]) -> Vec<i64> {
        let folder = temporary();
        let store = opened(data, folder.path()).await;
        let mut last = Vec::new();
        for before in all {
            let session = before.known.row;
            let rows = replay::check(&store, session).await;
            let earlier = self.rows.insert(session, rows.clone()).unwrap_or_default();
            assert_eq!(rows[..earlier.len()], earlier[..], "what was stored of {session} stays");
            assert!(rows.len() >= before.seen.len(), "{session}: more was seen than is stored");
            last.push(rows.len() as i64);
        }
        last
    }

    /// Compares what the next server shows with what was known; `last` says how much was stored.
    /// Answers where the kill hit each session.
    pub async fn living(asker: &Asker, all: &[Before], last: &[i64]) -> Vec<Moment> {
        let mut moments = Vec::new();
        for (before, last) in all.iter().zip(last) {
            let shown = asker.surely(SHOWN, &json!({"id": before.known.id})).await;
            let address = asker.address().borrow().clone().expect("a server");
            let events = watcher::stored(&address, &before.known.id).await;
            before.exact(&events);
            before.told(&events);
            let last = *last as usize;
            standing(&shown["session"], &events, last);
            moments.push(Moment::of(&events[..last]));
        }
        moments
    }
}

impl Before {
    pub fn count(&self) -> i64 {
        self.seen.len() as i64
    }

    /// All that was seen is there, byte by byte and in its place.
    fn exact(&self, events: &[Value]) {
        let id = &self.known.id;
        for (seen, stored) in self.seen.iter().zip(events) {
            assert_eq!(seen.to_string(), stored.to_string(), "{id}: seen, and stored");
        }
        assert!(events.len() >= self.seen.len(), "{id}: more was seen than is stored");
        for (n, event) in events.iter().enumerate() {
            assert_eq!(event["seq"].as_i64(), Some(n as i64 + 1), "{id}: dense");
        }
    }

    /// All that was acknowledged is there once, and nothing that was refused.
    fn told(&self, events: &[Value]) {
        for told in &self.told {
            assert_eq!(told.count(events), 1, "{}: {told:?}", self.known.id);
        }
        for text in &self.refused {
            let heard = Told::Heard { text: text.clone() };
            assert_eq!(heard.count(events), 0, "{}: refused, {text:?}", self.known.id);
        }
        let mut words: Vec<&str> = events
            .iter()
            .filter(|event| event["__typename"] == "UserMessageEvent")
            .filter_map(|event| event["text"].as_str())
            .collect();
        words.sort_unstable();
        let all = words.len();
        words.dedup();
        assert_eq!(words.len(), all, "{}: something was heard twice", self.known.id);
    }
}

/// The plan, the charts, the limits and the question are those of the log, as it was when the server
/// came or a moment later.
fn standing(shown: &Value, events: &[Value], last: usize) {
    let possible = Standing::since(events, last);
    let fits = |now: &Standing| {
        now.plan == shown["plan"]
            && now.charts == shown["charts"]
            && (now.budgets.is_null() || now.budgets == shown["budgets"])
            && now.question == shown["question"]["callId"]
    };
    assert!(possible.iter().any(fits), "{shown} is none of {possible:#?}");
}
