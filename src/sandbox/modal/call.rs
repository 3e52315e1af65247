//! One call of the sidecar, from its question to its one end.

use super::{
    protocol::{CHUNK, CREDIT, Event, FollowUp, Line},
    sidecar::Connection,
    trouble::Trouble,
};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::mpsc;

/// A call that is under way; dropping it gives it up.
pub(super) struct Call {
    connection: Arc<Connection>,
    id: u64,
    answers: mpsc::Receiver<Line>,
    ended: bool,
    /// Chunks that the sidecar still takes.
    credit: u32,
}

/// What came of a call next.
#[derive(Debug)]
pub(super) enum Next {
    Event(Event),
    Done(Value),
}

impl Call {
    pub(super) fn new(connection: Arc<Connection>, id: u64, answers: mpsc::Receiver<Line>) -> Self {
        Self { connection, id, answers, ended: false, credit: CREDIT }
    }

    /// Waits for the next event, or the end. May be dropped while it waits: nothing is lost.
    ///
    /// *Errors*: the call failed, or the sidecar is gone; nothing comes after either.
    pub(super) async fn next(&mut self) -> Result<Next, Trouble> {
        match self.answers.recv().await {
            Some(Line::Event(_, event)) => Ok(Next::Event(event)),
            Some(Line::Done(_, value)) => {
                self.ended = true;
                Ok(Next::Done(value))
            }
            Some(Line::Failed(_, problem)) => {
                self.ended = true;
                Err(problem.into())
            }
            Some(Line::Hello(_)) | None => {
                self.ended = true;
                Err(self.connection.trouble())
            }
        }
    }

    /// Lets one more event come, in the place of one that was dealt with.
    pub(super) async fn grant(&self) {
        // Where the sidecar is gone, what it said before is still to be read, and the end says so.
        let _ = self.connection.grant(self.id).await;
    }

    /// Waits for the end, and hands on what comes before it.
    pub(super) async fn finish(&mut self, mut each: impl FnMut(Event)) -> Result<Value, Trouble> {
        loop {
            match self.next().await? {
                Next::Done(value) => return Ok(value),
                Next::Event(event) => {
                    let granted = match &event {
                        Event::Progress(_) | Event::Credit(_) => false,
                        Event::Stdout(_)
                        | Event::Stderr(_)
                        | Event::Data(_)
                        | Event::Entries(_) => true,
                    };
                    each(event);
                    if granted {
                        self.grant().await;
                    }
                }
            }
        }
    }

    /// Sends bytes, as fast as the sidecar takes them.
    pub(super) async fn send(&mut self, mut bytes: Bytes) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            while self.credit == 0 {
                match self.next().await? {
                    Next::Event(Event::Credit(count)) => {
                        self.credit = self.credit.saturating_add(count);
                    }
                    Next::Event(_) => {}
                    Next::Done(_) => {
                        let why = "Modal said that a file was whole before it was".to_owned();
                        return Err(Trouble::Refused(why));
                    }
                }
            }
            self.credit -= 1;
            let chunk = bytes.split_to(bytes.len().min(CHUNK));
            self.connection.tell(self.id, FollowUp::Chunk(&chunk)).await?;
        }
        Ok(())
    }

    /// Says that all was sent.
    pub(super) async fn end(&self) -> Result<(), Trouble> {
        self.connection.tell(self.id, FollowUp::End).await
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.give_up(self.id);
        }
    }
}
