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
use std::time::Duration;
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
            .call("read_file", json!({"path": ACCENTS, "deep": {"list": [1, 2.5, null, true, "\"\\\n"]}})),
        Turn::default().thinking("Now the code.").code("shape", "print('π')\n"),
        Turn::text(format!("Done. {ACCENTS}")),
    ]
}

/// Runs one part of the script of `tests/models/sdk_conversation.py`.
async fn sdk(models: &Models, part: &str) {
    let Some(python) = std::env::var_os(PYTHON) else {
        eprintln!("SKIPPED {part}: {PYTHON} is not set; run: {PYTHON}=$(tests/models/python) cargo test --test models");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/sdk_conversation.py");
    let mut command = tokio::process::Command::new(python);
    command.args([script, part]).env_clear().kill_on_drop(true);
    command
        .env("MODELS_ANTHROPIC", models.anthropic())
        .env("MODELS_OPENAI", models.openai())
        .env("MODELS_KEY", models::script::KEY)
        .env("MODELS_ACCENTS", ACCENTS);
    let run = tokio::time::timeout(Duration::from_secs(120), command.output());
    let output = run.await.expect("it ends in time").expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{part}: {said}\n{:#?}", models.seen().last());
}

#[tokio::test]
async fn the_official_clients_complete_a_conversation() {
    let models = Models::start(Script::turns(conversation()));
    for part in ["anthropic", "anthropic-stream", "openai", "openai-stream", "models"] {
        sdk(&models, part).await;
    }
    assert!(models.seen().iter().all(|seen| seen.status == Some(200) && seen.ended == Ended::Sent));
}

#[tokio::test]
async fn the_official_clients_understand_every_delivery() {
    for (name, delivery) in Delivery::awkward() {
        eprintln!("{name}");
        let models = Models::start(Script::turns(conversation()).delivered(delivery));
        sdk(&models, "anthropic-stream").await;
        sdk(&models, "openai-stream").await;
    }
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
    let named = |name: &str| {
        let found = faults.iter().find(|fault| format!("{fault:?}").starts_with(name));
        found.cloned().unwrap_or_else(|| panic!("no fault {name}"))
    };
    // The script asks for a fault by the user's words.
    let all = faults.clone();
    let script = Script::turns(conversation()).faults(move |asked| {
        all.iter().find(|fault| format!("{fault:?}").starts_with(asked.last_user())).cloned()
    });
    let models = Models::start(script);
    assert_eq!(named("Closed"), Fault::Closed);
    sdk(&models, "errors").await;
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
    sdk(&models, "stops").await;
    sdk(&models, "cache").await;
}

#[tokio::test]
async fn the_official_clients_are_told_what_is_wrong() {
    let models = Models::start(Script::turns(conversation()));
    sdk(&models, "strict").await;
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
    sdk(&models, "openai-stream").await;
}
