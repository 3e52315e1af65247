//! `list_files`: what the session's folder holds.

use super::{Call, Outcome, Stopped, Tool, ToolContext, answer, parse, refuse, spec};
use crate::{llm::ToolSpec, sandbox::VolumePath};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

/// Lines that the model is shown.
const MAX_SHOWN: usize = 400;

pub(super) struct ListFiles;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// A folder relative to the session's folder, such as `eda/figures`; the whole session's
    /// folder by default.
    path: Option<String>,
}

#[async_trait]
impl Tool for ListFiles {
    fn spec(&self) -> ToolSpec {
        spec::<Input>(
            "list_files",
            "Lists the files of the session's folder with their sizes in bytes.",
        )
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let input = match parse::<Input>(call.input) {
            Ok(input) => input,
            Err(refusal) => return Ok(refusal),
        };
        let path = input
            .path
            .as_deref()
            .map(|p| p.trim_matches('/'))
            .filter(|p| !p.is_empty() && *p != ".");
        let under = match path.map(VolumePath::parse).transpose() {
            Ok(under) => under,
            Err(error) => return Ok(refuse(error.to_string())),
        };
        let listing = match cx.volume.list(under.as_ref()).await {
            Ok(listing) => listing,
            Err(error) => return Ok(refuse(error.to_string())),
        };
        let mut text = String::new();
        for file in listing.files.iter().take(MAX_SHOWN) {
            let _ = writeln!(text, "{:>12}  {}", file.size, file.path);
        }
        if listing.files.len() > MAX_SHOWN || listing.truncated {
            let _ = writeln!(text, "… and more; name a folder to see less");
        }
        if listing.files.is_empty() {
            text.push_str("no files");
        }
        Ok(answer(text))
    }
}
