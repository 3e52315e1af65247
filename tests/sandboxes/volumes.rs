//! Volumes: what every backend promises, and what a program may try with the local one.

use crate::support::*;
use bytes::Bytes;
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, io};
use trainable::sandbox::{Ending, SandboxError, SandboxProvider, Volume, VolumePath};

/// Everything that the port promises of a volume.
pub async fn conforms(provider: &dyn SandboxProvider) {
    let at = name("sessions/volume-suite");
    let volume = provider.volume(&at).await.unwrap();
    assert_eq!(names(&*volume, None).await, [""; 0]);
    for (file, text) in [("eda/report.md", "# hi"), ("eda/a b.csv", "0123456789"), ("eda-2/x", "")]
    {
        write(&*volume, file, text.as_bytes()).await;
    }
    assert_eq!(names(&*volume, None).await, ["eda-2/x", "eda/a b.csv", "eda/report.md"]);
    assert_eq!(names(&*volume, Some("eda")).await, ["eda/a b.csv", "eda/report.md"]);
    assert_eq!(names(&*volume, Some("none")).await, [""; 0]);
    let csv = path("eda/a b.csv");
    let stat = volume.stat(&csv).await.unwrap().unwrap();
    assert_eq!((stat.path, stat.size), (csv.clone(), 10));
    assert_eq!(volume.stat(&path("eda")).await.unwrap(), None);
    assert_eq!(volume.stat(&path("eda/a b.csv/x")).await.unwrap(), None);

    for (range, expect) in [(0..10, "0123456789"), (2..4, "23"), (8..99, "89"), (10..99, "")] {
        assert_eq!(volume.read(&csv, range).await.unwrap(), expect);
    }
    // Source: FIPS 180-4, the example of one block.
    write(&*volume, "abc", b"abc").await;
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(volume.digest(&path("abc")).await.unwrap(), digest);
    for absent in [path("none"), path("eda")] {
        let error = volume.read(&absent, 0..1).await.unwrap_err();
        assert!(matches!(error, SandboxError::NoFile(found) if found == absent));
        let error = volume.digest(&absent).await.unwrap_err();
        assert!(matches!(error, SandboxError::NoFile(found) if found == absent));
    }

    let broken = [Ok(Bytes::from_static(b"x")), Err(io::ErrorKind::ConnectionReset.into())];
    volume.put(&path("abc"), stream::iter(broken).boxed()).await.unwrap_err();
    assert_eq!(volume.read(&path("abc"), 0..9).await.unwrap(), "abc");
    write(&*volume, "abc", b"longer than before").await;
    assert_eq!(volume.read(&path("abc"), 0..6).await.unwrap(), "longer");

    volume.rename(&path("eda"), &path("superseded/1/eda")).await.unwrap();
    volume.rename(&path("none"), &path("superseded/2")).await.unwrap();
    let moved = ["abc", "eda-2/x", "superseded/1/eda/a b.csv", "superseded/1/eda/report.md"];
    assert_eq!(names(&*volume, None).await, moved);
    volume.delete(&path("superseded")).await.unwrap();
    volume.delete(&path("superseded")).await.unwrap();
    volume.delete(&path("abc")).await.unwrap();
    assert_eq!(names(&*volume, None).await, ["eda-2/x"]);

    let again = provider.volume(&at).await.unwrap();
    assert_eq!(names(&*again, None).await, ["eda-2/x"]);
    provider.delete_volume(&at).await.unwrap();
    provider.delete_volume(&at).await.unwrap();
    let fresh = provider.volume(&at).await.unwrap();
    assert_eq!(names(&*fresh, None).await, [""; 0]);
}

async fn names(volume: &dyn Volume, under: Option<&str>) -> Vec<String> {
    let listing = volume.list(under.map(path).as_ref()).await.unwrap();
    assert!(listing.refused.is_empty() && !listing.truncated, "{listing:?}");
    listing.files.iter().map(|file| file.path.to_string()).collect()
}

#[tokio::test]
async fn odd_files_are_refused_and_never_read() {
    let local = Local::new().await;
    let ran = python(
        local.provider(),
        r#"
import os, socket
os.symlink('/etc/passwd', 'link')
os.symlink('/', 'root')
os.symlink('.', 'self')
os.mkfifo('fifo')
open('one', 'w').write('x')
os.link('one', 'two')
socket.socket(socket.AF_UNIX).bind('socket')
open(b'bad\xff', 'w').close()
open('line\nbreak', 'w').close()
open('ok größe 📈.txt', 'w').write('fine')
with open('sparse', 'wb') as f: f.truncate(1 << 20)
os.mkdir('closed'); open('closed/in', 'w').close(); os.chmod('closed', 0)
"#,
    )
    .await;
    assert_eq!(ran.printed(), "");
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    let listing = volume.list(None).await.unwrap();
    let files: Vec<_> = listing.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(files, ["closed/in", "ok größe 📈.txt", "sparse", "step.py"]);
    let refused: BTreeMap<_, _> = listing.refused.into_iter().collect();
    let expect = [
        ("bad\\xff", "has a name that is not UTF-8"),
        ("fifo", "is a FIFO"),
        ("line\\nbreak", "has a control character"),
        ("link", "is a symbolic link"),
        ("one", "is a hard link"),
        ("root", "is a symbolic link"),
        ("self", "is a symbolic link"),
        ("socket", "is a socket"),
        ("two", "is a hard link"),
    ];
    assert_eq!(refused, expect.map(|(path, why)| (path.to_owned(), why)).into());
    for odd in ["link", "fifo", "one", "socket", "root/etc/passwd", "self/step.py", "self"] {
        let error = volume.read(&path(odd), 0..10).await.unwrap_err();
        assert!(matches!(error, SandboxError::NoFile(_)), "{odd}: {error}");
        assert_eq!(volume.stat(&path(odd)).await.unwrap(), None, "{odd}");
    }
    // Neither may the server write through a link that a program left in the way.
    let body = || stream::iter([Ok(Bytes::from_static(b"x"))]).boxed();
    volume.put(&path("root/tmp/trainable-escaped"), body()).await.unwrap_err();
    volume.rename(&path("step.py"), &path("root/tmp/trainable-escaped")).await.unwrap_err();
    volume.delete(&path("root/tmp")).await.unwrap();
    assert!(!std::path::Path::new("/tmp/trainable-escaped").exists());
    assert!(std::path::Path::new("/tmp").exists());
    // In place of a link, what was asked for is put; where it led stays as it was.
    volume.put(&path("link"), body()).await.unwrap();
    assert_eq!(volume.read(&path("link"), 0..9).await.unwrap(), "x");
    assert!(std::fs::read_to_string("/etc/passwd").unwrap().len() > 1);
    drop(volume);
    local.finish().await;
}

#[test]
fn paths_do_not_leave_a_volume() {
    for escape in ["..", "../x", "/etc/passwd", "a/../../x", "a//b", "./x", "a\0b", ""] {
        assert!(VolumePath::parse(escape).is_err(), "{escape:?}");
    }
}

#[tokio::test]
async fn deep_trees_are_listed_in_part_and_deleted_whole() {
    let local = Local::new().await;
    let ran = python(
        local.provider(),
        "import os\nos.mkdir('deep'); os.chdir('deep')\n\
         for n in range(900):\n os.mkdir('d' * 50); os.chdir('d' * 50)\n\
         open('x', 'w').close()",
    )
    .await;
    // No program that means well nests folders past what the kernel resolves.
    assert_eq!(ran.exit.ending, Ending::DiskFull);
    let volume = local.provider().volume(&name("sessions/one")).await.unwrap();
    let listing = volume.list(None).await.unwrap();
    assert_eq!(listing.refused.iter().map(|(_, why)| *why).collect::<Vec<_>>(), ["is too long"]);
    volume.delete(&path("deep")).await.unwrap();
    assert_eq!(names(&*volume, None).await, ["step.py"]);
    drop(volume);
    local.finish().await;
}

#[tokio::test]
async fn a_new_server_deletes_what_a_former_one_left() {
    let local = Local::new().await;
    let volumes = local.data().join("volumes");
    std::fs::write(volumes.join(".incoming/half"), "x").unwrap();
    std::fs::create_dir_all(volumes.join(".trash/job/a/b")).unwrap();
    drop(local.provider().clone());
    let _again = trainable::sandbox::local::LocalSandboxes::new(
        trainable::sandbox::local::LocalConfig::new(local.data()),
    )
    .unwrap();
    let left = || std::fs::read_dir(&volumes).unwrap().flatten().count();
    wait_until(|| left() == 2).await;
    assert_eq!(left(), 2, "`.incoming` and `.trash`");
    assert_eq!(std::fs::read_dir(volumes.join(".trash")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(volumes.join(".incoming")).unwrap().count(), 0);
}
