//! One attempt at a time at making the environment, watched by all who wait for it.
//!
//! The attempt belongs to nobody who waits: a session that is cancelled meanwhile does not break off what others wait
//! for. After a failure the next who asks begins a new one.

use super::Ready;
use crate::sandbox::{Progress, SandboxError};
use std::sync::Arc;
use tokio::sync::watch;

#[derive(Clone, Debug)]
enum State {
    Idle,
    /// With the last line of progress.
    Making(String),
    Ready(Arc<Ready>),
    Failed(String),
}

/// The attempts of a process.
pub(super) struct Attempts {
    state: Arc<watch::Sender<State>>,
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self { state: Arc::new(watch::Sender::new(State::Idle)) }
    }

    /// What was made, without making or waiting for it.
    pub(super) fn made(&self) -> Option<Arc<Ready>> {
        match &*self.state.borrow() {
            State::Ready(ready) => Some(Arc::clone(ready)),
            State::Idle | State::Making(_) | State::Failed(_) => None,
        }
    }

    /// What was made, waiting for it and handing on its progress; `make` is used when nobody makes it.
    pub(super) async fn wait<F>(
        &self,
        progress: &Progress,
        make: impl FnOnce(Progress) -> F,
    ) -> Result<Arc<Ready>, SandboxError>
    where
        F: Future<Output = Result<Ready, SandboxError>> + Send + 'static,
    {
        let begins = self.state.send_if_modified(|state| match state {
            State::Idle | State::Failed(_) => {
                *state = State::Making(String::new());
                true
            }
            State::Making(_) | State::Ready(_) => false,
        });
        let mut states = self.state.subscribe();
        if begins {
            let attempt = Attempt(self.state.clone());
            let state = self.state.clone();
            let say = move |text| {
                state.send_replace(State::Making(text));
            };
            let making = make(Arc::new(say));
            tokio::spawn(async move { attempt.end(making.await) });
        }
        loop {
            let state = states.borrow_and_update().clone();
            match state {
                State::Ready(ready) => return Ok(ready),
                State::Failed(why) => return Err(SandboxError::Environment(why)),
                State::Making(text) if !text.is_empty() => progress(text),
                State::Making(_) | State::Idle => {}
            }
            if states.changed().await.is_err() {
                return Err(SandboxError::Environment(BROKEN_OFF.to_owned()));
            }
        }
    }
}

const BROKEN_OFF: &str = "making the Python environment was broken off; try again";

/// Ends in any case, so that nobody waits for ever.
struct Attempt(Arc<watch::Sender<State>>);

impl Attempt {
    fn end(self, made: Result<Ready, SandboxError>) {
        self.0.send_replace(match made {
            Ok(ready) => State::Ready(Arc::new(ready)),
            Err(error) => State::Failed(error.to_string()),
        });
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.0.send_if_modified(|state| {
            let unfinished = matches!(state, State::Making(_));
            if unfinished {
                *state = State::Failed(BROKEN_OFF.to_owned());
            }
            unfinished
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::oneshot;

    fn ready() -> Ready {
        Ready { python: "p".into(), bin: "b".into(), binds: vec![], warning: None, _held: vec![] }
    }

    async fn buggy(_: Progress) -> Result<Ready, SandboxError> {
        panic!("a second attempt")
    }

    fn listener() -> (Progress, Arc<Mutex<Vec<String>>>) {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let hears = heard.clone();
        (Arc::new(move |text| hears.lock().unwrap().push(text)), heard)
    }

    #[tokio::test]
    async fn who_waits_hears_of_an_attempt_that_outlives_who_began_it() {
        let attempts = Arc::new(Attempts::new());
        let (go, gone) = oneshot::channel::<()>();
        let making = |progress: Progress| async move {
            progress("halfway".into());
            gone.await.unwrap();
            Ok(ready())
        };
        let (first, heard) = listener();
        {
            let began = attempts.wait(&first, making);
            tokio::pin!(began);
            while heard.lock().unwrap().is_empty() {
                let turn = tokio::task::yield_now();
                tokio::select! { biased; _ = &mut began => panic!("it is not made"), () = turn => {} }
            }
        }
        let (second, heard) = listener();
        let (hears, waits) = (heard.clone(), attempts.clone());
        let waiting = tokio::spawn(async move { waits.wait(&second, buggy).await });
        while hears.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        go.send(()).unwrap();
        assert_eq!(waiting.await.unwrap().unwrap().python, "p");
        assert_eq!(*heard.lock().unwrap(), ["halfway"]);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_then_tried_again() {
        let attempts = Attempts::new();
        let (progress, _) = listener();
        let fails = |_| async { Err(SandboxError::Environment("no".into())) };
        let first = attempts.wait(&progress, fails).await;
        assert_eq!(first.unwrap_err().to_string(), "no");
        let second = attempts.wait(&progress, buggy).await;
        assert_eq!(second.unwrap_err().to_string(), BROKEN_OFF);
        assert!(attempts.wait(&progress, |_| async { Ok(ready()) }).await.is_ok());
        assert!(attempts.wait(&progress, buggy).await.is_ok());
    }
}
