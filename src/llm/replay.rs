//! A provider that plays a transcript: without a model, but through the same loop and in real sandboxes.
//!
//! A pure function of the request and the transcript: no clock, no randomness, no memory between turns. It says what
//! was said then, with the folders of this session in place of those of the recorded one.

use super::{
    Block, Brief, Completion, Delta, Deltas, ErrorKind, LlmError, LlmProvider, Request, Usage,
    deltas::pieces,
    folders::Folders,
    recording::{Recording, stage_name},
};
use async_trait::async_trait;
use entity::vocab::Stage;
use futures::{StreamExt, stream};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::task::spawn_blocking;

/// Transcripts that are kept in memory.
const KEPT: usize = 4;

/// Where transcripts are kept, by name. What a name stands for never changes.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// The bytes of a transcript; `None` when there is none of this name.
    ///
    /// *Errors*: one sentence for people; another attempt is safe.
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String>;

    /// The names of all, the latest first.
    async fn list(&self) -> Result<Vec<String>, String>;
}

/// The provider. Its models are the transcripts.
pub struct Replay {
    recordings: Arc<dyn Recordings>,
    /// The transcripts that were asked for last, the latest first.
    kept: Mutex<VecDeque<(String, Arc<Recording>)>>,
}

impl Replay {
    pub fn new(recordings: Arc<dyn Recordings>) -> Self {
        Self { recordings, kept: Mutex::default() }
    }

    /// The transcript of a name, or the latest when the name is empty; and its name.
    async fn recording(&self, name: &str) -> Result<(String, Arc<Recording>), LlmError> {
        let name =
            match name {
                "" => self.models().await?.into_iter().next().ok_or_else(|| {
                    unusable("there is no transcript to play; import one".to_owned())
                })?,
                name => name.to_owned(),
            };
        if !is_name(&name) {
            return Err(unknown(format!(
                "`{}` cannot be the name of a transcript; names are made of `a-z`, `0-9` and `-`, 64 at most",
                name.chars().take(100).collect::<String>().escape_debug()
            )));
        }
        if let Some(recording) = self.remembered(&name) {
            return Ok((name, recording));
        }
        let bytes = self.recordings.read(&name).await.map_err(unreachable)?.ok_or_else(|| {
            unknown(format!("there is no transcript `{name}`; import it or choose another"))
        })?;
        // A large one takes a while.
        let parsed = spawn_blocking(move || Recording::parse(&bytes)).await;
        let parsed = parsed.map_err(|error| unusable(format!("`{name}` was not read: {error}")))?;
        let recording = parsed.map_err(|error| unusable(format!("`{name}`: {error}")))?;
        let recording = Arc::new(recording);
        self.remember(&name, &recording);
        Ok((name, recording))
    }

    fn remembered(&self, name: &str) -> Option<Arc<Recording>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(kept, _)| kept == name)?;
        let entry = kept.remove(at)?;
        let recording = entry.1.clone();
        kept.push_front(entry);
        Some(recording)
    }

    fn remember(&self, name: &str, recording: &Arc<Recording>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(kept, _)| kept != name);
        kept.push_front((name.to_owned(), recording.clone()));
        kept.truncate(KEPT);
    }
}

#[async_trait]
impl LlmProvider for Replay {
    fn name(&self) -> &str {
        "replay"
    }

    /// Empty: the latest transcript.
    fn default_model(&self) -> &str {
        ""
    }

    fn converses(&self) -> bool {
        false
    }

    async fn models(&self) -> Result<Vec<String>, LlmError> {
        self.recordings.list().await.map_err(unreachable)
    }

    async fn recorded_answer(&self, model: &str, stage: Stage, call_id: &str) -> Option<String> {
        let (_, recording) = self.recording(model).await.ok()?;
        recording.run(stage)?.answers.get(call_id).cloned()
    }

    /// *Shape*: the words in pieces of about a line, then `Done`. No tokens are counted.
    ///
    /// *Errors*: `UnknownModel` without such a transcript, `Unusable` when it does not hold the turn.
    async fn stream(&self, request: Request) -> Result<Deltas, LlmError> {
        let (name, recording) = self.recording(&request.model).await?;
        let Request { brief, turn, .. } = &request;
        let completion = play(&name, &recording, brief, *turn)?;
        let texts = completion.blocks.iter().filter_map(|block| match block {
            Block::Text { text } => Some(text),
            Block::ToolUse { .. } | Block::Opaque { .. } => None,
        });
        let mut deltas: Vec<_> =
            texts.flat_map(|text| pieces(text)).map(|piece| Ok(Delta::Text(piece))).collect();
        deltas.push(Ok(Delta::Done(completion)));
        Ok(stream::iter(deltas).boxed())
    }
}

/// A name as addresses and object keys can carry it.
pub fn is_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

/// The turn of a transcript, with this session's folders.
fn play(
    name: &str,
    recording: &Recording,
    brief: &Brief,
    turn: u32,
) -> Result<Completion, LlmError> {
    let stage = stage_name(brief.stage);
    let run = recording
        .run(brief.stage)
        .ok_or_else(|| unusable(format!("the transcript `{name}` holds no run of {stage}")))?;
    let at = usize::try_from(turn).ok().and_then(|turn| turn.checked_sub(1));
    let Some(recorded) = at.and_then(|at| run.turns.get(at)) else {
        let turns = match run.turns.len() {
            1 => "1 turn".to_owned(),
            several => format!("{several} turns"),
        };
        return Err(unusable(format!(
            "the transcript `{name}` holds {turns} of {stage}; this run asks for {}, so it went another way",
            ordinal(turn)
        )));
    };
    let folders = Folders::between(run, brief);
    let blocks = recorded.blocks.iter().map(|block| match block {
        Block::ToolUse { id, name, input } => {
            Block::ToolUse { id: id.clone(), name: name.clone(), input: folders.moved(input) }
        }
        Block::Text { .. } | Block::Opaque { .. } => block.clone(),
    });
    Ok(Completion { blocks: blocks.collect(), stop: recorded.stop, usage: Usage::default() })
}

/// `a 2nd`, `an 8th`, `an 11th`.
fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tail) if tail != 11 => "st",
        (2, tail) if tail != 12 => "nd",
        (3, tail) if tail != 13 => "rd",
        (_, _) => "th",
    };
    let digits = number.to_string();
    let article =
        if digits.starts_with('8') || digits == "11" || digits == "18" { "an" } else { "a" };
    format!("{article} {digits}{ending}")
}

fn unknown(message: String) -> LlmError {
    LlmError::new(ErrorKind::UnknownModel, message)
}

fn unusable(message: String) -> LlmError {
    LlmError::new(ErrorKind::Unusable, message)
}

fn unreachable(message: String) -> LlmError {
    LlmError::new(ErrorKind::Unreachable, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{StopReason, recording::tests::sample, scripted};
    use serde_json::{Value, json};
    use std::{
        collections::BTreeMap,
        sync::atomic::{AtomicUsize, Ordering},
    };

    /// A shelf with transcripts; counts how often one is read.
    #[derive(Default)]
    struct Shelf {
        files: BTreeMap<&'static str, Vec<u8>>,
        reads: AtomicUsize,
    }

    #[async_trait]
    impl Recordings for Shelf {
        async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
            self.reads.fetch_add(1, Ordering::SeqCst);
            if name == "torn" {
                return Err("the object store does not answer".to_owned());
            }
            Ok(self.files.get(name).cloned())
        }

        async fn list(&self) -> Result<Vec<String>, String> {
            Ok(self.files.keys().map(|name| (*name).to_owned()).collect())
        }
    }

    fn shelf() -> Arc<Shelf> {
        let files = [("good", sample().to_string()), ("odd", "{}".to_owned())];
        let files = files.map(|(name, json)| (name, json.into_bytes()));
        Arc::new(Shelf { files: files.into(), ..Shelf::default() })
    }

    fn request(model: &str, stage: Stage, turn: u32) -> Request {
        let mut request = scripted::request(0);
        request.model = model.to_owned();
        request.turn = turn;
        request.brief.stage = stage;
        request.brief.dataset_dir = "/data/mine".to_owned();
        request.brief.session_dir = "/data/d-1/odd".to_owned();
        request
    }

    async fn deltas(replay: &Replay, request: Request) -> Result<Vec<Delta>, LlmError> {
        replay.stream(request).await?.collect::<Vec<_>>().await.into_iter().collect()
    }

    #[tokio::test]
    async fn says_what_was_said_with_this_session_s_folders() {
        let replay = Replay::new(shelf());
        let played = deltas(&replay, request("good", Stage::Eda, 1)).await.unwrap();
        let code = "import pandas as pd\npd.read_parquet('/data/mine/t.parquet').to_csv('/data/d-1/odd/eda/t.csv')\n# not /data/s-10 or /data/d-1_x";
        let call = |id: &str, name: &str, input: Value| Block::ToolUse {
            id: id.to_owned(),
            name: name.to_owned(),
            input,
        };
        let done = Completion {
            blocks: vec![
                Block::Text { text: "Let me look.\nThen ask about `/data/s-1`.".to_owned() },
                call("c1", "ask_user", json!({ "question": "which?" })),
                call(
                    "c2",
                    "execute_code",
                    json!({ "code": code, "deep": [{ "/data/s-1": ["/data/d-1/odd", 3, null, true] }] }),
                ),
            ],
            stop: StopReason::ToolUse,
            usage: Usage::default(),
        };
        let text = |text: &str| Delta::Text(text.to_owned());
        let expect =
            [text("Let me look.\n"), text("Then ask about `/data/s-1`."), Delta::Done(done)];
        assert_eq!(played, expect);
        let again = deltas(&Replay::new(shelf()), request("good", Stage::Eda, 1)).await.unwrap();
        assert_eq!(again, expect, "a pure function of the request and the file");
    }

    #[tokio::test]
    async fn the_latest_is_played_when_none_is_named() {
        let replay = Replay::new(shelf());
        assert_eq!(replay.default_model(), "");
        assert!(!replay.converses());
        assert_eq!(replay.models().await.unwrap(), ["good", "odd"]);
        let named = deltas(&replay, request("good", Stage::Eda, 2)).await.unwrap();
        assert_eq!(deltas(&replay, request("", Stage::Eda, 2)).await.unwrap(), named);
    }

    #[tokio::test]
    async fn says_what_it_cannot_play() {
        async fn check(model: &str, stage: Stage, turn: u32, kind: ErrorKind, expect: &str) {
            let error =
                deltas(&Replay::new(shelf()), request(model, stage, turn)).await.unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (kind, expect));
        }
        use ErrorKind::{UnknownModel, Unreachable, Unusable};
        use Stage::{Eda, Prep};
        let way = "the transcript `good` holds 2 turns of EDA; this run asks for";
        for (turn, asked) in [(3, "a 3rd"), (0, "a 0th"), (8, "an 8th"), (11, "an 11th")] {
            let expect = format!("{way} {asked}, so it went another way");
            check("good", Eda, turn, Unusable, &expect).await;
        }
        check("good", Prep, 1, Unusable, "the transcript `good` holds no run of Prep").await;
        let odd = "`odd`: the file is not a transcript: its `format` is not `trainable-transcript`";
        check("odd", Eda, 1, Unusable, odd).await;
        let none = "there is no transcript `gone`; import it or choose another";
        check("gone", Eda, 1, UnknownModel, none).await;
        check("torn", Eda, 1, Unreachable, "the object store does not answer").await;
        for (name, shown) in [("../etc", "../etc"), ("Good", "Good"), ("a\nb", "a\\nb")] {
            let expect = format!(
                "`{shown}` cannot be the name of a transcript; names are made of `a-z`, `0-9` and `-`, 64 at most"
            );
            check(name, Eda, 1, UnknownModel, &expect).await;
        }
        let empty = Replay::new(Arc::new(Shelf::default()));
        let error = deltas(&empty, request("", Eda, 1)).await.unwrap_err();
        assert_eq!(error.message, "there is no transcript to play; import one");
    }

    #[tokio::test]
    async fn a_transcript_is_read_once() {
        let shelf = shelf();
        let replay = Replay::new(shelf.clone());
        for turn in [1, 2, 1, 3] {
            let _ = deltas(&replay, request("good", Stage::Eda, turn)).await;
        }
        assert_eq!(shelf.reads.load(Ordering::SeqCst), 1);
        // One that could not be read is tried again: it may be there now.
        for _ in 0..2 {
            let _ = deltas(&replay, request("gone", Stage::Eda, 1)).await;
        }
        assert_eq!(shelf.reads.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn only_the_last_few_transcripts_are_kept() {
        let replay = Replay::new(shelf());
        let recording = Arc::new(Recording::parse(sample().to_string().as_bytes()).unwrap());
        for name in ["a", "b", "c", "d"] {
            replay.remember(name, &recording);
        }
        assert!(replay.remembered("a").is_some());
        replay.remember("e", &recording);
        let kept = ["a", "b", "c", "d", "e"].map(|name| replay.remembered(name).is_some());
        assert_eq!(kept, [true, false, true, true, true]);
    }

    #[tokio::test]
    async fn knows_the_recorded_answers() {
        let replay = Replay::new(shelf());
        for (model, stage, call, expect) in [
            ("good", Stage::Eda, "c1", Some("the first")),
            ("", Stage::Eda, "c1", Some("the first")),
            ("good", Stage::Eda, "c2", None),
            ("good", Stage::Prep, "c1", None),
            ("gone", Stage::Eda, "c1", None),
        ] {
            assert_eq!(replay.recorded_answer(model, stage, call).await.as_deref(), expect);
        }
    }

    #[test]
    fn counts_like_people_do() {
        for (number, expect) in [
            (1, "a 1st"),
            (2, "a 2nd"),
            (12, "a 12th"),
            (13, "a 13th"),
            (18, "an 18th"),
            (21, "a 21st"),
            (82, "an 82nd"),
            (103, "a 103rd"),
            (111, "a 111th"),
        ] {
            assert_eq!(ordinal(number), expect);
        }
    }
}
