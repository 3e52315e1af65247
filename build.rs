//! Lets cargo build without Node: an empty `web/dist` stands in until `make web` fills it.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let root = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    fs::create_dir_all(root.join("web/dist"))?;
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
    Ok(())
}
