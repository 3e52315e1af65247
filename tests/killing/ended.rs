//! A session that has come to its end as if nobody had killed anything.

use super::{
    lane::{Known, Told},
    models::Models,
};
use serde_json::Value;
use std::{collections::BTreeMap, path::Path};

/// Checks all of it. Answers how much its user was told.
pub fn check(known: &Known, data: &Path, models: &Models) -> usize {
    let events = known.watcher.events();
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event["__typename"] == kind).collect()
    };
    assert_eq!(known.state().as_deref(), Some("TRAIN_DONE"), "{}", known.id);
    let stages: Vec<_> = of("StageRunStartedEvent").iter().map(|e| e["stage"].clone()).collect();
    assert_eq!(stages, ["EDA", "PREP", "TRAIN"], "{}: each stage was run once", known.id);
    let ends: Vec<_> = of("StageRunEndedEvent").iter().map(|e| e["state"].clone()).collect();
    assert_eq!(ends, ["DONE", "DONE", "DONE"], "{}", known.id);
    calls(known, &events);
    executions(known, data, &events);
    let told = known.told.lock().expect("nobody panicked").clone();
    let seen = models.turns();
    for told in &told {
        if let Told::Heard { text } | Told::Answered { answer: text, .. } = told {
            let reached = seen.iter().any(|s| String::from_utf8_lossy(&s.heard.raw).contains(text));
            assert!(reached, "{}: no model was told {text:?}", known.id);
        }
    }
    told.len()
}

/// What began has ended, once.
fn calls(known: &Known, events: &[Value]) {
    for (begin, end) in
        [("ToolStartEvent", "ToolEndEvent"), ("ExecutionStartedEvent", "ExecutionEndedEvent")]
    {
        let mut open = Vec::new();
        for event in events {
            let call = &event["callId"];
            if event["__typename"] == begin {
                assert!(!open.contains(call), "{}: begun twice: {event}", known.id);
                open.push(call.clone());
            } else if event["__typename"] == end {
                let at = open.iter().position(|other| other == call);
                open.remove(at.unwrap_or_else(|| panic!("{}: ended twice: {event}", known.id)));
            }
        }
        assert!(open.is_empty(), "{}: {begin} without an end: {open:?}", known.id);
    }
}

/// No program ran twice, and those that came to their end ran.
fn executions(known: &Known, data: &Path, events: &[Value]) {
    let mut scripts: BTreeMap<String, Value> = BTreeMap::new();
    let mut by_call = BTreeMap::new();
    for event in events {
        let call = event["callId"].as_str().unwrap_or_default();
        match event["__typename"].as_str().unwrap_or_default() {
            "ExecutionStartedEvent" => {
                let script = event["script"].as_str().expect("a path").to_owned();
                assert!(!scripts.contains_key(&script), "{}: {script} twice", known.id);
                scripts.insert(script.clone(), Value::Null);
                by_call.insert(call.to_owned(), script);
            }
            "ExecutionEndedEvent" => {
                scripts.insert(by_call[call].clone(), event["how"].clone());
            }
            _ => {}
        }
    }
    let volume = data.join("volumes/sessions").join(known.row.to_string());
    for (script, how) in scripts {
        let (stage, name) = script.split_once("/scripts/").expect("a script of a stage");
        let ran = volume.join(stage).join("ran").join(name).with_extension("txt");
        let times = std::fs::read_to_string(&ran).map_or(0, |text| text.lines().count());
        match how.as_str() {
            Some("EXITED") => assert_eq!(times, 1, "{}: {script}", known.id),
            Some("INTERRUPTED") => assert!(times <= 1, "{}: {script}: {times}", known.id),
            _ => panic!("{}: {script} ended as {how}", known.id),
        }
    }
}
