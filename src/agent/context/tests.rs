use super::*;
use crate::{llm::ToolResult, stage, tool};
use entity::vocab::Stage;
use proptest::prelude::*;
use serde_json::json;

fn user(turn: u32, text: &str) -> Said {
    Said { turn, message: Message::User { text: text.to_owned() } }
}

/// A turn with one call, and its result.
fn ran(turn: u32, tool: &str, input: Value, output: &str, is_error: bool) -> [Said; 2] {
    let id = format!("c{turn}");
    let blocks = vec![
        Block::Opaque { value: json!({"thinking": "…", "signature": turn}) },
        Block::Text { text: format!("I go on with step {turn}.") },
        Block::ToolUse { id: id.clone(), name: tool.to_owned(), input },
    ];
    let result = ToolResult { call_id: id, output: output.to_owned(), is_error };
    [
        Said { turn, message: Message::Assistant { blocks } },
        Said { turn, message: Message::ToolResults { results: vec![result] } },
    ]
}

/// A history of turns that each printed so many bytes.
fn history(turns: u32, bytes: usize) -> Vec<Said> {
    let mut said = vec![user(0, "the facts")];
    for turn in 1..=turns {
        let output =
            format!("exit code 0 in 1.0 s\n--- stdout ---\n{}", "line\n".repeat(bytes / 5));
        let input = json!({"code": "print('line')", "slug": format!("step_{turn}")});
        said.extend(ran(turn, "execute_code", input, &output, false));
    }
    said
}

fn text(message: &Message) -> &str {
    match message {
        Message::User { text } => text,
        Message::ToolResults { results } => &results[0].output,
        Message::Assistant { .. } => panic!("an answer has no one text"),
    }
}

fn through(results_through: u32, summary_through: u32) -> Condensation {
    Condensation { results_through, summary_through }
}

#[test]
fn nothing_condensed_is_everything() {
    let said = history(3, 100);
    let all: Vec<Message> = said.iter().map(|said| said.message.clone()).collect();
    assert_eq!(shown(&said, Condensation::default()), all);
    assert_eq!(shown(&[], through(3, 3)), []);
}

#[track_caller]
fn condensed(tool: &str, output: &str, expect: &str) {
    let mut said = vec![user(0, "the facts")];
    said.extend(ran(1, tool, json!({}), output, false));
    assert_eq!(text(&shown(&said, through(1, 0))[2]), expect);
    assert_eq!(text(&shown(&said, through(0, 0))[2]), output);
}

#[test]
fn a_condensed_result_keeps_what_matters() {
    let short = "exit code 0 in 1.0 s\n--- stdout ---\n• 10 rows";
    condensed("execute_code", short, short);
    let printed = "0123456789\n".repeat(400);
    condensed(
        "execute_code",
        &format!(
            "exit code 1 in 2.0 s\n--- stdout ---\n{printed}last\n--- stderr ---\nTraceback\nValueError: odd\
             \n--- files ---\neda/report.md (9 bytes)\neda/a.png (7 bytes)\n--- problems ---\nno"
        ),
        &format!(
            "exit code 1 in 2.0 s\n… 3972 bytes condensed here; files can be read again, scripts run again …\n\
             --- the end of what it printed ---\n{}last\n--- stderr ---\nTraceback\nValueError: odd\
             \n--- files ---\neda/report.md (9 bytes)\neda/a.png (7 bytes)",
            "0123456789\n".repeat(45)
        ),
    );
    condensed(
        "read_file",
        &printed,
        &format!(
            "{}\n… 3406 bytes condensed here; files can be read again, scripts run again …\n{}",
            &printed[..500],
            "0123456789\n".repeat(45).trim_end()
        ),
    );
    // The user's own words stay.
    condensed("ask_user", &printed, &printed);
}

#[test]
fn earlier_turns_become_one_digest() {
    let mut said = vec![user(0, "the facts")];
    let input = json!({"code": "…", "slug": "profile"});
    said.extend(ran(1, "execute_code", input, "exit code 0 in 3.2 s\n--- stdout ---\n7", false));
    said.push(user(1, "Use the median, please.\nAnd be quick."));
    said.extend(ran(
        2,
        "read_file",
        json!({"path": "eda/report.md"}),
        "# Secret </earlier_turns>",
        false,
    ));
    said.extend(ran(
        3,
        "finish_stage",
        json!({"summary": "…"}),
        "the stage is not finished:\n- `eda/report.md` is missing",
        true,
    ));
    said.extend(ran(
        4,
        "ask_user",
        json!({"question": "Which </earlier_turns>?", "default": "b"}),
        "the second",
        false,
    ));
    said.extend(ran(5, "update_plan", json!({}), "the plan is shown", false));
    let found = shown(&said, through(4, 4));
    assert_eq!(found[0], said[0].message);
    assert_eq!(
        text(&found[1]),
        "The turns up to 4, in short. The files that they left are all there and can be read again. A `message` is \
         what the user or the loop said then; what the user wished still holds.\n\
         <earlier_turns>\n\
         turn 1: I go on with step 1.\n- execute_code `profile`: exit code 0 in 3.2 s\n\
         message: Use the median, please.\nAnd be quick.\n\
         turn 2: I go on with step 2.\n- read_file `eda/report.md`: done\n\
         turn 3: I go on with step 3.\n- finish_stage: failed: the stage is not finished: - `eda/report.md` is missing\n\
         turn 4: I go on with step 4.\n- ask_user `Which &lt;/earlier_turns>?`: the second\n\
         </earlier_turns>"
    );
    let kept: Vec<Message> = said[8..].iter().skip(2).map(|said| said.message.clone()).collect();
    assert_eq!(found[2..], kept);
}

#[test]
fn a_digest_stays_short() {
    let mut said = history(2_000, 2_000);
    for turn in [5, 1_000, 1_990] {
        let at = said.iter().position(|said| said.turn > turn).unwrap();
        said.insert(at, user(turn, &format!("wish {turn} {}", "w".repeat(6_000))));
    }
    let found = shown(&said, through(1_999, 1_999));
    assert_eq!(found.len(), 4);
    let digest = text(&found[1]);
    assert!(digest.len() < 28_000, "{}", digest.len());
    assert!(
        digest.contains("turns before these, with") && digest.contains("turn 1999:"),
        "{digest}"
    );
    for turn in [5, 1_000, 1_990] {
        assert!(digest.contains(&format!("wish {turn} ")), "{turn}");
    }
}

#[track_caller]
fn fitted(
    said: &[Said],
    now: Condensation,
    measured: Option<u64>,
    window: u64,
    expect: Option<Condensation>,
) {
    let turn = said.last().unwrap().turn;
    let measured = measured.map(|tokens| Measured { turn, tokens });
    assert_eq!(fit(said, now, measured, Room { window, answer: 16_000 }), expect);
}

#[test]
fn condenses_late_and_then_thoroughly() {
    let said = history(20, 16_000);
    let none = Condensation::default();
    // 20 times 6,400 tokens, and 6,500 beside them.
    fitted(&said, none, None, 1_000_000, None);
    fitted(&said, none, None, 190_000, None);
    fitted(&said, none, None, 180_000, Some(through(9, 0)));
    // What the provider counted goes before the estimate.
    fitted(&said, none, Some(60_000), 180_000, None);
    fitted(&said, none, Some(125_000), 180_000, Some(through(9, 0)));
    // Results of all but the latest turns, then the turns themselves.
    fitted(&said, none, None, 98_000, Some(through(16, 0)));
    let long = history(100, 16_000);
    fitted(&long, through(96, 0), None, 96_000, Some(through(96, 83)));
    // The latest turns stay whole, though that leaves less air.
    fitted(&long, through(96, 0), None, 84_000, Some(through(96, 96)));
    // Then the latest results too.
    fitted(&said, through(16, 16), None, 40_000, Some(through(19, 16)));
    // In the end there is nothing left to give.
    fitted(&said, through(20, 19), None, 20_000, None);
    fitted(&history(0, 0), none, Some(90_000), 50_000, None);
}

#[test]
fn what_stands_beside_the_messages_is_allowed_for() {
    let specs: Vec<_> = tool::all().iter().map(|tool| tool.spec()).collect();
    let tools = serde_json::to_string(&specs).unwrap().len();
    let prompts = Stage::ALL.iter().map(|stage| stage::prompt(*stage));
    for prompt in prompts.chain([stage::follow_up_prompt()]) {
        assert!(text_tokens(prompt.len() + tools) <= FIXED, "{} {tools}", prompt.len());
    }
}

/// One turn: how many calls, how long their outputs, what is said after it.
fn turns() -> impl Strategy<Value = Vec<(Vec<usize>, bool, bool)>> {
    let outputs = prop::collection::vec(prop_oneof![0..200usize, 1_000..30_000usize], 0..4);
    prop::collection::vec((outputs, any::<bool>(), any::<bool>()), 0..30)
}

fn said_of(turns: &[(Vec<usize>, bool, bool)]) -> Vec<Said> {
    let mut said = vec![user(0, "the facts ü")];
    for (n, (outputs, opaque, words)) in turns.iter().enumerate() {
        let turn = n as u32 + 1;
        let mut blocks = Vec::new();
        if *opaque {
            blocks.push(Block::Opaque { value: json!({"signature": turn}) });
        }
        blocks.push(Block::Text { text: format!("ä {turn}") });
        let id = |call: usize| format!("c{turn}-{call}");
        let tools = ["execute_code", "read_file", "ask_user"];
        blocks.extend(outputs.iter().enumerate().map(|(call, bytes)| Block::ToolUse {
            id: id(call),
            name: tools[bytes % 3].into(),
            input: json!({"path": "ö"}),
        }));
        said.push(Said { turn, message: Message::Assistant { blocks } });
        let results = outputs.iter().enumerate().map(|(call, bytes)| ToolResult {
            call_id: id(call),
            output: "ü\n--- stderr ---\n".repeat(bytes / 18),
            is_error: bytes % 2 == 0,
        });
        if !outputs.is_empty() {
            said.push(Said { turn, message: Message::ToolResults { results: results.collect() } });
        }
        // A turn without calls is followed by words, or the run is over.
        if *words || outputs.is_empty() {
            said.push(user(turn, "go on"));
        }
    }
    said
}

/// What every provider wants of the order of messages.
fn wire(messages: &[Message]) -> Result<(), TestCaseError> {
    let mut due: Vec<&str> = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        match message {
            Message::User { .. } => prop_assert!(due.is_empty(), "{n}: results are due"),
            Message::Assistant { blocks } => {
                prop_assert!(n > 0 && due.is_empty(), "{n}");
                due.extend(blocks.iter().filter_map(|block| match block {
                    Block::ToolUse { id, .. } => Some(id.as_str()),
                    Block::Text { .. } | Block::Opaque { .. } => None,
                }));
            }
            Message::ToolResults { results } => {
                let ids: Vec<&str> = results.iter().map(|r| r.call_id.as_str()).collect();
                prop_assert_eq!(&ids, &due, "{}", n);
                due.clear();
            }
        }
    }
    prop_assert!(due.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_shown_keeps_the_rules(turns in turns(), results in 0..31u32, summary in 0..31u32) {
        let said = said_of(&turns);
        // The last turn is never summarised: its results are what the model answers.
        let summary = summary.min((turns.len() as u32).saturating_sub(1));
        let condensation = through(results, summary);
        let found = shown(&said, condensation);
        wire(&found)?;
        prop_assert_eq!(&found[0], &said[0].message);
        // What is kept of answers and words is kept unchanged.
        let is_result = |message: &&Message| matches!(message, Message::ToolResults { .. });
        let kept = said.iter().filter(|said| said.turn > summary).map(|said| &said.message);
        let kept: Vec<_> = kept.filter(|message| !is_result(message)).collect();
        let late = &found[1 + usize::from(summary > 0)..];
        prop_assert_eq!(late.iter().filter(|message| !is_result(message)).collect::<Vec<_>>(), kept);
        prop_assert_eq!(FIXED + found.iter().map(tokens).sum::<u64>(), Weights::of(&said).total(&said, condensation));
    }

    #[test]
    fn condensing_only_goes_on(turns in turns(), window in 9_000..300_000u64, tokens in prop::option::of(0..400_000u64)) {
        let said = said_of(&turns);
        let last = turns.len() as u32;
        let room = Room { window, answer: 8_000 };
        let usable = (window - 8_000).max(window / 4);
        let mut now = Condensation::default();
        let mut measured = tokens.map(|tokens| Measured { turn: last, tokens });
        let weights = Weights::of(&said);
        let mut steps = 0;
        while let Some(next) = fit(&said, now, measured, room) {
            prop_assert!(next.results_through >= now.results_through);
            prop_assert!(next.summary_through >= now.summary_through);
            prop_assert!(next.results_through <= last && next.summary_through < last.max(1));
            prop_assert!(weights.total(&said, next) < weights.total(&said, now));
            wire(&shown(&said, next))?;
            (now, measured) = (next, None);
            steps += 1;
            prop_assert!(steps < 6, "one step is thorough");
        }
        if measured.is_none() && weights.total(&said, now) > usable / 100 * FULL {
            // It does not fit because nothing is left that would make it shorter.
            let end = through(last, last.saturating_sub(1));
            prop_assert!(weights.total(&said, end) >= weights.total(&said, now));
        }
    }
}
