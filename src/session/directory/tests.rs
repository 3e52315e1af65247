//! Actors that panic, stall, are asked too much, and sleep.

use super::{place::SEATS, *};
use crate::{
    dataset::{self, Datasets},
    event::SessionEvent,
    llm::{Deltas, LlmError, LlmProvider, Request},
    objects::filesystem::FilesystemObjects,
    sandbox::{
        Capacity, Progress, Sandbox, SandboxError, SandboxProvider, SandboxSpec, Standing, Volume,
        VolumeName,
    },
    session::{ActorSettings, Providers, StoredRecordings, Transcripts, actor::Stumble},
    store::Store,
};
use async_trait::async_trait;
use futures::future::{join_all, pending};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use std::time::Duration;
use tempfile::TempDir;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);
const LONG: Duration = Duration::from_secs(3600);

/// Sandboxes that are never ready, so that a run stays at work; or whose making panics.
struct Unready {
    panics: bool,
}

#[async_trait]
impl SandboxProvider for Unready {
    fn name(&self) -> &'static str {
        "unready"
    }

    fn standing(&self) -> Standing {
        Standing { tier: Some('A'), summary: String::new(), missing: Vec::new() }
    }

    async fn prepare(&self, _: Progress) -> Result<(), SandboxError> {
        assert!(!self.panics, "as the test wants it");
        pending().await
    }

    async fn start(&self, _: SandboxSpec) -> Result<Arc<dyn Sandbox>, SandboxError> {
        pending().await
    }

    async fn volume(&self, _: &VolumeName) -> Result<Arc<dyn Volume>, SandboxError> {
        assert!(!self.panics, "as the test wants it");
        pending().await
    }

    async fn delete_volume(&self, _: &VolumeName) -> Result<(), SandboxError> {
        Ok(())
    }
}

struct Mute;

#[async_trait]
impl LlmProvider for Mute {
    fn name(&self) -> &str {
        "mute"
    }

    fn default_model(&self) -> &str {
        "mute-1"
    }

    fn converses(&self) -> bool {
        false
    }

    async fn stream(&self, _: Request) -> Result<Deltas, LlmError> {
        pending().await
    }
}

struct House {
    _data: TempDir,
    store: Store,
    directory: Directory,
}

impl House {
    async fn open(actors: ActorSettings, panics: bool) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let store = Store::open_sqlite(&data.path().join("t.db")).await.expect("a database");
        let log = EventLog::start(store.clone());
        let objects = Arc::new(FilesystemObjects::open(&data.path().join("o")).expect("objects"));
        let sandboxes: Arc<dyn SandboxProvider> = Arc::new(Unready { panics });
        let limits = dataset::Limits::default();
        let datasets =
            Datasets::new(store.clone(), log.clone(), objects.clone(), sandboxes.clone(), limits);
        let transcripts = Transcripts::new(
            store.clone(),
            log.clone(),
            datasets.clone(),
            StoredRecordings::new(objects),
        );
        let directory = Directory::new(Parts {
            store: store.clone(),
            log,
            sandboxes,
            datasets,
            providers: Providers::new(Arc::new(Mute)),
            transcripts,
            sandbox: SandboxSettings::on(Capacity { cores: 1, memory_mib: 1024 }),
            budgets: Budgets::default(),
            actors,
        });
        Self { _data: data, store, directory }
    }

    async fn session(&self) -> SessionId {
        let experiment = entity::experiments::Model {
            id: ExperimentId::new(),
            owner: Principal::Local.owner().to_owned(),
            name: "n".into(),
            description: String::new(),
            dataset_ref: String::new(),
            instructions: String::new(),
            target_column: None,
            main_table: None,
            dataset: serde_json::json!({}),
            created_at: Utc::now(),
        };
        store::experiments::insert(&self.store, &experiment, &[]).await.expect("an experiment");
        let (id, driver) = (SessionId::new(), DriverRequest::default());
        let made = self.directory.create(&Principal::Local, id, experiment.id, driver);
        made.await.expect("a session");
        id
    }

    async fn start(&self, session: SessionId) {
        let request = StageRequest::new(Stage::Eda, Budgets::default());
        self.directory.start_stage(session, request).await.expect("EDA starts");
    }

    async fn say(&self, session: SessionId) -> Result<(), CommandError> {
        self.directory.post_message(session, MessageId::new(), "hello".into(), false).await
    }

    /// Says something as soon as the session can be asked.
    async fn said(&self, session: SessionId) {
        let said = async {
            while self.say(session).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, said).await.expect("it answers again");
    }

    async fn stumble(&self, session: SessionId, how: Stumble) {
        let actor = self.directory.actor(session).await.expect("an actor");
        // A panic closes the mailbox.
        let _ = actor.send(how).await;
    }

    /// Waits until the log of a session says this.
    async fn until(&self, session: SessionId, what: impl Fn(&Entry) -> bool) {
        let log = self.directory.log();
        let mut wakes = log.follow(session);
        let found = async {
            while !log.since(session, 0, 10_000).await.expect("the log").iter().any(&what) {
                wakes.changed().await.expect("the log is open");
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("it happens");
    }

    async fn counted(&self, what: impl Fn(&crate::session::SessionCounts) -> bool) {
        let seen = async {
            while !what(&self.directory.counts()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let seen = tokio::time::timeout(PATIENCE, seen).await;
        seen.unwrap_or_else(|_| panic!("{:?}", self.directory.counts()));
    }
}

fn has_failed(entry: &Entry) -> bool {
    let failed = crate::event::Outcome::Failed { message: String::new() };
    let kind = std::mem::discriminant(&failed);
    matches!(&entry.event, Event::Session(SessionEvent::StageRunEnded { outcome, .. })
        if std::mem::discriminant(outcome) == kind)
}

fn in_system(work: impl Future<Output = ()> + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let mut runtime = Some(runtime.expect("a runtime"));
    actix::System::with_tokio_rt(move || runtime.take().expect("once")).block_on(work);
}

#[test]
fn a_session_whose_actor_panics_fails_alone_and_can_be_retried() {
    in_system(async {
        let house = House::open(ActorSettings::default(), false).await;
        let (falls, stands) = (house.session().await, house.session().await);
        house.start(falls).await;
        house.start(stands).await;
        house.stumble(falls, Stumble::Panic).await;
        house.until(falls, has_failed).await;
        assert_eq!(house.directory.counts().panics, 1);
        let other = house.directory.look(stands).await.expect("the other answers");
        assert_eq!(other.name(), SessionStateName::EdaRunning);
        house.directory.retry(falls, StageRunId::new(), None).await.expect("it can be retried");
        let state = house.directory.look(falls).await.expect("it answers");
        assert_eq!(state.name(), SessionStateName::EdaRunning);
    });
}

#[test]
fn a_session_at_rest_whose_actor_panics_loses_nothing() {
    in_system(async {
        let house = House::open(ActorSettings::default(), false).await;
        let session = house.session().await;
        house.say(session).await.expect("said");
        house.stumble(session, Stumble::Panic).await;
        house.said(session).await;
        assert_eq!(house.directory.log().since(session, 0, 9).await.expect("a log").len(), 3);
    });
}

#[test]
fn a_run_that_panics_fails_alone_and_is_counted() {
    in_system(async {
        let house = House::open(ActorSettings::default(), true).await;
        let session = house.session().await;
        house.start(session).await;
        house.until(session, has_failed).await;
        assert_eq!(house.directory.counts().panics, 1);
        assert_eq!(house.directory.counts().awake, 1, "its actor stands");
    });
}

#[test]
fn what_stalls_is_reported_and_those_who_ask_are_answered() {
    in_system(async {
        let within = Duration::from_millis(100);
        let house = House::open(ActorSettings { quiet: LONG, answer_within: within }, false).await;
        let session = house.session().await;
        let actor = house.directory.actor(session).await.expect("an actor");
        actor.do_send(Stumble::Stall(Duration::from_millis(1500)));
        let asked = join_all((0..SEATS + 5).map(|_| house.say(session))).await;
        let refused = |why: &str| {
            let refused = asked.iter().filter_map(|result| result.as_ref().err());
            refused.filter(|error| error.to_string().contains(why)).count()
        };
        assert_eq!(refused("too many requests wait"), 5);
        assert_eq!(refused("is deciding on `stumble`; it may still do"), SEATS);
        house.counted(|counts| (counts.stalls, counts.turned_away) == (1, 5)).await;
        // It was left alone, and is back.
        house.said(session).await;
    });
}

#[test]
fn a_quiet_actor_sleeps_and_one_at_work_does_not() {
    in_system(async {
        let quiet = Duration::from_millis(50);
        let house = House::open(ActorSettings { quiet, answer_within: LONG }, false).await;
        let (rests, works) = (house.session().await, house.session().await);
        house.start(works).await;
        house.counted(|counts| (counts.awake, counts.put_away) == (1, 1)).await;
        let state = house.directory.look(rests).await.expect("it is read");
        assert_eq!((state.name(), house.directory.counts().awake), (SessionStateName::Created, 1));
        house.say(rests).await.expect("it is woken");
        house.counted(|counts| counts.put_away == 2).await;
        let state = house.directory.look(works).await.expect("it answers");
        assert_eq!(state.name(), SessionStateName::EdaRunning);
        house.directory.cancel(works).await.expect("it is at work");
        house.counted(|counts| (counts.awake, counts.put_away) == (0, 3)).await;
    });
}

#[test]
fn nothing_is_lost_on_an_actor_that_goes_to_sleep() {
    in_system(async {
        let quiet = Duration::from_millis(1);
        let house = House::open(ActorSettings { quiet, answer_within: LONG }, false).await;
        let session = house.session().await;
        for _ in 0..40 {
            for said in join_all((0..3).map(|_| house.say(session))).await {
                said.expect("a message is taken");
            }
            tokio::time::sleep(Duration::from_micros(1500)).await;
        }
        let seqs: Vec<i64> = {
            let log = house.directory.log().since(session, 0, 1000).await.expect("a log");
            log.iter().map(|entry| entry.seq).collect()
        };
        assert_eq!(seqs, (1..=121).collect::<Vec<_>>());
        house.counted(|counts| counts.put_away >= 2).await;
    });
}

#[test]
fn opening_a_session_reads_only_what_is_new() {
    in_system(async {
        use entity::{events, session_folds};
        let quiet = Duration::from_millis(20);
        let house = House::open(ActorSettings { quiet, answer_within: LONG }, false).await;
        let session = house.session().await;
        house.start(session).await;
        house.directory.cancel(session).await.expect("cancelled");
        house.counted(|counts| counts.awake == 0).await;
        let kept = async {
            let db = house.store.read();
            while session_folds::Entity::find_by_id(session).one(db).await.expect("rows").is_none()
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, kept).await.expect("the state is kept");
        let whole = house.directory.look(session).await.expect("it is read");
        // Nobody reads what is in the kept state already.
        events::Entity::update_many()
            .col_expr(events::Column::Payload, Expr::value("no event"))
            .filter(events::Column::SessionId.eq(session))
            .exec(house.store.write())
            .await
            .expect("spoilt");
        assert_eq!(house.directory.look(session).await.expect("it is read"), whole);
        house.say(session).await.expect("it is woken");
        assert_eq!(house.directory.look(session).await.expect("it answers"), whole);
        house.counted(|counts| counts.awake == 0).await;
        // What other code folded is not read.
        session_folds::Entity::update_many()
            .col_expr(session_folds::Column::Code, Expr::value("another"))
            .exec(house.store.write())
            .await
            .expect("another's");
        let refolded = house.directory.look(session).await;
        assert!(matches!(refolded, Err(CommandError::Damaged(_))), "{refolded:?}");
    });
}
