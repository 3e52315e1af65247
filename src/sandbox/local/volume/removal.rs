//! Deleting trees that someone else made, of any depth and with any permissions.
//!
//! A tree is first moved aside in one step, where no sandbox sees it, and then taken apart
//! breadth-first: each folder inside is moved up beside the others. So no path gets long, no stack
//! gets deep, and a crash in between leaves only what the next start sweeps.

use super::{beneath, listing::is_dot};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{self, AtFlags, Dir, Mode, OFlags},
    io::{Errno, Result},
};
use std::ffi::CStr;

/// Moves `name` out of its folder into the trash and deletes it; harmless when it is not there.
pub(super) fn remove(parent: &OwnedFd, name: &str, trash: &OwnedFd) -> Result<()> {
    let job = super::unique();
    fs::mkdirat(trash, job.as_str(), Mode::RWXU)?;
    let place = beneath::folder(trash, job.as_str())?;
    let moved = match fs::renameat(parent, name, &place, "0") {
        Err(Errno::ACCESS) => {
            let name = std::ffi::CString::new(name).map_err(|_| Errno::INVAL)?;
            beneath::unlock(parent, &name).and_then(|()| fs::renameat(parent, &name, &place, "0"))
        }
        other => other,
    };
    let cleared = match moved {
        Ok(()) => clear(&place),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error),
    };
    fs::unlinkat(trash, job.as_str(), AtFlags::REMOVEDIR).or(cleared)?;
    cleared
}

/// Deletes everything in a folder and leaves it empty.
pub(in crate::sandbox::local) fn clear(place: &OwnedFd) -> Result<()> {
    let mut counter = 1_u64;
    loop {
        let mut found = false;
        for entry in Dir::read_from(place)? {
            let entry = entry?;
            if is_dot(entry.file_name()) {
                continue;
            }
            found = true;
            if !unlink_file(place, entry.file_name())? {
                flatten(place, entry.file_name(), &mut counter)?;
            }
        }
        if !found {
            return Ok(());
        }
    }
}

/// Empties one folder by deleting its files and moving its folders up, and removes it.
fn flatten(place: &OwnedFd, name: &CStr, counter: &mut u64) -> Result<()> {
    let folder = match beneath::folder(place, name) {
        Err(Errno::ACCESS) => {
            beneath::unlock(place, name)?;
            beneath::folder(place, name)?
        }
        other => other?,
    };
    for entry in Dir::read_from(&folder)? {
        let entry = entry?;
        let child = entry.file_name();
        if is_dot(child) || retry_unlocked(place, name, || unlink_file(&folder, child))? {
            continue;
        }
        // Names of this kind never collide: the counter only grows within one job.
        let up = loop {
            let up = format!("d{counter}");
            *counter += 1;
            if fs::statat(place, up.as_str(), AtFlags::SYMLINK_NOFOLLOW).is_err() {
                break up;
            }
        };
        let moved = fs::renameat(&folder, child, place, up.as_str());
        if moved == Err(Errno::ACCESS) {
            beneath::unlock(&folder, child)?;
            fs::renameat(&folder, child, place, up.as_str())?;
        } else {
            moved?;
        }
    }
    match fs::unlinkat(place, name, AtFlags::REMOVEDIR) {
        // A program that still runs may have added something; the caller's loop comes back.
        Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => Ok(()),
        Err(error) => Err(error),
    }
}

/// True when the entry is gone, false when it is a folder.
fn unlink_file(folder: impl AsFd, name: &CStr) -> Result<bool> {
    match fs::unlinkat(&folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::ISDIR) => Ok(false),
        Err(Errno::PERM) => {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW;
            beneath::open(folder, name, flags).map(|_| false).map_err(|_| Errno::PERM)
        }
        Err(error) => Err(error),
    }
}

fn retry_unlocked<T>(place: &OwnedFd, name: &CStr, attempt: impl Fn() -> Result<T>) -> Result<T> {
    match attempt() {
        Err(Errno::ACCESS) => {
            beneath::unlock(place, name)?;
            attempt()
        }
        other => other,
    }
}
