//! Executions as a session's log tells of them, in real sandboxes: side by side, files while they
//! run, endings.

mod support;

use bytes::Bytes;
use entity::ids::{MessageId, SessionId};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use support::{
    Scripted, code,
    house::{House, in_system},
    until,
};
use trainable::{
    event::{EndingKind, Entry, Event, Fact},
    sandbox::{VolumeName, VolumePath},
    session::Providers,
};

fn facts(entries: &[Entry]) -> impl Iterator<Item = &Fact> {
    entries.iter().filter_map(|entry| match &entry.event {
        Event::Fact(fact) => Some(fact),
        Event::Session(_) => None,
    })
}

/// A call of the first turn and what its tool answered.
fn answer(fact: &Fact) -> Option<(&str, &str)> {
    match fact {
        Fact::ToolEnd { call_id, output, .. } if call_id.starts_with("call-0-") => {
            Some((call_id, output))
        }
        _ => None,
    }
}

/// What the tools of the first turn answered, by their calls.
fn answers(entries: &[Entry]) -> Vec<(&str, &str)> {
    let mut found: Vec<_> = facts(entries).filter_map(answer).collect();
    found.sort_unstable();
    found
}

/// A session whose model makes these calls in its first turn.
async fn begin(data: &std::path::Path, calls: Vec<(&'static str, Value)>) -> (House, SessionId) {
    let house = House::open(data, Providers::new(Scripted::new(vec![calls]))).await;
    let session = house.session().await;
    house.start(session).await;
    (house, session)
}

/// Leaves a file and waits for the other's.
fn meets(own: &str, other: &str) -> (&'static str, Value) {
    let code = format!(
        "import pathlib, time\n\
         pathlib.Path('{own}').write_text('here')\n\
         while not pathlib.Path('{other}').exists(): time.sleep(0.01)\n\
         print('met', '{other}')"
    );
    ("execute_code", json!({"code": code, "slug": own, "timeout_s": 30}))
}

#[test]
fn calls_of_one_turn_run_side_by_side() {
    in_system(async {
        let data = support::temporary();
        let calls = vec![meets("a", "b"), meets("b", "a"), ("list_files", json!({}))];
        let (house, session) = begin(data.path(), calls).await;
        let all = |entries: &[Entry]| answers(entries).len() == 3;
        let entries = until(house.log(), session, "three answers", all).await;
        let answers = answers(&entries);
        assert!(answers[0].1.starts_with("exit code 0") && answers[0].1.contains("met b"));
        assert!(answers[1].1.starts_with("exit code 0") && answers[1].1.contains("met a"));
        // What may not run beside them comes after them.
        assert!(answers[2].1.contains("eda/a") && answers[2].1.contains("eda/b"), "{answers:?}");
        let scripts: Vec<_> = facts(&entries)
            .filter_map(|fact| match fact {
                Fact::ExecutionStarted { script, .. } => Some(script.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(scripts, ["eda/scripts/step_01_a.py", "eda/scripts/step_02_b.py"]);
        house.directory.cancel(session).await.expect("cancelled");
    });
}

#[test]
fn an_interruption_stops_all_that_run_side_by_side() {
    in_system(async {
        let data = support::temporary();
        let sleeps = || code("sleep", "print('up', flush=True)\nimport time\ntime.sleep(600)");
        let calls = vec![sleeps(), sleeps(), ("list_files", json!({}))];
        let (house, session) = begin(data.path(), calls).await;
        let up = |entries: &[Entry]| {
            let up = facts(entries)
                .filter(|f| matches!(f, Fact::CodeOutput { text, .. } if text.contains("up")));
            up.count() == 2
        };
        until(house.log(), session, "both at work", up).await;
        house
            .directory
            .post_message(session, MessageId::new(), "wait".into(), true)
            .await
            .expect("it is heard");
        let all = |entries: &[Entry]| answers(entries).len() == 3;
        let entries = until(house.log(), session, "three answers", all).await;
        let answers = answers(&entries);
        for (_, answer) in &answers[..2] {
            assert!(
                answer.starts_with("the user interrupted this call.\nstopped after"),
                "{answer}"
            );
        }
        assert!(answers[2].1.starts_with("not run"), "{answers:?}");
        house.directory.cancel(session).await.expect("cancelled");
    });
}

#[test]
fn figures_appear_while_a_script_runs_and_what_is_no_file_is_told() {
    in_system(async {
        let data = support::temporary();
        let script = "
import os, pathlib, time
pathlib.Path('figures').mkdir()
pathlib.Path('figures/a.svg').write_text('<svg/>')
os.symlink('/etc/passwd', 'link')
os.mkfifo('pipe')
os.link('figures/a.svg', 'figures/b.svg'); os.unlink('figures/b.svg')
with open('sparse.bin', 'wb') as file: file.truncate(5 << 30)
open('line\\nbreak', 'w').close()
while not os.path.exists('go'): time.sleep(0.01)
";
        let (house, session) = begin(data.path(), vec![code("draw", script)]).await;
        let drawn = |entries: &[Entry]| {
            facts(entries).any(|fact| {
                matches!(fact, Fact::FileCreated { call_id: Some(_), file } if file.path == "eda/figures/a.svg")
            }) && facts(entries).any(|fact| matches!(fact, Fact::FilesRefused { .. }))
        };
        // It cannot end before it was seen.
        let entries = until(house.log(), session, "the figure", drawn).await;
        let refused: Vec<_> = facts(&entries)
            .filter_map(|fact| match fact {
                Fact::FilesRefused { files, more: 0, .. } => Some(files),
                _ => None,
            })
            .flatten()
            .map(|file| (file.path.as_str(), file.reason.as_str()))
            .collect();
        let expect = [
            ("eda/line\\nbreak", "has a control character"),
            ("eda/link", "is a symbolic link"),
            ("eda/pipe", "is a FIFO"),
            ("eda/sparse.bin", "is larger than 4 GiB"),
        ];
        assert_eq!(refused, expect);
        let volume = VolumeName::parse(&format!("sessions/{session}")).expect("a name");
        let volume = house.sandboxes.volume(&volume).await.expect("the volume");
        let body = stream::iter([Ok(Bytes::new())]).boxed();
        volume.put(&VolumePath::parse("eda/go").expect("a path"), body).await.expect("it is put");
        let ended = |entries: &[Entry]| answers(entries).len() == 1;
        let entries = until(house.log(), session, "the answer", ended).await;
        let answer = answers(&entries)[0].1;
        assert!(answer.contains("`eda/link` is not kept: it is a symbolic link"), "{answer}");
        let told = facts(&entries).filter(|fact| matches!(fact, Fact::FilesRefused { .. }));
        assert_eq!(told.count(), 1, "each is told once");
        house.directory.cancel(session).await.expect("cancelled");
    });
}

#[test]
fn endings_are_told_apart() {
    in_system(async {
        let data = support::temporary();
        let crash = code("crash", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)");
        let (house, session) = begin(data.path(), vec![crash]).await;
        let one = |entries: &[Entry]| answers(entries).len() == 1;
        let entries = until(house.log(), session, "the answer", one).await;
        let answer = answers(&entries)[0].1;
        assert!(answer.starts_with("killed by signal 11 (SIGSEGV)"), "{answer}");
        let ending = facts(&entries).find_map(|fact| match fact {
            Fact::ExecutionEnded { ending, .. } => Some(ending),
            _ => None,
        });
        let ending = ending.expect("it ended");
        assert_eq!((ending.how, ending.code), (EndingKind::Signalled, Some(11)));
        assert!(ending.cpu_seconds > 0.0, "{ending:?}");
        assert_eq!(ending.words(), "crashed in native code (SIGSEGV)");
        house.directory.cancel(session).await.expect("cancelled");
    });
}
