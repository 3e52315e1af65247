//! `list_files`: what the session's folder holds.

use super::{Call, Outcome, Stopped, Tool, ToolContext, answer, parse, refuse, spec};
use crate::{
    llm::ToolSpec,
    sandbox::{Listing, VolumePath},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt::Write;

/// Bytes of a listing that the model is shown.
const MAX_SHOWN: usize = 16 * 1024;
/// Entries that are no files and are named.
const MAX_REFUSED: usize = 20;
const EXAMPLE: &str = r#"{"path": "eda/figures"}"#;

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
            "Lists the files of the session's folder, or of one folder in it, with their sizes in \
             bytes.",
        )
    }

    async fn call(&self, cx: &ToolContext, call: Call<'_>) -> Result<Outcome, Stopped> {
        let input = match parse::<Input>(call.input, EXAMPLE) {
            Ok(input) => input,
            Err(refusal) => return Ok(refusal),
        };
        let path = input
            .path
            .as_deref()
            .map(|p| p.trim())
            .map(|p| p.strip_prefix(&cx.session_dir).unwrap_or(p).trim_matches('/'))
            .map(|p| p.strip_prefix("./").unwrap_or(p))
            .filter(|p| !p.is_empty() && *p != ".");
        let under = match path.map(VolumePath::parse).transpose() {
            Ok(under) => under,
            Err(error) => return Ok(refuse(error.to_string())),
        };
        let listing = match cx.volume.list(under.as_ref()).await {
            Ok(listing) => listing,
            Err(error) => return Ok(refuse(error.to_string())),
        };
        Ok(answer(shown(&listing)))
    }
}

fn shown(listing: &Listing) -> String {
    let mut text = String::new();
    if listing.files.is_empty() {
        text.push_str("no files\n");
    }
    for (n, file) in listing.files.iter().enumerate() {
        let line = format!("{:>12}  {}\n", file.size, file.path);
        if text.len() + line.len() > MAX_SHOWN {
            let more = listing.files.len() - n;
            let _ = writeln!(text, "… and {more} more; name a folder to see less");
            return text;
        }
        text.push_str(&line);
    }
    for (path, why) in listing.refused.iter().take(MAX_REFUSED) {
        let _ = writeln!(text, "  not a file  {path}: it {why}");
    }
    if listing.truncated || listing.refused.len() > MAX_REFUSED {
        let _ = writeln!(text, "… and more; name a folder to see less");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::FileStat;

    #[test]
    fn listings_stay_short() {
        let stat = |n: u64| FileStat {
            path: VolumePath::parse(&format!("eda/data/part_{n}.csv")).unwrap(),
            size: n,
            modified: chrono::DateTime::UNIX_EPOCH,
        };
        let listing = |count: u64, truncated| Listing {
            files: (0..count).map(stat).collect(),
            refused: Vec::new(),
            truncated,
        };
        assert_eq!(shown(&listing(0, false)), "no files\n");
        let refused = vec![("eda/l".to_owned(), "is a symbolic link")];
        let odd = Listing { refused, ..Listing::default() };
        assert_eq!(shown(&odd), "no files\n  not a file  eda/l: it is a symbolic link\n");
        assert_eq!(shown(&listing(1, false)), "           0  eda/data/part_0.csv\n");
        assert!(shown(&listing(1, true)).ends_with("name a folder to see less\n"));
        let many = shown(&listing(5_000, false));
        assert!(many.len() < MAX_SHOWN + 100 && many.contains("more; name a folder"), "{many}");
    }
}
