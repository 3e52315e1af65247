//! Pages of a log: bounded by rows and bytes, never empty before the end, nothing left out.

use super::{
    ground::{Ground, fact, global, output},
    support::{
        binary::{Server, house},
        temporary,
    },
};
use entity::ids::StageRunId;
use futures::SinkExt;
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};
use trainable::{
    event::{Draft, Event, Fact, MetricPoint, SessionEvent},
    store::replay::Bound,
};

/// Stored bytes of an event beside what it carries.
const BESIDE: u64 = 512;

fn points(run: StageRunId, count: i64) -> Draft {
    let point = |step| MetricPoint { step, name: "loss".into(), value: 0.5, run: None };
    let items = (0..count).map(point).collect();
    fact(run, Fact::MetricsBatch { call_id: "c".into(), items })
}

fn started(run: StageRunId) -> Draft {
    let event = SessionEvent::StageRunStarted {
        stage: entity::vocab::Stage::Train,
        through: entity::vocab::Stage::Train,
        driver: trainable::event::Driver { provider: "p".into(), model: "m".into(), effort: None },
        seed: 42,
        budgets: trainable::event::Budgets::default(),
        approval: false,
        later: Vec::new(),
    };
    Draft { stage_run: Some(run), event: Event::Session(event) }
}

fn weight(event: &Event) -> u64 {
    match event {
        Event::Fact(Fact::CodeOutput { text, .. }) => text.len() as u64,
        Event::Fact(Fact::MetricsBatch { items, .. }) => items.len() as u64 * 64,
        _ => 0,
    }
}

#[tokio::test]
async fn a_page_is_bounded_by_bytes_and_leaves_nothing_out() {
    let dir = temporary();
    let ground = Ground::open(dir.path()).await;
    let (id, run) = (ground.session().await, StageRunId::new());
    let mut drafts = vec![started(run)];
    drafts.extend((0..200).map(|n| output(run, n)));
    drafts.extend((0..30).map(|_| output(run, 100 << 10)));
    drafts.push(output(run, 5 << 20));
    drafts.extend((0..3).map(|_| points(run, 10_000)));
    drafts.extend((0..100).map(|n| output(run, n)));
    let expect: Vec<u64> = drafts.iter().map(|draft| weight(&draft.event)).collect();
    ground.append(id, 1, drafts).await;

    let bound = Bound { rows: 64, bytes: 256 << 10 };
    let (mut seen, mut after, mut pages) = (Vec::new(), 1, Vec::new());
    loop {
        let page = ground.log.page(id, after, bound).await.expect("it can be read");
        let rows = page.entries.len();
        let bytes: u64 = page.entries.iter().map(|entry| weight(&entry.event)).sum();
        assert!(rows > 0, "an empty page before the end, after {after}");
        assert!(rows as u64 <= bound.rows);
        assert!(rows == 1 || bytes <= bound.bytes, "{rows} rows of {bytes} bytes");
        for entry in &page.entries {
            after += 1;
            assert_eq!(entry.seq, after);
            seen.push(weight(&entry.event));
        }
        pages.push(rows);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, expect);
    // Small ones are read by rows, large ones two at a time, the largest alone.
    assert_eq!(pages[..3], [64, 64, 64]);
    assert!(pages.contains(&2) && pages.contains(&1), "{pages:?}");
    let end = ground.log.page(id, after, bound).await.expect("it can be read");
    assert!(end.entries.is_empty() && !end.more);
    // Who says nothing of bytes is bounded all the same.
    let page = ground.log.since(id, 1, 10_000).await.expect("it can be read");
    let bytes: u64 = page.iter().map(|entry| weight(&entry.event) + BESIDE).sum();
    assert!(bytes <= 2 << 20, "{bytes}");
}

/// MiB that a process has in memory.
fn resident(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).expect("a number").parse::<u64>().expect("kB") >> 10
}

/// Watchers that subscribe to a log of large events and never read.
#[tokio::test]
async fn a_watcher_that_does_not_read_costs_little() {
    const WATCHERS: u64 = 30;
    let (_folder, data) = house();
    let session = {
        let ground = Ground::open(&data).await;
        let (id, run) = (ground.session().await, StageRunId::new());
        let mut last = 1;
        for _ in 0..128 {
            last = ground.append(id, last, vec![output(run, 512 << 10)]).await;
        }
        global(id)
    };
    let server = Server::start(&data, &[]).await;
    let before = resident(server.running.pid());
    let mut held = Vec::new();
    for _ in 0..WATCHERS {
        let address = format!("ws://{}/graphql/ws", server.address);
        let mut request = address.into_client_request().expect("an address");
        let protocol = "graphql-transport-ws".parse().expect("a name");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        let query = "subscription($id: ID!) { sessionEvents(sessionId: $id) {
            events { __typename ... on CodeOutputEvent { text } } } }";
        let payload = json!({"query": query, "variables": {"id": session}});
        for message in [
            json!({"type": "connection_init"}),
            json!({"id": "1", "type": "subscribe", "payload": payload}),
        ] {
            socket.send(Message::text(message.to_string())).await.expect("it is sent");
        }
        held.push(socket);
    }
    let mut most = 0;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(resident(server.running.pid()).saturating_sub(before));
    }
    eprintln!("{WATCHERS} watchers of a log of 64 MiB that do not read: {most} MiB more");
    // A page of 256 events would be all of the log, for each of them.
    assert!(most < WATCHERS * 8, "{WATCHERS} watchers cost {most} MiB");
    server.stop().await;
}
