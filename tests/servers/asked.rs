//! Commands for a session that the other server owns: it does them, once, and the asker is told what came of it.

use super::{
    rows::{at_rest, execute, opened},
    scene::{Scene, at_work, executes, row},
    support::{
        binary::{Server, dense},
        database::another,
    },
};
use entity::{
    ids::{AskedId, ServerId},
    session_commands,
};
use rustix::process::Signal;
use sea_orm::{EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use trainable::store::{Store, inbox, servers};
use uuid::Uuid;

async fn tell(server: &Server, name: &str, kind: &str, input: Value) -> Value {
    let query = format!(
        "mutation($i: {kind}!) {{ {name}(input: $i) {{ userErrors {{ code message }} }} }}"
    );
    let mut answer = server.ask(&query, json!({"i": input})).await;
    answer[name]["userErrors"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_the_server_that_owns_the_session() {
    let Some(scene) = Scene::new(20) else { return };
    let (first, second) = (scene.serve("a").await, scene.serve("b").await);
    let session = at_work(&first, "EDA").await;
    let seen = second.follow(&session, 0, "a program at work", executes).await;
    dense(&seen);
    let store = scene.store().await;
    let owner = || async {
        let found = entity::sessions::Entity::find_by_id(row(&session)).one(store.read()).await;
        let found = found.expect("it is read").expect("a session");
        (found.owner_id, found.owner_epoch)
    };
    let before = owner().await;

    // Both show the same of it.
    let shown = "query($id: ID!) { session(id: $id) { state allows { cancel message } budgets { turns } } }";
    let id = json!({"id": session});
    assert_eq!(first.ask(shown, id.clone()).await, second.ask(shown, id.clone()).await);

    let mut took = Vec::new();
    for n in 0..5 {
        let asked = Instant::now();
        let input = json!({"sessionId": session, "text": format!("word {n}"), "idempotencyKey": format!("word {n}")});
        assert_eq!(tell(&second, "sendMessage", "SendMessageInput", input).await, json!([]));
        took.push(asked.elapsed());
    }
    took.sort();
    println!("a command through the other server: median {} ms", took[2].as_millis());
    assert!(took[2].as_millis() < 500, "{took:?}");

    // What it refuses is refused in its words.
    let answer = json!({"sessionId": session, "callId": "none", "answer": "x"});
    let by_owner = tell(&first, "answerQuestion", "AnswerQuestionInput", answer.clone()).await;
    let by_other = tell(&second, "answerQuestion", "AnswerQuestionInput", answer).await;
    assert_eq!(by_owner, by_other);
    assert_eq!(by_other[0]["code"], "NOT_ALLOWED", "{by_other}");

    // Cancelled within a second or so, wherever that is asked.
    let asked = Instant::now();
    let cancel = json!({"sessionId": session});
    assert_eq!(
        tell(&second, "cancelSession", "CancelSessionInput", cancel.clone()).await,
        json!([])
    );
    println!("cancelled through the other server after {} ms", asked.elapsed().as_millis());
    assert_eq!(first.state(&session).await, "CANCELLED");
    assert_eq!(second.state(&session).await, "CANCELLED");
    let again = tell(&second, "cancelSession", "CancelSessionInput", cancel).await;
    assert!(
        again[0]["message"].as_str().expect("a sentence").contains("nothing is running"),
        "{again}"
    );

    let cancelled = |event: &Value| event["state"] == "CANCELLED";
    let events = second.follow(&session, 0, "the end", cancelled).await;
    dense(&events);
    let said = events.iter().filter(|event| event["__typename"] == "UserMessageEvent").count();
    assert_eq!(said, 5, "each was said once");
    assert_eq!(owner().await, before, "it has one owner all along");
    let left = entity::session_commands::Entity::find().count(store.read()).await;
    assert_eq!(left.expect("a number"), 0, "nothing is left in the inbox");
    second.stop().await;
    first.stop().await;
}

async fn waiting(store: &Store, me: ServerId) -> Vec<AskedId> {
    let rows = inbox::waiting(store.read(), me).await.expect("what waits");
    rows.into_iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_waits_for_is_not_begun() {
    let Some(url) = another() else { return };
    let (asker, owner) = (opened(&url).await, opened(&url).await);
    for store in [&asker, &owner] {
        servers::enrol(store, Uuid::now_v7()).await.expect("a lease");
    }
    let (by, me) = (asker.server().expect("a server"), owner.server().expect("a server"));
    let session = at_rest(&asker, 1).await;
    execute(&asker, &format!("UPDATE sessions SET owner_id = '{}'", me.0)).await;
    let db = asker.write();
    let ask = async |within: u64| {
        let (id, within) = (AskedId::new(), Duration::from_secs(within));
        inbox::ask(db, id, session, "{}".into(), by, within).await.expect("it is asked");
        id
    };
    let take = async |id| inbox::take(db, id, me).await.expect("an answer");
    let give_back = async |id| inbox::give_back(db, id).await.expect("an answer");
    let end = async |id: AskedId, ago: &str| {
        let until = format!("now() - interval '{ago}'");
        execute(
            &asker,
            &format!("UPDATE session_commands SET until = {until} WHERE id = '{}'", id.0),
        )
        .await;
    };

    let (first, late, second) = (ask(60).await, ask(0).await, ask(60).await);
    assert_eq!(waiting(&owner, me).await, [first, second]);
    assert_eq!(waiting(&owner, by).await, []);
    assert!(!take(late).await, "its asker has given up");
    assert!(take(first).await && !take(first).await, "once");
    assert_eq!(waiting(&owner, me).await, [second]);

    // One that is given back is there again, unless nobody waits for it any more.
    assert!(give_back(first).await);
    assert_eq!(waiting(&owner, me).await, [first, second]);
    assert!(take(first).await);
    end(first, "1 second").await;
    assert!(!give_back(first).await, "its asker has given up");
    assert_eq!(waiting(&owner, me).await, [second]);

    // What is left of those that are gone is forgotten by the database's clock.
    end(first, "14 minutes").await;
    end(late, "16 minutes").await;
    inbox::forget_old(db).await.expect("it is done");
    assert!(inbox::find(db, first).await.expect("an answer").is_some());
    assert!(inbox::find(db, late).await.expect("an answer").is_none());

    // A server that is gone waits for nothing.
    servers::leave(&asker, by).await.expect("it leaves");
    assert_eq!(waiting(&owner, me).await, []);
    assert!(!take(second).await, "its asker is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_whose_asker_was_killed_is_not_done_later() {
    let Some(scene) = Scene::new(20) else { return };
    let (owner, other) = (scene.serve("a").await, scene.serve("c").await);
    let mut asker = scene.serve_with("b", &[("TRAINABLE_ANSWER_SECONDS", "2")]).await;
    let session = at_work(&owner, "EDA").await;
    owner.follow(&session, 0, "a program at work", executes).await;
    let store = scene.store().await;
    let found = async |late: bool| {
        let late = Expr::cust(if late { "until < clock_timestamp()" } else { "TRUE" });
        let rows = session_commands::Entity::find().filter(late).count(store.read()).await;
        rows.expect("a number") > 0
    };
    let comes = async |late: bool| {
        while !found(late).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let says = |text: &str| json!({"sessionId": session, "text": text, "idempotencyKey": text});

    // The owner sleeps for a moment, too short for anybody to take its sessions.
    owner.running.signal(Signal::STOP);
    tokio::select! {
        said = tell(&asker, "sendMessage", "SendMessageInput", says("late")) => {
            panic!("it was answered: {said}")
        }
        () = comes(false) => {}
    }
    asker.running.signal(Signal::KILL);
    asker.running.ended(Duration::from_secs(5)).await;
    comes(true).await;
    owner.running.signal(Signal::CONT);

    let said = tell(&other, "sendMessage", "SendMessageInput", says("in time")).await;
    assert_eq!(said, json!([]));
    let cancel = json!({"sessionId": session});
    assert_eq!(tell(&other, "cancelSession", "CancelSessionInput", cancel).await, json!([]));
    let cancelled = |event: &Value| event["state"] == "CANCELLED";
    let events = other.follow(&session, 0, "the end", cancelled).await;
    let said: Vec<_> =
        events.iter().filter(|event| event["__typename"] == "UserMessageEvent").collect();
    assert_eq!(said.len(), 1, "{said:?}");
    other.stop().await;
    owner.stop().await;
}
