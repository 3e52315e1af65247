//! What reaches a running loop from outside: the user's words, answers and interruptions.

use super::transcript;
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// One thing said to a running loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The user's words; seen at the next turn.
    Message { text: String, interrupt: bool },
    /// The answer to a question.
    Answer { call_id: String, answer: String },
}

/// Hears signals, and keeps those that nobody waits for now.
pub(super) struct Hearing {
    signals: mpsc::UnboundedReceiver<Signal>,
    messages: VecDeque<String>,
    answers: Vec<(String, String)>,
    interrupted: bool,
}

impl Hearing {
    pub(super) fn new(signals: mpsc::UnboundedReceiver<Signal>) -> Self {
        Self { signals, messages: VecDeque::new(), answers: Vec::new(), interrupted: false }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Message { text, interrupt } => {
                self.messages.push_back(text);
                self.interrupted |= interrupt;
            }
            Signal::Answer { call_id, answer } => self.answers.push((call_id, answer)),
        }
    }

    /// Hears the next signal. Safe to drop at any time. Never answers when nobody can speak any more.
    async fn next(&mut self) {
        match self.signals.recv().await {
            Some(signal) => self.take(signal),
            None => std::future::pending().await,
        }
    }

    /// Answers when the user interrupts. Safe to drop at any time.
    pub(super) async fn interruption(&mut self) {
        while !self.interrupted {
            self.next().await;
        }
    }

    /// Answers with what the user says to a question: its answer, or words of their own. Safe to
    /// drop at any time.
    pub(super) async fn reply(&mut self, question: &str) -> Reply {
        loop {
            if let Some(at) = self.answers.iter().position(|(call_id, _)| call_id == question) {
                return Reply::Answer(self.answers.swap_remove(at).1);
            }
            if self.interrupted {
                return Reply::Interruption;
            }
            self.next().await;
        }
    }

    /// What the user said since it was last asked. An interruption is over with it.
    pub(super) fn messages(&mut self) -> Vec<String> {
        while let Ok(signal) = self.signals.try_recv() {
            self.take(signal);
        }
        self.interrupted = false;
        let late = self.answers.drain(..).map(|(_, answer)| transcript::late(&answer));
        self.messages.drain(..).chain(late).collect()
    }

    /// What the user answered to a question by now.
    pub(super) fn answer(&mut self, question: &str) -> Option<String> {
        while let Ok(signal) = self.signals.try_recv() {
            self.take(signal);
        }
        let at = self.answers.iter().position(|(call_id, _)| call_id == question)?;
        Some(self.answers.swap_remove(at).1)
    }
}

/// What came while a question waited.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Answer(String),
    /// The user wants to be heard before the question is.
    Interruption,
}
