//! A scene: a house whose two real providers talk to one scripted server, which plays a part for
//! each model that it offers.

use super::{
    models::{
        Models, Seen,
        script::{Asked, KEY, Script, Turn, Wire},
    },
    support::{house::House, state, temporary, until},
};
use entity::{
    ids::{ExperimentId, SessionId},
    vocab::SessionStateName,
};
use serde_json::{Value, json};
use std::{collections::HashMap, num::NonZeroU32, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use trainable::{
    event::Entry,
    llm::{
        LlmProvider, Secret,
        anthropic::{Anthropic, AnthropicConfig, Credential},
        catalog::Catalog,
        layers::{Layers, layered},
        openai::{OpenAi, OpenAiConfig},
        retry::RetryPolicy,
        timeouts::TimeLimits,
    },
    sandbox::{Volume, VolumeName, VolumePath},
    session::{DriverRequest, Providers, StageRequest},
};

pub const WIRES: [Wire; 2] = [Wire::Anthropic, Wire::OpenAi];

/// What a stage of EDA must leave, in a moment, with a line for each time that it runs.
pub const WRITE: &str = r##"
import pathlib
pathlib.Path("figures").mkdir(exist_ok=True)
pathlib.Path("figures/a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
pathlib.Path("report.md").write_text("# Report\nthe table is small\n![a](figures/a.svg)\n")
with open("ran.txt", "a") as file:
    file.write("ran\n")
print("executed", len(open("ran.txt").readlines()))
"##;

/// A house and its model's server.
pub struct Scene {
    pub models: Models,
    pub house: House,
    pub data: TempDir,
    pub experiment: ExperimentId,
}

/// The scripts by the names of the models that play them.
pub type Parts = Vec<(String, Script)>;

/// Limits that make a fault's end come soon.
pub fn short() -> Layers {
    Layers {
        retry: RetryPolicy {
            attempts: NonZeroU32::new(4).expect("not zero"),
            base: Duration::from_millis(5),
            cap: Duration::from_millis(20),
            longest_asked: Duration::from_secs(10),
        },
        timeouts: TimeLimits {
            first: Duration::from_millis(1500),
            between: Duration::from_millis(1000),
        },
        ..Layers::default()
    }
}

/// One script that plays each part for the model of its name.
fn cast(parts: Parts) -> Script {
    let names: Vec<String> = parts.iter().map(|(name, _)| name.clone()).collect();
    let delivery = parts.first().map(|(_, script)| script.delivery.clone()).unwrap_or_default();
    let parts: Arc<HashMap<String, Script>> = Arc::new(parts.into_iter().collect());
    let (speaking, failing) = (Arc::clone(&parts), parts);
    let script = Script::rule(move |asked| (speaking[&asked.model].speaks)(asked))
        .faults(move |asked| (failing[&asked.model].fails)(asked))
        .delivered(delivery);
    names
        .iter()
        .fold(script, |script, name| script.model(Wire::Anthropic, name).model(Wire::OpenAi, name))
}

/// Facts about one model of both wires: its window, and USD 1 for each thousand tokens.
pub fn catalog(model: &str, window: u64) -> Value {
    let entry = |provider: &str| {
        json!({
            "id": model, "provider": provider, "context_tokens": window, "max_output_tokens": 4096,
            "price": {"input": 1000, "output": 1000, "cache_read": 1000, "cache_write": 1000},
            "read_on": "2026-11-25",
        })
    };
    json!([entry("anthropic"), entry("openai")])
}

/// The two real providers, in the real layers.
pub fn providers(models: &Models, layers: &Layers, facts: &Path) -> Providers {
    let anthropic = Anthropic::new(AnthropicConfig {
        name: "anthropic".into(),
        base_url: models.anthropic(),
        credential: Credential::ApiKey(Secret::new(KEY)),
        default_model: "claude-sonnet-5".into(),
    });
    let openai = OpenAi::new(OpenAiConfig {
        name: "openai".into(),
        base_url: models.openai(),
        key: Some(Secret::new(KEY)),
        default_model: "gpt-4.1".into(),
        tools_in_prose: false,
    });
    let anthropic: Arc<dyn LlmProvider> = Arc::new(anthropic.expect("a provider"));
    let openai: Arc<dyn LlmProvider> = Arc::new(openai.expect("a provider"));
    let catalog = Catalog::load(facts.exists().then_some(facts)).expect("a catalogue");
    Providers::new(layered(anthropic, layers))
        .with(layered(openai, layers))
        .knowing(Arc::new(catalog))
}

/// The provider of a wire.
pub fn provider(wire: Wire) -> &'static str {
    match wire {
        Wire::Anthropic => "anthropic",
        Wire::OpenAi => "openai",
    }
}

pub fn driver(wire: Wire, model: &str) -> DriverRequest {
    DriverRequest {
        provider: Some(provider(wire).to_owned()),
        model: Some(model.to_owned()),
        effort: None,
    }
}

impl Scene {
    pub async fn open(parts: Parts) -> Self {
        Self::knowing(parts, Vec::new()).await
    }

    /// With facts about some of the models.
    pub async fn knowing(parts: Parts, facts: Vec<Value>) -> Self {
        let data = temporary();
        let all: Vec<Value> = facts
            .into_iter()
            .flat_map(|some| some.as_array().cloned().unwrap_or_default())
            .collect();
        if !all.is_empty() {
            let text = json!({"models": all}).to_string();
            std::fs::write(data.path().join("models.json"), text).expect("a file");
        }
        let models = Models::start(cast(parts));
        let set = providers(&models, &short(), &data.path().join("models.json"));
        let house = House::open(data.path(), set).await;
        let experiment = house.experiment().await;
        Self { models, house, data, experiment }
    }

    /// The next server on the same data.
    pub async fn reopened(self) -> Self {
        let Self { models, house, data, experiment } = self;
        house.directory.suspend().await;
        drop(house);
        let set = providers(&models, &short(), &data.path().join("models.json"));
        let house = House::open(data.path(), set).await;
        house.directory.recover().await.expect("it is taken up");
        Self { models, house, data, experiment }
    }

    pub async fn session(&self, wire: Wire, model: &str) -> SessionId {
        self.house.session_of(self.experiment, driver(wire, model)).await
    }

    /// A session whose EDA is started, with what `change` makes of the request.
    pub async fn begin(
        &self,
        wire: Wire,
        model: &str,
        change: impl FnOnce(&mut StageRequest),
    ) -> SessionId {
        let session = self.session(wire, model).await;
        let mut request = self.house.eda();
        change(&mut request);
        self.house.directory.start_stage(session, request).await.expect("EDA starts");
        session
    }

    /// The log when the session has come to rest.
    pub async fn rest(&self, session: SessionId) -> Vec<Entry> {
        until(self.house.log(), session, "rest", |entries| state(entries).is_some_and(rests)).await
    }

    pub async fn until(
        &self,
        session: SessionId,
        what: &str,
        good: impl Fn(&[Entry]) -> bool,
    ) -> Vec<Entry> {
        until(self.house.log(), session, what, good).await
    }

    /// The requests for turns of a model, oldest first.
    pub fn asked(&self, model: &str) -> Vec<Seen> {
        self.models.turns().into_iter().filter(|seen| seen.body["model"] == model).collect()
    }

    pub async fn volume(&self, session: SessionId) -> Arc<dyn Volume> {
        let name = VolumeName::parse(&format!("sessions/{session}")).expect("a name");
        self.house.sandboxes.volume(&name).await.expect("a volume")
    }

    /// A file of a session as text; empty when it is not there.
    pub async fn file(&self, session: SessionId, path: &str) -> String {
        let volume = self.volume(session).await;
        let path = VolumePath::parse(path).expect("a path");
        let bytes = volume.read(&path, 0..1 << 20).await.unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// True when nothing works on a stage.
pub fn rests(state: SessionStateName) -> bool {
    match state {
        SessionStateName::Created
        | SessionStateName::EdaRunning
        | SessionStateName::PrepRunning
        | SessionStateName::TrainRunning => false,
        SessionStateName::EdaDone
        | SessionStateName::PrepDone
        | SessionStateName::TrainDone
        | SessionStateName::Failed
        | SessionStateName::Cancelled => true,
    }
}

/// Writes what EDA must leave, then finishes.
pub fn plain_eda(asked: &Asked) -> Turn {
    match asked.turn {
        0 => Turn::text("I write.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    }
}

/// One part.
pub fn part(name: &str, script: Script) -> (String, Script) {
    (name.to_owned(), script)
}
