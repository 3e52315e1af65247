//! A backup as one file: a tar archive whose first entry is the manifest.

use super::{BackupError, Manifest, failed, manifest::MANIFEST, tree::create};
use std::{
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// The archive in a staging folder; no file of a backup has this name.
const ARCHIVE: &str = "backup.tar";

/// Packs the files of a staging folder that the manifest names, and answers where they are.
pub(super) fn pack(
    place: &Path,
    manifest: &Manifest,
    stop: &CancellationToken,
) -> Result<PathBuf, BackupError> {
    let write = || failed("write the archive");
    let path = place.join(ARCHIVE);
    let mut archive = tar::Builder::new(io::BufWriter::new(create(&path).map_err(write())?));
    for name in std::iter::once(MANIFEST).chain(manifest.files.iter().map(|f| f.path.as_str())) {
        if stop.is_cancelled() {
            return Err(BackupError::Interrupted);
        }
        let file = fs::File::open(place.join(name)).map_err(write())?;
        let mut header = tar::Header::new_gnu();
        header.set_size(file.metadata().map_err(write())?.len());
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(manifest.made_at.timestamp()).unwrap_or(0));
        archive.append_data(&mut header, name, file).map_err(write())?;
    }
    let packed = archive.into_inner().and_then(|file| file.into_inner().map_err(Into::into));
    packed.map_err(write())?;
    Ok(path)
}

/// Reads an archive's files one after the other, in its own order.
pub(super) fn unpack(
    from: &Path,
    mut each: impl FnMut(&str, &mut dyn Read) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let whole = |error: io::Error| BackupError::NotWhole(from.to_owned(), error.to_string());
    let file = fs::File::open(from).map_err(failed("open the archive"))?;
    let mut archive = tar::Archive::new(io::BufReader::new(file));
    for entry in archive.entries().map_err(whole)? {
        let mut entry = entry.map_err(whole)?;
        let path = entry.path().map_err(whole)?.to_string_lossy().into_owned();
        each(&path, &mut entry)?;
    }
    Ok(())
}
