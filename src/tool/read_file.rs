//! `read_file`: a piece of a text file of the session's folder.

use super::{Call, Outcome, Stopped, Tool, ToolContext, answer, output, parse, refuse, spec};
use crate::{
    llm::ToolSpec,
    sandbox::{SandboxError, VolumePath},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

const DEFAULT_BYTES: u64 = 16 * 1024;
const MAX_BYTES: u64 = 256 * 1024;
/// Bytes in which a NUL tells that a file is no text.
const SNIFFED: usize = 1024;
const EXAMPLE: &str = r#"{"path": "eda/report.md"}"#;

pub(super) struct ReadFile;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The file, relative to the session's folder, such as `eda/report.md`.
    path: String,
    /// The first byte to read, for going on where a piece ended; 0 by default.
    offset: Option<u64>,
    /// How many bytes to read; 16,384 by default, 262,144 at most.
    limit: Option<u64>,
}

#[async_trait]
impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "read_file",
            "Reads a text file of the session's folder, from its beginning or from `offset`; says \
             when there is more. Tables, models and figures are better read with code.",
        )
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let input = match parse::<Input>(call.input, EXAMPLE) {
            Ok(input) => input,
            Err(refusal) => return Ok(refusal),
        };
        Ok(read(cx, input).await.unwrap_or_else(|error| refuse(error.to_string())))
    }
}

async fn read(cx: &ToolContext, input: Input) -> Result<Outcome, SandboxError> {
    let inside = format!("{}/", cx.session_dir);
    let given = input.path.trim();
    let given = given.strip_prefix(&inside).or_else(|| given.strip_prefix("./")).unwrap_or(given);
    let path = match VolumePath::parse(given) {
        Ok(path) => path,
        Err(error) => {
            return Ok(refuse(format!("{error}; paths are relative to the session's folder")));
        }
    };
    let Some(stat) = cx.volume.stat(&path).await? else {
        let stage = cx.stage;
        return Ok(refuse(format!(
            "no file `{path}` in the session's folder; yours begin with `{stage}/`, and `list_files` \
             shows all"
        )));
    };
    let from = input.offset.unwrap_or(0);
    if from > 0 && from >= stat.size {
        return Ok(refuse(format!("`offset` is {from}, but the file has {} bytes", stat.size)));
    }
    let length = input.limit.unwrap_or(DEFAULT_BYTES).clamp(1, MAX_BYTES);
    let bytes = cx.volume.read(&path, from..from.saturating_add(length)).await?;
    if bytes[..bytes.len().min(SNIFFED)].contains(&0) {
        return Ok(refuse(format!("`{path}` is no text; read it with code")));
    }
    let end = from + bytes.len() as u64;
    if end >= stat.size {
        return Ok(answer(output::readable(&bytes)));
    }
    let (text, taken) = output::readable_piece(&bytes);
    let next = from + taken as u64;
    Ok(answer(format!(
        "{text}\n… {} of {} bytes follow; go on with `offset`: {next} …",
        stat.size - next,
        stat.size
    )))
}
