//! A script as a model sends it: unwrapped, named and saved.

use super::ToolContext;
use crate::sandbox::{SandboxError, VolumePath};
use bytes::Bytes;
use futures::StreamExt;

/// The longest script, in bytes.
const MAX_CODE: usize = 512 * 1024;
pub(super) const EXAMPLE: &str =
    r#"{"code": "import pandas as pd\nprint(pd.__version__)", "slug": "versions"}"#;

/// The code itself, when all of it stands in one Markdown fence.
pub(super) fn unwrapped(code: &str) -> &str {
    let inside = || {
        let rest = code.trim().strip_prefix("```")?.strip_suffix("```")?;
        let (language, rest) = rest.split_once('\n')?;
        let plain = ["", "python", "python3", "py"];
        (plain.contains(&language.trim().to_ascii_lowercase().as_str()) && !rest.contains("```"))
            .then_some(rest)
    };
    inside().unwrap_or(code)
}

/// Why the code is not run.
pub(super) fn unfit(code: &str) -> Option<String> {
    if code.trim().is_empty() {
        Some(format!("`code` is empty; an input that works: {EXAMPLE}"))
    } else if code.len() > MAX_CODE {
        Some("`code` is longer than 512 KiB; write data to files by smaller scripts".into())
    } else {
        None
    }
}

/// A slug fit for a file's name: the given one, or the script's own first words.
pub(super) fn slug(given: Option<&str>, code: &str) -> String {
    let given = plain(given.unwrap_or_default());
    if !given.is_empty() {
        return given;
    }
    let first = code.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let words = first.strip_prefix(['#', '"', '\'']).unwrap_or_default();
    let words: Vec<&str> =
        words.split_whitespace().filter(|word| !plain(word).is_empty()).collect();
    let derived = plain(&words[..words.len().min(4)].join(" "));
    if derived.is_empty() { "step".into() } else { derived }
}

/// Saves the code as the next `scripts/step_NN_slug.py` of the stage.
pub(super) async fn save(
    cx: &ToolContext,
    slug: &str,
    code: String,
) -> Result<VolumePath, SandboxError> {
    // One at a time: calls that run side by side get numbers of their own.
    let _turn = cx.known.lock().await;
    let folder = cx.folder.join("scripts").expect("a plain name is a path");
    let last = cx
        .volume
        .list(Some(&folder))
        .await?
        .files
        .iter()
        .filter_map(|f| {
            f.path.file_name().strip_prefix("step_")?.split('_').next()?.parse::<u32>().ok()
        })
        .max()
        .unwrap_or(0);
    let name = format!("step_{:02}_{}.py", last + 1, slug);
    let path = folder.join(&name).expect("a plain name is a path");
    let body = futures::stream::iter([Ok(Bytes::from(code))]).boxed();
    cx.volume.put(&path, body).await?;
    Ok(path)
}

/// Lower-case letters, digits and single underscores; at most 40.
fn plain(slug: &str) -> String {
    let mut name = String::new();
    for c in slug.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('_') && !name.is_empty() {
            name.push('_');
        }
        if name.len() >= 40 {
            break;
        }
    }
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_come_off() {
        let check = |code: &str, expect: &str| assert_eq!(unwrapped(code), expect);
        check("x = 1\n", "x = 1\n");
        check("```python\nx = 1\n```", "x = 1\n");
        check("\n```\nx = 1\n```\n", "x = 1\n");
        check("``` Py\nx = 1\n```", "x = 1\n");
        check("```sh\nls\n```", "```sh\nls\n```");
        check("x = \"```\"", "x = \"```\"");
        check(
            "```python\na\n```\ntext\n```python\nb\n```",
            "```python\na\n```\ntext\n```python\nb\n```",
        );
        check("```", "```");
    }

    #[test]
    fn every_script_has_a_name() {
        let check = |given: Option<&str>, code: &str, expect: &str| {
            assert_eq!(slug(given, code), expect);
        };
        check(Some("Fit Forest!"), "x", "fit_forest");
        check(Some("../../etc"), "x", "etc");
        check(Some("größe"), "x", "gr_e");
        check(None, "\n# Look at the missing values now\nx", "look_at_the_missing");
        check(Some(" "), "\"\"\"Profile.\"\"\"\nx", "profile");
        check(None, "import pandas", "step");
        check(None, "# ---", "step");
        check(None, "", "step");
        assert!(slug(Some(&"a".repeat(100)), "x").len() <= 40);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        assert!(unfit(" \n").is_some_and(|why| why.starts_with("`code` is empty")));
        assert!(unfit(&"x".repeat(MAX_CODE + 1)).is_some());
        assert_eq!(unfit("x"), None);
    }
}
