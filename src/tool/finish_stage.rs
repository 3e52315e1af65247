//! `finish_stage`: the agent thinks that the stage is done. The loop checks before it believes.

use super::{Call, Outcome, Stopped, Tool, ToolContext, parse, refuse, spec};
use crate::llm::ToolSpec;
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) struct FinishStage;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// What was found or made, in one to three sentences for the user.
    summary: String,
}

#[async_trait]
impl Tool for FinishStage {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "finish_stage",
            "Ends the stage. The required outputs are checked first; if something is missing you \
             are told what, and the stage goes on.",
        )
    }

    async fn call(&self, _: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        Ok(match parse::<Input>(call.input) {
            Ok(input) if input.summary.trim().is_empty() => refuse("`summary` is empty"),
            Ok(input) => Outcome::Finish { summary: input.summary },
            Err(refusal) => refusal,
        })
    }
}
