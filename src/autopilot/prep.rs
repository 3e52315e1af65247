//! Prep: split, fit the transforms on train, check, report.

use super::{
    policy::{self, Move, Step, shrunk},
    script::Script,
    target::Table,
    transcript::Transcript,
};
use crate::llm::Brief;
use serde_json::Value;

const FINDINGS: &str = "eda/data/findings.json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prep {
    Split,
    Transform,
    Check,
    Report,
}

impl Step for Prep {
    const ALL: &'static [Self] = &[Self::Split, Self::Transform, Self::Check, Self::Report];

    fn slug(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Transform => "transform",
            Self::Check => "check",
            Self::Report => "report",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Split => "Split before anything is learned",
            Self::Transform => "Fit the transforms on train",
            Self::Check => "Check the splits and the pipeline",
            Self::Report => "Write the report",
        }
    }
}

pub(super) fn next(brief: &Brief, transcript: &Transcript) -> Move {
    decide(brief, transcript).unwrap_or_else(|other| other)
}

fn decide(brief: &Brief, transcript: &Transcript) -> Result<Move, Move> {
    let stop = |sentence: &str| Move::Stop { sentence: sentence.to_owned() };
    let table = Table::main(&brief.dataset)
        .ok_or_else(|| stop("The dataset has no table that could be read."))?;
    let absent = "There are no findings in eda/data/findings.json to prepare by; run EDA with the autopilot first.";
    let findings = policy::json_file(
        transcript,
        FINDINGS,
        "I read what EDA found, because the preparation follows from it.",
        absent,
    )?;
    let (Some(target), Some(task)) = (findings["target"].as_str(), findings["task"].as_str())
    else {
        return Err(stop(
            "EDA found no problem that a model could learn; choose another target and run EDA again.",
        ));
    };
    let file = || table.file.as_str().into();
    let Some((step, shrink)) = policy::next_step::<Prep>(transcript)? else {
        let found = transcript
            .of("split")
            .last()
            .and_then(|run| run.found.first().cloned())
            .unwrap_or_default();
        let summary = format!("Prepared `{target}` for training: {found}.");
        // Whatever is missing follows from the transforms.
        return Ok(policy::finish(transcript, summary, |slug| {
            transform(brief, &table, target, task, slug, 0)
        }));
    };
    Ok(match step {
        Prep::Split => {
            let (kind, column, why) = split(&findings);
            Move::Run {
                script: Script::PrepSplit,
                slug: step.slug(),
                constants: vec![
                    ("TABLE", file()),
                    ("TARGET", target.into()),
                    ("TASK", task.into()),
                    ("SPLIT", kind.into()),
                    ("SPLIT_COLUMN", column.into()),
                    ("SEED", brief.seed.into()),
                    ("MAX_ROWS", shrunk(rows_in_memory(brief, &table), shrink, 1_000).into()),
                ],
                why,
                then_read: None,
            }
        }
        Prep::Transform => transform(brief, &table, target, task, step.slug(), shrink),
        Prep::Check => Move::Run {
            script: Script::PrepCheck,
            slug: step.slug(),
            constants: vec![("TABLE", file()), ("TARGET", target.into()), ("TASK", task.into())],
            why: "I load the pipeline as a stranger would, and check it and the splits against the raw rows.".into(),
            then_read: None,
        },
        Prep::Report => Move::Run {
            script: Script::PrepReport,
            slug: step.slug(),
            constants: vec![("TARGET", target.into())],
            why: "I write down what was done and why.".into(),
            then_read: None,
        },
    })
}

/// How to split: kind, column, and why.
fn split(findings: &Value) -> (&'static str, Option<&str>, String) {
    if let Some(column) = findings["time_column"].as_str() {
        let why = format!(
            "`{column}` orders the rows, so I split by time: a model must predict what comes after what it saw."
        );
        return ("time", Some(column), why);
    }
    if let Some(column) = findings["group_column"].as_str() {
        let why = format!(
            "`{column}` repeats, so I keep all rows of one value in one split: the model must work for those it has not met."
        );
        return ("group", Some(column), why);
    }
    let how = if findings["task"] == "regression" { "ranges of the target" } else { "class" };
    (
        "random",
        None,
        format!(
            "Nothing orders or groups the rows, so I split at random, stratified by {how}, before anything is learned."
        ),
    )
}

fn transform(
    brief: &Brief,
    table: &Table<'_>,
    target: &str,
    task: &str,
    slug: &'static str,
    shrink: u32,
) -> Move {
    Move::Run {
        script: Script::PrepTransform,
        slug,
        constants: vec![
            ("TABLE", table.file.as_str().into()),
            ("TARGET", target.into()),
            ("TASK", task.into()),
            ("SEED", brief.seed.into()),
            (
                "FIT_ROWS",
                shrunk((20_000_000 / table.width().max(1)).clamp(5_000, 200_000), shrink, 1_000)
                    .into(),
            ),
        ],
        why:
            "Every learned transform is fitted on train alone, in one pipeline that takes raw rows."
                .into(),
        then_read: None,
    }
}

/// Rows that fit a quarter of the memory, at sixteen bytes a cell.
fn rows_in_memory(brief: &Brief, table: &Table<'_>) -> u64 {
    brief.memory_mib.saturating_mul(1 << 20) / 4 / (16 * table.width().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::Conversation;
    use entity::vocab::Stage;
    use serde_json::json;

    const OK: &str = "exit code 0 in 1.0 s";

    #[track_caller]
    fn check(conversation: &Conversation, expect: &str) {
        let request = conversation.request();
        let text = format!("{:?}", next(&request.brief, &Transcript::read(&request.messages)));
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn splits_as_the_findings_say() {
        let start = Conversation::new(Stage::Prep);
        check(&start, "Read { path: \"eda/data/findings.json\"");
        check(&start.unread(FINDINGS), "run EDA with the autopilot first");
        check(&start.read(FINDINGS, &json!({"task": null})), "choose another target");
        let found = |value: Value| start.read(FINDINGS, &value);
        check(&found(json!({"target": "y", "task": "binary"})), "(\"SPLIT\", Text(\"random\"))");
        check(
            &found(json!({"target": "y", "task": "binary", "time_column": "t"})),
            "(\"SPLIT\", Text(\"time\"))",
        );
        check(
            &found(json!({"target": "y", "task": "binary", "group_column": "g"})),
            "(\"SPLIT_COLUMN\", Text(\"g\"))",
        );
        let made = found(json!({"target": "y", "task": "binary"})).ran("split", OK, false).ran(
            "transform",
            OK,
            false,
        );
        check(&made, "PrepCheck");
        let failed = made.ran(
            "check",
            "exit code 1 in 1 s\n--- stderr ---\nthe preparation is not what it claims to be: x",
            true,
        );
        check(&failed, "Stop");
        check(&made.ran("check", OK, false).ran("report", OK, false), "Finish");
    }

    #[test]
    fn samples_by_memory() {
        let start = Conversation::new(Stage::Prep).briefed(|brief| brief.memory_mib = 64);
        let found = start.read(FINDINGS, &json!({"target": "y", "task": "binary"}));
        check(&found, "(\"MAX_ROWS\", Int(524288))");
        check(&found.ran("split", "killed: out of memory", true), "(\"MAX_ROWS\", Int(131072))");
    }
}
