//! Output and records that are meant to harm whoever reads them.

use super::{World, contained, ended, said, scripts::*, spec};
use crate::support::*;
use serde_json::json;
use std::sync::Arc;
use trainable::sandbox::Ending;

/// What `colours.py` writes.
const TEXT: &[u8] = b"\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b]52;c;eA==\x07\x9b\xff\xfe\xc0\x80\xed\xa0\x80\x00\r\x08\xe2\x80\xae\xf0\x9f\x92";

pub(super) async fn all(world: Arc<World>) {
    // Raw bytes are kept as they came; making them harmless is for who shows them.
    let ran = world.run(&COLOURS, small(), MINUTE).await;
    ended(&ran, Ending::Code(0));
    assert_eq!((&ran.stdout[..], &ran.stderr[..]), (TEXT, TEXT));

    world.save("sessions/one", &RECORDS).await;
    let sandbox = world.start(session("sessions/one"), small()).await.unwrap();
    let ran = collect(&*sandbox, spec(&RECORDS, None, MINUTE)).await;
    contained(&said(&ran), 2);
    // Those of another connection come in between.
    let own = ran.records.iter().filter(|record| *record != "by path");
    let lengths: Vec<_> = own.map(|record| record.len()).collect();
    assert_eq!(lengths[..5], [3, 100_000, 1_000_000, 16, 5]);
    let count = |text: &str| ran.records.iter().filter(|record| *record == text).count();
    assert!(count("rights") > 0 && count("by path") > 50, "{lengths:?}");
    assert_eq!(count("last"), 1);
    drop(sandbox);

    let trap = "print('trapped', flush=True)\nraise SystemExit(9)\n";
    let volume = world.volume("sessions/one").await;
    let traps = ["json", "pandas", "random", "trainable", "sitecustomize", "usercustomize"];
    for trapped in traps {
        write(&*volume, &format!("{trapped}.py"), trap.as_bytes()).await;
    }
    write(&*volume, "encodings/trap.py", trap.as_bytes()).await;
    write(&*volume, "trap.pth", b"import os; os._exit(9)\n").await;
    drop(volume);
    contained(&world.achieved("sessions/one", &MODULES, json!({})).await, 3);
    world.forget("sessions/one").await;
}
