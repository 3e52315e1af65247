//! What the server knows: nothing of it is in any place that a program can read.

use super::{Achieved, SECRET, SECRET_VARIABLE, World, scripts::*};
use serde_json::json;
use std::{fs, io::Write, sync::Arc};

/// Where the program looks.
const PLACES: &[&str] = &[
    "environ",
    "cmdline",
    "maps",
    "mountinfo",
    "stack",
    "auxv",
    "comm",
    "mem",
    "names of descriptors",
    "descriptors",
    "own environment",
];

pub(super) async fn all(world: Arc<World>) {
    let secret = std::env::var(SECRET_VARIABLE).unwrap();
    // In a file that a careless library left open for children, under a name that says it too.
    let folder = tempfile::tempdir().unwrap();
    let mut file = fs::File::create_new(folder.path().join(&secret)).unwrap();
    file.write_all(secret.as_bytes()).unwrap();
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty()).unwrap();
    // A busy server's descriptors have higher numbers than a sandbox may open.
    let many: Vec<_> = (0..300).map(|_| file.try_clone().unwrap()).collect();

    let told = json!({ "pattern": SECRET });
    let achieved = world.achieved("sessions/one", &SECRETS, told).await;
    assert_eq!(achieved, nothing(PLACES));
    drop(many);
    world.forget("sessions/one").await;
}

pub(super) fn nothing(places: &[&str]) -> Achieved {
    places.iter().map(|place| ((*place).to_owned(), "none".to_owned())).collect()
}
