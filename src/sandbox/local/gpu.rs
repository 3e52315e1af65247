//! NVIDIA's graphics processors: which this machine has, as the devices that a sandbox must be shown.
//! Others need parts of `/sys` and groups of the host that a sandbox does not have.

use crate::sandbox::{Gpu, SandboxError};
use std::{
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
};

/// What makes a folder of devices one with a processor to compute on.
const PROCESSOR: &str = "nvidia";
/// What programs open beside it.
const BESIDE: [&str; 2] = ["nvidiactl", "nvidia-uvm"];

/// Devices that a sandbox sees below its `/dev`, by their paths below the folder they are found in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Devices(pub Vec<PathBuf>);

/// The devices for what a sandbox asks for, of those below a folder.
///
/// *Errors*: [`SandboxError::Unavailable`] when it asks for one and there is none.
pub(super) fn devices(gpu: Gpu, folder: &Path) -> Result<Devices, SandboxError> {
    match gpu {
        Gpu::None => Ok(Devices::default()),
        Gpu::Any => match found(folder) {
            devices if devices.is_empty() => Err(SandboxError::Unavailable(format!(
                "a GPU is asked for and this machine shows none (no `nvidia0` in `{}`); \
                 install its driver, or set TRAINABLE_SANDBOX_GPU=off",
                folder.display()
            ))),
            devices => Ok(Devices(devices)),
        },
    }
}

/// All devices of graphics processors by their paths below a folder, sorted; none when there is no
/// processor.
pub(super) fn found(folder: &Path) -> Vec<PathBuf> {
    let names = |folder: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let devices =
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_char_device()));
        let mut names: Vec<_> =
            devices.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    let is_processor = |name: &str| {
        let rest = name.strip_prefix(PROCESSOR);
        rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()))
    };
    let all = names(folder);
    if !all.iter().any(|name| is_processor(name)) {
        return Vec::new();
    }
    let wanted = |name: &String| is_processor(name) || BESIDE.iter().any(|b| name.starts_with(b));
    all.iter().filter(|name| wanted(name)).map(PathBuf::from).collect()
}
