//! The socket between the server and a zygote: requests go out with descriptors, answers come back
//! with at most one.

use rustix::{
    cmsg_space,
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::Errno,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
};
use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
};
use tokio::io::{Interest, unix::AsyncFd};

/// The longest answer, in bytes; what is longer is no answer of a zygote's.
const LONGEST: usize = 4096;
/// As many as a message has at the most: the pipes of a request, or the groups to enter.
const MOST_DESCRIPTORS: usize = 8;

/// The server's end.
pub(super) struct Control {
    socket: AsyncFd<OwnedFd>,
}

impl Control {
    /// Opens a pair and returns the zygote's end beside the server's. Must be called where tokio runs.
    pub(super) fn open() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        rustix::io::ioctl_fionbio(&ours, true)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        // SAFETY: an owned descriptor stays open, and the same, until its owner is dropped.
        let socket = unsafe { AsyncFd::register_with_interest(ours, interest) }?;
        Ok((Self { socket }, theirs))
    }

    /// Ends the zygote, which ends with this socket.
    pub(super) fn close(&self) {
        // It may have ended by itself, and that is what is wanted.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Both);
    }

    pub(super) async fn send(&self, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
        loop {
            let mut ready = self.socket.writable().await?;
            let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
            let mut rights = SendAncillaryBuffer::new(&mut space);
            if !rights.push(SendAncillaryMessage::ScmRights(fds)) {
                return Err(io::Error::other("a request has too many descriptors"));
            }
            let sent = sendmsg(
                self.socket.as_fd(),
                &[IoSlice::new(message)],
                &mut rights,
                SendFlags::NOSIGNAL,
            );
            match sent {
                Ok(_) => return Ok(()),
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next message and its descriptor; `None` when the zygote has gone.
    pub(super) async fn receive(&self) -> io::Result<Option<(Vec<u8>, Option<OwnedFd>)>> {
        loop {
            let mut ready = self.socket.readable().await?;
            let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
            let mut rights = RecvAncillaryBuffer::new(&mut space);
            let mut message = vec![0; LONGEST];
            let received = recvmsg(
                self.socket.as_fd(),
                &mut [IoSliceMut::new(&mut message)],
                &mut rights,
                RecvFlags::CMSG_CLOEXEC,
            );
            match received {
                Ok(told) if told.bytes == 0 => return Ok(None),
                Ok(told) => {
                    message.truncate(told.bytes);
                    let fd = rights.drain().find_map(|part| match part {
                        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
                        _ => None,
                    });
                    return Ok(Some((message, fd)));
                }
                Err(Errno::AGAIN) => ready.clear_ready(),
                Err(Errno::INTR) => {}
                Err(Errno::CONNRESET) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}
