//! One execution while it runs: its output, records and files become facts as they come, and its end
//! becomes what the model is shown.

use super::{
    Outcome, Stopped, ToolContext,
    ending::{Allowed, ending, said},
    files::{Found, Moment, Working},
    output::{Decoder, HeadTail},
    record,
};
use crate::{
    event::{EndingKind, Fact, MetricPoint, OutputStream, RefusedFile},
    sandbox::{Exit, Output},
};
use futures::{StreamExt, stream::BoxStream};
use std::{fmt::Write, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};
use tokio_util::sync::CancellationToken;

/// The eye's pace: output and metrics are handed on at least this often.
const FLUSH: Duration = Duration::from_millis(25);
/// Output that is handed on at once.
const FLUSH_BYTES: usize = 64 * 1024;
/// Metric points that are handed on at once.
const FLUSH_POINTS: usize = 2_000;
/// How often new files are looked for while a program runs.
const LOOK: Duration = Duration::from_secs(3);
/// A record that was spilled to a file.
const MAX_SPILLED: u64 = 4 * 1024 * 1024;
/// Bytes of records that one execution may log.
const MAX_RECORDS: u64 = 32 * 1024 * 1024;
/// Files that the model is shown; the log has all.
const SHOWN_FILES: usize = 60;
/// Problems that the model is told of; the others are counted.
const SHOWN_COMPLAINTS: usize = 8;
/// Refused entries that people are shown by name, of one look.
const SHOWN_REFUSED: usize = 20;

/// One execution as it is followed.
pub(super) struct Run<'a> {
    cx: &'a ToolContext,
    call_id: &'a str,
    allowed: Allowed,
    pending: Vec<Fact>,
    points: Vec<MetricPoint>,
    bytes: usize,
    /// Bytes of all records so far.
    records: u64,
    decoders: [Decoder; 2],
    stdout: HeadTail,
    stderr: HeadTail,
    files: Vec<String>,
    complaints: Vec<String>,
    /// Complaints beyond those that are told.
    more_complaints: u64,
    /// While it waits for a place: since when.
    waiting: Option<Instant>,
    /// One of those at work, as long as this lives.
    _working: Working,
}

impl<'a> Run<'a> {
    pub(super) async fn new(cx: &'a ToolContext, call_id: &'a str, allowed: Allowed) -> Self {
        Self {
            cx,
            call_id,
            allowed,
            pending: Vec::new(),
            points: Vec::new(),
            bytes: 0,
            records: 0,
            decoders: Default::default(),
            stdout: HeadTail::default(),
            stderr: HeadTail::default(),
            files: Vec::new(),
            complaints: Vec::new(),
            more_complaints: 0,
            waiting: None,
            _working: cx.known.lock().await.working(),
        }
    }

    pub(super) async fn follow(
        mut self,
        mut stream: BoxStream<'static, Output>,
        stop: &CancellationToken,
    ) -> Result<Outcome, Stopped> {
        let mut stopping = false;
        let mut flush = interval(FLUSH);
        flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = interval_at(Instant::now() + LOOK, LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let exit = loop {
            tokio::select! {
                biased;
                // Dropping the stream kills the program and all it started.
                () = self.cx.cancel.cancelled() => return Err(Stopped),
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    // The stream goes on and says what came of it until then.
                    self.cx.sandbox.terminate().await;
                }
                _ = flush.tick() => self.flush().await?,
                _ = look.tick() => self.look(Moment::During).await?,
                output = stream.next() => match output {
                    Some(Output::Exited(exit)) => break Some(exit),
                    Some(output) => self.take(output).await?,
                    // The backend went away without a word; told apart below.
                    None => break None,
                },
            }
        };
        self.finish(exit).await
    }

    async fn take(&mut self, output: Output) -> Result<(), Stopped> {
        match output {
            Output::Waiting { ahead } => {
                self.waiting.get_or_insert_with(Instant::now);
                let call_id = self.call_id.to_owned();
                self.pending.push(Fact::ExecutionWaiting { call_id, ahead });
            }
            Output::Placed => {
                let waited = self.waiting.take().map_or(Duration::ZERO, |since| since.elapsed());
                let (call_id, waited_ms) = (self.call_id.to_owned(), waited.as_millis() as u64);
                self.pending.push(Fact::ExecutionPlaced { call_id, waited_ms });
            }
            Output::Stdout(bytes) => {
                let text = self.decoders[0].push(&bytes);
                self.text(OutputStream::Stdout, text);
            }
            Output::Stderr(bytes) => {
                let text = self.decoders[1].push(&bytes);
                self.text(OutputStream::Stderr, text);
            }
            Output::Record(bytes) => self.record(&bytes).await?,
            Output::Exited(_) => {}
        }
        if self.bytes >= FLUSH_BYTES || self.points.len() >= FLUSH_POINTS {
            self.flush().await?;
        }
        Ok(())
    }

    fn text(&mut self, stream: OutputStream, text: String) {
        if text.is_empty() {
            return;
        }
        match stream {
            OutputStream::Stdout => self.stdout.push(&text),
            OutputStream::Stderr => self.stderr.push(&text),
        }
        self.bytes += text.len();
        match self.pending.last_mut() {
            Some(Fact::CodeOutput { stream: last, text: before, .. }) if *last == stream => {
                before.push_str(&text);
            }
            Some(_) | None => {
                self.settle_points();
                let call_id = self.call_id.to_owned();
                self.pending.push(Fact::CodeOutput { call_id, stream, text });
            }
        }
    }

    async fn record(&mut self, bytes: &[u8]) -> Result<(), Stopped> {
        self.records += bytes.len() as u64;
        if self.records > MAX_RECORDS {
            self.complain("more than 32 MiB of records were logged; the rest is dropped".into());
            return Ok(());
        }
        let mut parsed = record::parse(self.call_id, bytes);
        self.bytes += bytes.len();
        if let record::Parsed::Spilled(path) = &parsed {
            let path = path.clone();
            parsed = self.spilled(&path).await;
        }
        match parsed {
            record::Parsed::Metrics(points) => self.points.extend(points),
            record::Parsed::Fact(fact) => {
                self.settle_points();
                self.pending.push(fact);
            }
            record::Parsed::Spilled(_) => {
                self.complain("a record in a file points to another file".into())
            }
            record::Parsed::Bad(why) => self.complain(why),
        }
        Ok(())
    }

    /// Reads a record that was too large for a message.
    async fn spilled(&mut self, path: &str) -> record::Parsed {
        let path = match self.cx.folder.join(path) {
            Ok(path) => path,
            Err(error) => return record::Parsed::Bad(error.to_string()),
        };
        match self.cx.volume.stat(&path).await {
            Ok(Some(stat)) if stat.size <= MAX_SPILLED => {}
            Ok(Some(_)) => return record::Parsed::Bad("a record is larger than 4 MiB".into()),
            Ok(None) => return record::Parsed::Bad("a record's file is missing".into()),
            Err(error) => return record::Parsed::Bad(error.to_string()),
        }
        let parsed = match self.cx.volume.read(&path, 0..MAX_SPILLED).await {
            Ok(bytes) => {
                self.records += bytes.len() as u64;
                self.bytes += bytes.len();
                record::parse(self.call_id, &bytes)
            }
            Err(error) => record::Parsed::Bad(error.to_string()),
        };
        if let Err(error) = self.cx.volume.delete(&path).await {
            tracing::warn!(%error, "a spilled record was not deleted");
        }
        parsed
    }

    fn complain(&mut self, why: String) {
        if self.complaints.contains(&why) {
            return;
        }
        if self.complaints.len() < SHOWN_COMPLAINTS {
            self.complaints.push(why);
        } else {
            self.more_complaints += 1;
        }
    }

    fn settle_points(&mut self) {
        if !self.points.is_empty() {
            let items = std::mem::take(&mut self.points);
            self.pending.push(Fact::MetricsBatch { call_id: self.call_id.to_owned(), items });
        }
    }

    async fn flush(&mut self) -> Result<(), Stopped> {
        self.settle_points();
        self.bytes = 0;
        if self.pending.is_empty() {
            return Ok(());
        }
        self.cx.facts.record(std::mem::take(&mut self.pending)).await
    }

    async fn look(&mut self, moment: Moment) -> Result<(), Stopped> {
        let mut known = match moment {
            // Another call's look may hash for long, and this one's output must not wait for it.
            Moment::During => match self.cx.known.try_lock() {
                Ok(known) => known,
                Err(_) => return Ok(()),
            },
            Moment::After => self.cx.known.lock().await,
        };
        let found = known
            .detect(self.cx.volume.as_ref(), self.cx.place(), Some(self.call_id), moment)
            .await;
        drop(known);
        match found {
            Ok(Found { facts, refused, too_many }) => {
                for fact in &facts {
                    if let Fact::FileCreated { file, .. } | Fact::FileChanged { file, .. } = fact {
                        self.files.push(format!("{} ({} bytes)", file.path, file.size));
                    }
                }
                for file in &refused {
                    self.complain(format!("`{}` is not kept: it {}", file.path, file.reason));
                }
                if too_many {
                    self.complain("the stage has too many files; the rest is not shown".into());
                }
                self.pending.extend(facts);
                if !refused.is_empty() {
                    self.refused(refused);
                }
            }
            Err(error) => self.complain(format!("the files could not be listed: {error}")),
        }
        Ok(())
    }

    /// Shows people what is not kept.
    fn refused(&mut self, mut files: Vec<RefusedFile>) {
        let more = files.len().saturating_sub(SHOWN_REFUSED) as u64;
        files.truncate(SHOWN_REFUSED);
        let call_id = self.call_id.to_owned();
        self.pending.push(Fact::FilesRefused { call_id, files, more });
    }

    async fn finish(mut self, exit: Option<Exit>) -> Result<Outcome, Stopped> {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let text = self.decoders[stream as usize].finish();
            self.text(stream, text);
        }
        self.settle_points();
        self.look(Moment::After).await?;
        let ending = ending(exit.as_ref(), &self.cx.limits);
        let good = ending.how == EndingKind::Exited && ending.code == Some(0);
        let head = said(&ending, self.allowed, &self.cx.limits);
        self.pending.push(Fact::ExecutionEnded { call_id: self.call_id.to_owned(), ending });
        self.flush().await?;
        Ok(Outcome::Continue { output: self.shown(head), is_error: !good })
    }

    /// What the model is shown.
    fn shown(self, mut text: String) -> String {
        for (title, part) in [("stdout", self.stdout.shown()), ("stderr", self.stderr.shown())] {
            if !part.is_empty() {
                let _ = write!(text, "\n--- {title} ---\n{}", part.trim_end());
            }
        }
        if !self.files.is_empty() {
            let shown = &self.files[..self.files.len().min(SHOWN_FILES)];
            let _ = write!(text, "\n--- files ---\n{}", shown.join("\n"));
            let more = self.files.len() - shown.len();
            if more > 0 {
                let _ = write!(text, "\n… and {more} more; `list_files` shows them");
            }
        }
        if !self.complaints.is_empty() {
            let _ = write!(text, "\n--- problems ---\n{}", self.complaints.join("\n"));
            if self.more_complaints > 0 {
                let _ = write!(text, "\n… and {} more", self.more_complaints);
            }
        }
        text
    }
}
