//! How much of the server one client may hold at a time: WebSockets, and requests under way.
//!
//! A seat is taken when a request comes and given back when its answer is out, or its socket closed.
//! What is remembered is bounded by what is open.

use super::{AppState, error::HttpError, meters::Route};
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceRequest,
    http::StatusCode,
    web::Bytes,
};
use entity::principal::Principal;
use std::{
    collections::{HashMap, hash_map::Entry},
    net::{IpAddr, Ipv6Addr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

/// What makes two requests those of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedBy {
    /// The address of the peer; an IPv6 one by its network.
    Address,
    /// The last address in `X-Forwarded-For`, which the operator's own proxy wrote; without one, the peer's.
    Forwarded,
    /// The token in the header or the cookie; without one, the peer's address.
    Token,
}

/// The most that one client may hold at a time.
#[derive(Clone, Debug)]
pub struct ClientLimits {
    pub by: CountedBy,
    pub sockets: usize,
    /// Requests whose answer is not out yet, uploads and downloads included; probes are not counted.
    pub requests: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self { by: CountedBy::Address, sockets: 2_500, requests: 256 }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Socket,
    Request,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Client {
    Network(IpAddr),
    Principal(Principal),
    /// Of a transport without addresses.
    Unknown,
}

/// What every client holds now. One per server, shared by its workers.
pub struct Clients {
    limits: ClientLimits,
    held: Mutex<HashMap<(Client, Kind), usize>>,
}

impl Clients {
    pub fn new(limits: ClientLimits) -> Self {
        Self { limits, held: Mutex::default() }
    }

    fn enter(self: &Arc<Self>, client: Client, kind: Kind) -> Option<Seat> {
        let limit = self.limit(kind);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry((client.clone(), kind)).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Seat { clients: Arc::clone(self), key: (client, kind) })
    }

    fn limit(&self, kind: Kind) -> usize {
        // None at all would be a server that nobody can use.
        match kind {
            Kind::Socket => self.limits.sockets.max(1),
            Kind::Request => self.limits.requests.max(1),
        }
    }
}

/// Takes a seat for a request.
///
/// *Errors*: the client holds as much as it may; it is worth another try when something of it has ended.
pub fn admit(
    state: &AppState,
    request: &ServiceRequest,
    route: Route,
) -> Result<Option<Seat>, HttpError> {
    let kind = match route {
        Route::Probe => return Ok(None),
        Route::Socket => Kind::Socket,
        Route::Graphql | Route::Upload | Route::File | Route::Client => Kind::Request,
    };
    let client = client(state, request);
    state.clients.enter(client, kind).map(Some).ok_or_else(|| {
        let limit = state.clients.limit(kind);
        let what = match kind {
            Kind::Socket => "WebSockets",
            Kind::Request => "requests under way",
        };
        HttpError::new(
            StatusCode::TOO_MANY_REQUESTS,
            "LIMIT_EXCEEDED",
            format!(
                "one client may have at most {limit} {what} at a time; try again when one has ended"
            ),
        )
    })
}

fn client(state: &AppState, request: &ServiceRequest) -> Client {
    let peer = || {
        let address = request.peer_addr().map(|address| address.ip());
        address.map_or(Client::Unknown, |address| Client::Network(network(address)))
    };
    match state.clients.limits.by {
        CountedBy::Address => peer(),
        CountedBy::Forwarded => {
            forwarded(request).map_or_else(peer, |address| Client::Network(network(address)))
        }
        CountedBy::Token => match state.access.of(request.request()) {
            Some(principal @ Principal::Token) => Client::Principal(principal),
            Some(Principal::Local) | None => peer(),
        },
    }
}

fn forwarded(request: &ServiceRequest) -> Option<IpAddr> {
    let header = request.headers().get_all("x-forwarded-for").last()?;
    let last = header.to_str().ok()?.rsplit(',').next()?.trim();
    last.parse().ok().or_else(|| Some(last.parse::<std::net::SocketAddr>().ok()?.ip()))
}

/// One household has a whole /64 of IPv6, so that its hosts count together.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
    }
}

/// What a client holds until this is dropped.
pub struct Seat {
    clients: Arc<Clients>,
    key: (Client, Kind),
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = self.clients.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut entry) = held.entry(self.key.clone()) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

/// The body of an answer, which keeps its client's seat until it is out.
pub struct Seated {
    body: BoxBody,
    _seat: Option<Seat>,
}

impl Seated {
    pub fn new(body: BoxBody, seat: Option<Seat>) -> Self {
        Self { body, _seat: seat }
    }
}

impl MessageBody for Seated {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_taken_and_given_back() {
        let limits = ClientLimits { sockets: 2, requests: 1, ..ClientLimits::default() };
        let clients = Arc::new(Clients::new(limits));
        let host = |n: u8| Client::Network(IpAddr::from([10, 0, 0, n]));
        let first = clients.enter(host(1), Kind::Socket).expect("a seat");
        let second = clients.enter(host(1), Kind::Socket).expect("a seat");
        assert!(clients.enter(host(1), Kind::Socket).is_none());
        let other = clients.enter(host(2), Kind::Socket).expect("another client's seat");
        let request = clients.enter(host(1), Kind::Request).expect("a seat of another kind");
        assert!(clients.enter(host(1), Kind::Request).is_none());
        drop(first);
        let again = clients.enter(host(1), Kind::Socket).expect("the seat that is free");
        drop((second, other, request, again));
        assert!(clients.held.lock().expect("nobody panicked").is_empty());
    }

    #[track_caller]
    fn check(address: &str, expect: &str) {
        let found = network(address.parse().expect("an address"));
        assert_eq!(found.to_string(), expect);
    }

    #[test]
    fn addresses_are_counted_by_network() {
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
        check("::1", "::");
    }

    #[track_caller]
    fn check_forwarded(headers: &[&'static str], expect: Option<&str>) {
        let mut request = actix_web::test::TestRequest::default();
        for value in headers {
            request = request.append_header(("x-forwarded-for", *value));
        }
        let found = forwarded(&request.to_srv_request()).map(|address| address.to_string());
        assert_eq!(found.as_deref(), expect, "{headers:?}");
    }

    #[test]
    fn the_last_forwarded_address_counts() {
        check_forwarded(&[], None);
        check_forwarded(&["192.0.2.1"], Some("192.0.2.1"));
        check_forwarded(&["6.6.6.6, 192.0.2.1"], Some("192.0.2.1"));
        check_forwarded(&["6.6.6.6", "192.0.2.1, 192.0.2.2"], Some("192.0.2.2"));
        check_forwarded(&["192.0.2.1:4711"], Some("192.0.2.1"));
        check_forwarded(&["[2001:db8::1]:4711"], Some("2001:db8::1"));
        check_forwarded(&["unknown"], None);
    }
}
