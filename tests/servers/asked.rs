//! Commands for a session that the other server owns: it does them, once, and the asker is told what came of it.

use super::{
    scene::{Scene, at_work, executes, row},
    support::binary::{Server, dense},
};
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use tokio::time::Instant;

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
