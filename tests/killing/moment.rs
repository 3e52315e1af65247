//! Where in its work a session is, as the events of its log tell.

use serde_json::Value;
use std::collections::BTreeSet;

/// What a kill can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// The server has not said its address yet.
    Starting,
    /// The server takes sessions up.
    Recovering,
    /// Nothing is at work.
    Resting,
    /// A stage run has begun, and no turn of it.
    StageStarts,
    /// A turn is asked for and its answer is not whole.
    Streaming,
    /// What a turn called for has not begun, or has ended.
    Between,
    Executing,
    SideBySide,
    /// A question waits.
    Asking,
    /// The same in an answer to a message at rest, whatever it is at.
    FollowUp,
}

impl Moment {
    pub const ALL: [Self; 10] = [
        Self::Starting,
        Self::Recovering,
        Self::Resting,
        Self::StageStarts,
        Self::Streaming,
        Self::Between,
        Self::Executing,
        Self::SideBySide,
        Self::Asking,
        Self::FollowUp,
    ];

    /// Where a log ends.
    pub fn of(events: &[Value]) -> Self {
        let mut work = Work::default();
        events.iter().for_each(|event| work.take(event));
        work.moment()
    }
}

#[derive(Default)]
struct Work {
    /// Of a stage, or of a follow-up.
    at_work: Option<Kind>,
    turned: bool,
    streaming: bool,
    executing: BTreeSet<String>,
    question: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Stage,
    FollowUp,
}

impl Work {
    fn take(&mut self, event: &Value) {
        let call = || event["callId"].as_str().unwrap_or_default().to_owned();
        let begun = |kind| Self { at_work: Some(kind), ..Self::default() };
        match event["__typename"].as_str().unwrap_or_default() {
            "StageRunStartedEvent" | "StageRunResumedEvent" => *self = begun(Kind::Stage),
            "FollowUpStartedEvent" => *self = begun(Kind::FollowUp),
            "StageRunEndedEvent" | "FollowUpEndedEvent" => *self = Self::default(),
            "TurnStartedEvent" => (self.turned, self.streaming) = (true, true),
            "TurnEndedEvent" => self.streaming = false,
            "ExecutionStartedEvent" => drop(self.executing.insert(call())),
            "ExecutionEndedEvent" => drop(self.executing.remove(&call())),
            "QuestionAskedEvent" => self.question = Some(call()),
            "QuestionAnsweredEvent" => self.question = None,
            "ToolEndEvent" if self.question == Some(call()) => self.question = None,
            _ => {}
        }
    }

    fn moment(&self) -> Moment {
        match (self.at_work, self.executing.len()) {
            (None, _) => Moment::Resting,
            (Some(Kind::FollowUp), _) => Moment::FollowUp,
            (Some(Kind::Stage), _) if !self.turned => Moment::StageStarts,
            (Some(Kind::Stage), _) if self.question.is_some() => Moment::Asking,
            (Some(Kind::Stage), 0) if self.streaming => Moment::Streaming,
            (Some(Kind::Stage), 0) => Moment::Between,
            (Some(Kind::Stage), 1) => Moment::Executing,
            (Some(Kind::Stage), _) => Moment::SideBySide,
        }
    }
}

/// What a session shows beside its rows, as its log tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub plan: Value,
    pub charts: Value,
    pub budgets: Value,
    pub question: Value,
}

impl Standing {
    fn empty() -> Self {
        let none = || Value::Array(Vec::new());
        Self { plan: none(), charts: none(), budgets: Value::Null, question: Value::Null }
    }

    pub fn of(events: &[Value]) -> Self {
        let mut now = Self::empty();
        events.iter().for_each(|event| now.take(event));
        now
    }

    /// After so many events, and after each of the others.
    pub fn since(events: &[Value], first: usize) -> Vec<Self> {
        let mut all = vec![Self::of(&events[..first])];
        for event in &events[first..] {
            let mut next = all[all.len() - 1].clone();
            next.take(event);
            all.push(next);
        }
        all
    }

    fn take(&mut self, event: &Value) {
        match event["__typename"].as_str().unwrap_or_default() {
            "PlanUpdatedEvent" => self.plan = event["steps"].clone(),
            "ChartConfigEvent" => self.charts = event["charts"].clone(),
            "StageRunStartedEvent" | "StageRunResumedEvent" | "BudgetsSetEvent" => {
                self.budgets = event["budgets"].clone();
            }
            // Those of a follow-up are its own, and no event shows them.
            "FollowUpStartedEvent" => self.budgets = Value::Null,
            "QuestionAskedEvent" => self.question = event["callId"].clone(),
            "QuestionAnsweredEvent" | "StageRunEndedEvent" => self.question = Value::Null,
            "ToolEndEvent" if self.question == event["callId"] => self.question = Value::Null,
            _ => {}
        }
    }
}
