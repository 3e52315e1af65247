//! A network that drops what is sent: nothing breaks, nothing comes back. What waits for an answer goes another way
//! within seconds.

use super::{
    rows::{Rows, notice},
    support::database,
    wire::Wire,
};
use entity::ids::ExperimentId;
use std::time::Duration;
use tokio::{
    sync::broadcast::Receiver,
    time::{Instant, sleep, timeout},
};
use trainable::store::{self, Store, Trouble, hints::Hint};

/// After so long a listener has begun, and said that it did.
const LISTENS: Duration = Duration::from_secs(2);

/// Waits for a hint.
async fn heard(hints: &mut Receiver<Hint>, wanted: Hint, within: Duration) {
    let word = async { while hints.recv().await.expect("somebody may say something") != wanted {} };
    timeout(within, word).await.unwrap_or_else(|_| panic!("{wanted:?} was not heard"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_never_comes_is_found_and_not_done_again() {
    let Some(url) = database::another() else { return };
    let wire = Wire::before(&url).await;
    let rows = Rows::open(&wire.url).await;
    let session = rows.session().await;
    wire.lose_answer();
    let asked = Instant::now();
    let both = async { tokio::join!(rows.append(session, 1, notice()), wire.lost()) };
    let (written, ()) = timeout(Duration::from_secs(60), both).await.expect("in time");
    let written = written.expect("it is durable");
    println!("a commit without an answer: {} ms", asked.elapsed().as_millis());
    assert!(asked.elapsed() < Duration::from_secs(40), "{:?}", asked.elapsed());
    assert_eq!(written.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2]);
    rows.append(session, 2, notice()).await.expect("the next one too");
    let stored = rows.log.since(session, 0, 10).await.expect("the log is read");
    assert_eq!(stored.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_whose_answer_never_comes_is_given_up() {
    let Some(url) = database::another() else { return };
    let wire = Wire::before(&url).await;
    let rows = Rows::open(&wire.url).await;
    let session = rows.session().await;
    let ask = || store::sessions::find(rows.store.read(), session);
    // A connection that was used a moment ago is trusted.
    assert!(ask().await.expect("an answer").is_some());
    wire.fall_silent();
    let asked = Instant::now();
    let answer = timeout(Duration::from_secs(60), ask()).await.expect("in time");
    println!("a question without an answer: {} ms", asked.elapsed().as_millis());
    assert_eq!(answer.expect_err("nothing came").trouble(), Some(Trouble::Away));
    // The others that are silent are found out one by one.
    let again = timeout(Duration::from_secs(60), ask()).await.expect("in time");
    assert!(again.expect("another way").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_in_vain_listens_elsewhere() {
    let Some(url) = database::another() else { return };
    let wire = Wire::before(&url).await;
    let here = Store::open_postgres(&wire.url).await.expect("the database opens");
    let there = Store::open_postgres(&url).await.expect("it opens again");
    let mut hints = here.hints().expect("hints").hear();
    sleep(LISTENS).await;
    let first = Hint::Changed(ExperimentId::new());
    there.hints().expect("hints").say(first);
    heard(&mut hints, first, Duration::from_secs(10)).await;

    wire.fall_silent();
    let silent = Instant::now();
    heard(&mut hints, Hint::Missed, Duration::from_secs(15)).await;
    println!("the silence was noticed after {} ms", silent.elapsed().as_millis());
    let second = Hint::Changed(ExperimentId::new());
    there.hints().expect("hints").say(second);
    heard(&mut hints, second, Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_said_is_said_later() {
    let Some(url) = database::another() else { return };
    let wire = Wire::before(&url).await;
    let here = Store::open_postgres(&wire.url).await.expect("the database opens");
    let there = Store::open_postgres(&url).await.expect("it opens again");
    let mut hints = there.hints().expect("hints").hear();
    sleep(LISTENS).await;
    wire.swallow(true);
    wire.fall_silent();
    let word = Hint::Changed(ExperimentId::new());
    here.hints().expect("hints").say(word);
    sleep(Duration::from_secs(2)).await;
    wire.swallow(false);
    heard(&mut hints, word, Duration::from_secs(45)).await;
}
