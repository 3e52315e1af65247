//! A keyed call that was cut off between what it did and its note of it: whoever asks again finds what
//! was done, and only what was not done is done again.

use super::support::{experiment, temporary};
use chrono::Utc;
use entity::{ids::SessionId, principal::Principal};
use trainable::{
    event::{Draft, Event, SessionEvent},
    log::EventLog,
    store::{
        Store, experiments,
        idempotency::{Claim, Keyed, claim, settle_unfinished},
    },
};

async fn claimed(store: &Store, key: &str) -> Claim {
    let keyed = Keyed {
        principal: &Principal::Local,
        key,
        operation: "createSession",
        input_digest: "of the input".to_owned(),
    };
    claim(store, &keyed, Utc::now()).await.expect("it is claimed")
}

#[tokio::test]
async fn a_key_keeps_what_was_made_under_it_across_a_crash() {
    let folder = temporary();
    let store = Store::open_sqlite(&folder.path().join("t.db")).await.expect("a database");
    let experiment = experiment();
    assert!(experiments::insert(&store, &experiment, &[]).await.expect("it is written"));
    let Claim::Mine(made) = claimed(&store, "made").await else { panic!("a new key") };
    let Claim::Mine(lost) = claimed(&store, "lost").await else { panic!("a new key") };
    assert_ne!(made, lost);
    let created = SessionEvent::SessionCreated { experiment_id: experiment.id, driver: None };
    let draft = Draft { stage_run: None, event: Event::Session(created) };
    let log = EventLog::start(store.clone());
    log.append(SessionId(made), 0, 0, Utc::now(), vec![draft]).await.expect("it is made");

    settle_unfinished(&store).await.expect("they are settled");
    let found = claimed(&store, "made").await;
    assert_eq!(found, Claim::Earlier { same: true, result: Some(made.to_string()) });
    assert!(matches!(claimed(&store, "lost").await, Claim::Mine(_)), "it may be tried again");
}
