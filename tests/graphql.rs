//! The API, from outside: paging, errors as data, idempotency, node, and the contract's shape.

#[path = "support/server.rs"]
mod server;
mod support;

use serde_json::{Value, json};
use server::{CREATE, Server};

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String, $search: String) {
    experiments(first: $first, after: $after, last: $last, before: $before, search: $search) {
        totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn page(server: &Server, arguments: Value) -> (Vec<String>, bool, bool, Value) {
    let data = server.graphql(PAGE, arguments).await;
    let found = &data["experiments"];
    let names = found["nodes"].as_array().expect("nodes").iter();
    let names = names.map(|node| node["name"].as_str().expect("a name").to_owned()).collect();
    let info = found["pageInfo"].clone();
    let flag = |name: &str| info[name].as_bool().expect("a flag");
    (names, flag("hasNextPage"), flag("hasPreviousPage"), info)
}

#[actix_web::test]
async fn connections_page_both_ways() {
    let server = Server::start().await;
    for name in ["a", "b", "c", "d", "50%_e"] {
        server.experiment(name).await;
    }
    let cut = |(names, next, previous, _): (Vec<String>, bool, bool, Value)| {
        (names.join(""), next, previous)
    };
    let (names, next, previous, info) = page(&server, json!({"first": 2})).await;
    assert_eq!((names.join(""), next, previous), ("50%_ed".into(), true, false));
    let after = info["endCursor"].clone();
    let second = page(&server, json!({"first": 2, "after": after})).await;
    assert_eq!(cut(second.clone()), ("cb".into(), true, true));
    let third = page(&server, json!({"first": 2, "after": second.3["endCursor"]})).await;
    assert_eq!(cut(third.clone()), ("a".into(), false, true));
    let back = page(&server, json!({"last": 2, "before": third.3["startCursor"]})).await;
    assert_eq!(cut(back.clone()), ("cb".into(), true, true));
    assert_eq!(cut(page(&server, json!({"last": 2})).await), ("ba".into(), false, true));
    assert_eq!(cut(page(&server, json!({"first": 100})).await), ("50%_edcba".into(), false, false));
    assert_eq!(cut(page(&server, json!({"search": "%_"})).await), ("50%_e".into(), false, false));
    assert_eq!(cut(page(&server, json!({"search": "D"})).await), ("d".into(), false, false));
    for wrong in [
        json!({"first": 0}),
        json!({"first": 101}),
        json!({"first": 1, "last": 1}),
        json!({"after": "x"}),
    ] {
        let answer = server.ask(PAGE, wrong.clone()).await;
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{wrong}: {answer}"
        );
    }
}

/// What a mutation says is wrong: code, path and detail of each error.
async fn errors(server: &Server, field: &str, query: &str, input: Value) -> Value {
    let data = server.graphql(query, json!({"i": input})).await;
    data[field]["userErrors"].clone()
}

#[actix_web::test]
async fn mistakes_are_data() {
    let server = Server::start().await;
    let (open, _) = server.upload("t.csv").await;
    let check = |input: Value, code: &'static str, path: Value| {
        let server = &server;
        async move {
            let found = errors(server, "createExperiment", CREATE, input.clone()).await;
            assert_eq!(found[0]["code"], code, "{input}: {found}");
            assert_eq!(found[0]["path"], path, "{input}: {found}");
        }
    };
    let uploads = json!(["source", "uploadIds"]);
    check(json!({"source": {"uploadIds": [open]}}), "UPLOAD_INCOMPLETE", uploads.clone()).await;
    check(json!({"source": {"uploadIds": ["x"]}}), "UPLOAD_INCOMPLETE", uploads.clone()).await;
    check(json!({"source": {"uploadIds": []}}), "INVALID_INPUT", uploads).await;
    check(json!({"source": {"sampleId": "none"}}), "NOT_FOUND", json!(["source", "sampleId"]))
        .await;
    let long = "x".repeat(300);
    check(
        json!({"name": long, "source": {"sampleId": "penguins"}}),
        "INVALID_INPUT",
        json!(["name"]),
    )
    .await;
    let both = json!({"i": {"source": {"sampleId": "x", "uploadIds": []}}});
    let refused = server.ask(CREATE, both).await;
    assert_eq!(
        refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED",
        "{refused}"
    );

    let upload =
        "mutation($i: CreateUploadInput!) { createUpload(input: $i) { userErrors { code path } } }";
    for (input, path) in [
        (json!({"fileName": ".."}), "fileName"),
        (json!({"fileName": "a", "size": 1_000_000_000}), "size"),
        (json!({"fileName": "a", "size": -1}), "size"),
    ] {
        let found = errors(&server, "createUpload", upload, input).await;
        assert_eq!(found, json!([{"code": "INVALID_INPUT", "path": [path]}]));
    }

    let start =
        "mutation($i: StartStageInput!) { startStage(input: $i) { userErrors { code path } } }";
    let (_, session) = server.session(0).await;
    for (input, code, path) in [
        (json!({"sessionId": "x", "stage": "EDA"}), "NOT_FOUND", json!(["sessionId"])),
        (json!({"sessionId": session, "stage": "TRAIN"}), "NOT_ALLOWED", json!([])),
        (
            json!({"sessionId": session, "stage": "EDA", "provider": "none"}),
            "INVALID_INPUT",
            json!(["provider"]),
        ),
        (
            json!({"sessionId": session, "stage": "EDA", "seed": -1}),
            "INVALID_INPUT",
            json!(["seed"]),
        ),
        (
            json!({"sessionId": session, "stage": "EDA", "budgets": {"turns": 0}}),
            "INVALID_INPUT",
            json!(["budgets", "turns"]),
        ),
    ] {
        let found = errors(&server, "startStage", start, input).await;
        assert_eq!(found, json!([{"code": code, "path": path}]));
    }
    let cancel = "mutation($i: CancelSessionInput!) { cancelSession(input: $i) { userErrors { code message } } }";
    let found = errors(&server, "cancelSession", cancel, json!({"sessionId": session})).await;
    assert_eq!(found[0]["code"], "NOT_ALLOWED");
}

#[actix_web::test]
async fn a_key_makes_one_thing() {
    let server = Server::start().await;
    let make = |input: Value| {
        let server = &server;
        async move { server.graphql(CREATE, json!({"i": input})).await["createExperiment"].clone() }
    };
    let input = |name: &str, key: &str| json!({"name": name, "source": {"sampleId": "penguins"}, "idempotencyKey": key});
    let first = make(input("p", "k")).await;
    assert_eq!(first["userErrors"], json!([]));
    assert_eq!(make(input("p", "k")).await, first);
    assert_eq!(make(input("q", "k")).await["userErrors"][0]["code"], "IDEMPOTENCY_MISMATCH");
    assert_ne!(make(input("p", "l")).await["experiment"]["id"], first["experiment"]["id"]);
    // A failure keeps nothing: the same key may try again.
    let bad = json!({"source": {"sampleId": "none"}, "idempotencyKey": "m"});
    assert_eq!(make(bad.clone()).await["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(make(bad).await["userErrors"][0]["code"], "NOT_FOUND");
    let found = page(&server, json!({})).await;
    assert_eq!(found.0, ["p", "p"]);
    let empty = make(input("p", "")).await;
    assert_eq!(empty["userErrors"][0]["path"], json!(["idempotencyKey"]));
}

#[actix_web::test]
async fn nodes_are_found_by_id() {
    let server = Server::start().await;
    let experiment = server.experiment("e").await;
    let (id, session) = server.session(3).await;
    server.file(id, "eda/report.md", b"# Hi").await;
    server.file(id, "eda/t.csv", b"a\n1\n").await;
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let ids = json!({"ids": [session, "nonsense", experiment]});
    assert_eq!(
        server.graphql(nodes, ids).await["nodes"],
        json!([{"__typename": "Session", "id": session}, null, {"__typename": "Experiment", "id": experiment}])
    );
    let data = server
        .graphql(
            "query($id: ID!) { session(id: $id) { state lastSeq allows { startStages retry cancel message answer }
                stages { stage state } usage { turns costUsd } experiment { name dataset { tables { columns { min examples } } } }
                report(stage: EDA) { path content } files(stage: EDA) { path type }
                words: file(path: \"eda/report.md\") { text preview { rows } }
                table: file(path: \"eda/t.csv\") { text preview { rows totalRows } }
                file(path: \"eda/none\") { path } events(first: 2) { __typename seq } messages(last: 1) { nodes { seq role } } } }",
            json!({"id": session}),
        )
        .await;
    assert_eq!(
        data["session"],
        json!({
            "state": "CREATED", "lastSeq": 4,
            "allows": {"startStages": ["EDA"], "retry": false, "cancel": false, "message": true, "answer": false},
            "stages": [
                {"stage": "EDA", "state": "PENDING"},
                {"stage": "PREP", "state": "PENDING"},
                {"stage": "TRAIN", "state": "PENDING"},
            ],
            "usage": {"turns": 0, "costUsd": 0.0},
            "experiment": {
                "name": "watched",
                "dataset": {"tables": [{"columns": [{"min": "1", "examples": ["1", "x"]}]}]},
            },
            "report": {"path": "eda/report.md", "content": "# Hi"},
            "files": [
                {"path": "eda/report.md", "type": "REPORT"},
                {"path": "eda/t.csv", "type": "DATASET"},
            ],
            "words": {"text": "# Hi", "preview": null},
            "table": {"text": "a\n1\n", "preview": {"rows": [["1"], [null]], "totalRows": 2}},
            "file": null,
            "events": [
                {"__typename": "SessionCreatedEvent", "seq": 1},
                {"__typename": "NoticeEvent", "seq": 2},
            ],
            "messages": {"nodes": []},
        })
    );
    for dear in ["text", "preview { totalRows }"] {
        let all = format!("query($id: ID!) {{ session(id: $id) {{ files {{ {dear} }} }} }}");
        let answer = server.ask(&all, json!({"id": session})).await;
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("at most 20000 are allowed"), "{dear} of every file: {message}");
    }
    let escape = "query($id: ID!) { session(id: $id) { file(path: \"../x\") { path } } }";
    let answer = server.ask(escape, json!({"id": session})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[actix_web::test]
async fn experiments_are_renamed_and_deleted() {
    let server = Server::start().await;
    let id = server.experiment("old").await;
    let rename = "mutation($i: RenameExperimentInput!) { renameExperiment(input: $i) { experiment { name } userErrors { code path } } }";
    let made =
        server.graphql(rename, json!({"i": {"experimentId": id, "name": " new\nname "}})).await;
    assert_eq!(
        made["renameExperiment"],
        json!({"experiment": {"name": "new name"}, "userErrors": []})
    );
    let found =
        errors(&server, "renameExperiment", rename, json!({"experimentId": id, "name": " "})).await;
    assert_eq!(found, json!([{"code": "INVALID_INPUT", "path": ["name"]}]));
    let delete = "mutation($i: DeleteExperimentInput!) { deleteExperiment(input: $i) { deletedId userErrors { code path } } }";
    let gone = server.graphql(delete, json!({"i": {"experimentId": id}})).await;
    assert_eq!(gone["deleteExperiment"], json!({"deletedId": id, "userErrors": []}));
    let found = errors(&server, "deleteExperiment", delete, json!({"experimentId": id})).await;
    assert_eq!(found, json!([{"code": "NOT_FOUND", "path": ["experimentId"]}]));
    let data =
        server.graphql("query($id: ID!) { experiment(id: $id) { id } }", json!({"id": id})).await;
    assert_eq!(data["experiment"], Value::Null);
}

#[actix_web::test]
async fn the_server_tells_what_executions_may_take() {
    let server = Server::start().await;
    let asked =
        "{ server { sandbox { name tier runsPrograms summary missing floor totalMemoryMib executionsAtOnce
        slots gpu load { running waiting slotsReady }
        limits { memoryMib cpus processes seconds diskMib files outputBytes openFiles } } } }";
    let told = server.graphql(asked, json!({})).await;
    let expect = json!({
        "name": "fake", "tier": "A", "runsPrograms": true, "summary": "nothing runs at all", "missing": [], "floor": "B",
        "totalMemoryMib": 6552, "executionsAtOnce": 16, "slots": 1, "gpu": false,
        "load": {"running": 0, "waiting": 0, "slotsReady": 0},
        "limits": {
            "memoryMib": 512, "cpus": 1, "processes": 512, "seconds": 600, "diskMib": 10240,
            "files": 50_000, "outputBytes": 4_194_304, "openFiles": 1024,
        },
    });
    assert_eq!(told["server"]["sandbox"], expect);
}
