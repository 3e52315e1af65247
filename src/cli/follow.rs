//! Progress of a session in the terminal: the stage, the step, the best metric so far, elapsed time.

use crate::{
    event::{
        Driver, Ending, Entry, Event, Fact, Outcome, OutputStream, PlanStatus, SessionEvent,
        TokenUsage, amount,
    },
    log::EventLog,
    session::state::title,
};
use entity::{
    ids::SessionId,
    vocab::{SessionStateName, Stage},
};
use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

/// How often the line at the bottom is drawn anew.
const REDRAW: Duration = Duration::from_millis(200);
const PAGE: u64 = 512;

/// How a followed session came to rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Followed {
    pub state: Option<SessionStateName>,
    pub stages: Vec<StageSummary>,
    /// What ended the last run, when it did not end well.
    pub error: Option<String>,
}

/// One stage run, in short.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(super) struct StageSummary {
    pub stage: Stage,
    pub state: entity::vocab::StageRunState,
    pub seconds: f64,
}

/// Follows a session until it rests.
pub(super) async fn follow(log: &EventLog, session: SessionId) -> Result<Followed, String> {
    let mut wakes = log.follow(session);
    let mut screen = Screen::new();
    let mut seq = 0;
    let mut redraw = tokio::time::interval(REDRAW);
    loop {
        loop {
            let page = log.since(session, seq, PAGE).await.map_err(|error| error.to_string())?;
            let Some(last) = page.last() else { break };
            seq = last.seq;
            for entry in &page {
                screen.take(entry);
            }
        }
        if screen.rests() {
            screen.clear();
            return Ok(screen.followed);
        }
        tokio::select! {
            changed = wakes.changed() => changed.map_err(|_| "the log was closed".to_owned())?,
            _ = redraw.tick() => screen.draw(),
        }
    }
}

struct Screen {
    begun: Instant,
    terminal: bool,
    followed: Followed,
    stage: Option<(Stage, chrono::DateTime<chrono::Utc>)>,
    step: String,
    best: BTreeMap<String, f64>,
    latest: Option<String>,
    usage: TokenUsage,
    /// USD; `None` when the price of a turn is unknown.
    cost: Option<f64>,
    drawn: bool,
}

impl Screen {
    fn new() -> Self {
        Self {
            begun: Instant::now(),
            terminal: std::io::stderr().is_terminal(),
            followed: Followed::default(),
            stage: None,
            step: String::new(),
            best: BTreeMap::new(),
            latest: None,
            usage: TokenUsage::default(),
            cost: Some(0.0),
            drawn: false,
        }
    }

    fn rests(&self) -> bool {
        use SessionStateName::*;
        match self.followed.state {
            None | Some(Created | EdaRunning | PrepRunning | TrainRunning) => false,
            Some(EdaDone | PrepDone | TrainDone | Failed | Cancelled) => self.stage.is_none(),
        }
    }

    fn take(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Session(event) => self.decision(entry, event),
            Event::Fact(fact) => self.fact(fact),
        }
    }

    fn decision(&mut self, entry: &Entry, event: &SessionEvent) {
        match event {
            SessionEvent::StateChange { state } => self.followed.state = Some(*state),
            SessionEvent::StageRunStarted { stage, driver, .. } => {
                self.stage = Some((*stage, entry.at));
                self.step = "preparing".into();
                self.best.clear();
                self.latest = None;
                let Driver { provider, model, .. } = driver;
                self.say(&format!("{:<5}  started by {provider} ({model})", title(*stage)));
            }
            SessionEvent::StageRunResumed { stage, .. } => {
                self.stage = Some((*stage, entry.at));
                self.say(&format!("{:<5}  goes on", title(*stage)));
            }
            SessionEvent::StageRunEnded { stage, outcome } => {
                let seconds = self
                    .stage
                    .take()
                    .map_or(0.0, |(_, from)| (entry.at - from).num_milliseconds() as f64 / 1000.0);
                let said = match outcome {
                    Outcome::Done { summary } => {
                        format!("done in {seconds:.1} s: {}", one_line(summary))
                    }
                    Outcome::Failed { message } => format!("failed: {}", one_line(message)),
                    Outcome::Cancelled => "cancelled".into(),
                };
                self.followed.error = match outcome {
                    Outcome::Failed { message } => Some(message.clone()),
                    Outcome::Done { .. } | Outcome::Cancelled => None,
                };
                let state = outcome.state();
                self.followed.stages.push(StageSummary { stage: *stage, state, seconds });
                self.say(&format!("{:<5}  {said}", title(*stage)));
            }
            SessionEvent::SessionCreated { .. }
            | SessionEvent::FollowUpStarted { .. }
            | SessionEvent::FollowUpEnded { .. }
            | SessionEvent::BudgetsSet { .. }
            | SessionEvent::ApprovalAsked { .. }
            | SessionEvent::ApprovalAnswered { .. }
            | SessionEvent::UserMessage { .. }
            | SessionEvent::QuestionAnswered { .. }
            | SessionEvent::S3SyncComplete { .. } => {}
        }
    }

    fn fact(&mut self, fact: &Fact) {
        match fact {
            Fact::PlanUpdated { steps } => {
                if let Some(step) = steps.iter().find(|s| s.status == PlanStatus::InProgress) {
                    self.step = step.title.clone();
                }
            }
            Fact::ExecutionStarted { script, .. } => {
                let name = script.rsplit('/').next().unwrap_or(script);
                self.step = name.to_owned();
                self.tell(&format!("running {name}"));
            }
            Fact::ExecutionWaiting { ahead, .. } => {
                self.step = format!("waiting for a place ({ahead} ahead)");
                self.tell(&self.step.clone());
            }
            Fact::ExecutionEnded { ending, .. } => self.tell(&executed(ending)),
            Fact::FilesRefused { files, more, .. } => {
                let named = files.iter().map(|file| format!("`{}` {}", file.path, file.reason));
                let named = one_line(&named.collect::<Vec<_>>().join(", "));
                let more = if *more > 0 { format!(" and {more} more") } else { String::new() };
                self.tell(&format!("not kept: {named}{more}"));
            }
            Fact::Notice { text, .. } => {
                self.step = one_line(text);
                self.tell(&one_line(text));
            }
            Fact::QuestionAsked { question, default, .. } => {
                let default = default.as_deref().map(one_line).unwrap_or_default();
                self.tell(&format!("asks: {} (default: {default})", one_line(question)));
            }
            Fact::BudgetWarning { budget, used, limit } => {
                let (used, limit) = (budget.words(*used), budget.words(*limit));
                self.tell(&format!("{used} of the {}'s {limit} are used", budget.scope()));
            }
            Fact::UsageRecorded { usage, cost_usd, .. } => self.spent(usage, *cost_usd),
            Fact::AgentError { message, .. } => self.tell(&format!("error: {}", one_line(message))),
            Fact::MetricsBatch { items, .. } => {
                for point in items {
                    self.metric(&point.name, point.value);
                }
            }
            Fact::CodeOutput { stream: OutputStream::Stdout | OutputStream::Stderr, .. }
            | Fact::TurnStarted { .. }
            | Fact::TurnEnded { .. }
            | Fact::AgentMessage { .. }
            | Fact::ToolStart { .. }
            | Fact::ToolEnd { .. }
            | Fact::ExecutionPlaced { .. }
            | Fact::FileCreated { .. }
            | Fact::FileChanged { .. }
            | Fact::ChartConfig { .. }
            | Fact::LogRecord { .. }
            | Fact::ContextCondensed { .. }
            | Fact::BudgetExceeded { .. }
            | Fact::DatasetDescribed { .. }
            | Fact::ReportReady { .. }
            | Fact::FilesReady { .. }
            | Fact::ValidationResult { .. }
            | Fact::DatasetProcessed { .. } => {}
        }
    }

    /// Keeps the best of each validation metric; its name says which way is better.
    fn metric(&mut self, name: &str, value: f64) {
        if !value.is_finite() || !name.starts_with("val") {
            return;
        }
        let better = match self.best.get(name) {
            Some(best) if lower_is_better(name) => value < *best,
            Some(best) => value > *best,
            None => true,
        };
        if better {
            self.best.insert(name.to_owned(), value);
            self.latest = Some(name.to_owned());
        }
    }

    fn spent(&mut self, usage: &TokenUsage, cost: Option<f64>) {
        self.usage.add(usage);
        self.cost = self.cost.zip(cost).map(|(all, more)| all + more);
        let tokens = usage.read() + usage.output;
        // A provider without a model has nothing to say here.
        if tokens > 0 {
            let all = self.usage.read() + self.usage.output;
            let cost = self.cost.map_or("price unknown".into(), |cost| format!("USD {cost:.4}"));
            self.tell(&format!("{tokens} tokens, {all} in all, {cost}"));
        }
    }

    fn shown_metric(&self) -> String {
        let best = self.latest.as_ref().and_then(|name| Some((name, self.best.get(name)?)));
        best.map(|(name, value)| format!("  best {name} {value:.4}")).unwrap_or_default()
    }

    /// A line about the stage at work.
    fn tell(&mut self, text: &str) {
        if let Some((stage, _)) = self.stage {
            let metric = self.shown_metric();
            self.say(&format!("{:<5}  {text}{metric}", title(stage)));
        }
    }

    fn say(&mut self, text: &str) {
        self.clear();
        eprintln!("{}  {text}", clock(self.begun.elapsed()));
    }

    fn draw(&mut self) {
        let (true, Some((stage, _))) = (self.terminal, self.stage) else { return };
        let line = format!(
            "{}  {:<5}  {}{}",
            clock(self.begun.elapsed()),
            title(stage),
            self.step,
            self.shown_metric()
        );
        let cut: String = line.chars().take(100).collect();
        let mut out = std::io::stderr().lock();
        // A terminal that went away is noticed by whoever reads the exit code.
        let _ = write!(out, "\r\x1b[2K{cut}").and_then(|()| out.flush());
        self.drawn = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            eprint!("\r\x1b[2K");
        }
    }
}

/// How an execution ended and what it took.
fn executed(ending: &Ending) -> String {
    let seconds = ending.duration_ms as f64 / 1000.0;
    let peak = ending.peak_memory.map(|bytes| format!(", {} at its peak", amount(bytes)));
    format!(
        "it {} after {seconds:.1} s: {:.1} s of CPU{}{}",
        ending.words(),
        ending.cpu_seconds,
        peak.unwrap_or_default(),
        ending.cost_usd.map(|usd| format!(", USD {usd:.4}")).unwrap_or_default()
    )
}

fn lower_is_better(name: &str) -> bool {
    ["loss", "error", "rmse", "mae", "mse", "brier", "deviance"]
        .iter()
        .any(|part| name.contains(part))
}

fn one_line(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.chars().filter(|c| !c.is_control()).take(300).collect()
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}
