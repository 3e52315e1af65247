//! `update_plan`: a short task list, shown live.

use super::{Call, Outcome, Stopped, Tool, ToolContext, answer, parse, refuse, spec};
use crate::{
    event::{Fact, PlanStatus, PlanStep},
    llm::ToolSpec,
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

const MAX_STEPS: usize = 20;
const EXAMPLE: &str = r#"{"steps": [{"title": "Look at the columns", "status": "in_progress"}]}"#;

pub(super) struct UpdatePlan;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The whole plan, in order; it replaces the plan before. Three to eight steps are usual, 20
    /// the most.
    steps: Vec<Step>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What the step does, in a few words that the user understands.
    title: String,
    /// How the step stands; one step at a time is `in_progress`.
    status: PlanStatus,
}

#[async_trait]
impl Tool for UpdatePlan {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "update_plan",
            "Shows the user a short task list and how each step stands. Call it when you begin, \
             and whenever a step begins or is done, best beside another call.",
        )
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let steps = match parse::<Input>(call.input, EXAMPLE) {
            Ok(input) => input.steps,
            Err(refusal) => return Ok(refusal),
        };
        if steps.len() > MAX_STEPS {
            return Ok(refuse(format!("{} steps are too many; {MAX_STEPS} at most", steps.len())));
        }
        let step =
            |s: Step| PlanStep { title: s.title.chars().take(200).collect(), status: s.status };
        cx.facts
            .record(vec![Fact::PlanUpdated { steps: steps.into_iter().map(step).collect() }])
            .await?;
        Ok(answer("the plan is shown"))
    }
}
