//! A sidecar that does not do as it should: it is ended, what it held is told once, and the next serves.

use super::Modal;
use crate::support::*;
use futures::StreamExt;
use std::{path::Path, time::Duration};
use trainable::sandbox::{
    Ending, Output, SandboxProvider,
    modal::{ModalSandboxes, Patience},
};

fn provider(modal: &Modal, lie: &str) -> ModalSandboxes {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandboxes/modal/sidecar.py");
    modal.with(|config| {
        let lied = modal.root.path().join("lied").to_str().unwrap().to_owned();
        config.stand_in = Some((script, vec![("LIE".into(), lie.into()), ("LIED".into(), lied)]));
        config.patience = Patience {
            hello: Duration::from_secs(2),
            pulse: Duration::from_millis(500),
            backoff: Duration::from_millis(10),
        };
    })
}

/// Runs a program on a sidecar that lies once: its output, and how it ended.
async fn ends(lie: &str, expect: Ending, said: &str) {
    let modal = Modal::new();
    let provider = provider(&modal, lie);
    let sandbox = start(&provider, session("sessions/one"), small()).await;
    let run = async || {
        let outputs = sandbox.exec(script(MINUTE)).await.unwrap();
        outputs.collect::<Vec<_>>().await
    };
    let outputs = tokio::time::timeout(Duration::from_secs(20), run()).await.expect(lie);
    let exits: Vec<_> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Exited(exit) => Some(exit.ending),
            _ => None,
        })
        .collect();
    assert_eq!(exits, [expect], "{lie}: {outputs:?}");
    assert!(matches!(outputs.last(), Some(Output::Exited(_))), "{lie}: {outputs:?}");
    let stderr: Vec<u8> = outputs
        .iter()
        .filter_map(|output| match output {
            Output::Stderr(bytes) => Some(bytes.to_vec()),
            _ => None,
        })
        .flatten()
        .collect();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(stderr.contains(said), "{lie}: {stderr:?} lacks {said:?}");
    // The next one is as it should be.
    let ran = tokio::time::timeout(Duration::from_secs(20), collect(&*sandbox, script(MINUTE)));
    assert_eq!(ran.await.expect(lie).printed(), "go", "{lie}");
}

#[tokio::test]
async fn a_sidecar_that_lies_in_the_middle_is_ended() {
    ends("", Ending::Code(0), "").await;
    ends("crash", Ending::Lost, "it ended").await;
    ends("stall", Ending::Lost, "it did not answer in time").await;
    ends("flood", Ending::Lost, "more for call").await;
    ends("wrong id", Ending::Lost, "nobody waits for").await;
    ends("second greeting", Ending::Lost, "it greeted twice").await;
    ends("two exits", Ending::Code(0), "").await;
    ends("long line", Ending::Lost, "too long").await;
    ends("no JSON", Ending::Lost, "is not JSON").await;
    ends("no UTF-8", Ending::Lost, "a line that").await;
    ends("half a line", Ending::Lost, "in the middle of a line").await;
}

/// What is said about a sidecar that does not begin as it should; the next one serves.
async fn begins(lie: &str, said: &str) {
    let modal = Modal::new();
    let provider = provider(&modal, lie);
    let standing = provider.diagnose().await;
    assert_eq!(standing.tier, None, "{lie}");
    assert!(standing.missing[0].contains(said), "{lie}: {:?}", standing.missing);
    assert!(!standing.missing[0].contains("as-test"), "{lie}: {:?}", standing.missing);
    assert_eq!(provider.diagnose().await.tier, Some('A'), "{lie}");
    assert_eq!(provider.standing().missing, [""; 0], "{lie}");
}

#[tokio::test]
async fn a_sidecar_that_does_not_begin_is_told_and_started_again() {
    begins("dead", "does not begin: it ended (… has died)").await;
    begins("silent", "says nothing").await;
    begins("old", "speaks protocol 0 and this server 1").await;
    begins("broken", "Modal's SDK cannot be loaded").await;
    begins("rude", "begins with something else than its greeting").await;
}

#[tokio::test]
async fn without_a_python_it_is_said() {
    let modal = Modal::new();
    let provider = modal.with(|config| config.stand_in = Some(("/nowhere/python".into(), vec![])));
    let standing = provider.diagnose().await;
    assert!(standing.missing[0].contains("`/nowhere/python` does not start"), "{standing:?}");
}
