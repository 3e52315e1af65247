//! Listings of folders that a program left: the same as another walk finds, and no more is served.
//!
//! The bytes are a little program that builds a real folder, which a real volume then lists.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::{self, File},
    io::Write,
    os::unix::{
        ffi::OsStrExt,
        fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use trainable::sandbox::{
    FileStat, Listing, SandboxError, SandboxProvider, Volume, VolumeName, VolumePath,
    local::{LocalConfig, LocalSandboxes},
};

/// Whole steps of the little program.
pub const WORDS: &[&[u8]] = &[
    b"\x01\x00",
    b"\x01\x0a",
    b"\x02\x01",
    b"\x03\x00\x05",
    b"\x04\x02",
    b"\x05\x03",
    b"\x06\x04",
    b"\x07",
    b"\x08\x02",
];

const NAMES: &[&[u8]] = &[
    b"a",
    b"report.md",
    b"..a",
    b"...",
    b".hidden",
    b" ",
    b"-rf",
    b"a\\b",
    "größe 📈".as_bytes(),
    b"\xff\xfe",
    b"a\nb",
    b"\x1b[2J",
    "\u{85}".as_bytes(),
    "\u{202e}gnp.exe".as_bytes(),
    b"|",
    b"\xed\xa0\x80",
];

/// The sandboxes whose volumes are listed.
pub struct Ground {
    sandboxes: LocalSandboxes,
    runtime: Runtime,
    name: VolumeName,
    folder: PathBuf,
    data: TempDir,
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}

impl Ground {
    pub fn new() -> Self {
        let data = TempDir::with_prefix("trainable-fuzz-").expect("a temporary folder");
        let sandboxes = LocalSandboxes::new(LocalConfig::new(data.path())).expect("they open");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let folder = data.path().join("volumes/fuzz");
        Self { sandboxes, runtime, name: VolumeName::parse("fuzz").expect("a name"), folder, data }
    }

    pub fn check(&mut self, input: &[u8]) {
        let volume = self.runtime.block_on(self.sandboxes.volume(&self.name)).expect("a volume");
        // Beside the volume, for links that point out of it.
        fs::write(self.data.path().join("secret"), "secret").expect("a file");
        build(&self.folder, input);
        let mut expect = Expect::default();
        walk(&self.folder, "", &mut expect);
        let found = self.runtime.block_on(volume.list(None)).expect("it can be listed");
        expect.check(&found);
        self.runtime.block_on(served(&volume, &found));
        let deleted = self.runtime.block_on(self.sandboxes.delete_volume(&self.name));
        deleted.expect("it can be deleted");
        assert!(!self.folder.exists());
        let trash = self.data.path().join("volumes/.trash");
        assert_eq!(fs::read_dir(trash).expect("a folder").count(), 0, "nothing is left");
    }
}

/// Follows the steps; what the operating system refuses is left out.
fn build(root: &Path, steps: &[u8]) {
    let mut steps = steps.iter().copied();
    let mut folder = root.to_owned();
    let mut last_file = root.join("none");
    while let Some(step) = steps.next() {
        let name = match steps.next() {
            // A name of its own, or a long one.
            Some(byte @ 128..=191) => vec![b'n'; usize::from(byte) * 2 - 128],
            Some(byte @ 192..) => steps.by_ref().take(usize::from(byte) % 8).collect(),
            Some(byte) => NAMES[usize::from(byte) % NAMES.len()].to_vec(),
            None => NAMES[0].to_vec(),
        };
        let name = OsStr::from_bytes(&name);
        if name.is_empty() || name.as_bytes().iter().any(|byte| matches!(byte, b'/' | 0)) {
            continue;
        }
        let path = folder.join(name);
        let done = match step % 10 {
            0 | 1 => File::create_new(&path).and_then(|mut file| {
                last_file.clone_from(&path);
                file.write_all(name.as_bytes())
            }),
            2 => fs::create_dir(&path).map(|()| folder = path),
            3 => symlink("a", &path),
            4 => symlink(root.parent().unwrap_or(root).join("../secret"), &path),
            5 => mknodat(CWD, &path, FileType::Fifo, Mode::from(0o644), 0).map_err(Into::into),
            6 => fs::hard_link(&last_file, &path),
            7 => {
                if folder != root {
                    folder.pop();
                }
                Ok(())
            }
            8 => UnixListener::bind(&path).map(drop),
            _ => File::create_new(&path).and_then(|file| {
                file.set_permissions(fs::Permissions::from_mode(0))?;
                file.set_len(1 << 40)
            }),
        };
        // A name that is taken, too long or a folder: the rest goes on.
        drop(done);
    }
}

/// What a listing has to say, found by paths and without the code that is tested.
#[derive(Default)]
struct Expect {
    files: BTreeMap<String, (u64, i64, i64)>,
    refused: BTreeMap<&'static str, usize>,
}

fn walk(folder: &Path, below: &str, expect: &mut Expect) {
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let meta = entry.metadata().expect("it is still there");
        let why = match name.to_str().map(|name| format!("{below}{name}")) {
            None => "has a name that is not UTF-8",
            Some(path) if path.len() > 1024 => "is too long",
            Some(path) if path.chars().any(char::is_control) => "has a control character",
            Some(path) if meta.is_dir() => {
                walk(&entry.path(), &format!("{path}/"), expect);
                continue;
            }
            Some(path) if meta.is_file() && meta.nlink() == 1 => {
                expect.files.insert(path, (meta.len(), meta.mtime(), meta.mtime_nsec()));
                continue;
            }
            Some(_) if meta.is_file() => "is a hard link",
            Some(_) if meta.is_symlink() => "is a symbolic link",
            Some(_) if meta.file_type().is_fifo() => "is a FIFO",
            Some(_) => "is a socket",
        };
        *expect.refused.entry(why).or_default() += 1;
    }
}

impl Expect {
    fn check(&self, found: &Listing) {
        assert!(!found.truncated);
        assert!(found.files.is_sorted_by(|a, b| a.path < b.path), "sorted, and each once");
        let shape = |stat: &FileStat| {
            let nanos = i64::from(stat.modified.timestamp_subsec_nanos());
            (stat.path.to_string(), (stat.size, stat.modified.timestamp(), nanos))
        };
        assert_eq!(found.files.iter().map(shape).collect::<BTreeMap<_, _>>(), self.files);
        let mut refused = BTreeMap::new();
        for (shown, why) in &found.refused {
            assert!(!shown.chars().any(char::is_control), "{shown:?}");
            *refused.entry(*why).or_default() += 1;
        }
        assert_eq!(refused, self.refused);
    }
}

/// What is listed can be read as it was listed, and what is refused cannot be read at all.
async fn served(volume: &Arc<dyn Volume>, found: &Listing) {
    for file in &found.files {
        assert_eq!(volume.stat(&file.path).await.expect("a look").as_ref(), Some(file));
        let head = volume.read(&file.path, 0..64).await.expect("a read");
        assert_eq!(head.len() as u64, file.size.min(64));
        let below = volume.list(Some(&file.path)).await.expect("a listing");
        assert_eq!(below, Listing::default(), "a file is no folder");
    }
    for (shown, why) in &found.refused {
        let Ok(path) = VolumePath::parse(shown) else { continue };
        // An escaped name may be another file's real one.
        if *why == "has a name that is not UTF-8" || *why == "has a control character" {
            continue;
        }
        assert_eq!(volume.stat(&path).await.expect("a look"), None, "{path}");
        let read = volume.read(&path, 0..64).await;
        assert!(matches!(read, Err(SandboxError::NoFile(_))), "{path}: {read:?}");
    }
}
