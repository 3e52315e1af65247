//! What every provider promises, checked on any of them.

use futures::StreamExt;
use serde_json::{Value, json};
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::timeout;
use trainable::llm::{
    Block, Brief, Completion, Delta, Deltas, ErrorKind, LlmError, LlmProvider, Message, Request,
    StopReason, ToolResult, ToolSpec,
};

/// No provider of these tests takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a provider can be expected to do beyond the promises.
#[derive(Clone, Debug)]
pub struct Expectations {
    pub model: String,
    /// A name that no model has; none for a provider that does not look at names.
    pub unknown: Option<String>,
    /// The first turn makes so many calls.
    pub calls: usize,
}

/// A request of a stage with some of its tools.
pub fn request(model: &str, said: &str) -> Request {
    let tool = |name: &str, property: &str| ToolSpec {
        name: name.to_owned(),
        description: format!("{name} for the test"),
        input_schema: json!({
            "type": "object", "properties": {property: {"type": "string"}}, "required": [property],
        }),
    };
    Request {
        model: model.to_owned(),
        system: "You are the data scientist. `data/findings.json` must exist.".into(),
        messages: vec![Message::User { text: said.to_owned() }],
        tools: vec![
            tool("execute_code", "code"),
            tool("read_file", "path"),
            tool("finish_stage", "summary"),
        ],
        brief: brief(),
        turn: 1,
        max_tokens: 4000,
        effort: None,
    }
}

fn brief() -> Brief {
    Brief {
        stage: entity::vocab::Stage::Eda,
        dataset_dir: "/data/datasets/e".into(),
        session_dir: "/data/sessions/s".into(),
        stage_dir: "/data/sessions/s/eda".into(),
        dataset: json!({
            "main_table": "t",
            "tables": [{"name": "t", "path": "t.parquet", "rows": 300, "columns": [
                {"name": "x", "kind": "numeric", "unique": 300, "missing": 0},
                {"name": "class", "kind": "categorical", "unique": 3, "missing": 0},
            ]}],
        }),
        target: None,
        instructions: String::new(),
        seed: 42,
        turns_left: 30,
        execution_timeout_s: 600,
        memory_mib: 4096,
        cpus: 2,
        earlier: Vec::new(),
    }
}

/// A turn as it came.
#[derive(Debug)]
pub struct Came {
    pub deltas: Vec<Delta>,
    /// The error that ended it, before the stream or inside it.
    pub error: Option<LlmError>,
}

impl Came {
    /// The whole turn; one that failed fails the test.
    #[track_caller]
    pub fn done(&self) -> &Completion {
        match self.deltas.last() {
            Some(Delta::Done(completion)) if self.error.is_none() => completion,
            _ => panic!("no whole turn: {self:#?}"),
        }
    }

    #[track_caller]
    pub fn failed(&self) -> &LlmError {
        self.error.as_ref().unwrap_or_else(|| panic!("no error: {self:#?}"))
    }

    /// The text that was streamed since the last attempt began.
    pub fn streamed(&self) -> String {
        let mut text = String::new();
        for delta in &self.deltas {
            match delta {
                Delta::Text(piece) => text.push_str(piece),
                Delta::Again { .. } => text.clear(),
                Delta::Working | Delta::Spent(_) | Delta::Note(_) | Delta::Done(_) => {}
            }
        }
        text
    }

    /// How many attempts broke.
    pub fn again(&self) -> usize {
        self.deltas.iter().filter(|delta| matches!(delta, Delta::Again { .. })).count()
    }
}

/// Has one turn to its end and checks the shape of the stream.
pub async fn turn(provider: &dyn LlmProvider, request: Request) -> Came {
    let stream = match timeout(PATIENCE, provider.stream(request)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Came { deltas: Vec::new(), error: Some(error) },
        Err(_) => panic!("`{}` did not begin its turn", provider.name()),
    };
    let Ok(came) = timeout(PATIENCE, drain(stream)).await else {
        panic!("`{}` did not end its turn", provider.name());
    };
    let dones = came.deltas.iter().filter(|delta| matches!(delta, Delta::Done(_))).count();
    assert_eq!(dones, usize::from(came.error.is_none()), "one end and no more: {came:#?}");
    came
}

async fn drain(mut stream: Deltas) -> Came {
    let mut came = Came { deltas: Vec::new(), error: None };
    while let Some(next) = stream.next().await {
        match next {
            _ if came.error.is_some() => panic!("something follows an error: {came:#?}"),
            Ok(_) if matches!(came.deltas.last(), Some(Delta::Done(_))) => {
                panic!("something follows the end: {came:#?}")
            }
            Ok(delta) => came.deltas.push(delta),
            Err(error) => came.error = Some(error),
        }
    }
    came
}

/// The calls among the blocks of a turn.
pub fn calls(completion: &Completion) -> Vec<(&str, &str, &Value)> {
    fn call(block: &Block) -> Option<(&str, &str, &Value)> {
        match block {
            Block::ToolUse { id, name, input } => Some((id, name, input)),
            Block::Text { .. } | Block::Opaque { .. } => None,
        }
    }
    completion.blocks.iter().filter_map(call).collect()
}

/// The request that follows a turn: every call is answered.
pub fn answered(mut request: Request, said: &Completion, output: &str) -> Request {
    let results = calls(said)
        .iter()
        .map(|(id, ..)| ToolResult {
            call_id: (*id).to_owned(),
            output: output.to_owned(),
            is_error: false,
        })
        .collect();
    request.messages.push(Message::Assistant { blocks: said.blocks.clone() });
    request.messages.push(Message::ToolResults { results });
    request.turn += 1;
    request
}

/// A turn is whole, and what was streamed is what it says.
#[track_caller]
pub fn whole(came: &Came) {
    let done = came.done();
    let text: String = done
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Text { text } => Some(text.as_str()),
            Block::ToolUse { .. } | Block::Opaque { .. } => None,
        })
        .collect();
    assert_eq!(came.streamed(), text, "the texts are the text blocks");
    let ids: HashSet<_> = calls(done).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), calls(done).len(), "ids are unique: {done:#?}");
    assert!(!ids.contains(""), "ids are not empty: {done:#?}");
    match done.stop {
        StopReason::ToolUse => assert_ne!(ids.len(), 0, "{done:#?}"),
        StopReason::EndTurn
        | StopReason::MaxTokens
        | StopReason::PauseTurn
        | StopReason::Refusal
        | StopReason::ContextOverflow => {}
    }
}

/// The promises that need nothing but the provider.
pub async fn conformance(provider: Arc<dyn LlmProvider>, expect: Expectations) {
    assert!(!provider.name().is_empty());
    let models = provider.models().await.expect("models are listed");
    // A default without a name stands for the first.
    let first = models.first().map(String::as_str).unwrap_or_default();
    let default = provider.default_model();
    assert!(default == first || default.is_empty() && !first.is_empty(), "{default}: {models:?}");
    assert_eq!(models.iter().collect::<HashSet<_>>().len(), models.len(), "{models:?}");

    // Turns with calls, one after the other, until one has none or there were enough.
    let mut asked = request(&expect.model, "Look at the table.");
    let mut ids = HashSet::new();
    for number in 0..3 {
        let came = turn(&*provider, asked.clone()).await;
        whole(&came);
        let said = came.done();
        if number == 0 {
            assert_eq!(calls(said).len(), expect.calls, "{said:#?}");
        }
        for (id, ..) in calls(said) {
            assert!(ids.insert(id.to_owned()), "`{id}` was an earlier call's");
        }
        if calls(said).is_empty() {
            break;
        }
        // Asking again what was asked before is safe, and a log's copy of a block is as good.
        let copy = serde_json::to_value(&said.blocks).expect("blocks are JSON");
        let blocks: Vec<Block> = serde_json::from_value(copy).expect("blocks come back");
        asked = answered(asked, &Completion { blocks, ..said.clone() }, "42");
    }

    // A stream that is dropped at once, and one that is dropped in its middle, harm nothing.
    drop(provider.stream(request(&expect.model, "Look at the table.")).await.expect("a stream"));
    let mut cut =
        provider.stream(request(&expect.model, "Look at the table.")).await.expect("a stream");
    let _ = cut.next().await;
    drop(cut);
    whole(&turn(&*provider, request(&expect.model, "Look at the table.")).await);

    if let Some(unknown) = expect.unknown {
        let came = turn(&*provider, request(&unknown, "Look at the table.")).await;
        let error = came.failed();
        assert_eq!(error.kind, ErrorKind::UnknownModel, "{error}");
        assert!(error.message.contains(&unknown), "it names the model: {error}");
    }
}
