//! One socket: its handshake, its operations and its end.

use super::{
    by_payload,
    close::Close,
    message::{self, Incoming},
    outbox::Outbox,
};
use crate::{
    graphql::{Answer, Caller, Parameters, prepare},
    http::{AppState, guard::TraceId},
};
use actix_web::{rt::task::JoinHandle, web};
use actix_ws::{AggregatedMessage, MessageStream, ProtocolError};
use entity::principal::Principal;
use futures::{StreamExt, pin_mut};
use std::collections::HashMap;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until},
};

/// A connection and what runs on it.
pub struct Connection {
    state: web::Data<AppState>,
    outbox: Outbox,
    /// By header or cookie; the payload of `connection_init` is asked first.
    header_principal: Option<Principal>,
    trace: TraceId,
    /// Set once the connection is acknowledged.
    caller: Option<Caller>,
    operations: HashMap<String, Operation>,
    /// Endings that operations report.
    ended: mpsc::UnboundedSender<Ended>,
    endings: mpsc::UnboundedReceiver<Ended>,
    generation: u64,
}

struct Operation {
    generation: u64,
    task: JoinHandle<()>,
}

/// An operation's own report; there is exactly one per operation.
struct Ended {
    id: String,
    generation: u64,
    close: Option<Close>,
}

impl Connection {
    pub fn new(
        state: web::Data<AppState>,
        outbox: Outbox,
        header_principal: Option<Principal>,
        trace: TraceId,
    ) -> Self {
        let (ended, endings) = mpsc::unbounded_channel();
        Self {
            state,
            outbox,
            header_principal,
            trace,
            caller: None,
            operations: HashMap::new(),
            ended,
            endings,
            generation: 0,
        }
    }

    /// Closes a socket whose client speaks another protocol.
    pub async fn refuse_subprotocol(self) {
        self.outbox.close(&Close::Subprotocol).await;
    }

    /// Serves until either side closes.
    pub async fn serve(mut self, messages: MessageStream) {
        let state = self.state.clone();
        let _open = state.meters.sockets.enter();
        let why = match self.converse(messages).await {
            Ok(never) => match never {},
            Err(why) => why,
        };
        for (_, operation) in self.operations.drain() {
            operation.task.abort();
        }
        if why == Close::Slow {
            state.meters.slow();
        }
        tracing::debug!(trace.id = %self.trace.0, reason = ?why, "closed a socket");
        self.outbox.close(&why).await;
    }

    async fn converse(
        &mut self,
        messages: MessageStream,
    ) -> Result<std::convert::Infallible, Close> {
        let state = self.state.clone();
        let limits = &state.config.sockets;
        let mut messages = messages
            .max_frame_size(limits.message)
            .aggregate_continuations()
            .max_continuation_size(limits.message);
        let init_by = Instant::now() + limits.init;
        let mut heard = Instant::now();
        let mut ping = interval_at(Instant::now() + limits.ping, limits.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = state.stopping.cancelled() => return Err(Close::Restart),
                () = sleep_until(init_by), if self.caller.is_none() => return Err(Close::InitTimeout),
                Some(ended) = self.endings.recv() => self.forget(ended)?,
                _ = ping.tick() => {
                    if heard.elapsed() > limits.silence {
                        return Err(Close::Silent);
                    }
                    self.outbox.ping().await?;
                }
                received = messages.recv() => {
                    heard = Instant::now();
                    match received {
                        Some(Ok(frame)) => self.take(frame).await?,
                        Some(Err(error)) => return Err(broken(&error)),
                        None => return Err(Close::Normal),
                    }
                }
            }
        }
    }

    async fn take(&mut self, frame: AggregatedMessage) -> Result<(), Close> {
        match frame {
            AggregatedMessage::Text(text) => {
                let message = Incoming::parse(&text).map_err(Close::BadMessage)?;
                self.hear(message).await
            }
            AggregatedMessage::Binary(_) => {
                Err(Close::BadMessage("Binary messages are not served"))
            }
            AggregatedMessage::Ping(payload) => self.outbox.pong(&payload).await,
            AggregatedMessage::Pong(_) => Ok(()),
            AggregatedMessage::Close(_) => Err(Close::Normal),
        }
    }

    async fn hear(&mut self, message: Incoming) -> Result<(), Close> {
        match message {
            Incoming::ConnectionInit { .. } if self.caller.is_some() => Err(Close::InitTwice),
            Incoming::ConnectionInit { payload } => {
                let principal = by_payload(&self.state.access, payload.as_ref())
                    .or_else(|| self.header_principal.take())
                    .ok_or(Close::Forbidden)?;
                self.caller = Some(Caller::new(principal, self.trace.0.clone()));
                self.outbox.text(message::acknowledged()).await
            }
            Incoming::Ping { payload } => self.outbox.text(message::pong(payload)).await,
            Incoming::Pong { .. } => Ok(()),
            Incoming::Subscribe { id, payload } => self.subscribe(id, payload).await,
            Incoming::Complete { id } => {
                if let Some(operation) = self.operations.remove(&id) {
                    operation.task.abort();
                }
                Ok(())
            }
        }
    }

    async fn subscribe(&mut self, id: String, parameters: Parameters) -> Result<(), Close> {
        // An id is free as soon as its operation has reported, before anything else is read.
        while let Ok(ended) = self.endings.try_recv() {
            self.forget(ended)?;
        }
        let Some(caller) = &self.caller else { return Err(Close::Unauthorized) };
        if self.operations.contains_key(&id) {
            return Err(Close::Taken(id));
        }
        if self.operations.len() >= self.state.config.sockets.operations {
            let limit = self.state.config.sockets.operations;
            let refused = crate::graphql::ApiError::new(
                crate::graphql::Code::LimitExceeded,
                format!("one connection serves at most {limit} operations at a time"),
            );
            let answer = Answer::refused(refused.into_server_error(), &self.trace.0);
            return self.outbox.text(message::error(&id, &answer.errors())).await;
        }
        // A loader's cache lives as long as its request, never as long as the socket.
        let caller = Caller::new(caller.principal.clone(), caller.trace.clone());
        self.generation += 1;
        let generation = self.generation;
        let (state, mut outbox, ended) =
            (self.state.clone(), self.outbox.clone(), self.ended.clone());
        let task = actix_web::rt::spawn({
            let id = id.clone();
            async move {
                let _running = state.meters.operations.enter();
                let close = operate(&state, &mut outbox, &id, parameters, &caller).await.err();
                // Without a receiver the connection is over and needs no report.
                let _ = ended.send(Ended { id, generation, close });
            }
        });
        self.operations.insert(id, Operation { generation, task });
        Ok(())
    }

    fn forget(&mut self, ended: Ended) -> Result<(), Close> {
        if self.operations.get(&ended.id).is_some_and(|o| o.generation == ended.generation) {
            self.operations.remove(&ended.id);
        }
        ended.close.map_or(Ok(()), Err)
    }
}

/// Why a socket ends whose frames cannot be read.
fn broken(error: &ProtocolError) -> Close {
    match error {
        ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            Close::BadMessage("The text is no UTF-8")
        }
        // Parts of a message that are too large together; what a lost connection hears is the same to it.
        ProtocolError::Overflow | ProtocolError::Io(_) => Close::TooBig,
        _ => Close::BadMessage("Invalid frame received"),
    }
}

/// Runs one operation to its end.
async fn operate(
    state: &AppState,
    outbox: &mut Outbox,
    id: &str,
    parameters: Parameters,
    caller: &Caller,
) -> Result<(), Close> {
    let prepared = match prepare(parameters, caller, &state.config.documents, &state.config.limits)
    {
        Ok(prepared) => prepared,
        Err(error) => {
            let answer = Answer::refused(error, &caller.trace);
            return outbox.text(message::error(id, &answer.errors())).await;
        }
    };
    let answers = prepared.stream(&state.schema);
    pin_mut!(answers);
    while let Some(answer) = answers.next().await {
        if !answer.executed {
            return outbox.text(message::error(id, &answer.errors())).await;
        }
        outbox.text(message::next(id, &answer.to_json())).await?;
    }
    outbox.text(message::complete(id)).await
}
