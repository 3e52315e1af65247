//! A user who takes one session after another through the whole pipeline, whatever becomes of the
//! server, and remembers what they were told.

use super::{
    asking::{ANSWER, Asker, CREATE_SESSION, Came, LIMIT, SEND, START},
    moment::{Moment, Standing},
    support::binary::PATIENCE,
    watcher::Watcher,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::ids::SessionId;
use fastrand::Rng;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// How often a user looks without being told of anything.
const LOOK: Duration = Duration::from_millis(40);
/// The longest that a user takes to answer a question, in milliseconds.
const THINKS: u64 = 300;
/// Messages and changed limits that a user has for one session, about.
const WISHES: u32 = 6;
/// Turns that a run may take; a limit that a user sets is above it.
const TURNS: u64 = 400;

/// Something that the server said is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Started { run: String },
    Heard { text: String },
    Answered { call: String, answer: String },
    Limited { turns: u64 },
}

/// One session, as its user knows it.
pub struct Known {
    /// As the API names it.
    pub id: String,
    pub row: SessionId,
    pub watcher: Watcher,
    pub told: Mutex<Vec<Told>>,
    /// Messages that were refused for good.
    pub refused: Mutex<Vec<String>>,
    /// Messages of which nobody knows yet what came of them.
    pending: AtomicUsize,
    /// Its user has nothing more to do with it.
    pub over: AtomicBool,
}

/// One user. Ends with the session at hand once it is told to.
pub struct Lane {
    name: usize,
    asker: Asker,
    experiment: String,
    numbers: AtomicU64,
    sessions: Mutex<Vec<Arc<Known>>>,
    last: AtomicBool,
}

impl Lane {
    pub fn new(name: usize, asker: Asker, experiment: String) -> Arc<Self> {
        let (sessions, last) = (Mutex::default(), AtomicBool::new(false));
        Arc::new(Self { name, asker, experiment, numbers: AtomicU64::new(0), sessions, last })
    }

    /// Goes to work.
    pub fn start(self: &Arc<Self>, seed: u64) -> JoinHandle<()> {
        let (lane, mut rng) = (Arc::clone(self), Rng::with_seed(seed));
        tokio::spawn(async move {
            while !lane.last.load(SeqCst) {
                lane.session(&mut rng).await;
            }
        })
    }

    /// Takes no session after the one at hand.
    pub fn end(&self) {
        self.last.store(true, SeqCst);
    }

    /// All sessions so far.
    pub fn sessions(&self) -> Vec<Arc<Known>> {
        self.sessions.lock().expect("nobody panicked").clone()
    }

    /// The one at hand.
    pub fn at_hand(&self) -> Option<Arc<Known>> {
        self.sessions().pop().filter(|known| !known.over.load(SeqCst))
    }

    fn number(&self) -> u64 {
        self.numbers.fetch_add(1, SeqCst)
    }

    async fn session(&self, rng: &mut Rng) {
        let known = self.begin().await;
        let begun = Instant::now();
        let (mut asked_more, mut wishes) = (false, 0);
        loop {
            let mut seen = known.watcher.seen();
            // A change or a while: both are worth a look.
            let _ = timeout(LOOK, seen.changed()).await;
            let state = known.state();
            assert!(begun.elapsed() < PATIENCE, "{}: {}", known.id, known.watcher.seeing(tail));
            match state.as_deref() {
                Some("TRAIN_DONE") if !known.rests() => {}
                Some("TRAIN_DONE") if !asked_more && rng.bool() => {
                    asked_more = true;
                    self.send(&known).await;
                }
                Some("TRAIN_DONE") => break,
                Some("FAILED" | "CANCELLED") => {
                    panic!("{}: {}", known.id, known.watcher.seeing(tail))
                }
                _ => self.act(&known, rng, &mut wishes).await,
            }
        }
        known.over.store(true, SeqCst);
    }

    /// Makes a session and starts its first stage.
    async fn begin(&self) -> Arc<Known> {
        let key = |what: &str| format!("{what}-{}-{}", self.name, self.number());
        let input = json!({
            "experimentId": self.experiment, "provider": "anthropic", "idempotencyKey": key("create"),
        });
        let made = self.asker.until_known(CREATE_SESSION, &input).await.expect("a session");
        let id = made["session"]["id"].as_str().expect("an id").to_owned();
        let known = Arc::new(Known::new(id.clone(), &self.asker));
        self.sessions.lock().expect("nobody panicked").push(Arc::clone(&known));
        let budgets = json!({"turns": TURNS, "sessionUsd": 1000.0, "memoryMib": 512});
        let input = json!({
            "sessionId": id, "stage": "EDA", "through": "TRAIN", "budgets": budgets,
            "idempotencyKey": key("start"),
        });
        let made = self.asker.until_known(START, &input).await.expect("it starts");
        let run = made["stageRun"]["id"].as_str().expect("an id").to_owned();
        known.tell(Told::Started { run });
        known
    }

    /// What a user does while an agent works.
    async fn act(&self, known: &Arc<Known>, rng: &mut Rng, wishes: &mut u32) {
        if let Some(call) = known.question() {
            sleep(Duration::from_millis(rng.u64(100..THINKS))).await;
            let answer = format!("answer {}-{}", self.name, self.number());
            let input = json!({"sessionId": known.id, "callId": call, "answer": answer});
            if let Came::Acknowledged(_) = self.asker.once(ANSWER, &input).await {
                known.tell(Told::Answered { call, answer });
            }
        } else if *wishes >= WISHES || rng.u8(..) > 12 {
            // Most of the time a user looks on.
        } else if rng.bool() {
            *wishes += 1;
            self.send(known).await;
        } else {
            *wishes += 1;
            let turns = TURNS + 1 + self.number();
            let budgets = json!({"turns": turns, "sessionUsd": 1000.0, "memoryMib": 512});
            let input = json!({"sessionId": known.id, "budgets": budgets});
            if let Came::Acknowledged(_) = self.asker.once(LIMIT, &input).await {
                known.tell(Told::Limited { turns });
            }
        }
    }

    /// Says something, and says it again with the same key until it is known what came of it.
    pub async fn send(&self, known: &Arc<Known>) {
        let text = format!("word {}-{}: keep the ids", self.name, self.number());
        known.pending.fetch_add(1, SeqCst);
        let input = json!({"sessionId": known.id, "text": text, "idempotencyKey": text});
        match self.asker.until_known(SEND, &input).await {
            Ok(_) => known.tell(Told::Heard { text }),
            Err(_) => known.refused.lock().expect("nobody panicked").push(text),
        }
        known.pending.fetch_sub(1, SeqCst);
    }
}

impl Known {
    fn new(id: String, asker: &Asker) -> Self {
        let decoded = URL_SAFE_NO_PAD.decode(&id).expect("an id of the API");
        let text = String::from_utf8(decoded).expect("UTF-8");
        let row = text.split_once(':').expect("a type and an id").1.parse().expect("an id");
        Self {
            row,
            watcher: Watcher::start(id.clone(), asker.address()),
            id,
            told: Mutex::default(),
            refused: Mutex::default(),
            pending: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        }
    }

    fn tell(&self, told: Told) {
        self.told.lock().expect("nobody panicked").push(told);
    }

    /// The last state that was seen.
    pub fn state(&self) -> Option<String> {
        self.watcher.seeing(|events| {
            let states = events.iter().rev().filter_map(|event| event["sessionState"].as_str());
            states.map(str::to_owned).next()
        })
    }

    pub fn moment(&self) -> Moment {
        self.watcher.seeing(Moment::of)
    }

    fn question(&self) -> Option<String> {
        let standing = self.watcher.seeing(Standing::of);
        standing.question.as_str().map(str::to_owned)
    }

    /// Nothing is at work, and nothing that was said is on its way.
    fn rests(&self) -> bool {
        self.moment() == Moment::Resting && self.pending.load(SeqCst) == 0 && self.heard()
    }

    /// All that was said was seen again.
    fn heard(&self) -> bool {
        let told = self.told.lock().expect("nobody panicked").clone();
        self.watcher.seeing(|events| told.iter().all(|told| told.count(events) > 0))
    }
}

impl Told {
    /// How often a log says so.
    pub fn count(&self, events: &[Value]) -> usize {
        let is = |event: &&Value| match self {
            Self::Started { run } => {
                event["__typename"] == "StageRunStartedEvent" && event["stageRunId"] == **run
            }
            Self::Heard { text } => {
                event["__typename"] == "UserMessageEvent" && event["text"] == **text
            }
            Self::Answered { call, answer } => {
                event["__typename"] == "QuestionAnsweredEvent"
                    && event["callId"] == **call
                    && event["answer"] == **answer
            }
            Self::Limited { turns } => {
                event["__typename"] == "BudgetsSetEvent" && event["budgets"]["turns"] == *turns
            }
        };
        events.iter().filter(is).count()
    }
}

/// The end of a log, for a message.
fn tail(events: &[Value]) -> String {
    let from = events.len().saturating_sub(12);
    events[from..].iter().map(|event| format!("\n  {event}")).collect()
}
