//! The autopilot: an [`LlmProvider`] without a model. A real, deterministic policy reads the brief and what the tools
//! answered so far, decides the next step from it, and answers in a model's place with words and tool calls.
//!
//! It is a pure function of the request: no clock, no randomness, no memory between turns. So it carries on after a
//! restart from the transcript alone, and the same data with the same seed gives the same scripts.
//!
//! ```text
//! transcript  what was done and how it ended     policy  what comes next, whatever the stage
//! target      which column to predict            eda, prep, train  the steps of each stage and their decisions
//! metric      what models are judged by          prepared  what Prep left, and how large training is
//! script      the Python sources and the constants that the policy puts into them
//! ```

mod eda;
mod metric;
mod policy;
mod prep;
mod prepared;
mod script;
mod target;
#[cfg(test)]
mod testing;
mod train;
mod transcript;

use crate::llm::{Completion, Delta, LlmError, LlmProvider, Request, Usage, deltas::pieces};
use async_trait::async_trait;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};

/// The provider. It holds nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Autopilot;

#[async_trait]
impl LlmProvider for Autopilot {
    fn name(&self) -> &str {
        "autopilot"
    }

    fn default_model(&self) -> &str {
        "autopilot-1"
    }

    fn converses(&self) -> bool {
        false
    }

    /// *Shape*: the words in pieces of about a line, then `Done` with the same words and the calls. Never an error.
    async fn stream(
        &self,
        request: Request,
    ) -> Result<BoxStream<'static, Result<Delta, LlmError>>, LlmError> {
        let turn = policy::turn(&request);
        let mut deltas: Vec<_> = pieces(&turn.text).map(|piece| Ok(Delta::Text(piece))).collect();
        let stop = turn.stop();
        deltas.push(Ok(Delta::Done(Completion {
            blocks: turn.blocks(),
            stop,
            usage: Usage::default(),
        })));
        Ok(stream::iter(deltas).boxed())
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::Conversation, *};
    use crate::llm::Block;
    use entity::vocab::Stage;

    #[tokio::test]
    async fn streams_the_words_and_then_the_turn() {
        let request = Conversation::new(Stage::Eda).request();
        let deltas: Vec<_> = Autopilot.stream(request.clone()).await.unwrap().collect().await;
        let again: Vec<_> = Autopilot.stream(request).await.unwrap().collect().await;
        assert_eq!(deltas, again, "a pure function of the request");
        let mut streamed = String::new();
        for delta in &deltas[..deltas.len() - 1] {
            match delta {
                Ok(Delta::Text(text)) => streamed.push_str(text),
                other => panic!("{other:?}"),
            }
        }
        let Some(Ok(Delta::Done(done))) = deltas.last() else { panic!("no end") };
        assert_eq!(done.usage, Usage::default());
        assert_eq!(done.blocks[0], Block::Text { text: streamed });
    }
}
