//! Lists of experiments: what a page shows of each is right, and asked for all of them together.

#[path = "support/server.rs"]
mod server;
mod support;

use chrono::Utc;
use entity::{
    ids::{SessionId, StageRunId},
    vocab::{ArtifactType, Stage},
};
use serde_json::{Value, json};
use server::Server;
use trainable::{
    event::{Budgets, Draft, Driver, Event, Fact, File, MetricPoint, SessionEvent},
    store,
};

const PAGE: &str = include_str!("support/list_page.graphql");
/// What else a list may show.
const MORE: &str =
    "query($first: Int!) { experiments(first: $first) { nodes { files { name } latestSession {
    usage { costUsd } stages { state } artifacts(first: 1, type: FILE) { nodes { path } } } } } }";

/// A session at the end of its log.
struct Tip {
    session: SessionId,
    run: StageRunId,
    last_seq: i64,
}

impl Tip {
    /// Another figure, and another file.
    async fn grow(&mut self, server: &Server, value: f64) {
        let fact = |fact| Draft { stage_run: Some(self.run), event: Event::Fact(fact) };
        let point =
            MetricPoint { step: 1000 + self.last_seq, name: "auc".into(), value, run: None };
        let file = file(format!("late/{}.txt", self.last_seq));
        let drafts = vec![
            fact(Fact::MetricsBatch { call_id: "late".into(), items: vec![point] }),
            fact(Fact::FileCreated { call_id: None, file }),
        ];
        let added = drafts.len() as i64;
        let appended = server.log.append(self.session, 0, self.last_seq, Utc::now(), drafts).await;
        appended.expect("appended");
        self.last_seq += added;
    }
}

fn file(name: String) -> File {
    File {
        path: format!("train/{name}"),
        name,
        stage: Stage::Train,
        kind: ArtifactType::File,
        size: 1,
        sha256: String::new(),
    }
}

/// Makes an experiment with sessions; they have logged and left files. Answers the newest one.
async fn experiment(server: &Server, n: usize, sessions: usize) -> Tip {
    let row =
        entity::experiments::Model { name: format!("experiment {n}"), ..support::experiment() };
    store::experiments::insert(&server.store, &row, &[]).await.expect("an experiment");
    let append = |session: SessionId, after: i64, drafts: Vec<Draft>| async move {
        server.log.append(session, 0, after, Utc::now(), drafts).await.expect("appended");
    };
    let mut tip = None;
    for nth in 0..sessions {
        let (session, run) = (SessionId::new(), StageRunId::new());
        let created = Draft { stage_run: None, event: server::created(row.id) };
        append(session, 0, vec![created]).await;
        let started = SessionEvent::StageRunStarted {
            stage: Stage::Train,
            through: Stage::Train,
            driver: Driver { provider: "p".into(), model: "m".into(), effort: None },
            seed: 42,
            budgets: Budgets::default(),
            approval: false,
            later: Vec::new(),
        };
        let points = |tag: &str| {
            let value = |step: i64| (step + n as i64) as f64;
            let point = |step| MetricPoint {
                step,
                name: "auc".into(),
                value: value(step),
                run: Some(tag.into()),
            };
            (0..=nth as i64).map(point).collect::<Vec<_>>()
        };
        let mut drafts = vec![Draft { stage_run: Some(run), event: Event::Session(started) }];
        let fact = |fact| Draft { stage_run: Some(run), event: Event::Fact(fact) };
        let items = [points("a"), points("b")].concat();
        drafts.push(fact(Fact::MetricsBatch { call_id: "c".into(), items }));
        for at in 0..=n {
            drafts.push(fact(Fact::FileCreated { call_id: None, file: file(format!("{at}.txt")) }));
        }
        tip = Some(Tip { session, run, last_seq: 1 + drafts.len() as i64 });
        append(session, 1, drafts).await;
    }
    tip.expect("a session")
}

#[actix_web::test]
async fn a_page_asks_the_same_of_one_and_of_fifty() {
    let server = Server::start().await;
    let mut tips = Vec::new();
    for n in 0..50 {
        tips.push(experiment(&server, n, 1 + n % 5).await);
    }
    let statements = async |document: &str, first: usize| {
        let before = server.store.statements();
        let data = server.graphql(document, json!({"first": first})).await;
        assert_eq!(data["experiments"]["nodes"].as_array().map(Vec::len), Some(first));
        server.store.statements() - before
    };
    for document in [PAGE, MORE] {
        let (mut cold, mut warm) = (Vec::new(), Vec::new());
        for first in [1, 10, 50, 50] {
            // A server that renews its lease meanwhile sends a statement more.
            let mut least = (u64::MAX, u64::MAX);
            for round in 0..3 {
                for tip in &mut tips {
                    tip.grow(&server, f64::from(round)).await;
                }
                least.0 = least.0.min(statements(document, first).await);
                least.1 = least.1.min(statements(document, first).await);
            }
            cold.push(least.0);
            warm.push(least.1);
        }
        assert!(0 < warm[0] && warm[0] <= cold[0], "{warm:?} {cold:?}");
        assert_eq!(cold, [cold[0]; 4], "of 1, 10 and 50 experiments: {document}");
        assert_eq!(warm, [warm[0]; 4], "of 1, 10 and 50 experiments once more: {document}");
    }
}

#[actix_web::test]
async fn a_page_shows_what_there_is() {
    let server = Server::start().await;
    let mut tip = experiment(&server, 49, 5).await;
    let data = server.graphql(PAGE, json!({"first": 1})).await;
    let newest = &data["experiments"]["nodes"][0];
    assert_eq!(newest["name"], "experiment 49");
    assert_eq!(newest["sessions"]["totalCount"], 5);
    assert_eq!(newest["sessions"]["nodes"].as_array().map(Vec::len), Some(3));
    let session = &newest["latestSession"];
    assert_eq!(session["id"], newest["sessions"]["nodes"][0]["id"], "the newest comes first");
    assert_eq!(
        session["metricSeries"],
        json!([
            {"name": "auc", "run": "a", "last": 53.0, "lastKind": "FINITE"},
            {"name": "auc", "run": "b", "last": 53.0, "lastKind": "FINITE"},
        ])
    );
    assert_eq!(session["artifacts"], json!({"totalCount": 50}));
    let data = server.graphql(MORE, json!({"first": 1})).await;
    let session = &data["experiments"]["nodes"][0]["latestSession"];
    assert_eq!(session["artifacts"], json!({"nodes": [{"path": "train/0.txt"}]}));

    // And when there is more: what was shown before is not shown again.
    for more in 1..=3 {
        tip.grow(&server, f64::from(more)).await;
        let data = server.graphql(PAGE, json!({"first": 1})).await;
        let session = &data["experiments"]["nodes"][0]["latestSession"];
        assert_eq!(session["artifacts"], json!({"totalCount": 50 + more}));
        let series = session["metricSeries"].as_array().expect("series");
        let last = series.iter().find(|series| series["run"].is_null()).map(|one| &one["last"]);
        assert_eq!(last, Some(&json!(f64::from(more))));
    }
}

#[actix_web::test]
async fn each_field_of_a_series_is_read_when_it_is_asked_for() {
    let server = Server::start().await;
    experiment(&server, 0, 1).await;
    let asked = async |fields: &str| {
        let document = format!(
            "{{ experiments {{ nodes {{ latestSession {{ metricSeries {{ {fields} }} }} }} }} }}"
        );
        let data = server.graphql(&document, json!({})).await;
        data["experiments"]["nodes"][0]["latestSession"]["metricSeries"][0].clone()
    };
    let schema =
        server.graphql("{ __type(name: \"MetricSeries\") { fields { name } } }", json!({}));
    let schema = schema.await;
    let fields = schema["__type"]["fields"].as_array().expect("fields").iter();
    let fields: Vec<&str> = fields.filter_map(|field| field["name"].as_str()).collect();
    let whole = asked(&fields.join(" ")).await;
    assert_eq!(whole.as_object().map(serde_json::Map::len), Some(fields.len()), "{whole}");
    for field in fields {
        assert_eq!(asked(field).await[field], whole[field], "{field}");
    }
}

#[actix_web::test]
async fn lists_in_lists_page_each_for_itself() {
    let server = Server::start().await;
    for n in 0..3 {
        experiment(&server, n, n + 2).await;
    }
    let all = "{ experiments { nodes { sessions(first: 100) { edges { cursor node { id } } } } } }";
    let all = server.graphql(all, json!({})).await;
    let ids = |sessions: &Value| -> Vec<Value> {
        let edges = sessions["edges"].as_array().expect("edges");
        edges.iter().map(|edge| edge["node"]["id"].clone()).collect()
    };
    let lists: Vec<Vec<Value>> = all["experiments"]["nodes"]
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| ids(&node["sessions"]))
        .collect();
    assert_eq!(lists.iter().map(Vec::len).collect::<Vec<_>>(), [4, 3, 2]);
    // The cursor of one list stands between the rows of the others as well.
    let cursor = &all["experiments"]["nodes"][1]["sessions"]["edges"][1]["cursor"];
    let asked = "query($c: String) { experiments { nodes {
        first: sessions(first: 2) { edges { node { id } } pageInfo { hasNextPage } }
        last: sessions(last: 2) { edges { node { id } } pageInfo { hasPreviousPage } }
        after: sessions(first: 2, after: $c) { edges { node { id } } } } } }";
    let data = server.graphql(asked, json!({"c": cursor})).await;
    for (node, list) in data["experiments"]["nodes"].as_array().expect("nodes").iter().zip(&lists) {
        assert_eq!(ids(&node["first"]), list[..2]);
        assert_eq!(node["first"]["pageInfo"]["hasNextPage"], list.len() > 2);
        assert_eq!(ids(&node["last"]), list[list.len() - 2..]);
        assert_eq!(node["last"]["pageInfo"]["hasPreviousPage"], list.len() > 2);
    }
    let after = |n: usize| ids(&data["experiments"]["nodes"][n]["after"]);
    assert_eq!((after(0), after(1), after(2)), (vec![], lists[1][2..].to_vec(), lists[2].clone()));
}

#[actix_web::test]
async fn a_series_comes_in_as_many_buckets_as_asked_for() {
    let server = Server::start().await;
    experiment(&server, 0, 5).await;
    let asked = "query($f: Long, $t: Long, $b: Int) { experiments { nodes { latestSession {
        metric(name: \"auc\", run: \"a\", from: $f, to: $t, buckets: $b) { x count last kind min max } } } } }";
    let bucket = |x: i64, count: i64, min: f64, max: f64| json!({"x": x, "count": count, "last": max, "kind": "FINITE", "min": min, "max": max});
    for (variables, expect) in [
        (json!({}), (0..5).map(|n| bucket(n, 1, n as f64, n as f64)).collect()),
        (json!({"b": 1}), vec![bucket(4, 5, 0.0, 4.0)]),
        (
            json!({"b": 3}),
            vec![bucket(1, 2, 0.0, 1.0), bucket(3, 2, 2.0, 3.0), bucket(4, 1, 4.0, 4.0)],
        ),
        (json!({"f": 1, "t": 3, "b": 2}), vec![bucket(1, 1, 1.0, 1.0), bucket(3, 2, 2.0, 3.0)]),
        (json!({"f": 9}), vec![]),
        (json!({"f": 3, "t": 1}), vec![]),
    ] {
        let data = server.graphql(asked, variables.clone()).await;
        let found = &data["experiments"]["nodes"][0]["latestSession"]["metric"];
        assert_eq!(*found, json!(expect), "{variables}");
    }
    for wrong in [0, 2001] {
        let answer = server.ask(asked, json!({"b": wrong})).await;
        let error = &answer["errors"][0];
        assert_eq!(error["message"], "`buckets` goes from 1 to 2000");
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    }
}
