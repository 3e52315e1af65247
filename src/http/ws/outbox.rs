//! The outgoing half of a socket, with a bound in bytes.
//!
//! The body of the response counts what the connection has taken; senders wait while more than
//! the bound is on its way. So a reader that stalls stops the operations of its own socket, which
//! read the log and hold nothing, and nobody else's.

use super::{SocketLimits, close::Close};
use actix_web::{
    HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    web::Bytes,
};
use actix_ws::Session;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{sync::Notify, time::timeout};

/// Where frames go. Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    session: Session,
    flow: Arc<Flow>,
    bound: u64,
    patience: Duration,
}

/// Bytes handed in and bytes that the connection took.
#[derive(Default)]
struct Flow {
    sent: AtomicU64,
    taken: AtomicU64,
    moved: Notify,
}

impl Flow {
    fn waiting(&self) -> u64 {
        let taken = self.taken.load(Ordering::Acquire);
        self.sent.load(Ordering::Acquire).saturating_sub(taken)
    }
}

impl Outbox {
    /// Puts the counting body around the response of the handshake.
    pub fn new(
        session: Session,
        response: HttpResponse,
        limits: &SocketLimits,
    ) -> (Self, HttpResponse) {
        let flow = Arc::new(Flow::default());
        let counted = Arc::clone(&flow);
        let response =
            response.map_body(|_, body| BoxBody::new(CountedBody { body, flow: counted }));
        (Self { session, flow, bound: limits.buffer, patience: limits.slow }, response)
    }

    /// Sends a text, waiting while too much is on its way.
    ///
    /// *Errors*: [`Close::Slow`] when the reader does not catch up in time, [`Close::Normal`] when
    /// the socket is gone.
    pub async fn text(&mut self, text: String) -> Result<(), Close> {
        let length = frame(text.len() as u64);
        let patience = self.patience;
        let send = async {
            self.room().await;
            self.flow.sent.fetch_add(length, Ordering::AcqRel);
            self.session.text(text).await.map_err(|_| Close::Normal)
        };
        timeout(patience, send).await.unwrap_or(Err(Close::Slow))
    }

    pub async fn ping(&mut self) -> Result<(), Close> {
        self.flow.sent.fetch_add(frame(0), Ordering::AcqRel);
        let sent = timeout(self.patience, self.session.ping(b"")).await;
        sent.map_err(|_| Close::Slow)?.map_err(|_| Close::Normal)
    }

    pub async fn pong(&mut self, payload: &[u8]) -> Result<(), Close> {
        self.flow.sent.fetch_add(frame(payload.len() as u64), Ordering::AcqRel);
        let sent = timeout(self.patience, self.session.pong(payload)).await;
        sent.map_err(|_| Close::Slow)?.map_err(|_| Close::Normal)
    }

    /// Says why, and closes. What cannot be said in time is dropped with the socket.
    pub async fn close(self, why: &Close) {
        let _ = timeout(self.patience, self.session.close(Some(why.reason()))).await;
    }

    async fn room(&self) {
        loop {
            let moved = self.flow.moved.notified();
            if self.flow.waiting() < self.bound {
                return;
            }
            moved.await;
        }
    }
}

/// The size of an unmasked frame. *Source*: RFC 6455 section 5.2.
const fn frame(payload: u64) -> u64 {
    payload
        + match payload {
            0..126 => 2,
            126..65_536 => 4,
            _ => 10,
        }
}

struct CountedBody {
    body: BoxBody,
    flow: Arc<Flow>,
}

impl MessageBody for CountedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &polled {
            self.flow.taken.fetch_add(bytes.len() as u64, Ordering::AcqRel);
            self.flow.moved.notify_waiters();
        }
        polled
    }
}

impl Drop for CountedBody {
    fn drop(&mut self) {
        // Whoever waits for room learns from the session that nobody takes anything any more.
        self.flow.taken.store(u64::MAX / 2, Ordering::Release);
        self.flow.moved.notify_waiters();
    }
}
