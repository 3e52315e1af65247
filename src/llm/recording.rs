//! A transcript: what a provider said in every turn of a session, in a file that can be played again.
//!
//! A provider's opaque blocks (thoughts and their signatures) never travel: they are left out when a transcript is
//! written and dropped when one is read.

use super::{Block, StopReason, Usage};
use chrono::{DateTime, Utc};
use entity::vocab::Stage;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What the first field of every transcript says.
pub const FORMAT: &str = "trainable-transcript";

/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// The largest transcript, in bytes: 64 MiB.
pub const MAX_BYTES: usize = 64 << 20;

/// The longest id of a call, in bytes.
const MAX_ID: usize = 256;

/// A whole transcript.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recording {
    /// [`FORMAT`].
    pub format: String,
    /// [`VERSION`].
    pub version: u32,
    pub recorded_at: DateTime<Utc>,
    /// The version of the program that wrote it.
    pub app_version: String,
    pub dataset: RecordedDataset,
    /// The column to predict, when the user named it.
    pub target: Option<String>,
    /// The user's words.
    pub instructions: String,
    pub seed: u64,
    /// One per stage, in the order in which they ran; at least one.
    pub runs: Vec<RecordedRun>,
}

/// What the session worked on. It is not part of the transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDataset {
    pub name: String,
    pub rows: Option<u64>,
    /// Lower-case hex.
    pub sha256: Option<String>,
}

/// What was said in one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRun {
    pub stage: Stage,
    pub provider: String,
    pub model: String,
    /// Where the dataset lay in the sandbox.
    pub dataset_dir: String,
    /// Where the session's folder lay in the sandbox.
    pub session_dir: String,
    /// Turns 1, 2, 3 … without gaps; at least one.
    pub turns: Vec<RecordedTurn>,
    /// What people answered to the model's questions, by the call's id.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTurn {
    /// From 1.
    pub turn: u32,
    #[serde(serialize_with = "without_opaque")]
    pub blocks: Vec<Block>,
    pub stop: StopReason,
    /// What it cost then. Playing it costs nothing.
    pub usage: Usage,
}

/// Why a transcript is not read or written. One sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    #[error("the transcript is larger than 64 MiB")]
    TooLarge,
    #[error("the transcript is not JSON: {0}")]
    NotJson(String),
    #[error("the file is not a transcript: its `format` is not `trainable-transcript`")]
    OtherFormat,
    #[error(
        "the transcript has version {0} and this program reads version 1; use a newer Trainable"
    )]
    NewerVersion(u64),
    #[error("the transcript is not as it should be: {0}")]
    Malformed(String),
    #[error("the transcript holds no runs")]
    NoRuns,
    #[error("the transcript holds two runs of {}", stage_name(*.0))]
    StageTwice(Stage),
    #[error("the run of {} in the transcript holds no turns", stage_name(*.0))]
    NoTurns(Stage),
    #[error(
        "turn {expected} of {} in the transcript is missing: turn {found} is in its place",
        stage_name(*.stage)
    )]
    TurnOrder { stage: Stage, expected: usize, found: u32 },
}

impl Recording {
    /// Reads a transcript. It comes from outside: everything is checked.
    pub fn parse(json: &[u8]) -> Result<Self, RecordingError> {
        if json.len() > MAX_BYTES {
            return Err(RecordingError::TooLarge);
        }
        check_kind(json)?;
        let mut recording: Self = serde_json::from_slice(json).map_err(malformed)?;
        recording.check()?;
        let turns = recording.runs.iter_mut().flat_map(|run| &mut run.turns);
        turns.for_each(|turn| turn.blocks.retain(travels));
        Ok(recording)
    }

    /// Writes a transcript that [`Recording::parse`] reads.
    ///
    /// *Errors*: as for reading; what could not be played again is not written.
    pub fn write(&self) -> Result<Vec<u8>, RecordingError> {
        self.check()?;
        let mut json = serde_json::to_vec_pretty(self).map_err(malformed)?;
        json.push(b'\n');
        if json.len() > MAX_BYTES {
            return Err(RecordingError::TooLarge);
        }
        Ok(json)
    }

    /// The run of a stage.
    pub fn run(&self, stage: Stage) -> Option<&RecordedRun> {
        self.runs.iter().find(|run| run.stage == stage)
    }

    fn check(&self) -> Result<(), RecordingError> {
        if self.format != FORMAT {
            return Err(RecordingError::OtherFormat);
        }
        if self.version != VERSION {
            return Err(RecordingError::Malformed(format!("there is no version {}", self.version)));
        }
        if self.runs.is_empty() {
            return Err(RecordingError::NoRuns);
        }
        let mut stages = BTreeSet::new();
        for run in &self.runs {
            if !stages.insert(run.stage) {
                return Err(RecordingError::StageTwice(run.stage));
            }
            run.check()?;
        }
        Ok(())
    }
}

impl RecordedRun {
    fn check(&self) -> Result<(), RecordingError> {
        let stage = self.stage;
        for (field, dir) in [("dataset_dir", &self.dataset_dir), ("session_dir", &self.session_dir)]
        {
            if !dir.starts_with('/') || dir.len() < 2 {
                let stage = stage_name(stage);
                let why = format!("`{field}` of {stage} is not an absolute path below `/`");
                return Err(RecordingError::Malformed(why));
            }
        }
        if self.turns.is_empty() {
            return Err(RecordingError::NoTurns(stage));
        }
        for (turn, expected) in self.turns.iter().zip(1..) {
            if usize::try_from(turn.turn) != Ok(expected) {
                return Err(RecordingError::TurnOrder { stage, expected, found: turn.turn });
            }
            let ids: Vec<_> = turn.blocks.iter().filter_map(call_id).collect();
            let known: BTreeSet<_> = ids.iter().collect();
            let odd = |id: &&str| id.is_empty() || id.len() > MAX_ID;
            if known.len() != ids.len() || ids.iter().any(odd) {
                let why = format!(
                    "the calls of turn {expected} of {} need ids of their own",
                    stage_name(stage)
                );
                return Err(RecordingError::Malformed(why));
            }
        }
        Ok(())
    }
}

fn call_id(block: &Block) -> Option<&str> {
    match block {
        Block::ToolUse { id, .. } => Some(id),
        Block::Text { .. } | Block::Opaque { .. } => None,
    }
}

/// The stage as people write it.
pub(super) const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Eda => "EDA",
        Stage::Prep => "Prep",
        Stage::Train => "Train",
    }
}

/// The format and the version first: what a newer program wrote may look different otherwise.
fn check_kind(json: &[u8]) -> Result<(), RecordingError> {
    #[derive(Deserialize)]
    struct Kind {
        #[serde(default)]
        format: Value,
        #[serde(default)]
        version: Value,
    }
    let kind: Kind = match serde_json::from_slice(json) {
        Ok(kind) => kind,
        Err(error) if error.is_data() => return Err(RecordingError::OtherFormat),
        Err(error) => return Err(RecordingError::NotJson(error.to_string())),
    };
    if kind.format.as_str() != Some(FORMAT) {
        return Err(RecordingError::OtherFormat);
    }
    match kind.version.as_u64() {
        Some(version) if version > u64::from(VERSION) => Err(RecordingError::NewerVersion(version)),
        Some(_) | None => Ok(()),
    }
}

fn malformed(error: serde_json::Error) -> RecordingError {
    RecordingError::Malformed(error.to_string())
}

fn travels(block: &Block) -> bool {
    match block {
        Block::Text { .. } | Block::ToolUse { .. } => true,
        Block::Opaque { .. } => false,
    }
}

fn without_opaque<S: Serializer>(blocks: &[Block], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(blocks.iter().filter(|block| travels(block)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A transcript of one stage: a question, a script, an end.
    pub(in crate::llm) fn sample() -> Value {
        let usage = json!({
            "input_tokens": 900, "output_tokens": 50, "cache_read_tokens": 7, "cache_write_tokens": 0, "estimated": false
        });
        let turn = |turn: u32, blocks: Value, stop: &str| json!({ "turn": turn, "blocks": blocks, "stop": stop, "usage": usage });
        let script = "import pandas as pd\npd.read_parquet('/data/d-1/t.parquet').to_csv('/data/s-1/eda/t.csv')\n# not /data/s-10 or /data/d-1_x";
        json!({
            "format": "trainable-transcript",
            "version": 1,
            "recorded_at": "2026-11-25T10:00:00Z",
            "app_version": "0.1.0",
            "dataset": { "name": "penguins.csv", "rows": 344, "sha256": null },
            "target": "species",
            "instructions": "be brief",
            "seed": 7,
            "runs": [{
                "stage": "eda",
                "provider": "anthropic",
                "model": "claude-opus-5-5",
                "dataset_dir": "/data/d-1",
                "session_dir": "/data/s-1",
                "turns": [
                    turn(1, json!([
                        { "type": "text", "text": "Let me look.\nThen ask about `/data/s-1`." },
                        { "type": "tool_use", "id": "c1", "name": "ask_user", "input": { "question": "which?" } },
                        { "type": "tool_use", "id": "c2", "name": "execute_code", "input": {
                            "code": script, "deep": [{ "/data/s-1": ["/data/s-1", 3, null, true] }]
                        } },
                    ]), "tool_use"),
                    turn(2, json!([
                        { "type": "tool_use", "id": "c3", "name": "finish_stage", "input": {} },
                    ]), "tool_use"),
                ],
                "answers": { "c1": "the first" },
            }],
        })
    }

    fn bytes(value: &Value) -> Vec<u8> {
        serde_json::to_vec(value).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let recording = Recording::parse(&bytes(&sample())).unwrap();
        let written = recording.write().unwrap();
        assert_eq!(Recording::parse(&written).unwrap(), recording);
        assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), sample());
        let usage = recording.runs[0].turns[0].usage;
        assert_eq!((usage.input_tokens, usage.output_tokens), (900, 50), "it is kept in the file");
    }

    #[test]
    fn a_provider_s_own_blocks_never_travel() {
        let signed = Block::Opaque { value: json!({ "signature": "c2lnbmVk" }) };
        let mut recording = Recording::parse(&bytes(&sample())).unwrap();
        let plain = recording.clone();
        recording.runs[0].turns[1].blocks.insert(0, signed.clone());
        let written = recording.write().unwrap();
        assert!(!String::from_utf8(written.clone()).unwrap().contains("c2lnbmVk"));
        assert_eq!(Recording::parse(&written).unwrap(), plain);
        // One that a stranger put there is dropped.
        let mut foreign = sample();
        foreign["runs"][0]["turns"][1]["blocks"] =
            json!([signed, plain.runs[0].turns[1].blocks[0]]);
        assert_eq!(Recording::parse(&bytes(&foreign)).unwrap(), plain);
    }

    #[track_caller]
    fn check(json: &[u8], expect: &str) {
        assert_eq!(Recording::parse(json).unwrap_err().to_string(), expect);
    }

    #[test]
    fn says_why_a_file_is_no_transcript() {
        check(b"", "the transcript is not JSON: EOF while parsing a value at line 1 column 0");
        check(b"GIF89a", "the transcript is not JSON: expected value at line 1 column 1");
        check(
            &bytes(&sample())[..99],
            "the transcript is not JSON: EOF while parsing a string at line 1 column 99",
        );
        let other = "the file is not a transcript: its `format` is not `trainable-transcript`";
        for json in ["3", "[]", "{}", r#"{"format": 1}"#, r#"{"format": "chat", "version": 9}"#] {
            check(json.as_bytes(), other);
        }
        check(&vec![b' '; MAX_BYTES + 1], "the transcript is larger than 64 MiB");
    }

    #[test]
    fn says_what_is_wrong_with_a_transcript() {
        #[track_caller]
        fn changed(pointer: &str, value: Value, expect: &str) {
            let mut transcript = sample();
            *transcript.pointer_mut(pointer).unwrap() = value;
            // The place in the text says nothing here.
            let error = Recording::parse(&bytes(&transcript)).unwrap_err().to_string();
            assert_eq!(error.split(" at line").next().unwrap(), expect);
        }
        let run = sample()["runs"][0].clone();
        let malformed = |why: &str| format!("the transcript is not as it should be: {why}");
        changed(
            "/version",
            json!(2),
            "the transcript has version 2 and this program reads version 1; use a newer Trainable",
        );
        changed("/version", json!(0), &malformed("there is no version 0"));
        changed("/version", json!("1"), &malformed("invalid type: string \"1\", expected u32"));
        changed("/runs", json!([]), "the transcript holds no runs");
        changed("/runs", json!([run, run]), "the transcript holds two runs of EDA");
        changed("/runs/0/turns", json!([]), "the run of EDA in the transcript holds no turns");
        for (pointer, turn, expected) in [
            ("/runs/0/turns/0/turn", 2, 1),
            ("/runs/0/turns/1/turn", 3, 2),
            ("/runs/0/turns/1/turn", 1, 2),
        ] {
            let expect = format!(
                "turn {expected} of EDA in the transcript is missing: turn {turn} is in its place"
            );
            changed(pointer, json!(turn), &expect);
        }
        for dir in ["", "/", "data"] {
            let expect = malformed("`session_dir` of EDA is not an absolute path below `/`");
            changed("/runs/0/session_dir", json!(dir), &expect);
        }
        changed(
            "/runs/0/stage",
            json!("deploy"),
            &malformed("unknown variant `deploy`, expected one of `eda`, `prep`, `train`"),
        );
        changed(
            "/dataset",
            json!({ "name": "n", "rows": 1, "sha256": null, "path": "/" }),
            &malformed("unknown field `path`, expected one of `name`, `rows`, `sha256`"),
        );
    }

    #[test]
    fn what_could_not_be_played_is_not_written() {
        let mut recording = Recording::parse(&bytes(&sample())).unwrap();
        recording.runs[0].turns.remove(0);
        let expect = RecordingError::TurnOrder { stage: Stage::Eda, expected: 1, found: 2 };
        assert_eq!(recording.write(), Err(expect));
        recording.runs.clear();
        assert_eq!(recording.write(), Err(RecordingError::NoRuns));
    }
}
