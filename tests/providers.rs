//! One suite for every provider, and every fault and every awkward delivery for those with a wire.

#[path = "support/adapters.rs"]
mod adapters;
#[path = "support/conformance.rs"]
mod conformance;
#[path = "support/models/mod.rs"]
mod models;
mod support;

use adapters::{ACCENTS, WIRES, adapter, conversation, model, reach, wrapped};
use async_trait::async_trait;
use conformance::{Came, Expectations, calls, conformance, request, turn, whole};
use futures::StreamExt;
use models::{
    Ended, Models,
    delivery::Delivery,
    fault::Fault,
    openai::Quirk,
    script::{CLAUDE, GPT, KEY, Script, Turn, UNKNOWN, Wire},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use trainable::{
    autopilot::Autopilot,
    llm::{
        ErrorKind, StopReason,
        replay::{Recordings, Replay},
        timeouts::{TimeLimits, Timeouts},
    },
};

fn expect(wire: Wire) -> Expectations {
    Expectations { model: model(wire).into(), unknown: Some(UNKNOWN.into()), calls: 2 }
}

#[tokio::test]
async fn the_autopilot_conforms() {
    let expect = Expectations { model: "autopilot-1".into(), unknown: None, calls: 1 };
    conformance(Arc::new(Autopilot), expect).await;
}

#[tokio::test]
async fn the_fake_conforms() {
    let fake = support::Scripted::new(vec![
        vec![support::code("a", "1"), support::code("b", "2")],
        vec![support::finish()],
    ]);
    let expect = Expectations { model: "script".into(), unknown: None, calls: 2 };
    conformance(fake, expect).await;
}

/// One transcript, in memory.
struct OneRecording(Vec<u8>);

#[async_trait]
impl Recordings for OneRecording {
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        Ok((name == "flowers").then(|| self.0.clone()))
    }

    async fn list(&self) -> Result<Vec<String>, String> {
        Ok(vec!["flowers".into()])
    }
}

#[tokio::test]
async fn the_replay_conforms() {
    let call = |id: &str| json!({"type": "tool_use", "id": id, "name": "read_file", "input": {}});
    let text = |text: &str| json!({"type": "text", "text": text});
    let usage = json!({
        "input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 0, "cache_write_tokens": 0,
    });
    let turn = |turn: u32, blocks: &[Value], stop: &str| json!({"turn": turn, "blocks": blocks, "stop": stop, "usage": usage});
    let recording = json!({
        "format": "trainable-transcript", "version": 1, "recorded_at": "2026-11-25T00:00:00Z",
        "app_version": "0", "dataset": {"name": "flowers", "rows": null, "sha256": null},
        "target": null, "instructions": "", "seed": 1,
        "runs": [{
            "stage": "eda", "provider": "anthropic", "model": CLAUDE,
            "dataset_dir": "/data/datasets/old", "session_dir": "/data/sessions/old",
            "turns": [
                turn(1, &[text(ACCENTS), call("a"), call("b")], "tool_use"),
                turn(2, &[text("Done.")], "end_turn"),
            ],
        }],
    });
    let provider = Replay::new(Arc::new(OneRecording(recording.to_string().into())));
    let expect = Expectations { model: "flowers".into(), unknown: Some(UNKNOWN.into()), calls: 2 };
    conformance(Arc::new(provider), expect).await;
}

#[tokio::test]
async fn the_adapters_conform() {
    for wire in WIRES {
        let models = Models::start(Script::turns(conversation()));
        conformance(reach(wire, &models), expect(wire)).await;
        let turns = models.turns();
        assert!(turns.iter().all(|seen| matches!(seen.status, Some(200 | 404))), "{turns:#?}");
    }
}

#[tokio::test]
async fn the_wrapped_adapters_conform() {
    for wire in WIRES {
        let models = Models::start(Script::turns(conversation()));
        conformance(wrapped(reach(wire, &models)), expect(wire)).await;
    }
}

/// A whole turn over a script, by an adapter.
async fn once(wire: Wire, script: Script) -> (Came, Models) {
    let models = Models::start(script);
    let came = turn(&*reach(wire, &models), request(model(wire), "Look.")).await;
    (came, models)
}

#[tokio::test]
async fn every_delivery_gives_the_same_turn() {
    for wire in WIRES {
        let script = Script::turns(conversation());
        let plain = once(wire, script.clone()).await.0;
        whole(&plain);
        let said = serde_json::to_string(&plain.done().blocks).expect("JSON");
        assert!(said.contains("数据 🦀"), "{said}");
        for (name, delivery) in Delivery::awkward() {
            let (came, _models) = once(wire, script.clone().delivered(delivery)).await;
            assert_eq!(came.done(), plain.done(), "{wire:?}, {name}");
            assert_eq!(came.streamed(), plain.streamed(), "{wire:?}, {name}");
        }
    }
}

#[tokio::test]
async fn every_fault_has_its_kind() {
    for wire in WIRES {
        for fault in Fault::all() {
            let script = Script::turns(conversation()).fault(0, 1, fault.clone());
            let models = Models::start(script);
            // Only patience ends silence; the wrapper that has some is asked here alone.
            let mut provider = reach(wire, &models);
            if Fault::silent().contains(&fault) {
                let limit = Duration::from_millis(400);
                let limits = TimeLimits { first: limit, between: limit };
                provider = Arc::new(Timeouts::new(provider, limits));
            }
            let came = turn(&*provider, request(model(wire), "Look.")).await;
            named(wire, &fault, &came);
            assert_eq!(models.turns().len(), 1, "{wire:?} {fault:?}: an adapter never tries again");
        }
    }
}

/// What an adapter makes of a fault is what it is.
#[track_caller]
fn named(wire: Wire, fault: &Fault, came: &Came) {
    if *fault == Fault::BadArguments {
        // The call goes to its tool, which says what is wrong with it.
        let done = came.done();
        let (.., input) = *calls(done).last().expect("a call");
        assert!(matches!(input, Value::String(_)), "{wire:?}: {done:#?}");
        return;
    }
    let error = came.failed();
    assert!(fault.kinds(wire).contains(&error.kind), "{wire:?} {fault:?}: {error:?}");
    assert!(!error.message.contains(KEY), "{wire:?} {fault:?}: {error}");
    assert!(
        !error.message.is_empty() && !error.message.contains('\n'),
        "{wire:?} {fault:?}: {error}"
    );
    match (fault.retry_after(), error.retry_after) {
        (Some((least, most)), Some(found)) => {
            assert!(least <= found && found <= most, "{wire:?} {fault:?}: {found:?}");
        }
        (None, None) => {}
        (wanted, found) => panic!("{wire:?} {fault:?}: {wanted:?} became {found:?}"),
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_and_what_does_not_is_said_at_once() {
    for wire in WIRES {
        let plain = once(wire, Script::turns(conversation())).await.0;
        for fault in Fault::all() {
            let script = Script::turns(conversation()).fault(0, 1, fault.clone());
            let models = Models::start(script);
            let came = turn(&*wrapped(reach(wire, &models)), request(model(wire), "Look.")).await;
            let passes = fault.kinds(wire).first().is_some_and(|kind| kind.is_passing());
            if passes {
                assert_eq!(came.done(), plain.done(), "{wire:?} {fault:?}");
                assert_eq!((came.again(), models.turns().len()), (1, 2), "{wire:?} {fault:?}");
                whole(&came);
            } else {
                named(wire, &fault, &came);
                assert_eq!((came.again(), models.turns().len()), (0, 1), "{wire:?} {fault:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_dropped_stream_ends_its_connection() {
    for wire in WIRES {
        let slow = Delivery { delay: Duration::from_millis(50), ..Delivery::default() };
        let models = Models::start(Script::turns(conversation()).delivered(slow));
        let provider = wrapped(reach(wire, &models));
        let mut stream = provider.stream(request(model(wire), "Look.")).await.expect("a stream");
        assert!(stream.next().await.expect("a delta").is_ok());
        assert_eq!(models.turns()[0].ended, Ended::Running);
        drop(stream);
        let left = models.until(Duration::from_secs(1), |seen| seen[0].ended == Ended::Left);
        assert!(left.await, "{wire:?}: still connected after a second");
    }
}

#[tokio::test]
async fn a_wrong_key_and_nobody_there_are_said_in_words() {
    for wire in WIRES {
        let models = Models::start(Script::turns(conversation()));
        let base = match wire {
            Wire::Anthropic => models.anthropic(),
            Wire::OpenAi => models.openai(),
        };
        let wrong = "sk-planted-abcdefghijklmnop";
        let provider = adapter(wire, &base, wrong);
        let listed = provider.models().await.expect_err("the key is wrong");
        let came = turn(&*provider, request(model(wire), "Look.")).await;
        for error in [&listed, came.failed()] {
            assert_eq!(error.kind, ErrorKind::Access, "{wire:?}: {error}");
            assert!(!error.message.contains(wrong), "{wire:?}: {error}");
        }
        let nobody = adapter(wire, &models::nowhere(), KEY);
        let came = turn(&*nobody, request(model(wire), "Look.")).await;
        assert_eq!(came.failed().kind, ErrorKind::Unreachable, "{wire:?}");
    }
}

#[tokio::test]
async fn the_key_is_sent_and_nothing_strange_is() {
    for wire in WIRES {
        let models = once(wire, Script::turns(conversation())).await.1;
        let seen = &models.turns()[0];
        let key = match wire {
            Wire::Anthropic => seen.heard.header("x-api-key").map(str::to_owned),
            Wire::OpenAi => seen.heard.header("authorization").map(|bearer| bearer[7..].to_owned()),
        };
        assert_eq!(key.as_deref(), Some(KEY));
        assert!(!seen.body.to_string().contains(KEY));
        assert_eq!(seen.body["stream"], true);
    }
}

#[tokio::test]
async fn a_long_stage_reads_from_the_cache_what_it_said_before() {
    for wire in WIRES {
        let script = Script::rule(|asked| {
            Turn::text(format!("turn {}", asked.turn)).code("step", &"x = 1\n".repeat(40))
        });
        let models = Models::start(script);
        let provider = reach(wire, &models);
        let mut asked = request(model(wire), &"the facts of the stage. ".repeat(400));
        let (mut read, mut all) = (0, 0);
        for _ in 0..30 {
            let came = turn(&*provider, asked.clone()).await;
            let usage = came.done().usage;
            assert!(!usage.estimated && usage.output_tokens > 0, "{wire:?}: {usage:?}");
            read += usage.cache_read_tokens;
            all += usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
            asked = conformance::answered(asked, came.done(), &"a line of output\n".repeat(60));
        }
        let share = read as f64 / all as f64;
        assert!(share > 0.85, "{wire:?}: {share:.2} of the tokens were read from the cache");
    }
}

#[tokio::test]
async fn every_stop_arrives_as_what_it_is() {
    use StopReason::*;
    let code = |turn: Turn| turn.code("x", "print('a long script')");
    for wire in WIRES {
        let pause = if wire == Wire::Anthropic { PauseTurn } else { EndTurn };
        let cases = [
            (Turn::text("done"), EndTurn, 0),
            (code(Turn::text("run")), ToolUse, 1),
            // A call that was cut off is not among the blocks; one before it is.
            (code(Turn::text("cut")).stop(MaxTokens), MaxTokens, 0),
            (code(code(Turn::text("cut"))).stop(MaxTokens), MaxTokens, 1),
            (Turn::text("no").stop(Refusal), Refusal, 0),
            (Turn::text("so far").stop(PauseTurn), pause, 0),
        ];
        for (said, stop, made) in cases {
            let script = Script::turns(vec![said.clone()]);
            let came = once(wire, script).await.0;
            whole(&came);
            assert_eq!((came.done().stop, calls(came.done()).len()), (stop, made), "{said:?}");
        }
    }
    let full = Turn::text("full").stop(ContextOverflow);
    let came = once(Wire::Anthropic, Script::turns(vec![full])).await.0;
    assert_eq!(came.done().stop, ContextOverflow);
}

#[tokio::test]
async fn the_quirks_of_compatible_servers_change_nothing_that_matters() {
    let plain = once(Wire::OpenAi, Script::turns(conversation())).await.0;
    let named = |came: &Came| {
        let calls = calls(came.done()).into_iter();
        calls.map(|(_, name, input)| (name.to_owned(), input.clone())).collect::<Vec<_>>()
    };
    let quirks = [
        Quirk::NoUsage,
        Quirk::UsageWithFinish,
        Quirk::NoIds,
        Quirk::NoIndex,
        Quirk::SameIds,
        Quirk::ObjectArguments,
        Quirk::WholeCalls,
        Quirk::Reasoning,
        Quirk::StopWithCalls,
        Quirk::NoDone,
        Quirk::RefusesStreamOptions,
    ];
    for quirk in quirks {
        let script = Script::turns(conversation()).quirk(quirk);
        let models = Models::start(script);
        let provider = reach(Wire::OpenAi, &models);
        let asked = request(GPT, "Look.");
        let came = turn(&*provider, asked.clone()).await;
        whole(&came);
        assert_eq!(named(&came), named(&plain), "{quirk:?}");
        assert_eq!(came.streamed(), plain.streamed(), "{quirk:?}");
        assert_eq!(came.done().stop, plain.done().stop, "{quirk:?}");
        let usage = came.done().usage;
        let silent = matches!(quirk, Quirk::NoUsage | Quirk::RefusesStreamOptions);
        assert_eq!(usage.estimated, silent, "{quirk:?}: {usage:?}");
        assert!(usage.input_tokens > 0 && usage.output_tokens > 0, "{quirk:?}: {usage:?}");
        // Its answer is understood by a server that checks it.
        let next = conformance::answered(asked, came.done(), "42");
        whole(&turn(&*provider, next).await);
    }
}

#[tokio::test]
async fn a_server_without_tools_gets_them_in_words() {
    let script = Script::rule(|asked| match asked.tools.is_empty() {
        false => Turn::text("never said"),
        true if asked.turn == 0 => Turn::text("I look.\n\n```python\nprint('π')\n```\n"),
        true => Turn::text("Done."),
    });
    let models = Models::start(script.quirk(Quirk::RefusesTools));
    let provider = reach(Wire::OpenAi, &models);
    let asked = request(GPT, "Look.");
    let came = turn(&*provider, asked.clone()).await;
    let found: Vec<_> = calls(came.done()).iter().map(|(_, name, _)| *name).collect();
    assert_eq!(found, ["execute_code"], "{came:#?}");
    let next = turn(&*provider, conformance::answered(asked, came.done(), "π")).await;
    assert_eq!(calls(next.done()), [], "{next:#?}");
    let refused: Vec<_> = models.turns().iter().map(|seen| seen.status).collect();
    assert_eq!(refused, [Some(400), Some(200), Some(200)], "it is learnt once");
}
