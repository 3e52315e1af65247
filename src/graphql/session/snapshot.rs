//! What a session's actor says of it: what it would accept, the question that waits, the dashboard and the plan.

use crate::{
    event as facts,
    graphql::{
        scalars::Time,
        vocab::{PlanStatus, Stage},
    },
    session::SessionSnapshot,
};
use async_graphql::SimpleObject;

/// What a session would accept now. Buttons are drawn from this.
#[derive(SimpleObject)]
pub struct SessionAllows {
    /// Stages that may be started now.
    start_stages: Vec<Stage>,
    /// The failed or cancelled stage may be run again from its beginning.
    retry: bool,
    /// The failed or cancelled stage can go on from its last finished tool call.
    resume: bool,
    /// The stage that waits for the user's word.
    approve: Option<Stage>,
    /// What runs can be stopped.
    cancel: bool,
    /// A message can be sent.
    message: bool,
    /// A message can stop what runs first.
    interrupt: bool,
    /// The limits of the run at work, or of the one that can be resumed, can be changed.
    set_budgets: bool,
    /// A question waits for its answer.
    answer: bool,
}

impl SessionAllows {
    pub fn of(snapshot: &SessionSnapshot) -> Self {
        let allows = &snapshot.allows;
        Self {
            start_stages: allows.start.iter().copied().map(Stage::from).collect(),
            retry: allows.retry.is_some(),
            resume: allows.resume.is_some(),
            approve: allows.approve.map(Stage::from),
            cancel: allows.cancel,
            message: allows.message,
            interrupt: allows.interrupt,
            set_budgets: allows.set_budgets,
            answer: allows.answer,
        }
    }
}

/// A question of the agent's that waits for its answer.
#[derive(SimpleObject)]
pub struct OpenQuestion {
    /// The tool call that asks; give it with the answer.
    call_id: String,
    /// The question.
    question: String,
    /// Answers to choose from; any text may be given beside them.
    options: Vec<String>,
    /// What is taken for the answer when none comes in time.
    default: Option<String>,
    /// When the default is taken.
    deadline: Option<Time>,
}

impl OpenQuestion {
    pub fn of(snapshot: &SessionSnapshot) -> Option<Self> {
        snapshot.question.clone().map(|question| Self {
            call_id: question.call_id,
            question: question.question,
            options: question.options,
            default: question.default,
            deadline: question.deadline.map(Time),
        })
    }
}

/// A chart of the dashboard.
#[derive(Clone, SimpleObject)]
pub struct Chart {
    /// Its title.
    title: String,
    /// The names of the series in it.
    metrics: Vec<String>,
    /// `line`, `bar` …: a hint; what is not known is drawn as lines.
    #[graphql(name = "type")]
    kind: String,
}

impl From<facts::Chart> for Chart {
    fn from(chart: facts::Chart) -> Self {
        Self { title: chart.title, metrics: chart.metrics, kind: chart.kind }
    }
}

/// A step of the agent's plan.
#[derive(Clone, SimpleObject)]
pub struct PlanStep {
    /// What is to be done.
    title: String,
    /// How it stands.
    status: PlanStatus,
}

impl From<facts::PlanStep> for PlanStep {
    fn from(step: facts::PlanStep) -> Self {
        Self { title: step.title, status: step.status.into() }
    }
}
