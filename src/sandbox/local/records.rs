//! The way that the SDK's records come out: sequenced-packet sockets, one message per record.
//!
//! A program inherits one end of a pair, and its forks share it. A worker process that lost the
//! descriptor connects to a socket by path instead. Nothing here looks into a record.

use super::{execution::Sink, volume::beneath::Owner};
use crate::sandbox::Output;
use bytes::Bytes;
use rustix::{
    fd::{AsRawFd, OwnedFd},
    fs::{Mode, OFlags},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind,
        listen, recv, socket_with, socketpair, sockopt,
    },
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    sync::{Mutex, Semaphore},
    task::JoinSet,
};

/// The largest record that is handed on, in bytes; larger ones are dropped.
const MAX_RECORD: usize = 1 << 20;
/// The most workers that are connected by path at once; the next one waits.
const MAX_WORKERS: usize = 128;
/// Room for messages that wait, as far as the machine allows it.
const SEND_BUFFER: usize = 4 << 20;

/// Where the folder with the socket that workers connect to appears in a sandbox.
pub(super) const FOLDER: &str = "/run/trainable";
pub(super) const SOCKET: &str = "/run/trainable/records";

/// The server's ends.
pub(super) struct Records {
    inherited: AsyncFd<OwnedFd>,
    listener: AsyncFd<OwnedFd>,
}

/// A folder of one execution that holds its socket; removed when dropped.
pub(super) struct SocketFolder {
    folder: PathBuf,
    name: String,
}

impl SocketFolder {
    /// The folder's name below the one that all have.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("records")
    }
}

impl Drop for SocketFolder {
    fn drop(&mut self) {
        // Nothing else is ever in it; a folder that stays is swept at the next start.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Opens both ways and returns, beside the server's ends, the one that the program inherits.
///
/// Must be called where tokio runs.
pub(super) fn open(run: &Path, owner: Owner) -> io::Result<(Records, OwnedFd, SocketFolder)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let (ours, theirs) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    // Only ours: the flag belongs to the end, and the program is to wait when it is too fast.
    rustix::io::ioctl_fionbio(&ours, true)?;
    if sockopt::set_socket_send_buffer_size_force(&theirs, SEND_BUFFER).is_err() {
        sockopt::set_socket_send_buffer_size(&theirs, SEND_BUFFER)?;
    }
    let name = uuid::Uuid::now_v7().simple().to_string();
    let folder = run.join(&name);
    fs::create_dir(&folder)?;
    let folder = SocketFolder { folder, name };
    let opened = rustix::fs::open(
        &folder.folder,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let listener = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
    // A socket's address holds 107 bytes, which a data directory's path may well pass.
    let short = format!("/proc/self/fd/{}/records", opened.as_raw_fd());
    bind(&listener, &SocketAddrUnix::new(short.as_str())?)?;
    let path = folder.socket();
    rustix::fs::chmod(&folder.folder, Mode::from(0o711))?;
    rustix::fs::chmod(&path, Mode::from(0o600))?;
    if let Some((uid, gid)) = owner {
        rustix::fs::chown(&path, Some(uid), Some(gid))?;
    }
    listen(&listener, 64)?;
    Ok((Records { inherited: register(ours)?, listener: register(listener)? }, theirs, folder))
}

impl Records {
    /// Hands records on until every sender has gone and `ended` says that no more can come.
    pub(super) async fn pump(self, sink: Sink, ended: tokio_util::sync::CancellationToken) {
        let Self { inherited, listener } = self;
        // One buffer for all connections: they take turns, so a thousand workers cost no more.
        let buffer = Arc::new(Mutex::new(Vec::new()));
        let places = Arc::new(Semaphore::new(MAX_WORKERS));
        let mut readers = JoinSet::new();
        readers.spawn(drain(inherited, sink.clone(), buffer.clone()));
        loop {
            let place = tokio::select! {
                // What connected before the end is in the backlog still: serve it first.
                biased;
                place = places.clone().acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let accepted = tokio::select! {
                biased;
                accepted = accept(&listener) => accepted,
                () = ended.cancelled() => break,
            };
            let Ok(connection) = accepted else { break };
            let (sink, buffer) = (sink.clone(), buffer.clone());
            readers.spawn(async move {
                drain(connection, sink, buffer).await;
                drop(place);
            });
            while readers.try_join_next().is_some() {}
        }
        drop(listener);
        while readers.join_next().await.is_some() {}
    }
}

async fn accept(listener: &AsyncFd<OwnedFd>) -> io::Result<AsyncFd<OwnedFd>> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    loop {
        // Tried first, because readiness is learned late and the end may be known already.
        match accept_with(listener.get_ref(), flags) {
            Ok(fd) => return register(fd),
            Err(Errno::AGAIN) => {}
            Err(Errno::INTR | Errno::CONNABORTED) => continue,
            Err(error) => return Err(error.into()),
        }
        listener.readable().await?.clear_ready();
    }
}

fn register(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor stays open, and the same, until its owner is dropped.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}

/// Reads one connection to its end.
async fn drain(socket: AsyncFd<OwnedFd>, sink: Sink, buffer: Arc<Mutex<Vec<u8>>>) {
    loop {
        let Ok(mut ready) = socket.readable().await else { return };
        let message = {
            let mut buffer = buffer.lock().await;
            if buffer.is_empty() {
                buffer.resize(MAX_RECORD, 0);
            }
            // With this flag the kernel says how long the message was, not how much fitted.
            match recv(socket.get_ref(), &mut buffer[..], RecvFlags::TRUNC) {
                Ok((_, 0)) => return,
                Ok((_, length)) if length > MAX_RECORD => continue,
                Ok((_, length)) => Bytes::copy_from_slice(&buffer[..length]),
                Err(Errno::AGAIN) => {
                    ready.clear_ready();
                    continue;
                }
                Err(Errno::INTR) => continue,
                Err(_) => return,
            }
        };
        if sink.send(Output::Record(message)).await.is_err() {
            return;
        }
    }
}
