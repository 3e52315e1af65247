//! Calls of one turn that run side by side.
//!
//! Each is recorded when it ends, so that a restart runs none again; the model reads the results in
//! the order of its calls. An interruption, and the end of the time, stop all of them.

use super::{
    Loop, Step,
    call::{GRACE, INTERRUPTED, OUT_OF_TIME, allowed_seconds, answered, said, started},
    record,
    transcript::Call,
};
use crate::tool::{self, Outcome, Stopped};
use futures::{StreamExt, stream::FuturesUnordered};
use std::collections::HashMap;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The most calls that run at once.
const AT_ONCE: usize = 4;

/// What came next.
enum Next {
    Ended(usize, Result<Outcome, Stopped>),
    All,
    Cut(&'static str),
    /// Those that were stopped had their time to say what came of them.
    Over,
}

impl Loop {
    /// The calls that come next and may run side by side; none where the next one may not.
    pub(super) fn side_by_side(&self) -> Vec<Call> {
        let may = |call: &&Call| {
            let at = self.specs.iter().position(|spec| spec.name == call.tool);
            at.and_then(|at| self.tools.get(at)).is_some_and(|tool| tool.side_by_side())
        };
        self.transcript.open().iter().take_while(may).take(AT_ONCE).cloned().collect()
    }

    /// Runs these calls until each has ended.
    pub(super) async fn together(&mut self, calls: Vec<Call>) -> Result<Step, Stopped> {
        let begun = Instant::now();
        self.record(calls.iter().map(started).collect()).await?;
        let (failed, cut) = self.all_ended(&calls, begun).await?;
        if cut == Some(INTERRUPTED) {
            self.skip_the_rest().await?;
        }
        if cut.is_none() {
            // In the order of the calls, as the model counts them.
            for (n, call) in calls.iter().enumerate() {
                let is_error = failed.get(&n).copied().unwrap_or(true);
                if let Step::End(outcome) = self.repeated(call, is_error).await? {
                    return Ok(Step::End(outcome));
                }
            }
        }
        Ok(Step::GoOn)
    }

    /// Follows the calls to their ends: which of them failed, and what cut them short.
    async fn all_ended(
        &mut self,
        calls: &[Call],
        begun: Instant,
    ) -> Result<(HashMap<usize, bool>, Option<&'static str>), Stopped> {
        let Self { tools, specs, cx, hearing, ledger, transcript, executed, .. } = self;
        let stop = CancellationToken::new();
        let seconds = allowed_seconds(ledger, calls.len());
        let mut work = FuturesUnordered::new();
        for (n, call) in calls.iter().enumerate() {
            let at = specs.iter().position(|spec| spec.name == call.tool);
            let Some(tool) = at.and_then(|at| tools.get(at)) else { continue };
            let (id, input, stop) = (call.id.as_str(), call.input.clone(), stop.clone());
            let order = tool::Call { id, input, seconds, stop };
            let cx = &*cx;
            work.push(async move { (n, tool.call(cx, order).await) });
        }
        let (mut failed, mut cut) = (HashMap::new(), None);
        let mut deadline = begun;
        loop {
            let next = tokio::select! {
                () = cx.cancel.cancelled() => return Err(Stopped),
                ended = work.next() => ended.map_or(Next::All, |(n, out)| Next::Ended(n, out)),
                () = hearing.interruption(), if cut.is_none() => Next::Cut(INTERRUPTED),
                () = ledger.out_of_time(), if cut.is_none() => Next::Cut(OUT_OF_TIME),
                () = sleep_until(deadline), if cut.is_some() => Next::Over,
            };
            match next {
                Next::Ended(n, outcome) => {
                    let (output, is_error) = shown(outcome?, cut);
                    failed.insert(n, is_error);
                    let end = answered(&calls[n], &output, is_error, begun);
                    record(transcript, ledger, cx.facts.as_ref(), vec![end]).await?;
                }
                Next::All => return Ok((failed, cut)),
                Next::Cut(why) => {
                    cut = Some(why);
                    deadline = Instant::now() + GRACE;
                    stop.cancel();
                }
                Next::Over => break,
            }
        }
        drop(work);
        for (n, call) in calls.iter().enumerate() {
            if !failed.contains_key(&n) {
                let end = answered(call, cut.unwrap_or_default(), true, begun);
                let ends = executed.cut_off(&call.id).into_iter().chain([end]).collect();
                record(transcript, ledger, cx.facts.as_ref(), ends).await?;
            }
        }
        Ok((failed, cut))
    }
}

/// What the model reads of an outcome.
fn shown(outcome: Outcome, cut: Option<&str>) -> (String, bool) {
    match (outcome, cut) {
        (outcome, Some(why)) => (format!("{why}\n{}", said(Some(outcome))), true),
        (Outcome::Continue { output, is_error }, None) => (output, is_error),
        (Outcome::Ask { .. } | Outcome::Finish { .. }, None) => {
            ("this call must stand alone in its turn".to_owned(), true)
        }
    }
}
