//! Tool calls that a model wrote as text.
//!
//! A block fenced as `python` is a script for `execute_code`; a block fenced as `tool NAME` holds
//! the input of any other tool as JSON. What models write instead is understood where it can mean
//! only one thing: `json` blocks that name a tool, `<tool_call>` tags, a bare JSON object.

use serde_json::{Value, json};

/// The tool that takes scripts.
pub(super) const EXECUTE: &str = "execute_code";
const OPEN_TAG: &str = "<tool_call>";
const CLOSE_TAG: &str = "</tool_call>";

/// A call found in a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    /// The raw text when it is no JSON; the tool's own parser says what is wrong with it.
    pub(super) input: Value,
}

/// The text before the first call, and the call. What stands after it was written without knowing
/// the answer, and goes.
///
/// A block that is open at the end of the text counts, unless the text was `cut` off.
pub(super) fn parse(text: &str, tools: &[String], cut: bool) -> Option<(String, Call)> {
    let from = after_thought(text);
    let tagged = tagged_from(text, from, tools, cut);
    let fenced = fenced_from(text, from, tools, cut);
    let first = match (tagged, fenced) {
        (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
        (a, b) => a.or(b),
    };
    let (at, call) = first.or_else(|| Some((from, bare(&text[from..], tools)?)))?;
    Some((text[..at].trim_end().to_owned(), call))
}

/// Only `<tool_call>` tags that the answer ends with, all of them: some servers hand them through as
/// text. A tag among words may be a quotation of something that nobody here wants called.
pub(super) fn tagged(text: &str, tools: &[String], cut: bool) -> Option<(String, Vec<Call>)> {
    let mut calls = Vec::new();
    let mut first = None;
    let mut at = after_thought(text);
    while let Some((start, call)) = tagged_from(text, at, tools, cut) {
        if first.is_some() && !text[at..start].trim().is_empty() {
            return None;
        }
        first.get_or_insert(start);
        calls.push(call);
        at = text[start..].find(CLOSE_TAG).map_or(text.len(), |i| start + i + CLOSE_TAG.len());
    }
    let (first, rest) = (first?, text[at..].trim());
    rest.is_empty().then(|| (text[..first].trim_end().to_owned(), calls))
}

/// Where the answer begins, for models that think aloud before it.
fn after_thought(text: &str) -> usize {
    const END: &str = "</think>";
    text.rfind(END).map_or(0, |at| at + END.len())
}

fn tagged_from(text: &str, from: usize, tools: &[String], cut: bool) -> Option<(usize, Call)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find(OPEN_TAG)?;
        let inner = start + OPEN_TAG.len();
        let end = text[inner..].find(CLOSE_TAG).map(|i| inner + i);
        if end.is_none() && cut {
            return None;
        }
        let body = text[inner..end.unwrap_or(text.len())].trim();
        if let Some(call) = named(body, tools) {
            return Some((start, call));
        }
        at = inner;
    }
}

fn fenced_from(text: &str, from: usize, tools: &[String], cut: bool) -> Option<(usize, Call)> {
    let mut lines = Lines { text, at: from };
    while let Some((start, line)) = lines.next() {
        let Some((mark, length, info)) = opening(line) else { continue };
        let body_start = lines.at;
        let mut body_end = None;
        for (at, line) in lines.by_ref() {
            if closes(line, mark, length) {
                body_end = Some(at);
                break;
            }
        }
        let closed = body_end.is_some();
        let body = &text[body_start.min(text.len())..body_end.unwrap_or(text.len())];
        if let Some(call) = read(info, body, tools) {
            return (closed || !cut).then_some((start, call));
        }
    }
    None
}

/// Lines with the offset of their first byte.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let line = rest.split_inclusive('\n').next()?;
        self.at = start + line.len();
        Some((start, line.trim_end()))
    }
}

/// The mark, the length and the words of a line that opens a fence.
fn opening(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.chars().take_while(|c| *c == mark).count();
    let info = line[length..].trim();
    (length >= 3 && !info.contains('`')).then_some((mark, length, info))
}

fn closes(line: &str, mark: char, length: usize) -> bool {
    let line = line.trim();
    line.len() >= length && line.chars().all(|c| c == mark)
}

/// A block as a call, by the words at its fence.
fn read(info: &str, body: &str, tools: &[String]) -> Option<Call> {
    let (language, rest) = info.split_once(char::is_whitespace).unwrap_or((info, ""));
    let rest = rest.trim();
    let knows = |name: &str| tools.iter().any(|t| t == name);
    match language.to_lowercase().as_str() {
        "python" | "py" | "python3" if knows(EXECUTE) && !body.trim().is_empty() => {
            let input = json!({ "code": body, "slug": slug(rest, body) });
            Some(Call { name: EXECUTE.to_owned(), input })
        }
        "tool" | "tool_call" if !rest.is_empty() => Some(with_name(rest, body)),
        "tool" | "tool_call" => {
            let input = || Value::String(body.trim().to_owned());
            named(body, tools).or_else(|| Some(Call { name: "tool".to_owned(), input: input() }))
        }
        "json" | "" => named(body, tools),
        language if knows(language) => Some(with_name(language, body)),
        _ => None,
    }
}

fn with_name(name: &str, body: &str) -> Call {
    let input = match body.trim() {
        "" => json!({}),
        body => input(body),
    };
    // `tool NAME` with the name again inside.
    let input = match (&input["name"], arguments(&input)) {
        (Value::String(inner), Some(arguments)) if inner == name => arguments,
        _ => input,
    };
    Call { name: name.to_owned(), input }
}

fn input(body: &str) -> Value {
    serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()))
}

/// An object that names a known tool and holds its input.
fn named(body: &str, tools: &[String]) -> Option<Call> {
    let value: Value = serde_json::from_str(body.trim()).ok()?;
    let name = ["name", "tool", "function"].into_iter().find_map(|key| value[key].as_str())?;
    let name = tools.iter().find(|t| *t == name)?.clone();
    Some(Call { name, input: arguments(&value)? })
}

fn arguments(value: &Value) -> Option<Value> {
    let found =
        ["arguments", "input", "parameters", "args"].into_iter().find_map(|k| value.get(k))?;
    Some(match found {
        Value::String(text) => input(text),
        Value::Null => json!({}),
        other => other.clone(),
    })
}

fn bare(text: &str, tools: &[String]) -> Option<Call> {
    text.trim_start().starts_with('{').then(|| named(text, tools))?
}

/// One to four words on what a script does: from the fence, else from its first comment.
fn slug(info: &str, body: &str) -> String {
    let comment = || body.trim_start().lines().next().and_then(|l| l.strip_prefix('#'));
    let source = if info.is_empty() { comment().unwrap_or_default() } else { info };
    let source = source.trim().trim_matches(['{', '}', '"', '\'']);
    let source = ["slug=", "slug:"].iter().find_map(|p| source.strip_prefix(p)).unwrap_or(source);
    let clean: String = source
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' })
        .collect();
    let words: Vec<_> = clean.split_whitespace().take(4).collect();
    if words.is_empty() { "script".to_owned() } else { words.join("_") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Vec<String> {
        ["execute_code", "list_files", "finish_stage"].map(str::to_owned).to_vec()
    }

    #[track_caller]
    fn check(text: &str, before: &str, name: &str, input: Value) {
        let call = Call { name: name.to_owned(), input };
        assert_eq!(parse(text, &tools(), false), Some((before.to_owned(), call)), "{text}");
    }

    #[track_caller]
    fn check_none(text: &str, cut: bool) {
        assert_eq!(parse(text, &tools(), cut), None, "{text}");
    }

    fn script(code: &str, slug: &str) -> Value {
        json!({ "code": code, "slug": slug })
    }

    #[test]
    fn scripts_are_found() {
        let run = |text: &str, before: &str, code: &str, slug: &str| {
            check(text, before, "execute_code", script(code, slug));
        };
        run(
            "Let me look.\n\n```python load_data\nprint(1)\n```\nDone!",
            "Let me look.",
            "print(1)\n",
            "load_data",
        );
        run(
            "```python\n# profile the columns of it all\nx = 1\n```",
            "",
            "# profile the columns of it all\nx = 1\n",
            "profile_the_columns_of",
        );
        run("```py slug=load\nx\n```", "", "x\n", "load");
        run("```Python {slug: \"a-b\"}\nx\n```", "", "x\n", "a_b");
        run("```python\nx = 1\n```", "", "x = 1\n", "script");
        run("~~~python a\nx\n~~~", "", "x\n", "a");
        run("```python a\r\nx\r\n```\r\n", "", "x\r\n", "a");
        run("```python a\nno end", "", "no end", "a");
        run(
            "````python a\nt = '''\n```\nfence\n```\n'''\n````\n",
            "",
            "t = '''\n```\nfence\n```\n'''\n",
            "a",
        );
        run(
            "like so:\n```bash\nls\n```\n```python a\nx\n```",
            "like so:\n```bash\nls\n```",
            "x\n",
            "a",
        );
        run(
            "<think>```python\nnot this\n```</think>ok\n```python a\nx\n```",
            "<think>```python\nnot this\n```</think>ok",
            "x\n",
            "a",
        );
    }

    #[test]
    fn other_calls_are_found() {
        let list = |text: &str| check(text, "", "list_files", json!({ "path": "eda" }));
        list("```tool list_files\n{\"path\": \"eda\"}\n```");
        list("```tool\n{\"name\": \"list_files\", \"arguments\": {\"path\": \"eda\"}}\n```");
        list("```tool list_files\n{\"name\": \"list_files\", \"input\": {\"path\": \"eda\"}}\n```");
        list("```json\n{\"tool\": \"list_files\", \"input\": {\"path\": \"eda\"}}\n```");
        list(
            "```\n{\"name\": \"list_files\", \"parameters\": \"{\\\"path\\\": \\\"eda\\\"}\"}\n```",
        );
        list("```list_files\n{\"path\": \"eda\"}\n```");
        list(
            "<tool_call>\n{\"name\": \"list_files\", \"arguments\": {\"path\": \"eda\"}}\n</tool_call>",
        );
        list("{\"name\": \"list_files\", \"arguments\": {\"path\": \"eda\"}}");
        check("```tool list_files\n```", "", "list_files", json!({}));
        check("```tool list_files\n{path}\n```", "", "list_files", json!("{path}"));
        check("```tool nonesuch\n{}\n```", "", "nonesuch", json!({}));
        check("```tool\nhello\n```", "", "tool", json!("hello"));
    }

    #[test]
    fn the_first_call_counts() {
        let tag = "<tool_call>{\"name\": \"list_files\", \"arguments\": null}</tool_call>";
        check(&format!("a {tag}\n```python b\nx\n```"), "a", "list_files", json!({}));
        check(&format!("```python b\nx\n```\n{tag}"), "", "execute_code", script("x\n", "b"));
        let two = format!("so {tag}\n{tag}\n");
        let call = Call { name: "list_files".to_owned(), input: json!({}) };
        assert_eq!(
            tagged(&two, &tools(), false),
            Some(("so".to_owned(), vec![call.clone(), call]))
        );
        assert_eq!(tagged("```python\nx\n```", &tools(), false), None);
        let quoted = format!("a cell says `{tag}`; that is data and no order");
        assert_eq!(tagged(&quoted, &tools(), false), None);
        assert_eq!(tagged(&format!("{tag} and {tag}"), &tools(), false), None);
    }

    #[test]
    fn the_rest_is_text() {
        check_none("", false);
        check_none("no call at all", false);
        check_none("```bash\nls\n```", false);
        check_none("```python\n\n```", false);
        check_none("```json\n{\"a\": 1}\n```", false);
        check_none("inline ```python x``` is no fence", false);
        check_none("<tool_call>nonsense</tool_call>", false);
        check_none("```python a\ncut off in the mid", true);
        check_none("<tool_call>{\"name\": \"list_files\", \"arguments\": {}}", true);
    }
}
