//! Opening what lies below a folder that someone else writes.
//!
//! Every path is resolved by the kernel beneath an open folder and without following any link, so
//! a folder that is swapped for a link between two calls changes nothing.

use rustix::{
    fd::{AsFd, OwnedFd},
    fs::{self, AtFlags, FileType, Gid, Mode, OFlags, ResolveFlags, Stat, Uid},
    io::{Errno, Result},
};
use std::fs::File;

const RESOLVE: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

/// Who owns what the server makes inside a volume.
pub(in crate::sandbox::local) type Owner = Option<(Uid, Gid)>;

/// Opens a path below a folder, retrying where a concurrent rename made the kernel unsure.
pub(in crate::sandbox::local) fn open(
    root: impl AsFd,
    path: impl rustix::path::Arg + Copy,
    flags: OFlags,
) -> Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    for _ in 0..64 {
        match fs::openat2(root.as_fd(), path, flags, Mode::empty(), RESOLVE) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            done => return done,
        }
    }
    Err(Errno::AGAIN)
}

/// Opens a folder for reading its entries; `.` is the root itself.
pub(in crate::sandbox::local) fn folder(
    root: impl AsFd,
    path: impl rustix::path::Arg + Copy,
) -> Result<OwnedFd> {
    open(root, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW)
}

/// Opens a folder, making it and those above it where they are missing.
pub(in crate::sandbox::local) fn make_folders(
    root: impl AsFd,
    path: &str,
    mode: Mode,
    owner: Owner,
) -> Result<OwnedFd> {
    let mut at = folder(root, ".")?;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        at = match folder(&at, name) {
            Err(Errno::NOENT) => {
                match fs::mkdirat(&at, name, mode) {
                    Ok(()) => {
                        let made = folder(&at, name)?;
                        // The umask may have taken bits that the sandbox's user needs.
                        fs::fchmod(&made, mode)?;
                        give(&made, owner)?;
                    }
                    Err(Errno::EXIST) => {}
                    Err(error) => return Err(error),
                }
                folder(&at, name)?
            }
            other => other?,
        };
    }
    Ok(at)
}

/// Hands an open file to the user that sandboxes run as.
pub(super) fn give(file: impl AsFd, owner: Owner) -> Result<()> {
    match owner {
        Some((uid, gid)) => fs::fchown(file, Some(uid), Some(gid)),
        None => Ok(()),
    }
}

/// Opens a regular file with one name for reading; `None` for everything else.
pub(super) fn regular(root: impl AsFd, path: &str) -> Result<Option<(File, Stat)>> {
    // Non-blocking, so that a FIFO does not hold the server until somebody writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY;
    let Some(fd) = absent_as_none(open(root, path, flags))? else { return Ok(None) };
    let stat = fs::fstat(&fd)?;
    Ok(refusal(&stat).is_none().then(|| (File::from(fd), stat)))
}

/// A regular file's state without opening it; `None` for everything else.
pub(super) fn look(root: impl AsFd, path: &str) -> Result<Option<Stat>> {
    let Some(fd) = absent_as_none(open(root, path, OFlags::PATH | OFlags::NOFOLLOW))? else {
        return Ok(None);
    };
    let stat = fs::fstat(&fd)?;
    Ok(refusal(&stat).is_none().then_some(stat))
}

/// Splits a path into its folder and its last name.
pub(super) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or((".", path))
}

/// Why an entry is not served, when it is not a regular file with one name.
pub(super) fn refusal(stat: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile if stat.st_nlink > 1 => Some("is a hard link"),
        FileType::RegularFile => None,
        FileType::Directory => Some("is a folder"),
        FileType::Symlink => Some("is a symbolic link"),
        FileType::Fifo => Some("is a FIFO"),
        FileType::Socket => Some("is a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("is a device"),
        FileType::Unknown => Some("is no regular file"),
    }
}

/// Turns the errors that mean "nothing to serve here" into `None`.
pub(super) fn absent_as_none<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(value) => Ok(Some(value)),
        // NXIO is a socket, LOOP a link, XDEV a way out, NODEV a device without a driver.
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NXIO
            | Errno::NODEV
            | Errno::NAMETOOLONG,
        ) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lets the server's own user enter and change a folder that a program closed to it.
pub(super) fn unlock(parent: impl AsFd, name: impl rustix::path::Arg + Copy) -> Result<()> {
    let fd = open(parent, name, OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW)?;
    // An O_PATH descriptor takes no fchmod; its name under /proc does, and follows no other link.
    let path = format!("/proc/self/fd/{}", rustix::fd::AsRawFd::as_raw_fd(&fd));
    fs::chmodat(fs::CWD, path, Mode::RWXU, AtFlags::empty())
}
