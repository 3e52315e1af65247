//! `execute_code`: saves the code as a script of the stage and runs it in the sandbox, with its
//! output, records and files streaming out as facts.

use super::{
    Call, Outcome, Stopped, Tool, ToolContext, ending::Allowed, execution::Run, parse, refuse,
    script, spec,
};
use crate::{
    event::{self, EndingKind, Fact},
    llm::ToolSpec,
    sandbox::{ExecSpec, Program, SandboxError},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::Duration;

/// Wall-clock seconds of a script that asks for nothing.
const LIGHT_SECONDS: u64 = 180;

pub(super) struct ExecuteCode;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// A whole Python script. It is saved under `scripts/` and run as that file in a fresh
    /// process: nothing but files survives from one call to the next.
    code: String,
    /// What the script does, in one to four words, such as `fit_forest`; it becomes part of the
    /// file's name.
    slug: Option<String>,
    /// True for training and tuning: it may take the stage's whole limit; other scripts get 180 s
    /// unless `timeout_s` says otherwise.
    heavy: Option<bool>,
    /// Wall-clock seconds that it may take; goes before `heavy`, and the stage's limit is the
    /// most.
    timeout_s: Option<u64>,
}

impl Input {
    /// The wall-clock seconds that it gets, of at most so many.
    fn seconds(&self, most: u64) -> u64 {
        let asked = match (self.timeout_s, self.heavy) {
            (Some(seconds), _) => seconds,
            (None, Some(true)) => most,
            (None, Some(false) | None) => LIGHT_SECONDS,
        };
        asked.clamp(1, most.max(1))
    }
}

#[async_trait]
impl Tool for ExecuteCode {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "execute_code",
            "Runs a Python script in the stage's sandbox, with the stage's folder as the working \
             directory. Each call is a process of its own: state between calls lives in files. \
             Calls of one turn run side by side, so one that needs another's files belongs to a \
             later turn. You see how it ended, the head and tail of what it printed, and the files \
             it left; so print what you need to decide, and save the rest.",
        )
    }

    fn side_by_side(&self) -> bool {
        true
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let call_id = call.id;
        let input = match parse::<Input>(call.input, script::EXAMPLE) {
            Ok(input) => input,
            Err(refusal) => return Ok(refusal),
        };
        let timeout = input.seconds(call.seconds);
        let code = script::unwrapped(&input.code);
        if let Some(why) = script::unfit(code) {
            return Ok(refuse(why));
        }
        let slug = script::slug(input.slug.as_deref(), code);
        let script = match script::save(cx, &slug, code.to_owned()).await {
            Ok(script) => script,
            Err(error) => return Ok(refuse(format!("the script could not be saved: {error}"))),
        };
        let started = Fact::ExecutionStarted {
            call_id: call_id.to_owned(),
            script: script.to_string(),
            timeout_s: timeout,
            memory_mib: cx.limits.memory_mib,
        };
        cx.facts.record(vec![started]).await?;
        // Intent before effect: a crash from here on is an execution of unknown outcome, told apart.
        cx.facts.settle().await?;
        let spec = ExecSpec {
            program: Program::Script {
                path: format!("{}/{script}", cx.session_dir),
                args: Vec::new(),
            },
            env: cx.env.clone(),
            workdir: format!("{}/{}", cx.session_dir, cx.folder),
            timeout: Duration::from_secs(timeout),
        };
        match cx.sandbox.exec(spec).await {
            Ok(stream) => {
                let allowed = Allowed { seconds: timeout, most: call.seconds };
                Run::new(cx, call_id, allowed).await.follow(stream, &call.stop).await
            }
            Err(error) => unstarted(cx, call_id, &error).await,
        }
    }
}

async fn unstarted(
    cx: &ToolContext,
    call_id: &str,
    error: &SandboxError,
) -> Result<Outcome, Stopped> {
    let ending = event::Ending::unmeasured(EndingKind::NotStarted, 0);
    cx.facts.record(vec![Fact::ExecutionEnded { call_id: call_id.to_owned(), ending }]).await?;
    Ok(refuse(format!("the sandbox did not start: {error}")))
}
