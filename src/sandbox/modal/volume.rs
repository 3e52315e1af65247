//! Volumes as folders of Modal's: one Modal volume for each kind of name.

use super::{
    Shared, answer,
    call::Next,
    protocol::{Entry, Event},
    silent,
    trouble::Trouble,
};
use crate::sandbox::{
    FileStat, LARGEST_DIGEST, Listing, SandboxError, Volume, VolumeName, VolumePath,
};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use std::{io, ops::Range, sync::Arc, time::Duration};
use tokio::time::timeout;

/// Files of a listing, and entries that were refused.
const MAX_ENTRIES: u64 = 100_000;
const MAX_REFUSED: usize = 1_000;
/// Bytes that one read hands out; who wants more asks again.
const MAX_READ: u64 = 64 << 20;
/// How long Modal may take for a small thing, and for whole files.
const SOON: Duration = Duration::from_secs(120);
const LONG: Duration = Duration::from_secs(3600);

/// Kinds that all servers of an app see. Of the others each has its own, and may take all of them for
/// what it left itself.
const SHARED: [&str; 2] = ["sessions", "datasets"];

/// Where a volume lies: the kind, by which Modal's volume is known, and the folder in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub kind: String,
    pub folder: String,
}

impl Place {
    pub(super) fn of(name: &VolumeName, server: &str) -> Self {
        let kind = Self::kind(name);
        let folder = match SHARED.contains(&kind.as_str()) {
            true => name.as_str().to_owned(),
            false => format!("{server}/{name}"),
        };
        Self { kind, folder }
    }

    pub(super) fn kind(name: &VolumeName) -> String {
        name.as_str().split('/').next().unwrap_or_default().to_owned()
    }

    fn path(&self, path: &VolumePath) -> String {
        format!("{}/{path}", self.folder)
    }
}

pub(super) struct ModalVolume {
    shared: Arc<Shared>,
    place: Place,
}

impl ModalVolume {
    pub(super) fn new(shared: Arc<Shared>, place: Place) -> Self {
        Self { shared, place }
    }

    async fn ask(&self, op: &str, mut request: Value, within: Duration) -> Result<Value, Trouble> {
        request["kind"] = self.place.kind.as_str().into();
        let connection = self.shared.opened(&silent()).await?;
        answer(&connection, op, request, within).await
    }

    pub(super) async fn delete_all(&self) -> Result<(), SandboxError> {
        let request = json!({"path": self.place.folder});
        let deleted = self.ask("delete", request, SOON).await;
        self.shared.changed();
        deleted.map(drop).map_err(|why| why.during("delete a volume"))
    }

    /// What Modal lists at a path.
    async fn entries(
        &self,
        path: &str,
        recursive: bool,
        most: u64,
    ) -> Result<(Vec<Entry>, bool), Trouble> {
        let connection = self.shared.opened(&silent()).await?;
        let kind = &self.place.kind;
        let request = json!({"kind": kind, "path": path, "recursive": recursive, "most": most});
        let mut call = connection.begin("list", request).await?;
        let mut entries = Vec::new();
        let each = |event| {
            if let Event::Entries(more) = event {
                entries.extend(more);
            }
        };
        let ended =
            timeout(SOON, call.finish(each)).await.map_err(|_| super::late("a folder"))??;
        let truncated = ended.get("truncated").and_then(Value::as_bool).unwrap_or(false);
        Ok((entries, truncated))
    }

    /// Some bytes of a file.
    async fn bytes(&self, path: &VolumePath, range: Range<u64>) -> Result<Bytes, Trouble> {
        let length = range.end.saturating_sub(range.start).min(MAX_READ);
        let connection = self.shared.opened(&silent()).await?;
        let request = json!({
            "kind": self.place.kind, "path": self.place.path(path),
            "offset": range.start, "length": length,
        });
        let mut call = connection.begin("read", request).await?;
        let read = async {
            let mut bytes = BytesMut::new();
            loop {
                match call.next().await? {
                    Next::Done(_) => return Ok(bytes.freeze()),
                    Next::Event(Event::Data(data)) => {
                        bytes.extend_from_slice(&data);
                        if bytes.len() as u64 > length {
                            let why = "more of a file came than was asked for";
                            return Err(Trouble::Failed(why.into()));
                        }
                        call.grant().await;
                    }
                    Next::Event(_) => {}
                }
            }
        };
        timeout(LONG, read).await.map_err(|_| super::late("a file"))?
    }

    async fn upload(
        &self,
        path: &VolumePath,
        mut body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<u64, SandboxError> {
        const ACTION: &str = "write a file of a volume";
        let told = |why: Trouble| why.during(ACTION);
        let connection = self.shared.opened(&silent()).await.map_err(told)?;
        let request = json!({"kind": self.place.kind, "path": self.place.path(path)});
        let mut call = connection.begin("put", request).await.map_err(told)?;
        let mut size = 0;
        while let Some(piece) = body.next().await {
            // Without its end nothing of it is kept.
            let piece = piece.map_err(|source| SandboxError::Io {
                action: "read what is to be written to a volume",
                source,
            })?;
            size += piece.len() as u64;
            call.send(piece).await.map_err(told)?;
        }
        call.end().await.map_err(told)?;
        let ended = timeout(LONG, call.finish(|_| ())).await;
        let ended = ended.map_err(|_| super::late("a file").during(ACTION))?.map_err(told)?;
        if ended.get("size").and_then(Value::as_u64) == Some(size) {
            return Ok(size);
        }
        Err(told(Trouble::Failed("another size arrived at Modal than was sent".into())))
    }
}

#[async_trait]
impl Volume for ModalVolume {
    async fn list(&self, under: Option<&VolumePath>) -> Result<Listing, SandboxError> {
        let folder = match under {
            None => self.place.folder.clone(),
            Some(path) => self.place.path(path),
        };
        let listed = self.entries(&folder, true, MAX_ENTRIES).await;
        let (entries, truncated) = listed.map_err(|why| why.during("list a volume"))?;
        Ok(listing(entries, &self.place.folder, &folder, truncated))
    }

    async fn stat(&self, path: &VolumePath) -> Result<Option<FileStat>, SandboxError> {
        let at = self.place.path(path);
        let listed = self.entries(&at, false, 2).await;
        let (entries, _) = listed.map_err(|why| why.during("look at a file of a volume"))?;
        // Of a folder Modal lists what is in it.
        let found = entries.into_iter().find(|entry| relative(&entry.path) == at);
        Ok(found.filter(|entry| entry.odd.is_none()).map(|entry| stat(path.clone(), &entry)))
    }

    async fn read(&self, path: &VolumePath, range: Range<u64>) -> Result<Bytes, SandboxError> {
        self.bytes(path, range).await.map_err(|why| why.about(path, "read a file of a volume"))
    }

    async fn digest(&self, path: &VolumePath) -> Result<String, SandboxError> {
        const ACTION: &str = "read a file of a volume";
        let large = self.stat(path).await?.is_some_and(|stat| stat.size > LARGEST_DIGEST);
        if large {
            return Err(SandboxError::NoFile(path.clone()));
        }
        let request = json!({"path": self.place.path(path)});
        let said =
            self.ask("digest", request, LONG).await.map_err(|why| why.about(path, ACTION))?;
        let hash = said.get("sha256").and_then(Value::as_str).unwrap_or_default();
        if hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Ok(hash.to_owned());
        }
        Err(Trouble::Failed("no digest came of it".into()).during(ACTION))
    }

    async fn put(
        &self,
        path: &VolumePath,
        body: BoxStream<'static, io::Result<Bytes>>,
    ) -> Result<u64, SandboxError> {
        let put = self.upload(path, body).await;
        // Whatever came of it: what may have changed is loaded.
        self.shared.changed();
        put
    }

    async fn rename(&self, from: &VolumePath, to: &VolumePath) -> Result<(), SandboxError> {
        let request = json!({"path": self.place.path(from), "to": self.place.path(to)});
        let moved = self.ask("rename", request, LONG).await;
        self.shared.changed();
        moved.map(drop).map_err(|why| why.during("move a file of a volume"))
    }

    async fn delete(&self, path: &VolumePath) -> Result<(), SandboxError> {
        let deleted = self.ask("delete", json!({"path": self.place.path(path)}), SOON).await;
        self.shared.changed();
        deleted.map(drop).map_err(|why| why.during("delete a file of a volume"))
    }
}

fn relative(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Sorts out what Modal lists below `folder`; paths are those in the volume, which begins at `top`.
fn listing(entries: Vec<Entry>, top: &str, folder: &str, truncated: bool) -> Listing {
    let mut listing = Listing { truncated, ..Listing::default() };
    for entry in entries {
        let path = relative(&entry.path);
        let below = |start: &str| path.strip_prefix(start)?.strip_prefix('/');
        let (Some(inner), Some(_)) = (below(top), below(folder)) else { continue };
        let reason = match (VolumePath::parse(inner), entry.odd.as_deref()) {
            (Ok(path), None) => {
                listing.files.push(stat(path, &entry));
                continue;
            }
            (Err(error), _) => error.reason(),
            (Ok(_), Some("is a symbolic link")) => "is a symbolic link",
            (Ok(_), Some("is a FIFO")) => "is a FIFO",
            (Ok(_), Some("is a socket")) => "is a socket",
            (Ok(_), Some(_)) => "is not a regular file",
        };
        if listing.refused.len() < MAX_REFUSED {
            listing.refused.push((inner.escape_debug().to_string(), reason));
        } else {
            listing.truncated = true;
        }
    }
    listing.files.sort_by(|a, b| a.path.cmp(&b.path));
    listing
}

fn stat(path: VolumePath, entry: &Entry) -> FileStat {
    let modified = DateTime::from_timestamp(entry.modified, 0).unwrap_or(DateTime::UNIX_EPOCH);
    FileStat { path, size: entry.size, modified }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        listed: &[(&str, Option<&str>)],
        folder: &str,
        files: &[&str],
        refused: &[(&str, &str)],
    ) {
        let entry = |(path, odd): &(&str, Option<&str>)| Entry {
            path: (*path).to_owned(),
            size: 1,
            modified: 0,
            odd: odd.map(str::to_owned),
        };
        let entries = listed.iter().map(entry).collect();
        let found = listing(entries, "sessions/a", folder, false);
        let paths: Vec<_> = found.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, files);
        let why: Vec<_> = found.refused.iter().map(|(path, why)| (path.as_str(), *why)).collect();
        assert_eq!(why, refused);
    }

    #[test]
    fn servers_share_what_lasts_and_nothing_else() {
        let of = |name: &str| Place::of(&VolumeName::parse(name).unwrap(), "me").folder;
        assert_eq!(of("sessions/a/notes"), "sessions/a/notes");
        assert_eq!(of("datasets/a"), "datasets/a");
        assert_eq!(of("work/a"), "me/work/a");
        assert_eq!(of("intake"), "me/intake");
    }

    #[test]
    fn only_regular_files_below_the_folder_are_listed() {
        check(&[("sessions/a/y", None), ("/sessions/a/x", None)], "sessions/a", &["x", "y"], &[]);
        let others = [("sessions/b/x", None), ("sessions/a2/x", None), ("sessions/a", None)];
        check(&others, "sessions/a", &[], &[]);
        check(&[("sessions/a/e/x", None), ("sessions/a/e", None)], "sessions/a/e", &["e/x"], &[]);
        let odd = [
            ("sessions/a/link", Some("is a symbolic link")),
            ("sessions/a/new", Some("is something else")),
            ("sessions/a/../b/x", None),
            ("sessions/a/line\nbreak", None),
        ];
        let refused = [
            ("link", "is a symbolic link"),
            ("new", "is not a regular file"),
            ("../b/x", "has a `.` or `..` segment"),
            ("line\\nbreak", "has a control character"),
        ];
        check(&odd, "sessions/a", &[], &refused);
    }
}
