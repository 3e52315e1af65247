//! The scripted server is faithful: the vendors' own clients hold whole conversations with it and
//! name its errors as they name the real ones.

#[path = "support/models/mod.rs"]
mod models;

use models::{
    Ended, Models,
    delivery::Delivery,
    fault::{After, Fault},
    openai::Quirk,
    script::{Script, Turn},
};
use serde_json::json;
use std::{io::Write, time::Duration};
use trainable::llm::StopReason;

/// The interpreter with the SDKs, which `tests/models/python` makes.
const PYTHON: &str = "TRAINABLE_SDK_PYTHON";
/// What every text of the conversation holds: characters of two, three and four bytes.
const ACCENTS: &str = "Größe ≥ 3 µm: 数据 🦀";

/// Thinks, calls two tools at once, calls one more, says a word.
fn conversation() -> Vec<Turn> {
    vec![
        Turn::text(format!("I look at both. {ACCENTS}"))
            .thinking(&format!("Two files, so two calls. {ACCENTS}"))
            .call("read_file", json!({"path": "a.csv"}))
            .call(
                "read_file",
                json!({"path": ACCENTS, "deep": {"list": [1, 2.5, null, true, "\"\\\n"]}}),
            ),
        Turn::default().thinking("Now the code.").code("shape", "print('π')\n"),
        Turn::text(format!("Done. {ACCENTS}")),
    ]
}

/// Runs parts of `tests/models/sdk_conversation.py`, each with a server.
async fn sdk(parts: &[(&str, &Models)]) {
    let Some(python) = std::env::var_os(PYTHON) else {
        // Not by a macro, whose words a passing test swallows.
        let why = format!(
            "SKIPPED the official clients: {PYTHON} is not set; run: {PYTHON}=$(tests/models/python) cargo test --test models\n"
        );
        return std::io::stderr().write_all(why.as_bytes()).expect("stderr is open");
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/sdk_conversation.py");
    let mut command = tokio::process::Command::new(python);
    command.arg(script).env_clear().kill_on_drop(true);
    command.env("MODELS_KEY", models::script::KEY).env("MODELS_ACCENTS", ACCENTS);
    command.args(parts.iter().map(|(part, models)| format!("{part}@{}", models.port)));
    let run = tokio::time::timeout(Duration::from_secs(120), command.output());
    let output = run.await.expect("it ends in time").expect("it starts");
    let (said, wrong) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{wrong}");
}

#[tokio::test]
async fn the_official_clients_complete_a_conversation() {
    let models = Models::start(Script::turns(conversation()));
    let parts = ["anthropic", "anthropic-stream", "openai", "openai-stream", "models"];
    sdk(&parts.map(|part| (part, &models))).await;
    assert!(models.seen().iter().all(|seen| seen.status == Some(200) && seen.ended == Ended::Sent));
}

#[tokio::test]
async fn the_official_clients_understand_every_delivery() {
    let script = Script::turns(conversation());
    let each: Vec<_> = Delivery::awkward()
        .into_iter()
        .map(|(_, delivery)| Models::start(script.clone().delivered(delivery)))
        .collect();
    let parts = ["anthropic-stream", "openai-stream"];
    let parts: Vec<_> = each.iter().flat_map(|models| parts.map(|part| (part, models))).collect();
    sdk(&parts).await;
}

#[tokio::test]
async fn the_official_clients_name_the_errors() {
    let faults = [
        Fault::Unauthorized,
        Fault::Forbidden,
        Fault::UnknownModel,
        Fault::TooLong,
        Fault::RateLimited(Some(After::Seconds(7))),
        Fault::ServerError,
        Fault::BadGateway,
        Fault::Unavailable,
        Fault::Overloaded,
        Fault::OverloadedInStream,
        Fault::Closed,
        Fault::BrokenFin,
        Fault::BrokenRst,
        Fault::Invalid,
    ];
    // A fault is asked for by the user's words.
    let script = Script::turns(conversation()).faults(move |asked| {
        faults.iter().find(|fault| format!("{fault:?}").starts_with(asked.last_user())).cloned()
    });
    let models = Models::start(script);
    sdk(&[("errors", &models)]).await;
}

#[tokio::test]
async fn the_official_clients_see_the_stops_and_the_cache() {
    let script = Script::rule(|asked| match asked.last_user() {
        "pause" if asked.turn == 0 => Turn::text("a long way").stop(StopReason::PauseTurn),
        "long" => Turn::text("cut").stop(StopReason::MaxTokens).code("x", "print('long')"),
        "refuse" => Turn::text("I will").stop(StopReason::Refusal),
        "overflow" => Turn::text("full").stop(StopReason::ContextOverflow),
        _ => Turn::text("as usual"),
    });
    let models = Models::start(script);
    sdk(&[("stops", &models), ("cache", &models)]).await;
}

#[tokio::test]
async fn the_official_clients_are_told_what_is_wrong() {
    let models = Models::start(Script::turns(conversation()));
    sdk(&[("strict", &models)]).await;
    assert_eq!(models.repeated().len(), 0);
}

#[tokio::test]
async fn the_official_client_bears_the_quirks_that_its_types_allow() {
    let script = Script::turns(conversation())
        .quirk(Quirk::NoUsage)
        .quirk(Quirk::WholeCalls)
        .quirk(Quirk::StopWithCalls)
        .quirk(Quirk::Reasoning)
        .quirk(Quirk::NoDone);
    let models = Models::start(script);
    sdk(&[("openai-stream", &models)]).await;
}
