//! The sidecar as a process: started when it is needed, watched, and started anew when it died.
//!
//! Whatever it does wrong ends it: a line too long or not of the protocol, an answer that nobody
//! waits for, more than was granted, silence. Every call that is under way then ends with
//! [`Trouble::Gone`], exactly once. The tokens are in its environment and in nothing that is said.

use super::{
    call::Call,
    pipes::{LastWords, greeted, hear, read, with_last, write},
    protocol::{self, CREDIT, Event, FollowUp, LINE, Line, question},
    trouble::Trouble,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::BufReader,
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Lines that wait to be written; a sidecar that reads no more holds up whoever has the next.
const WRITES: usize = 64;
/// Answers of a call that wait: what is granted, and the few events that nobody has to grant.
pub(super) const ANSWERS: usize = 64;

/// How the sidecar is run, and how patient its supervisor is.
#[derive(Clone)]
pub(super) struct Launch {
    pub python: PathBuf,
    /// All that it finds in its environment.
    pub env: Vec<(String, String)>,
    /// What must not be said, wherever the sidecar puts it.
    pub secrets: Vec<String>,
    pub patience: Patience,
}

/// How long a supervisor waits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the first line of a new sidecar.
    pub hello: Duration,
    /// Between questions whether it still answers, and for each answer.
    pub pulse: Duration,
    /// Before the first new start after a death; it doubles up to a hundred times that.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(30),
            pulse: Duration::from_secs(20),
            backoff: Duration::from_millis(200),
        }
    }
}

/// The supervisor: at most one sidecar at a time.
pub(super) struct Sidecar {
    launch: Launch,
    present: tokio::sync::Mutex<Present>,
    generations: AtomicU64,
    closing: Closing,
}

/// The end of the server, for which every sidecar ends its containers and itself.
#[derive(Clone, Default)]
struct Closing {
    begun: CancellationToken,
    /// Processes of sidecars that are there.
    processes: Arc<AtomicUsize>,
}

/// A process of a sidecar, until it is there no more.
struct Process(Closing);

impl Process {
    fn new(closing: &Closing) -> Self {
        closing.processes.fetch_add(1, Ordering::AcqRel);
        Self(closing.clone())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.processes.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Default)]
struct Present {
    connection: Option<Arc<Connection>>,
    /// Deaths and failed starts since one worked.
    failures: u32,
    /// When the next may be started.
    after: Option<Instant>,
}

/// How long a sidecar must have lived for its death to be no repetition.
const STEADY: Duration = Duration::from_secs(60);

impl Sidecar {
    pub(super) fn new(launch: Launch) -> Self {
        Self {
            launch,
            present: tokio::sync::Mutex::default(),
            generations: AtomicU64::new(1),
            closing: Closing::default(),
        }
    }

    /// Lets go of the sidecar for good, and waits so long at most until it has ended. Blocks.
    pub(super) fn close(&self, within: Duration) {
        self.closing.begun.cancel();
        let until = std::time::Instant::now() + within;
        while self.closing.processes.load(Ordering::Acquire) > 0
            && std::time::Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The sidecar that lives, or a new one.
    ///
    /// *Errors*: [`Trouble::Gone`] when none starts; the next call tries again.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, Trouble> {
        let mut present = self.present.lock().await;
        if self.closing.begun.is_cancelled() {
            return Err(Trouble::Gone("the server ends".into()));
        }
        if let Some(connection) = &present.connection {
            if !connection.gone.is_cancelled() {
                return Ok(Arc::clone(connection));
            }
            if connection.since.elapsed() > STEADY {
                present.failures = 0;
            }
            self.note_failure(&mut present);
            present.connection = None;
        }
        if let Some(after) = present.after.take() {
            sleep_until(after).await;
        }
        let generation = self.generations.fetch_add(1, Ordering::Relaxed);
        match Connection::start(&self.launch, generation, &self.closing).await {
            Ok(connection) => {
                present.connection = Some(Arc::clone(&connection));
                Ok(connection)
            }
            Err(why) => {
                self.note_failure(&mut present);
                Err(why)
            }
        }
    }

    fn note_failure(&self, present: &mut Present) {
        let times = 2_u32.saturating_pow(present.failures).min(100);
        present.failures = present.failures.saturating_add(1);
        present.after = Some(Instant::now() + self.launch.patience.backoff * times);
    }
}

/// A sidecar that runs. Dropping it closes its stdin, at which it ends its sandboxes and itself.
pub(super) struct Connection {
    /// Which of the sidecars of this process it is, from 1.
    pub generation: u64,
    /// Cancelled when it is gone, or about to be.
    pub gone: CancellationToken,
    since: Instant,
    writes: mpsc::Sender<Vec<u8>>,
    calls: Calls,
    ids: AtomicU64,
    why: Arc<Mutex<Option<String>>>,
}

type Calls = Arc<Mutex<HashMap<u64, Route>>>;

/// Where the answers of a call go.
pub(super) enum Route {
    To {
        answers: mpsc::Sender<Line>,
        /// Events that may still come.
        credit: u32,
    },
    /// Nobody waits any more, but its end is still to come.
    Nowhere,
}

impl Connection {
    async fn start(
        launch: &Launch,
        generation: u64,
        closing: &Closing,
    ) -> Result<Arc<Self>, Trouble> {
        let mut command = Command::new(&launch.python);
        command
            .args(["-P", "-B", "-m", "trainable_modal"])
            .env_clear()
            .envs(launch.env.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the server, which then lets go of it in order.
            .process_group(0);
        // SAFETY: between fork and exec one system call is made, which touches no memory.
        unsafe { command.pre_exec(keep_to_itself) };
        let mut child = command.spawn().map_err(|error| {
            Trouble::Gone(format!(
                "the sidecar `{}` does not start: {error}",
                launch.python.display()
            ))
        })?;
        let process = Process::new(closing);
        let stdin = child.stdin.take().expect("a pipe was asked for");
        let mut stdout = BufReader::with_capacity(LINE, child.stdout.take().expect("likewise"));
        let stderr = child.stderr.take().expect("likewise");
        let last = LastWords::default();
        let hearing = tokio::spawn(hear(stderr, launch.secrets.clone(), Arc::clone(&last)));
        if let Err(why) = greeted(&mut stdout, launch.patience.hello).await {
            // It may have said more than this before it ended.
            let _ = timeout(Duration::from_millis(500), child.wait()).await;
            let _ = child.kill().await;
            let _ = timeout(Duration::from_millis(500), hearing).await;
            return Err(Trouble::Gone(with_last(&why, &last)));
        }
        let (writes, lines) = mpsc::channel(WRITES);
        let gone = CancellationToken::new();
        let calls = Calls::default();
        let why = Arc::new(Mutex::new(None));
        let watch = Watch {
            child,
            process,
            gone: gone.clone(),
            calls: Arc::clone(&calls),
            why: Arc::clone(&why),
            last,
            generation,
        };
        let connection = Arc::new(Self {
            generation,
            gone: gone.clone(),
            since: Instant::now(),
            writes,
            calls,
            ids: AtomicU64::new(1),
            why,
        });
        tokio::spawn(watch.over(stdin, lines, stdout));
        tokio::spawn(feel_the_pulse(Arc::downgrade(&connection), launch.patience.pulse));
        Ok(connection)
    }

    /// Begins a call.
    pub(super) async fn begin(self: &Arc<Self>, op: &str, params: Value) -> Result<Call, Trouble> {
        let id = self.ids.fetch_add(1, Ordering::Relaxed);
        let (sender, answers) = mpsc::channel(ANSWERS);
        let route = Route::To { answers: sender, credit: CREDIT };
        lock(&self.calls).insert(id, route);
        let call = Call::new(Arc::clone(self), id, answers);
        let line = question(id, op, params);
        if line.len() > LINE {
            lock(&self.calls).remove(&id);
            return Err(Trouble::Refused("what is asked of Modal is too much at once".into()));
        }
        self.write(line).await?;
        Ok(call)
    }

    /// Lets one more event of a call come.
    pub(super) async fn grant(&self, id: u64) -> Result<(), Trouble> {
        if let Some(Route::To { credit, .. }) = lock(&self.calls).get_mut(&id) {
            *credit += 1;
        }
        self.tell(id, FollowUp::Credit(1)).await
    }

    pub(super) async fn tell(&self, id: u64, what: FollowUp<'_>) -> Result<(), Trouble> {
        self.write(protocol::follow_up(id, what)).await
    }

    async fn write(&self, line: Vec<u8>) -> Result<(), Trouble> {
        let written = tokio::select! {
            biased;
            () = self.gone.cancelled() => false,
            sent = self.writes.send(line) => sent.is_ok(),
        };
        if written { Ok(()) } else { Err(self.trouble()) }
    }

    /// Forgets a call that may still have answers on their way.
    pub(super) fn give_up(&self, id: u64) {
        let mut calls = lock(&self.calls);
        let Some(route) = calls.get_mut(&id) else { return };
        *route = Route::Nowhere;
        drop(calls);
        let line = protocol::follow_up(id, FollowUp::Cancel);
        if let Err(mpsc::error::TrySendError::Full(line)) = self.writes.try_send(line) {
            let writes = self.writes.clone();
            tokio::spawn(async move { writes.send(line).await });
        }
    }

    /// Why it is gone.
    pub(super) fn trouble(&self) -> Trouble {
        let why = lock(&self.why).clone();
        Trouble::Gone(why.unwrap_or_else(|| "the sidecar has ended".into()))
    }
}

/// Whatever the server has open besides, or was given by who started it, is not the sidecar's.
fn keep_to_itself() -> io::Result<()> {
    let first: libc::c_uint = 3;
    // SAFETY: the call changes flags of descriptors and touches no memory.
    let done =
        unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

pub(super) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What sees to the end of a sidecar.
struct Watch {
    child: Child,
    process: Process,
    gone: CancellationToken,
    calls: Calls,
    why: Arc<Mutex<Option<String>>>,
    last: LastWords,
    generation: u64,
}

impl Watch {
    async fn over(
        mut self,
        stdin: ChildStdin,
        lines: mpsc::Receiver<Vec<u8>>,
        stdout: BufReader<ChildStdout>,
    ) {
        // Its pipes are closed at the end of this block, at which a good one ends.
        let why = {
            let reading = read(stdout, &self.calls);
            let writing = write(stdin, lines);
            tokio::pin!(reading, writing);
            tokio::select! {
                why = &mut reading => Some(why),
                let_go = &mut writing => match let_go {
                    Ok(()) => None,
                    Err(error) => Some(format!("it reads no more ({error})")),
                },
                () = self.gone.cancelled() => Some("it did not answer in time".to_owned()),
                () = self.process.0.begun.cancelled() => None,
            }
        };
        if let Some(why) = &why {
            let said =
                with_last(&format!("the sidecar for Modal had to be ended: {why}"), &self.last);
            tracing::warn!(generation = self.generation, "{said}");
            *lock(&self.why) = Some(said);
        }
        self.gone.cancel();
        // Their senders close, which is how each call learns of it.
        lock(&self.calls).clear();
        let patience = if why.is_some() { Duration::ZERO } else { LEAVE };
        if timeout(patience, self.child.wait()).await.is_err()
            && let Err(error) = self.child.kill().await
        {
            tracing::error!(%error, "a sidecar cannot be ended");
        }
    }
}

/// How long a sidecar may take to end its sandboxes.
const LEAVE: Duration = Duration::from_secs(15);

/// Asks now and then whether it still answers, for as long as somebody has it.
async fn feel_the_pulse(connection: std::sync::Weak<Connection>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let Some(connection) = connection.upgrade() else { return };
        let asked = async {
            let mut call = connection.begin("ping", json!({})).await?;
            call.finish(|_: Event| ()).await
        };
        match timeout(every, asked).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) if connection.gone.is_cancelled() => return,
            Ok(Err(_)) | Err(_) => connection.gone.cancel(),
        }
    }
}
