//! `finish_stage`: the agent thinks that the stage is done. The loop checks before it believes.

use super::{Call, Outcome, Stopped, Tool, ToolContext, parse, refuse, spec};
use crate::llm::ToolSpec;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

const EXAMPLE: &str = r#"{"summary": "12 of 14 columns are sound; `id` leaks the outcome."}"#;

pub(super) struct FinishStage;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What was found or made and what to be careful about, in one to three sentences for the
    /// user.
    summary: String,
}

#[async_trait]
impl Tool for FinishStage {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "finish_stage",
            "Ends the stage, once all that must exist is there and you have checked it. The server \
             looks for the required outputs first; when something is missing you are told what, and \
             the stage goes on. Call it alone, after everything else.",
        )
    }

    async fn call(&self, _: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        Ok(match parse::<Input>(call.input, EXAMPLE) {
            Ok(input) if input.summary.trim().is_empty() => {
                refuse(format!("`summary` is empty; an input that works: {EXAMPLE}"))
            }
            Ok(input) => Outcome::Finish { summary: input.summary },
            Err(refusal) => refusal,
        })
    }
}
