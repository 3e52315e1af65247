//! Reaching the next execution of the same session: it finds all as the first one did.

use super::{World, ended, scripts::*, spec};
use crate::support::*;
use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};
use trainable::sandbox::{Ending, Limits, Output, Sandbox};

const SESSION: &str = "sessions/one";

/// How an attack ends: told truthfully, whatever it wrote where.
enum End {
    Is(Ending),
    /// It may well have shot itself.
    Any,
}

/// Attacks one after the other, each group of them with a look at what they left.
struct Round {
    attacks: &'static [(Script, End)],
    modules: &'static [&'static str],
}

/// Looked at after what meddles with them: importing them takes its time.
const PACKAGES: &[&str] =
    &["pandas", "numpy", "sklearn", "json", "decimal", "pickle", "csv", "trainable"];
const MODULES: &[&str] = &["json", "decimal", "pickle", "csv", "trainable"];

const ROUNDS: &[Round] = &[
    Round { attacks: &[(LEAVE, End::Is(Ending::Code(0)))], modules: PACKAGES },
    Round { attacks: &[(MEMORY_WRITES, End::Any)], modules: PACKAGES },
    Round { attacks: &[(CHANNELS, End::Is(Ending::Code(7)))], modules: MODULES },
    Round { attacks: &[(KILLS, End::Is(Ending::Code(0)))], modules: MODULES },
    Round { attacks: &[(DAEMONS, End::Is(Ending::Code(0)))], modules: MODULES },
    Round { attacks: &[(STUBBORN, End::Is(Ending::TimedOut))], modules: MODULES },
    Round { attacks: &[(FORK_BOMB, End::Is(Ending::TimedOut))], modules: MODULES },
    Round { attacks: &[(MEMORY_BOMB, End::Any), (FILL_TMP, End::Any)], modules: PACKAGES },
];
/// Of these nothing can be heard before they end.
const SILENT: &[Script] = &[CHANNELS, MEMORY_BOMB, FILL_TMP];

pub(super) async fn all(world: Arc<World>) {
    // Room for the locked packages, where they are there.
    let limits = Limits { memory_mib: 1024, ..small() };
    let sandbox = start(world.provider(), session(SESSION), limits).await;
    world.save(SESSION, &PROBE).await;
    let mut drawn = BTreeSet::new();
    warm(&*sandbox, &mut drawn).await;
    let untouched = probe(&*sandbox, PACKAGES, &mut drawn).await;
    let idle = idle(&world).await;
    for Round { attacks, modules } in ROUNDS {
        for (attack, end) in *attacks {
            world.save(SESSION, attack).await;
            attacked(&*sandbox, attack, end).await;
            wait_until(|| world.executing() <= idle).await;
            assert!(world.executing() <= idle, "{} left processes", attack.name);
        }
        let found = probe(&*sandbox, modules, &mut drawn).await;
        same(attacks[0].0.name, &untouched, &found);
    }
    terminated(&*sandbox).await;
    same("a termination", &untouched, &probe(&*sandbox, MODULES, &mut drawn).await);
    drop(sandbox);
    world.forget(SESSION).await;
}

/// Waits until programs are forked from an interpreter that has imported everything.
async fn warm(sandbox: &dyn Sandbox, drawn: &mut BTreeSet<String>) {
    let begun = Instant::now();
    while probe(sandbox, &[], drawn).await["warm"] != true {
        assert!(begun.elapsed() < MINUTE, "no warm start in a minute");
    }
}

/// How many processes wait, forked ahead, after a program that left none.
async fn idle(world: &World) -> usize {
    let (begun, mut most) = (Instant::now(), 0);
    wait_until(|| {
        most = most.max(world.executing());
        begun.elapsed() > Duration::from_secs(1)
    })
    .await;
    most
}

async fn attacked(sandbox: &dyn Sandbox, attack: &Script, end: &End) {
    let timeout = match end {
        End::Is(Ending::TimedOut) => Duration::from_secs(1),
        End::Is(_) | End::Any => MINUTE,
    };
    let told = json!({ "process_vm_writev": libc::SYS_process_vm_writev });
    let told = attack.args.is_empty().then_some(told);
    let ran = collect(sandbox, spec(attack, told, timeout)).await;
    let text = [&ran.stdout[..], &ran.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    if let End::Is(ending) = end {
        assert_eq!(ran.exit.ending, *ending, "{}: {text}", attack.name);
    }
    let begun = ["left", "go", "kept", "done"].iter().any(|word| text.contains(word));
    let silent = SILENT.iter().any(|script| script.name == attack.name);
    assert!(begun || silent, "{} did nothing: {text}", attack.name);
}

async fn terminated(sandbox: &dyn Sandbox) {
    let mut outputs = sandbox.exec(spec(&STUBBORN, None, MINUTE)).await.unwrap();
    let first = outputs.next().await;
    assert!(matches!(first, Some(Output::Stdout(_))), "{first:?}");
    sandbox.terminate().await;
}

/// What an execution sees of itself and its surroundings, and that it draws numbers of its own.
async fn probe(sandbox: &dyn Sandbox, modules: &[&str], drawn: &mut BTreeSet<String>) -> Value {
    let told = json!({ "modules": modules });
    let ran = collect(sandbox, spec(&PROBE, Some(told), MINUTE)).await;
    ended(&ran, Ending::Code(0));
    let printed = ran.printed();
    let lines: Vec<_> = printed.lines().collect();
    let [seen, number] = lines[..] else { panic!("more than was printed: {printed}") };
    assert!(drawn.insert(number.to_owned()), "`{number}` was drawn before");
    serde_json::from_str(seen.strip_prefix("probe ").unwrap()).unwrap()
}

/// Checks that what was found is what was found before anybody had done anything.
#[track_caller]
fn same(after: &str, untouched: &Value, found: &Value) {
    let (untouched, found) = (untouched.as_object().unwrap(), found.as_object().unwrap());
    assert!(found.len() > 30, "{found:#?}");
    for (what, now) in found {
        assert_eq!(Some(now), untouched.get(what), "`{what}` after {after}");
    }
}
