//! Other sessions' data, also by links that lie where a mount is to go.

use super::{Achieved, MARK, World, contained, said, scripts::*, spec};
use crate::support::*;
use futures::StreamExt;
use serde_json::json;
use std::{os::unix::fs::symlink, path::Path, sync::Arc};
use trainable::sandbox::{Access, Mount, SandboxError};

pub(super) async fn all(world: Arc<World>) {
    with_a_secret(&world, "sessions/other").await;
    let secret = world.host("sessions/other").join("secret");
    let told = json!({ "host_secret": secret, "mark": MARK });
    contained(&world.achieved("sessions/one", &SESSIONS, told).await, 20);
    world.forget("sessions/one").await;
    a_link_in_place_of_a_mount_leads_nowhere(&world).await;
    untouched(&world).await;
    world.forget("sessions/other").await;
}

pub(super) async fn with_a_secret(world: &World, session: &str) {
    write(&*world.volume(session).await, "secret", MARK.as_bytes()).await;
}

/// The other session holds what it held, and nothing else.
pub(super) async fn untouched(world: &World) {
    let other = world.volume("sessions/other").await;
    let listing = other.list(None).await.unwrap();
    let files: Vec<_> = listing.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((files, listing.refused), (vec!["secret"], vec![]));
    assert_eq!(other.read(&path("secret"), 0..99).await.unwrap(), MARK);
}

/// When the link takes the folder's place.
#[derive(Clone, Copy, Debug)]
enum When {
    BeforeTheStart,
    BetweenStartAndExecution,
}

/// Where the folder appears: inside the session's own, as a follow-up has it, or beside it.
const PLACES: [&str; 2] = ["/data/sessions/s/notes", "/data/notes"];

/// A follow-up sees its session read-only and writes to a folder of it, which programs own.
async fn a_link_in_place_of_a_mount_leads_nowhere(world: &World) {
    let other = world.host("sessions/other");
    let (etc, bin) = (Path::new("/etc"), Path::new("../../../../usr/bin"));
    for when in [When::BeforeTheStart, When::BetweenStartAndExecution] {
        for at in PLACES {
            for target in [Path::new("../other"), &other, etc, bin] {
                let tried = follow_up(world, when, at, target).await;
                let shown = target.display();
                match tried {
                    Ok(achieved) => contained(&achieved, 11),
                    Err(why) => println!("abuse: link to {shown} for {at}, {when:?}: {why}"),
                }
                world.forget("sessions/one").await;
            }
        }
    }
}

async fn follow_up(
    world: &World,
    when: When,
    at: &str,
    target: &Path,
) -> Result<Achieved, SandboxError> {
    write(&*world.volume("sessions/one").await, "notes/.notes", b"").await;
    world.save("sessions/one", &MOUNTED).await;
    // As the program of a stage would: it owns the folder that its own goes into.
    let swap = || {
        let own = world.host("sessions/one");
        std::fs::rename(own.join("notes"), own.join("gone")).unwrap();
        symlink(target, own.join("notes")).unwrap();
    };
    let begin = || world.start(mounts(at), small());
    let sandbox = match when {
        When::BeforeTheStart => {
            swap();
            begin().await?
        }
        When::BetweenStartAndExecution => {
            let sandbox = begin().await?;
            swap();
            sandbox
        }
    };
    let spec = spec(&MOUNTED, Some(json!({ "mark": MARK, "place": at })), MINUTE);
    // Tried once to see whether it starts at all, and then read to its end.
    drop(sandbox.exec(spec.clone()).await?.next().await);
    Ok(said(&collect(&*sandbox, spec).await))
}

fn mounts(notes: &str) -> Vec<Mount> {
    let mount = |volume, at: &str, access| Mount { volume: name(volume), at: at.into(), access };
    vec![
        mount("sessions/one", "/data/sessions/s", Access::ReadOnly),
        mount("sessions/one/notes", notes, Access::ReadWrite),
    ]
}
