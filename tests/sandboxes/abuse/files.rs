//! What a program leaves in its volume: the server lists and reads it, and is led nowhere.

use super::{MARK, World, contained, ended, scripts::*, sessions, spec};
use crate::support::*;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use trainable::sandbox::{Ending, SandboxError, Volume};

pub(super) async fn all(world: Arc<World>) {
    sessions::with_a_secret(&world, "sessions/other").await;
    odd_files_are_refused(&world).await;
    odd_names_are_told(&world).await;
    a_swap_shows_nothing(&world).await;
    sessions::untouched(&world).await;
    world.forget("sessions/other").await;
}

async fn odd_files_are_refused(world: &World) {
    let secret = world.host("sessions/other").join("secret");
    let told = json!({ "host_secret": secret });
    contained(&world.achieved("sessions/one", &OUTPUTS, told).await, 2);
    let mut expect: BTreeMap<_, _> = [
        "link",
        "root",
        "self",
        "loop",
        "proc",
        "up",
        "session",
        "session-file",
        "host",
        "dangling",
    ]
    .map(|link| (link.to_owned(), "is a symbolic link"))
    .into();
    expect.extend([
        ("fifo".to_owned(), "is a FIFO"),
        ("one".to_owned(), "is a hard link"),
        ("two".to_owned(), "is a hard link"),
        ("socket".to_owned(), "is a socket"),
    ]);
    if rustix::process::geteuid().is_root() {
        // No program can make one; somebody with the rights may have.
        device(&world.host("sessions/one").join("device"));
        expect.insert("device".to_owned(), "is a device");
    }
    let volume = world.volume("sessions/one").await;
    let listing = volume.list(None).await.unwrap();
    let refused: BTreeMap<_, _> = listing.refused.into_iter().collect();
    assert_eq!(refused, expect);
    let files: Vec<_> = listing.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["bomb.pkl", "bomb.zip", "closed/in", "outputs.py", "sparse"]);

    let odd = ["link", "root/etc/passwd", "self/outputs.py", "proc", "up/other/secret"];
    let odd =
        odd.iter().chain(&["session/secret", "session-file", "host", "fifo", "one", "socket"]);
    for odd in odd.chain(&["loop", "device", "dangling", "session", "closed"]) {
        nothing_to_read(&*volume, odd).await;
    }
    nothing_to_write_through(&*volume).await;
    // As large as they say: whoever unpacks them does so inside.
    let sparse = volume.stat(&path("sparse")).await.unwrap().unwrap();
    assert_eq!(sparse.size, 60 << 20);
    assert_eq!(volume.read(&path("sparse"), 40 << 20..(40 << 20) + 4).await.unwrap(), "end\0");
    for bomb in ["bomb.pkl", "bomb.zip"] {
        let size = volume.stat(&path(bomb)).await.unwrap().unwrap().size;
        assert!(size < 1 << 20, "{bomb} has {size} bytes");
        let read = volume.read(&path(bomb), 0..u64::MAX).await.unwrap();
        assert_eq!(read.len() as u64, size);
        assert_eq!(volume.digest(&path(bomb)).await.unwrap().len(), 64);
    }
    let listing = volume.list(None).await.unwrap();
    assert!(listing.files.iter().all(|file| !file.path.as_str().contains("ran")));

    world.save("sessions/one", &UNPICKLE).await;
    let sandbox = world.start(session("sessions/one"), small()).await.unwrap();
    let ran = collect(&*sandbox, spec(&UNPICKLE, None, MINUTE)).await;
    // The shell's second half failed, outside of what it may write to.
    assert_eq!(ran.printed(), "ended with 256 True");
    world.forget("sessions/one").await;
}

fn device(at: &Path) {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
    mknodat(CWD, at, FileType::CharacterDevice, Mode::from(0o666), makedev(1, 3)).unwrap();
}

async fn nothing_to_read(volume: &dyn Volume, odd: &str) {
    let at = path(odd);
    let error = volume.read(&at, 0..10).await.unwrap_err();
    assert!(matches!(error, SandboxError::NoFile(_)), "{odd}: {error}");
    let error = volume.digest(&at).await.unwrap_err();
    assert!(matches!(error, SandboxError::NoFile(_)), "{odd}: {error}");
    assert_eq!(volume.stat(&at).await.unwrap(), None, "{odd}");
}

/// Nor does the server write, move or delete through what lies in the way.
async fn nothing_to_write_through(volume: &dyn Volume) {
    let body = || stream::iter([Ok(Bytes::from_static(b"trapped"))]).boxed();
    for through in ["session", "up/other", "root/tmp"] {
        let below = path(&format!("{through}/trapped"));
        volume.put(&below, body()).await.unwrap_err();
        volume.rename(&path("outputs.py"), &below).await.unwrap_err();
    }
    volume.delete(&path("session/secret")).await.unwrap();
    volume.delete(&path("up/other")).await.unwrap();
    // Of a link the link is moved, and nothing behind it.
    volume.rename(&path("session"), &path("moved")).await.unwrap();
    volume.rename(&path("moved"), &path("session")).await.unwrap();
}

async fn odd_names_are_told(world: &World) {
    assert_eq!(world.ran("sessions/one", &NAMES, json!({})).await.printed(), "31");
    let volume = world.volume("sessions/one").await;
    let listing = volume.list(Some(&path("names"))).await.unwrap();
    assert_eq!((listing.files.len(), listing.refused.len()), (21, 10), "{listing:#?}");
    for file in &listing.files {
        assert_eq!(volume.read(&file.path, 0..9).await.unwrap(), "", "{}", file.path);
        assert!(!file.path.as_str().chars().any(char::is_control), "{:?}", file.path);
    }
    for (shown, why) in &listing.refused {
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        assert!(["has a control character", "has a name that is not UTF-8"].contains(why), "{why}");
    }
    volume.delete(&path("names")).await.unwrap();
    assert!(volume.list(Some(&path("names"))).await.unwrap().refused.is_empty());
    drop(volume);
    world.forget("sessions/one").await;
}

/// While a program exchanges files and folders for links, the server reads, lists and writes.
async fn a_swap_shows_nothing(world: &World) {
    let secret = world.host("sessions/other").join("secret");
    let told = json!({ "host_secret": secret, "seconds": 2 });
    world.save("sessions/one", &SWAP).await;
    let sandbox = world.start(session("sessions/one"), small()).await.unwrap();
    let running = tokio::spawn(async move {
        collect(&*sandbox, spec(&SWAP, Some(told), Duration::from_secs(20))).await
    });
    let last = world.host("sessions/one").join(".up");
    wait_until(|| last.symlink_metadata().is_ok()).await;
    let volume = world.volume("sessions/one").await;
    let (mut own, mut refused) = (0, 0);
    while !running.is_finished() {
        for at in ["file", "relative", "folder/secret", "up/secret"] {
            match volume.read(&path(at), 0..99).await {
                Ok(read) => {
                    assert_eq!(read, "own", "{at}");
                    own += 1;
                }
                Err(SandboxError::NoFile(_)) => refused += 1,
                Err(error) => panic!("{at}: {error}"),
            }
            let size = volume.stat(&path(at)).await.unwrap().map(|stat| stat.size);
            assert!(size.is_none_or(|size| size == 3), "{at}: {size:?}");
        }
        let body = stream::iter([Ok(Bytes::from_static(b"own"))]).boxed();
        // Refused where there is a link at that moment.
        let _ = volume.put(&path("up/put"), body).await;
        volume.delete(&path("up/put")).await.unwrap();
        let listing = volume.list(None).await.unwrap();
        assert!(listing.files.iter().all(|file| file.size != MARK.len() as u64), "{listing:?}");
    }
    let ran = running.await.unwrap();
    ended(&ran, Ending::Code(0));
    let swaps = ran.printed().lines().last().and_then(|swaps| swaps.parse().ok()).unwrap_or(0_u64);
    println!("abuse: {swaps} swaps, {own} files read, {refused} refused");
    assert!(swaps > 1_000 && own > 20 && refused > 20, "{swaps} {own} {refused}");
    drop(volume);
    world.forget("sessions/one").await;
}
