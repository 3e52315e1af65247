//! `read_file`: a piece of a text file of the session's folder.

use super::{Call, Outcome, Stopped, Tool, ToolContext, answer, output, parse, refuse, spec};
use crate::{llm::ToolSpec, sandbox::VolumePath};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

const DEFAULT_BYTES: u64 = 64 * 1024;
const MAX_BYTES: u64 = 256 * 1024;

pub(super) struct ReadFile;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Relative to the session's folder, such as `eda/report.md`.
    path: String,
    /// The first byte; 0 by default.
    offset: Option<u64>,
    /// Bytes; 65,536 by default, 262,144 at most.
    limit: Option<u64>,
}

#[async_trait]
impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "read_file",
            "Reads a piece of a text file of the session's folder. Tables are better read with code.",
        )
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let input = match parse::<Input>(call.input) {
            Ok(input) => input,
            Err(refusal) => return Ok(refusal),
        };
        let inside = format!("{}/", cx.session_dir);
        let path = match VolumePath::parse(input.path.strip_prefix(&inside).unwrap_or(&input.path))
        {
            Ok(path) => path,
            Err(error) => return Ok(refuse(error.to_string())),
        };
        let from = input.offset.unwrap_or(0);
        let length = input.limit.unwrap_or(DEFAULT_BYTES).min(MAX_BYTES);
        Ok(match cx.volume.read(&path, from..from.saturating_add(length)).await {
            Ok(bytes) => answer(output::readable(&bytes)),
            Err(error) => refuse(error.to_string()),
        })
    }
}
