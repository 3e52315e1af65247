//! `trainable admin copy`: an installation moves to another database and back, and nothing of it changes.

use super::{
    scene::{Scene, at_work, trained},
    support::binary::{Ended, dense, end, trainable},
};
use std::path::Path;

async fn copy(data: &Path, from: &str, to: &str) -> Ended {
    let mut command = trainable(data);
    command.args(["admin", "copy", "--from", from, "--to", to]);
    end(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_moves_to_another_database_and_back() {
    let Some(scene) = Scene::new(1) else { return };
    let server = scene.serve("a").await;
    let session = at_work(&server, "TRAIN").await;
    let events = server.follow(&session, 0, "the end", trained).await;
    let to = format!("sqlite://{}", scene.data("moved").join("trainable.db").display());

    let busy = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(busy.code, Some(2), "{busy:?}");
    assert!(busy.stderr.contains("a server uses the source; stop it first"), "{busy:?}");
    server.stop().await;
    let moved = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(moved.stderr.contains(&format!("events: {} rows", events.len())), "{moved:?}");
    let full = copy(&scene.data("a"), &scene.url, &to).await;
    assert_eq!(full.code, Some(2), "{full:?}");
    assert!(full.stderr.contains("has rows in `experiments` already"), "{full:?}");
    let nothing = copy(&scene.data("a"), "sqlite:///no/such.db", "elsewhere").await;
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("--to is no address of a database"), "{nothing:?}");

    // On SQLite, with the files that it had.
    let moved = scene.data("moved");
    for name in ["volumes", "objects"] {
        std::fs::rename(scene.data("shared").join(name), moved.join(name)).expect("it is moved");
    }
    let server = super::support::binary::Server::start(&moved, &[("DATABASE_URL", "")]).await;
    assert_eq!(server.follow(&session, 0, "the end", trained).await, events);
    dense(&events);
    assert_eq!(server.state(&session).await, "TRAIN_DONE");
    server.stop().await;

    // And back, into another database.
    let Some(url) = super::support::database::another() else { return };
    let back = copy(&moved, &to, &url).await;
    assert_eq!(back.code, Some(0), "{back:?}");
    let server =
        super::support::binary::Server::start(&moved, &[("DATABASE_URL", url.as_str())]).await;
    assert_eq!(server.follow(&session, 0, "the end", trained).await, events);
    server.stop().await;
}
