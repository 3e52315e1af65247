//! From the model's server to a subscriber's socket.

use super::{model, quantiles, server::Server};
use entity::vocab::Stage;
use serde_json::json;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use trainable::{
    event::Budgets,
    llm::{
        LlmProvider, Secret,
        anthropic::{Anthropic, AnthropicConfig, Credential},
        layers::{Layers, layered},
    },
    session::{Providers, StageRequest},
};

/// Turns that are measured.
const TURNS: u32 = 200;
/// How long the model thinks before its word.
const PAUSE: Duration = Duration::from_millis(40);

pub fn provider(address: &str) -> Arc<dyn LlmProvider> {
    let adapter = Anthropic::new(AnthropicConfig {
        name: "anthropic".into(),
        base_url: address.into(),
        credential: Credential::ApiKey(Secret::new("sk-bench")),
        default_model: "claude-bench".into(),
    });
    layered(Arc::new(adapter.expect("an adapter")), &Layers::default())
}

pub fn measure() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let mut runtime = Some(runtime.expect("a runtime"));
    let system = actix::System::with_tokio_rt(move || runtime.take().expect("once"));
    system.block_on(async {
        let model = model::start(PAUSE);
        let floor = quantiles(model::floor(&model, 50));
        let ours = quantiles(subscriber(&model).await);
        println!("the first token, {TURNS} turns, milliseconds from the model's write to the subscriber's read:");
        println!("  through adapter, layers, loop and socket   p50 {:.2}  p95 {:.2}", ours.0, ours.1);
        println!("  a bare socket                              p50 {:.2}  p95 {:.2}", floor.0, floor.1);
        println!("  ours above the floor                       p50 {:.2}  p95 {:.2}", ours.0 - floor.0, ours.1 - floor.1);
    });
}

async fn subscriber(model: &model::Model) -> Vec<f64> {
    let server = Server::of(Providers::new(provider(&model.address)), |_| {}).await;
    let (session, global) = server.session(0).await;
    server.extracted(session).await;
    let mut socket = server.ready().await;
    socket
        .subscribe(
            "1",
            "subscription($id: ID!) { sessionEvents(sessionId: $id, kinds: [TEXT_DELTA, AGENT_ERROR]) { events { ... on TextDeltaEvent { text } ... on AgentErrorEvent { message } } } }",
            json!({"id": global}),
        )
        .await;
    let budgets = Budgets { turns: TURNS, ..Budgets::default() };
    let request = StageRequest::new(Stage::Eda, budgets);
    server.directory.start_stage(session, request).await.expect("it starts");
    let mut found = Vec::new();
    while found.len() < TURNS as usize {
        let message = socket.hear().await.expect("the socket is open");
        let now = Instant::now();
        let events = message["payload"]["data"]["sessionEvents"]["events"].as_array().cloned();
        for event in events.unwrap_or_default() {
            assert!(event["message"].is_null(), "{event}");
            let Some(word) = event["text"].as_str() else { continue };
            let written = model.written.lock().expect("nobody panicked")[word];
            found.push((now - written).as_secs_f64() * 1000.0);
        }
    }
    found
}
