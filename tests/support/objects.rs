//! The objects of a test's server: files, or, with `TRAINABLE_TEST_OBJECTS=s3`, a part of a bucket of its own for
//! every data directory. The one place that decides.

use super::{
    database::digest,
    s3::{self, Server},
};
use std::{
    path::Path,
    sync::{LazyLock, Mutex, Once, PoisonError},
};

/// What a binary with this data directory is given in its environment.
pub fn environment(data: &Path) -> Vec<(&'static str, String)> {
    if std::env::var("TRAINABLE_TEST_OBJECTS").is_ok_and(|name| name == "s3") {
        let mut settings = store();
        settings.prefix = format!("{:016x}", digest(data));
        s3::environment(&settings)
    } else {
        Vec::new()
    }
}

/// The one server of this process, which ends with it.
fn store() -> trainable::objects::s3::S3Settings {
    static SERVER: LazyLock<Mutex<Option<Server>>> =
        LazyLock::new(|| Mutex::new(Some(Server::rclone())));
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| {
        extern "C" fn stop() {
            drop(SERVER.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
        // Nothing is wrong with leaving it behind but the room that it takes.
        unsafe { libc::atexit(stop) };
    });
    let server = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    server.as_ref().expect("the process has not ended").settings()
}
