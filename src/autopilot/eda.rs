//! EDA: look at every column, relate them to the target, draw, report.

use super::{
    policy::{self, Move, Step, shrunk},
    script::{Constant, Script},
    target::{self, Table},
    transcript::Transcript,
};
use crate::llm::Brief;
use serde_json::Value;

const FINDINGS: &str = "eda/data/findings.json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eda {
    Profile,
    Relations,
    Figures,
    Report,
}

impl Step for Eda {
    const ALL: &'static [Self] = &[Self::Profile, Self::Relations, Self::Figures, Self::Report];

    fn slug(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Relations => "relations",
            Self::Figures => "figures",
            Self::Report => "report",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Profile => "Profile every column",
            Self::Relations => "Relate the columns to the target",
            Self::Figures => "Draw what matters",
            Self::Report => "Write the report",
        }
    }

    fn optional(self) -> bool {
        matches!(self, Self::Figures)
    }
}

pub(super) fn next(brief: &Brief, transcript: &Transcript) -> Move {
    decide(brief, transcript).unwrap_or_else(|other| other)
}

fn decide(brief: &Brief, transcript: &Transcript) -> Result<Move, Move> {
    let stop = |sentence: String| Move::Stop { sentence };
    let table = Table::main(&brief.dataset).ok_or_else(|| {
        stop(
            "The dataset has no table that could be read; upload one with at least two columns."
                .into(),
        )
    })?;
    let target = target::choose(brief, &table).map_err(stop)?;
    let Some((step, shrink)) = policy::next_step::<Eda>(transcript)? else {
        let findings = findings(transcript)?;
        let (task, features) = (
            findings["task"].as_str().unwrap_or_default(),
            findings["features"].as_u64().unwrap_or(0),
        );
        let summary = format!(
            "`{}` makes a {task} problem with {features} usable columns; see the report for what matters.",
            target.column
        );
        return Ok(policy::finish(transcript, summary, |slug| report(&table, slug)));
    };
    let file: Constant = table.file.as_str().into();
    Ok(match step {
        Eda::Profile => Move::Run {
            script: Script::EdaProfile,
            slug: step.slug(),
            constants: vec![("TABLE", file)],
            why: format!(
                "I begin with every column of `{}`: types, gaps, spread, levels, copies of rows. The target is `{}`: {}.",
                table.file, target.column, target.reason
            ),
            then_read: None,
        },
        Eda::Relations => {
            let ignored = target::ignored(brief, &table, &target.column);
            Move::Run {
                script: Script::EdaRelations,
                slug: step.slug(),
                constants: vec![
                    ("TABLE", file),
                    ("TARGET", target.column.as_str().into()),
                    ("TARGET_REASON", target.reason.as_str().into()),
                    ("TASK_HINT", target::task_hint(brief, &target.column).into()),
                    ("IGNORE", ignored.as_slice().into()),
                    (
                        "SAMPLE_ROWS",
                        shrunk(
                            (4_000_000 / table.width().max(1)).clamp(2_000, 20_000),
                            shrink,
                            500,
                        )
                        .into(),
                    ),
                    ("SEED", brief.seed.into()),
                ],
                why: format!(
                    "Next: what kind of problem `{}` poses, which columns say something about it, and which say too much.",
                    target.column
                ),
                then_read: Some(FINDINGS),
            }
        }
        Eda::Figures => {
            let findings = findings(transcript)?;
            Move::Run {
                script: Script::EdaFigures,
                slug: step.slug(),
                constants: vec![
                    ("TARGET", target.column.as_str().into()),
                    ("TASK", findings["task"].as_str().into()),
                ],
                why: judgement(&findings),
                then_read: None,
            }
        }
        Eda::Report => {
            findings(transcript)?;
            report(&table, step.slug())
        }
    })
}

/// The findings, if a model can be trained at all.
fn findings(transcript: &Transcript) -> Result<Value, Move> {
    let absent =
        "The findings were not written, so there is nothing to decide from; run the stage again.";
    let findings = policy::json_file(
        transcript,
        FINDINGS,
        "I read what was found, to decide from it.",
        absent,
    )?;
    if findings["task"].is_null() {
        let why = findings["task_reason"].as_str().unwrap_or("the target cannot be learned");
        return Err(Move::Stop {
            sentence: format!(
                "No model can be trained: {why}. Choose another target and run the stage again."
            ),
        });
    }
    Ok(findings)
}

/// What the findings mean, before the figures.
fn judgement(findings: &Value) -> String {
    let mut words = Vec::new();
    let suspects = findings["leakage_suspects"].as_array().map_or(0, Vec::len);
    if suspects > 0 {
        words.push(format!(
            "{suspects} columns look like leakage, which would make a model look better than it is."
        ));
    }
    if let Some(column) = findings["time_column"].as_str() {
        words.push(format!(
            "The rows are in the order of `{column}`, so the split has to be by time."
        ));
    } else if let Some(column) = findings["group_column"].as_str() {
        words.push(format!("`{column}` repeats, so all rows of one value have to stay together."));
    }
    if findings["imbalanced"] == true {
        words.push("The classes are imbalanced, so accuracy would mislead.".into());
    }
    if words.is_empty() {
        words.push("Nothing here speaks against a plain random split.".into());
    }
    words.push("I draw what a person should see.".into());
    words.join(" ")
}

fn report(table: &Table<'_>, slug: &'static str) -> Move {
    Move::Run {
        script: Script::EdaReport,
        slug,
        constants: vec![
            ("TABLE", table.file.as_str().into()),
            ("LEFT_OUT_TABLES", table.others.as_slice().into()),
        ],
        why: "I write it up: what matters first, then what follows for the preparation.".into(),
        then_read: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::Conversation;
    use entity::vocab::Stage;
    use serde_json::json;

    const OK: &str = "exit code 0 in 1.0 s";

    fn related(findings: &Value) -> Conversation {
        Conversation::new(Stage::Eda)
            .ran("profile", OK, false)
            .ran("relations", OK, false)
            .read(FINDINGS, findings)
    }

    #[track_caller]
    fn check(conversation: &Conversation, expect: &str) {
        let request = conversation.request();
        let next = next(&request.brief, &Transcript::read(&request.messages));
        let text = format!("{next:?}");
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn decides_from_the_findings() {
        let good = json!({"task": "multiclass", "features": 1, "leakage_suspects": [], "time_column": "day"});
        check(
            &Conversation::new(Stage::Eda).ran("profile", OK, false).ran("relations", OK, false),
            "Read { path",
        );
        check(&related(&good), "has to be by time");
        check(
            &related(&json!({"task": null, "task_reason": "it is constant"})),
            "No model can be trained: it is constant",
        );
        let drawn = related(&good).ran("figures", OK, false);
        check(&drawn, "EdaReport");
        check(&related(&good).ran("figures", "exit code 1 in 1 s", true), "EdaReport");
        let written = drawn.ran("report", OK, false);
        check(&written, "Finish");
        check(&written.refused("`eda/report.md` is missing"), "\"again\"");
        check(&written.refused("missing").ran("again", OK, false), "Finish");
        check(
            &written.refused("missing").ran("again", OK, false).refused("still missing"),
            "still missing",
        );
    }

    #[test]
    fn stops_without_a_target() {
        let no_target =
            Conversation::new(Stage::Eda).briefed(|brief| brief.target = Some("nowhere".into()));
        check(&no_target, "no column `nowhere`");
        check(
            &Conversation::new(Stage::Eda).briefed(|brief| brief.dataset = json!({})),
            "no table",
        );
    }
}
