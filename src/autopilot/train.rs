//! Train: what must be beaten, three kinds of models, one choice on validation, one look at test.

use super::{
    metric::{metric, recall_first},
    policy::{self, Move, Step, shrunk},
    prepared::Prepared,
    script::{Constant, Script},
    transcript::Transcript,
};
use crate::llm::Brief;

const SUMMARY: &str = "prep/data/summary.json";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Train {
    Baselines,
    Forest,
    Lightgbm,
    Xgboost,
    Choose,
    Test,
    Explain,
    Report,
}

impl Step for Train {
    const ALL: &'static [Self] = &[
        Self::Baselines,
        Self::Forest,
        Self::Lightgbm,
        Self::Xgboost,
        Self::Choose,
        Self::Test,
        Self::Explain,
        Self::Report,
    ];

    fn slug(self) -> &'static str {
        match self {
            Self::Baselines => "baselines",
            Self::Forest => "forest",
            Self::Lightgbm => "lightgbm",
            Self::Xgboost => "xgboost",
            Self::Choose => "choose",
            Self::Test => "test",
            Self::Explain => "explain",
            Self::Report => "report",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Baselines => "Baselines: dummy and linear",
            Self::Forest => "Forest",
            Self::Lightgbm => "LightGBM",
            Self::Xgboost => "XGBoost",
            Self::Choose => "Choose on validation",
            Self::Test => "Open the test set, once",
            Self::Explain => "Explain the chosen model",
            Self::Report => "Write the report",
        }
    }

    fn optional(self) -> bool {
        match self {
            Self::Forest | Self::Lightgbm | Self::Xgboost | Self::Explain => true,
            Self::Baselines | Self::Choose | Self::Test | Self::Report => false,
        }
    }
}

pub(super) fn next(brief: &Brief, transcript: &Transcript) -> Move {
    decide(brief, transcript).unwrap_or_else(|other| other)
}

fn decide(brief: &Brief, transcript: &Transcript) -> Result<Move, Move> {
    let absent =
        "There is no prep/data/summary.json to train by; run Prep with the autopilot first.";
    let summary = policy::json_file(
        transcript,
        SUMMARY,
        "I look at what Prep left before I decide how to train.",
        absent,
    )?;
    let prepared = Prepared::of(&summary).ok_or_else(|| Move::Stop {
        sentence: "prep/data/summary.json lacks what training needs; run Prep again.".into(),
    })?;
    let (metric, reason) = metric(&brief.instructions, &prepared);
    let decided = Decided { brief, prepared: &prepared, metric, reason };
    let Some((step, shrink)) = policy::next_step::<Train>(transcript)? else {
        let told = transcript
            .of("test")
            .last()
            .map(|run| run.found.iter().skip(1).cloned().collect::<Vec<_>>().join("; "));
        let summary =
            format!("Trained a model of `{}`: {}.", prepared.target, told.unwrap_or_default());
        return Ok(policy::finish(transcript, summary, |slug| decided.report(transcript, slug)));
    };
    Ok(match step {
        Train::Baselines => decided.candidate(
            Script::TrainBaselines,
            step,
            shrink,
            &[],
            format!("The measure is {metric}: {reason}. First what every model must beat: a dummy, and a linear model."),
        ),
        Train::Forest => {
            let trees = if prepared.cells() < 500_000 { 300 } else { 150 };
            let trials = prepared.trials(12);
            let more = [("TRIALS", trials.into()), ("TREES", trees.into())];
            decided.candidate(Script::TrainForest, step, shrink, &more, format!("Next a forest, over {trials} settings: hard to overfit, easy to trust."))
        }
        Train::Lightgbm => decided.booster(Script::TrainLightgbm, step, shrink, "LightGBM"),
        Train::Xgboost => decided.booster(Script::TrainXgboost, step, shrink, "XGBoost"),
        Train::Choose => {
            let recall_first = recall_first(&brief.instructions);
            let tune = prepared.task == "binary" && (prepared.imbalanced || recall_first);
            let more = vec![
                ("SEED", brief.seed.into()),
                ("TUNE_THRESHOLD", tune.into()),
                ("RECALL_FIRST", recall_first.into()),
            ];
            let why = "Now the choice, by validation alone: the best model, or an average if it is clearly better.";
            decided.run(Script::TrainChoose, step.slug(), more, why.into())
        }
        Train::Test => decided.run(
            Script::TrainTest,
            step.slug(),
            vec![("SEED", brief.seed.into()), ("RESAMPLES", if prepared.test_rows <= 20_000 { 1_000 } else { 300 }.into())],
            "The choice stands. I open the test set, once, and compare with the dummy on the same rows.".into(),
        ),
        Train::Explain => decided.run(
            Script::TrainExplain,
            step.slug(),
            vec![("SEED", brief.seed.into()), ("ROWS", shrunk(300, shrink, 30).into())],
            "Last question to the model: what does it go by?".into(),
        ),
        Train::Report => decided.report(transcript, step.slug()),
    })
}

/// What holds for all steps.
struct Decided<'a> {
    brief: &'a Brief,
    prepared: &'a Prepared,
    metric: &'static str,
    reason: &'static str,
}

impl Decided<'_> {
    fn run(
        &self,
        script: Script,
        slug: &'static str,
        more: Vec<(&'static str, Constant)>,
        why: String,
    ) -> Move {
        let mut constants = vec![
            ("TARGET", self.prepared.target.as_str().into()),
            ("TASK", self.prepared.task.as_str().into()),
            ("METRIC", self.metric.into()),
        ];
        constants.extend(more);
        Move::Run { script, slug, constants, why, then_read: None }
    }

    /// A step that fits a model.
    fn candidate(
        &self,
        script: Script,
        step: Train,
        shrink: u32,
        more: &[(&'static str, Constant)],
        why: String,
    ) -> Move {
        // On little data a second thread costs more than it brings. The number must not depend on the machine's load.
        let threads = if self.prepared.cells() < 500_000 {
            1
        } else {
            u64::from(self.brief.cpus.clamp(1, 4))
        };
        let mut constants = vec![
            ("SEED", self.brief.seed.into()),
            ("FIT_ROWS", self.prepared.fit_rows(shrink).into()),
            ("CLASS_WEIGHTS", self.prepared.imbalanced.into()),
            ("FOLDS", self.prepared.folds().into()),
        ];
        if step != Train::Baselines {
            constants.push(("THREADS", threads.into()));
        }
        constants.extend_from_slice(more);
        self.run(script, step.slug(), constants, why)
    }

    fn booster(&self, script: Script, step: Train, shrink: u32, name: &str) -> Move {
        let trials = self.prepared.trials(24);
        let rounds = if self.prepared.cells() < 100_000 { 300 } else { 600 };
        let more = [("TRIALS", trials.into()), ("ROUNDS", rounds.into())];
        let how = match self.prepared.folds() {
            0 => "on validation".to_owned(),
            folds => format!("by {folds}-fold cross-validation on train"),
        };
        self.candidate(script, step, shrink, &more, format!("{name} next: {trials} trials, judged {how}, stopped early where more trees do not help."))
    }

    fn report(&self, transcript: &Transcript, slug: &'static str) -> Move {
        let more = vec![
            ("METRIC_REASON", self.reason.into()),
            ("SEED", self.brief.seed.into()),
            ("CLASS_WEIGHTS", self.prepared.imbalanced.into()),
            ("FOLDS", self.prepared.folds().into()),
            ("REMARKS", policy::remarks::<Train>(transcript).as_slice().into()),
            ("REPRODUCIBLE", policy::reproducible(transcript).into()),
        ];
        self.run(
            Script::TrainReport,
            slug,
            more,
            "I write down what was tried, what was chosen and what it is worth.".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::{Conversation, prep_summary};
    use entity::vocab::Stage;

    const OK: &str = "exit code 0 in 1.0 s";

    #[track_caller]
    fn check(conversation: &Conversation, expect: &[&str]) {
        let request = conversation.request();
        let text = format!("{:?}", next(&request.brief, &Transcript::read(&request.messages)));
        for part in expect {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn goes_through_the_models() {
        let start = Conversation::new(Stage::Train);
        check(&start, &["Read"]);
        check(&start.unread(SUMMARY), &["run Prep with the autopilot first"]);
        let ready = start.read(SUMMARY, &prep_summary("binary", 500, 8, 0.1));
        check(
            &ready,
            &["TrainBaselines", "(\"CLASS_WEIGHTS\", Bool(true))", "(\"FOLDS\", Int(5))"],
        );
        let based = ready.ran("baselines", OK, false).ran("forest", OK, false);
        check(&based, &["TrainLightgbm"]);
        let gone =
            "exit code 1 in 1 s\n--- stderr ---\nModuleNotFoundError: No module named 'xgboost'";
        let fitted = based.ran("lightgbm", OK, false).ran("xgboost", gone, true);
        check(&fitted, &["TrainChoose", "(\"TUNE_THRESHOLD\", Bool(true))"]);
        let tested = fitted.ran("choose", OK, false).ran(
            "test",
            "exit code 0 in 1 s\n--- stdout ---\n• a\n• auc 0.9",
            false,
        );
        check(&tested, &["TrainExplain"]);
        let explained = tested.ran("explain", "exit code 1 in 1 s", true);
        check(
            &explained,
            &["TrainReport", "the package `xgboost` is not installed", "Explain the chosen model"],
        );
        let slow = "timed out after 600 s; take less data";
        let hurried = based
            .ran("lightgbm", slow, true)
            .ran("lightgbm", OK, false)
            .ran("xgboost", OK, false)
            .ran("choose", OK, false)
            .ran("test", OK, false)
            .ran("explain", OK, false);
        check(&hurried, &["(\"REPRODUCIBLE\", Bool(false))", "LightGBM: with fewer rows"]);
        check(&explained.ran("report", OK, false), &["Finish", "auc 0.9"]);
    }
}
