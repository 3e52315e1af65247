//! From a request to the bytes of its answer, with whatever is wrong with them.

use super::{
    Seen, State, anthropic,
    delivery::Delivery,
    fault::{Fault, Refusal},
    line::Heard,
    openai::{self, Quirk},
    script::{Asked, Script, Turn, Wire},
};
use serde_json::{Value, json};
use trainable::llm::StopReason;

/// What is done on the line.
pub enum Plan {
    Whole { status: u16, kind: &'static str, headers: Vec<(&'static str, String)>, body: Vec<u8> },
    Stream { kind: &'static str, writes: Vec<Vec<u8>>, end: End },
    Silence,
    Close,
    Reset,
}

/// How a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Good,
    Fin,
    Rst,
    Silence,
    Endless,
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";
const PAGE: &str = "<!doctype html><html><head><title>502 Bad Gateway</title></head>\
    <body><center><h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>";

/// Decides about one request and remembers what was asked.
pub fn plan(state: &State, heard: &Heard, seen: &mut Seen) -> Plan {
    let script = state.script();
    let wire = match heard.path.as_str() {
        "/v1/messages" => Wire::Anthropic,
        "/v1/chat/completions" => Wire::OpenAi,
        // Both vendors have their models there.
        _ if heard.header("anthropic-version").is_some() => Wire::Anthropic,
        _ => Wire::OpenAi,
    };
    seen.wire = Some(wire);
    let known = match wire {
        Wire::Anthropic => anthropic::authorised(heard),
        Wire::OpenAi => openai::authorised(heard),
    };
    if let Err(refusal) = known {
        return refuse(wire, &refusal, &[]);
    }
    match (heard.method.as_str(), heard.path.as_str()) {
        ("GET", "/v1/models") => whole(match wire {
            Wire::Anthropic => anthropic::models(&script, heard),
            Wire::OpenAi => openai::models(&script),
        }),
        ("POST", "/v1/messages" | "/v1/chat/completions") => {
            turn(state, &script, wire, heard, seen)
        }
        (method, path) => {
            let message = format!("Invalid URL ({method} {path})");
            let refusal = Refusal { status: 404, kind: "not_found_error", code: None, message };
            refuse(wire, &refusal, &[])
        }
    }
}

fn turn(state: &State, script: &Script, wire: Wire, heard: &Heard, seen: &mut Seen) -> Plan {
    let Some(body) = heard.json() else {
        return refuse(wire, &Refusal::invalid("The request body is not valid JSON"), &[]);
    };
    seen.body = body.clone();
    let paused = state.paused(&body);
    let asked = match wire {
        Wire::Anthropic => anthropic::ask(script, heard, body, paused),
        Wire::OpenAi => openai::ask(script, body),
    };
    let mut asked = match asked {
        Ok(asked) => asked,
        Err(refusal) => return refuse(wire, &refusal, &[]),
    };
    asked.attempt = state.attempt(&asked);
    (seen.turn, seen.attempt) = (asked.turn, asked.attempt);
    let fault = (script.fails)(&asked);
    seen.fault = fault.clone();
    if let Some(fault) = &fault {
        if let Some(refusal) = fault.refusal(wire, &asked.model, super::script::KEY) {
            return refuse(wire, &refusal, &fault.headers());
        }
        if let Some(plan) = instead(fault) {
            return plan;
        }
    }
    let turn = (script.speaks)(&asked);
    let prompt = state.prompt(&asked);
    if !asked.stream {
        return unstreamed(script, &asked, &turn, prompt, fault.as_ref());
    }
    let mut events = events(script, &asked, &turn, prompt);
    if turn.stop == Some(StopReason::PauseTurn) {
        state.pause(&turn.text);
    }
    let end = fault.map_or(End::Good, |fault| spoil(&fault, wire, &mut events));
    let events: Vec<_> =
        events.iter().map(|(name, data)| script.delivery.event(*name, data)).collect();
    Plan::Stream { kind: EVENTS, writes: script.delivery.writes(&events), end }
}

fn unstreamed(
    script: &Script,
    asked: &Asked,
    turn: &Turn,
    prompt: anthropic::cache::Prompt,
    fault: Option<&Fault>,
) -> Plan {
    let body = match asked.wire {
        Wire::Anthropic => anthropic::message(asked, turn, prompt),
        Wire::OpenAi => openai::completion(script, asked, turn, prompt),
    };
    let Some(fault) = fault else { return whole(body) };
    let mut text = body.to_string().into_bytes();
    text.truncate(text.len() / 2);
    let end = spoil(fault, asked.wire, &mut Vec::new());
    Plan::Stream { kind: JSON, writes: Delivery::default().writes(&[text]), end }
}

type Named = (Option<&'static str>, String);

fn events(
    script: &Script,
    asked: &Asked,
    turn: &Turn,
    prompt: anthropic::cache::Prompt,
) -> Vec<Named> {
    match asked.wire {
        Wire::Anthropic => {
            let events = anthropic::events(asked, turn, prompt);
            events.into_iter().map(|(name, data)| (Some(name), data.to_string())).collect()
        }
        Wire::OpenAi => {
            let chunks = openai::chunks(script, asked, turn, prompt);
            let mut events: Vec<_> =
                chunks.into_iter().map(|chunk| (None, chunk.to_string())).collect();
            if !script.has(Quirk::NoDone) {
                events.push((None, "[DONE]".to_owned()));
            }
            events
        }
    }
}

fn whole(body: Value) -> Plan {
    Plan::Whole { status: 200, kind: JSON, headers: Vec::new(), body: body.to_string().into() }
}

fn refuse(wire: Wire, refusal: &Refusal, headers: &[(&'static str, String)]) -> Plan {
    let body = match wire {
        Wire::Anthropic => anthropic::error(refusal, "req_script"),
        Wire::OpenAi => openai::error(refusal),
    };
    Plan::Whole {
        status: refusal.status,
        kind: JSON,
        headers: headers.to_vec(),
        body: body.to_string().into(),
    }
}

/// Faults that come in place of any answer.
fn instead(fault: &Fault) -> Option<Plan> {
    let page = |status| {
        let headers = Vec::new();
        Some(Plan::Whole { status, kind: "text/html", headers, body: PAGE.into() })
    };
    let stream = |writes, end| Some(Plan::Stream { kind: EVENTS, writes, end });
    match fault {
        Fault::Closed => Some(Plan::Close),
        Fault::Reset => Some(Plan::Reset),
        Fault::Silent => Some(Plan::Silence),
        Fault::SilentBody => stream(Vec::new(), End::Silence),
        Fault::EmptyStream => stream(Vec::new(), End::Good),
        Fault::BadGateway => page(502),
        Fault::HtmlPage => page(200),
        Fault::GarbageSse => stream(vec![(0..4096u32).map(|n| (n * 7) as u8).collect()], End::Good),
        _ => None,
    }
}

/// Spoils a stream from its middle on; says how it ends.
fn spoil(fault: &Fault, wire: Wire, events: &mut Vec<Named>) -> End {
    let half = events.len() / 2;
    let cut = |events: &mut Vec<Named>, end| {
        events.truncate(half);
        end
    };
    match fault {
        Fault::SilentMiddle => cut(events, End::Silence),
        Fault::BrokenFin => cut(events, End::Fin),
        Fault::BrokenRst => cut(events, End::Rst),
        Fault::EndlessLine => cut(events, End::Endless),
        Fault::Truncated => cut(events, End::Good),
        Fault::GarbageJson => {
            if let Some((_, data)) = events.get_mut(half) {
                *data = format!("{}{{\"", &data[..data.len() / 3]);
            }
            End::Good
        }
        Fault::OverloadedInStream | Fault::ErrorInStream => {
            events.truncate(half);
            events.push(error_event(fault, wire));
            End::Good
        }
        Fault::BadArguments => {
            if let Some((_, data)) = events.iter_mut().rev().find(|(_, data)| adds_to_call(data)) {
                *data = data.replace("\"partial_json\":\"", "\"partial_json\":\"]]");
                *data = data.replace("\"arguments\":\"", "\"arguments\":\"]]");
            }
            End::Good
        }
        _ => End::Good,
    }
}

/// Whether an event adds a piece to the input of a call.
fn adds_to_call(data: &str) -> bool {
    data.contains("\"partial_json\":\"") || data.contains("\"arguments\":\"")
}

fn error_event(fault: &Fault, wire: Wire) -> Named {
    let overloaded = *fault == Fault::OverloadedInStream;
    match wire {
        Wire::Anthropic => {
            let (kind, message) = if overloaded {
                ("overloaded_error", "Overloaded")
            } else {
                ("api_error", "Internal server error")
            };
            let data = json!({"type": "error", "error": {"type": kind, "message": message}});
            (Some("error"), data.to_string())
        }
        Wire::OpenAi => {
            let message = if overloaded {
                "The engine is currently overloaded, please try again later"
            } else {
                "The server had an error while processing your request. Sorry about that!"
            };
            let error = json!({"error": {
                "message": message, "type": "server_error", "param": null, "code": null,
            }});
            (None, error.to_string())
        }
    }
}
