//! Tools for a model whose server takes none: described in words, called in a fenced block,
//! answered as the user's text.

use super::fenced::EXECUTE;
use crate::llm::{Block, Message, Request, ToolResult, ToolSpec};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The messages of a request without a word of tool calls in the protocol's sense.
pub(super) fn messages(request: &Request) -> Vec<Value> {
    let system = match request.tools.is_empty() {
        true => request.system.clone(),
        false => format!("{}\n\n{}", request.system.trim_end(), manual(&request.tools)),
    };
    let mut all: Vec<(&str, String)> = vec![("system", system)];
    let mut names = BTreeMap::new();
    for message in &request.messages {
        let (role, text) = match message {
            Message::User { text } => ("user", text.clone()),
            Message::Assistant { blocks } => {
                for block in blocks {
                    if let Block::ToolUse { id, name, .. } = block {
                        names.insert(id.as_str(), name.as_str());
                    }
                }
                ("assistant", assistant(blocks))
            }
            Message::ToolResults { results } => {
                let told = results.iter().map(|r| {
                    result(r, names.get(r.call_id.as_str()).copied().unwrap_or("the tool"))
                });
                ("user", told.collect::<Vec<_>>().join("\n\n"))
            }
        };
        if text.trim().is_empty() {
            continue;
        }
        match all.last_mut() {
            Some((last, before)) if *last == role => {
                before.push_str("\n\n");
                before.push_str(&text);
            }
            Some(_) | None => all.push((role, text)),
        }
    }
    all.retain(|(_, text)| !text.trim().is_empty());
    all.into_iter().map(|(role, content)| json!({ "role": role, "content": content })).collect()
}

/// How tools are called, and which there are.
fn manual(tools: &[ToolSpec]) -> String {
    let mut text = String::from(
        "# Tools\n\nTo call a tool, end your answer with exactly one fenced block and write nothing \
         after it. The answer comes back as the next message. One call per answer.\n",
    );
    if tools.iter().any(|t| t.name == EXECUTE) {
        text.push_str(
            "\nTo run a script, fence it as `python` and say in one to four words, joined by \
             underscores, what it does. Fence with four backticks when the script holds three.\n\n\
             ```python load_data\nprint(\"hello\")\n```\n",
        );
    }
    if tools.iter().any(|t| t.name != EXECUTE) {
        text.push_str(
            "\nTo call any other tool, fence its input as `tool` with its name, as one JSON \
             object.\n\n```tool NAME\n{\"argument\": \"value\"}\n```\n",
        );
    }
    for tool in tools {
        text.push_str(&format!("\n## {}\n\n{}\n", tool.name, tool.description));
        if tool.name != EXECUTE {
            text.push_str(&format!("\nInput (JSON Schema): {}\n", tool.input_schema));
        }
    }
    text
}

fn assistant(blocks: &[Block]) -> String {
    let parts = blocks.iter().filter_map(|block| match block {
        Block::Text { text } => Some(text.trim_end().to_owned()),
        Block::ToolUse { name, input, .. } => Some(call(name, input)),
        Block::Opaque { .. } => None,
    });
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// A call as the model would have written it.
fn call(name: &str, input: &Value) -> String {
    let (info, body) = match (name, input["code"].as_str(), input) {
        (EXECUTE, Some(code), _) => {
            (format!("python {}", input["slug"].as_str().unwrap_or("script")), code.to_owned())
        }
        (_, _, Value::String(raw)) => (format!("tool {name}"), raw.clone()),
        (_, _, input) => (format!("tool {name}"), input.to_string()),
    };
    fence(info.trim_end(), &body)
}

fn result(result: &ToolResult, name: &str) -> String {
    let what = if result.is_error { "Error" } else { "Result" };
    format!("{what} of `{name}`:\n{}", fence("", &result.output))
}

/// A block whose fence is longer than any inside.
fn fence(info: &str, body: &str) -> String {
    let mut longest = 0;
    let mut run = 0;
    for c in body.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let marks = "`".repeat(3.max(longest + 1));
    format!("{marks}{info}\n{}\n{marks}", body.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        openai::fenced::{self, Call},
        testing,
    };

    fn spec(name: &str) -> ToolSpec {
        ToolSpec {
            name: name.into(),
            description: format!("Does {name}."),
            input_schema: json!({ "type": "object" }),
        }
    }

    #[test]
    fn a_conversation_is_told_in_words() {
        let call = |id: &str, name: &str, input: Value| Block::ToolUse {
            id: id.into(),
            name: name.into(),
            input,
        };
        let answer = |id: &str, output: &str, is_error: bool| ToolResult {
            call_id: id.into(),
            output: output.into(),
            is_error,
        };
        let mut request = testing::request(
            "m",
            vec![
                Message::User { text: "go".into() },
                Message::Assistant {
                    blocks: vec![
                        Block::Text { text: "I look.\n".into() },
                        call("a", EXECUTE, json!({ "code": "print('```')\n", "slug": "look" })),
                        call("b", "list_files", json!("{oops")),
                    ],
                },
                Message::ToolResults {
                    results: vec![answer("a", "```\n", false), answer("b", "no JSON", true)],
                },
                Message::User { text: "faster".into() },
            ],
        );
        request.system = "Be good.\n".into();
        let told = messages(&request);
        assert_eq!(
            told,
            vec![
                json!({ "role": "system", "content": "Be good.\n" }),
                json!({ "role": "user", "content": "go" }),
                json!({ "role": "assistant", "content":
                    "I look.\n\n````python look\nprint('```')\n````\n\n```tool list_files\n{oops\n```" }),
                json!({ "role": "user", "content":
                    "Result of `execute_code`:\n````\n```\n````\n\nError of `list_files`:\n```\nno \
                     JSON\n```\n\nfaster" }),
            ]
        );
        request.tools = vec![spec(EXECUTE), spec("list_files")];
        let system = messages(&request)[0]["content"].as_str().unwrap().to_owned();
        assert!(system.starts_with("Be good.\n\n# Tools\n"), "{system}");
        assert!(system.contains("## list_files\n\nDoes list_files.\n\nInput (JSON Schema): {"));
    }

    #[test]
    fn what_is_told_is_understood() {
        let tools = [EXECUTE.to_owned(), "list_files".to_owned()];
        for (name, input) in [
            (EXECUTE, json!({ "code": "s = '''\n```\n````\n'''\n", "slug": "a_b" })),
            ("list_files", json!({ "path": "eda" })),
            ("list_files", json!("{oops")),
        ] {
            let said = Call { name: name.to_owned(), input: input.clone() };
            let parsed = fenced::parse(&call(name, &input), &tools, false);
            assert_eq!(parsed, Some((String::new(), said)));
        }
    }
}
