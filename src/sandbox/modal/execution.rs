//! One execution, from its launcher's first word to its end.
//!
//! What is printed goes to a bounded channel and is granted one by one, so that a slow consumer holds
//! up the sidecar, Modal, and at last the program. The clock is the launcher's own; here it is only
//! looked whether the launcher still keeps it.

use super::{
    answer,
    call::{Call, Next},
    protocol::Event,
    records::{Piece, Report, Stripper, Told},
    sandbox::{Alive, Inner, Lease, SOON},
    trouble::Trouble,
    volume::ModalVolume,
};
use crate::sandbox::{Ending, ExecSpec, Exit, Output, Program, Volume, program::SDK_AT};
use bytes::Bytes;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// How much longer than its program a launcher may be silent.
const GRACE: Duration = Duration::from_secs(30);
/// How long a launcher may take to begin.
const START: Duration = Duration::from_secs(180);
/// How long one may take to end what it started.
const KILL: Duration = Duration::from_secs(8);
/// Bytes of the largest script that is put into a container beside its volume.
const MAX_SCRIPT: u64 = 16 << 20;

/// The way to the consumer.
type Sink = mpsc::Sender<Output>;

/// A program that was asked for.
pub(super) struct Running {
    inner: Arc<Inner>,
    lease: Lease,
    call: Call,
    /// What came first, which showed that the container was there.
    first: Option<Result<Next, Trouble>>,
    stripper: Stripper,
    timeout: Duration,
    began: Instant,
    launcher: Option<u32>,
    report: Option<Report>,
    /// Whether the container was ended with it.
    ended: bool,
    alive: Alive,
}

/// Why the stream of a call was left.
enum Left {
    /// The call has ended.
    Ended,
    /// The server wants it ended.
    Stopped,
    /// Its launcher does not keep the time.
    Overdue,
    Troubled(Trouble),
}

impl Running {
    /// Asks for a program, in another container when the first turns out to be gone.
    pub(super) async fn begin(
        inner: Arc<Inner>,
        spec: &ExecSpec,
        alive: Alive,
    ) -> Result<Self, Trouble> {
        let mut again = true;
        loop {
            let lease = inner.lease().await?;
            if lease.stale
                && let Some((path, script)) = script(&inner, spec).await?
                && let Err(why) = place(&inner, &lease, path, script).await
            {
                if !again || matches!(why, Trouble::Gone(_)) {
                    return Err(why);
                }
                tracing::warn!(%why, "a container is replaced");
                inner.end(&lease).await;
                again = false;
                continue;
            }
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let request = serde_json::to_string(&inner.request(spec, &nonce))
                .expect("a request is always JSON");
            let began = Instant::now();
            let request = json!({
                "sandbox": lease.container,
                "argv": ["python", "-P", "-B", "-m", "trainable_launch"],
                "env": {
                    "TRAINABLE_LAUNCH": request,
                    "PYTHONPATH": SDK_AT,
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
                "timeout": (spec.timeout + START).as_secs_f64(),
            });
            let mut call = lease.connection.begin("exec", request).await?;
            let first = timeout(START, call.next()).await;
            match first {
                Ok(Err(Trouble::Absent(_))) if again => {
                    inner.forget(&lease.container).await;
                    again = false;
                }
                Ok(first) => {
                    let stripper = Stripper::new(&nonce);
                    let first = Some(first);
                    let timeout = spec.timeout;
                    let (launcher, report) = (None, None);
                    return Ok(Self {
                        inner,
                        lease,
                        call,
                        first,
                        stripper,
                        timeout,
                        began,
                        launcher,
                        report,
                        ended: false,
                        alive,
                    });
                }
                Err(_) => {
                    inner.end(&lease).await;
                    return Err(super::late("a program"));
                }
            }
        }
    }

    /// Hands on what comes until the end, which it tells.
    pub(super) async fn follow(mut self, sink: Sink, stop: CancellationToken) {
        let left = self.hand_on(&sink, &stop).await;
        let mut said = None;
        let cut = match left {
            Left::Ended => None,
            Left::Stopped => {
                self.kill().await;
                Some(Ending::Terminated)
            }
            Left::Overdue => {
                self.kill().await;
                Some(Ending::TimedOut)
            }
            Left::Troubled(why) => {
                match &why {
                    Trouble::Gone(_) => {}
                    Trouble::Absent(_) => self.inner.forget(&self.lease.container).await,
                    Trouble::Unavailable(_)
                    | Trouble::Conflict(_)
                    | Trouble::Refused(_)
                    | Trouble::NoFile
                    | Trouble::Failed(_) => self.end().await,
                }
                said = Some(why.to_string());
                Some(Ending::Lost)
            }
        };
        // Whatever the ending: what was written until then is kept. Modal itself does so when it ends a
        // container, but for a copy.
        if self.ended && self.inner.is_copied() {
            said.get_or_insert("what the program wrote was lost with its container".into());
        } else if !self.ended
            && !matches!(cut, Some(Ending::Lost))
            && let Err(why) = self.inner.commit(&self.lease).await
        {
            said = Some(format!("what the program wrote may not have been kept: {why}"));
        }
        let mut exit = self.exit(cut);
        let took = (exit.wall, exit.cpu_seconds, exit.peak_memory.unwrap_or(0));
        self.inner.count(&self.lease, took).await;
        // Nobody knows what still runs in there, beside whatever comes next.
        let orderly = self.report.as_ref().is_some_and(|report| report.survivors == 0);
        if !orderly && !self.ended && !matches!(cut, Some(Ending::Lost)) {
            self.end().await;
        }
        exit.cost_usd = Some(self.inner.cost().await);
        if let Some(held) = self.stripper.finish() {
            let _ = sink.send(Output::Stdout(held)).await;
        }
        if let Some(said) = said {
            let _ = sink.send(Output::Stderr(Bytes::from(format!("{said}\n")))).await;
        }
        // What Modal has to do for it is done before a slow consumer has read the rest.
        drop((self.call, self.alive));
        // Nobody may be there any more, and then nobody is to be told.
        let _ = sink.send(Output::Exited(exit)).await;
    }

    async fn hand_on(&mut self, sink: &Sink, stop: &CancellationToken) -> Left {
        let mut deadline = self.began + self.timeout + GRACE;
        loop {
            let next = match self.first.take() {
                Some(first) => first,
                None => tokio::select! {
                    biased;
                    () = stop.cancelled() => return Left::Stopped,
                    () = sink.closed() => return Left::Stopped,
                    next = self.call.next() => next,
                    () = sleep_until(deadline) => return Left::Overdue,
                },
            };
            let outputs = match next {
                Err(why) => return Left::Troubled(why),
                Ok(Next::Done(_)) => return Left::Ended,
                Ok(Next::Event(event)) => self.sort(event),
            };
            for output in outputs {
                let sent = tokio::select! {
                    biased;
                    () = stop.cancelled() => return Left::Stopped,
                    sent = sink.send(output) => sent,
                };
                if sent.is_err() {
                    return Left::Stopped;
                }
            }
            self.call.grant().await;
            // Time that the consumer took is not the launcher's.
            deadline = deadline.max(Instant::now() + GRACE);
        }
    }

    /// What of an event is the consumer's.
    fn sort(&mut self, event: Event) -> Vec<Output> {
        match event {
            Event::Stderr(bytes) => vec![Output::Stderr(bytes)],
            Event::Stdout(bytes) => {
                let pieces = self.stripper.feed(bytes);
                pieces.into_iter().flat_map(|piece| self.take(piece)).collect()
            }
            Event::Data(_) | Event::Entries(_) | Event::Progress(_) | Event::Credit(_) => vec![],
        }
    }

    fn take(&mut self, piece: Piece) -> Vec<Output> {
        match piece {
            Piece::Printed(mut bytes) => {
                let mut outputs = Vec::new();
                // What was held back before may have made it more than one chunk.
                while !bytes.is_empty() {
                    let chunk = bytes.split_to(bytes.len().min(super::protocol::CHUNK));
                    outputs.push(Output::Stdout(chunk));
                }
                outputs
            }
            Piece::Told(Told::Record(record)) => vec![Output::Record(record)],
            Piece::Told(Told::Begun { pid }) => {
                self.launcher = Some(pid);
                vec![]
            }
            Piece::Told(Told::Ended(report)) => {
                self.report = Some(report);
                vec![]
            }
        }
    }

    /// Has the launcher end its program, or Modal the container when it does not.
    async fn kill(&mut self) {
        let Lease { connection, container, .. } = self.lease.clone();
        let ended = async {
            let pid = self.launcher?;
            let request = json!({"sandbox": container, "pid": pid});
            answer(&connection, "kill", request, KILL).await.ok()?;
            loop {
                match self.call.next().await.ok()? {
                    Next::Done(_) => return Some(()),
                    Next::Event(event) => {
                        // For the report alone: nobody wants the rest.
                        self.sort(event);
                        self.call.grant().await;
                    }
                }
            }
        };
        if !matches!(timeout(KILL, ended).await, Ok(Some(()))) {
            self.end().await;
        }
    }

    /// Has Modal end the container, and all in it.
    async fn end(&mut self) {
        self.inner.end(&self.lease).await;
        self.ended = true;
    }

    fn exit(&self, cut: Option<Ending>) -> Exit {
        let wall = self.began.elapsed();
        let told = self.report.as_ref().map(|report| report.exit(None));
        let mut exit = told.unwrap_or(Exit {
            // Without a word of its launcher nobody knows whether it ran.
            ending: match self.launcher {
                Some(_) => Ending::Lost,
                None => Ending::NotStarted,
            },
            cpu_seconds: 0.0,
            peak_memory: None,
            dropped_output: 0,
            wall,
            cost_usd: None,
        });
        if let Some(cut) = cut {
            exit.ending = cut;
        }
        exit
    }
}

/// The script of a program that lies in one of the volumes, and its path in the container.
async fn script<'a>(
    inner: &Inner,
    spec: &'a ExecSpec,
) -> Result<Option<(&'a str, Bytes)>, Trouble> {
    let Program::Script { path, .. } = &spec.program else { return Ok(None) };
    let Some((place, inside)) = inner.place_of(path) else { return Ok(None) };
    let volume = ModalVolume::new(Arc::clone(&inner.shared), place);
    let script = volume.read(&inside, 0..MAX_SCRIPT).await;
    let script = script.map_err(|error| Trouble::Failed(error.to_string()))?;
    Ok(Some((path, script)))
}

/// Puts a script into a container that cannot load what was written last.
async fn place(inner: &Inner, lease: &Lease, path: &str, script: Bytes) -> Result<(), Trouble> {
    let request = json!({"sandbox": lease.container, "path": path, "folders": inner.writable()});
    let mut call = lease.connection.begin("place", request).await?;
    call.send(script).await?;
    call.end().await?;
    timeout(SOON, call.finish(|_| ())).await.map_err(|_| super::late("a script"))??;
    Ok(())
}
