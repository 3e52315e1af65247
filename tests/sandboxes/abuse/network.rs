//! Other machines, and the server's own sockets.

use super::{World, contained, scripts::*};
use serde_json::json;
use std::{
    io::ErrorKind,
    net::{TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt,
        unix::{
            fs::PermissionsExt,
            net::{SocketAddr, UnixListener},
        },
    },
    path::PathBuf,
    sync::Arc,
};

/// Sockets of the server's, of every kind, open to whoever reaches them.
pub(super) struct Ears {
    tcp: TcpListener,
    udp: UdpSocket,
    hidden: UnixListener,
    named: UnixListener,
    name: String,
    folder: tempfile::TempDir,
}

impl Ears {
    pub(super) fn open() -> Self {
        // Both families where the machine has both.
        let tcp = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        let name = format!("trainable-abuse-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let hidden = UnixListener::bind_addr(&address).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let open = |path: PathBuf, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        open(folder.path().to_owned(), 0o755);
        let named = UnixListener::bind(folder.path().join("socket")).unwrap();
        open(folder.path().join("socket"), 0o777);
        tcp.set_nonblocking(true).unwrap();
        udp.set_nonblocking(true).unwrap();
        hidden.set_nonblocking(true).unwrap();
        named.set_nonblocking(true).unwrap();
        Self { tcp, udp, hidden, named, name, folder }
    }

    /// What a program is told, so that it need not guess.
    pub(super) fn addresses(&self, outside: &[&str]) -> serde_json::Value {
        json!({
            "tcp": self.tcp.local_addr().unwrap().port(),
            "udp": self.udp.local_addr().unwrap().port(),
            "abstract": self.name,
            "path": self.folder.path().join("socket"),
            "addresses": own_addresses(),
            "outside": outside,
        })
    }

    /// Which of them somebody reached.
    pub(super) fn heard(&self) -> Vec<&'static str> {
        let nothing = |kind: ErrorKind| assert_eq!(kind, ErrorKind::WouldBlock);
        let mut heard = Vec::new();
        match self.tcp.accept() {
            Ok(_) => heard.push("TCP"),
            Err(error) => nothing(error.kind()),
        }
        match self.udp.recv(&mut [0; 64]) {
            Ok(_) => heard.push("UDP"),
            Err(error) => nothing(error.kind()),
        }
        for (what, socket) in [("abstract", &self.hidden), ("path", &self.named)] {
            match socket.accept() {
                Ok(_) => heard.push(what),
                Err(error) => nothing(error.kind()),
            }
        }
        heard
    }
}

/// The address that this machine is known by outside, where it has one. Nothing is sent.
fn own_addresses() -> Vec<String> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let routed = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    routed.map(|address| address.ip().to_string()).into_iter().collect()
}

/// Addresses for documentation, the one where clouds keep their secrets, and one that all hear.
const OUTSIDE: &[&str] = &["192.0.2.1", "2001:db8::1", "169.254.169.254", "224.0.0.251", "ff02::1"];

pub(super) async fn all(world: Arc<World>) {
    let ears = Ears::open();
    let told = ears.addresses(OUTSIDE);
    let achieved = world.achieved("sessions/one", &NETWORK, told).await;
    contained(&achieved, 26);
    assert_eq!(ears.heard(), Vec::<&str>::new());
    world.forget("sessions/one").await;
}
