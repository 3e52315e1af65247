//! Walking a folder that someone else writes: what it holds, and how much it takes.

use super::beneath;
use crate::sandbox::{FileStat, Listing, VolumePath};
use chrono::{DateTime, Utc};
use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{self, AtFlags, Dir, FileType, Stat},
    io::{Errno, Result},
};
use std::ffi::CStr;

/// The most entries that one listing looks at.
const MAX_ENTRIES: usize = 100_000;
/// The most refused entries that one listing names.
const MAX_REFUSED: usize = 1_000;

/// Lists the regular files below a folder; an absent folder holds nothing.
pub(super) fn list(root: &OwnedFd, under: Option<&VolumePath>) -> Result<Listing> {
    let mut listing = Listing::default();
    let mut seen = 0;
    let mut folders = vec![under.map(|path| path.as_str().to_owned())];
    while let Some(path) = folders.pop() {
        let opened = open(root, path.as_deref().unwrap_or("."));
        let Some(folder) = beneath::absent_as_none(opened)? else { continue };
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_dot(name) {
                continue;
            }
            seen += 1;
            if seen > MAX_ENTRIES {
                listing.truncated = true;
                break;
            }
            let Some(stat) = stat(&folder, name)? else { continue };
            match classify(path.as_deref(), name, &stat) {
                Entry::Folder(path) => folders.push(Some(path)),
                Entry::File(file) => listing.files.push(file),
                Entry::Refused(shown, why) => refuse(&mut listing, shown, why),
            }
        }
        if listing.truncated && seen > MAX_ENTRIES {
            break;
        }
    }
    listing.files.sort_by(|a, b| a.path.cmp(&b.path));
    listing.refused.sort();
    Ok(listing)
}

/// What folders hold in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sandbox::local) struct Usage {
    /// Bytes that the disk gave, so that a sparse file counts what it really takes.
    pub bytes: u64,
    /// Files, folders, links and whatever else has a name.
    pub files: u64,
}

/// Adds up what a folder takes, and stops as soon as it is past `most`.
///
/// A folder nested deeper than the kernel resolves counts as past every limit: no honest program
/// makes one, and what it hides could not be counted.
pub(in crate::sandbox::local) fn usage(root: &OwnedFd, most: Usage) -> Result<Usage> {
    let mut sum = Usage::default();
    let mut folders = vec![b".".to_vec()];
    while let Some(path) = folders.pop() {
        let folder = match open(root, path.as_slice()) {
            Err(Errno::NAMETOOLONG) => return Ok(Usage { bytes: u64::MAX, files: u64::MAX }),
            other => match beneath::absent_as_none(other)? {
                Some(folder) => folder,
                None => continue,
            },
        };
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if is_dot(name) {
                continue;
            }
            let Some(stat) = stat(&folder, name)? else { continue };
            sum.files += 1;
            sum.bytes += u64::try_from(stat.st_blocks).unwrap_or(0) * 512;
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                folders.push([path.as_slice(), b"/", name.to_bytes()].concat());
            }
            if sum.files > most.files || sum.bytes > most.bytes {
                return Ok(sum);
            }
        }
    }
    Ok(sum)
}

/// Opens a folder, also one that its program closed to everybody, itself included.
fn open(root: &OwnedFd, path: impl rustix::path::Arg + Copy) -> Result<OwnedFd> {
    match beneath::folder(root, path) {
        Err(Errno::ACCESS) => {
            beneath::unlock(root, path)?;
            beneath::folder(root, path)
        }
        other => other,
    }
}

/// A file's last change.
pub(super) fn modified(stat: &Stat) -> DateTime<Utc> {
    let nanos = u32::try_from(stat.st_mtime_nsec).unwrap_or(0);
    DateTime::from_timestamp(stat.st_mtime, nanos).unwrap_or_default()
}

enum Entry {
    Folder(String),
    File(FileStat),
    Refused(String, &'static str),
}

fn classify(folder: Option<&str>, name: &CStr, stat: &Stat) -> Entry {
    let shown = |name: &str| match folder {
        Some(folder) => format!("{folder}/{name}"),
        None => name.to_owned(),
    };
    let Ok(text) = name.to_str() else {
        let escaped = name.to_bytes().escape_ascii().to_string();
        return Entry::Refused(shown(&escaped), "has a name that is not UTF-8");
    };
    let path = match VolumePath::parse(&shown(text)) {
        Ok(path) => path,
        Err(error) => {
            let escaped: String = shown(text).escape_debug().take(400).collect();
            return Entry::Refused(escaped, error.reason());
        }
    };
    if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
        return Entry::Folder(path.to_string());
    }
    match beneath::refusal(stat) {
        Some(why) => Entry::Refused(path.to_string(), why),
        None => Entry::File(FileStat {
            path,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: modified(stat),
        }),
    }
}

fn refuse(listing: &mut Listing, path: String, why: &'static str) {
    if listing.refused.len() < MAX_REFUSED {
        listing.refused.push((path, why));
    } else {
        listing.truncated = true;
    }
}

/// `None` where the entry vanished since the folder was read.
fn stat(folder: impl AsFd, name: &CStr) -> Result<Option<Stat>> {
    beneath::absent_as_none(fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW))
}

pub(super) fn is_dot(name: &CStr) -> bool {
    matches!(name.to_bytes(), b"." | b"..")
}
