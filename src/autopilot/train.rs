//! Train: what must be beaten, three kinds of models, one choice on validation, one look at test.

use super::{
    policy::{self, Move, Step, shrunk},
    script::{Constant, Script},
    transcript::Transcript,
};
use crate::llm::Brief;
use serde_json::Value;

const SUMMARY: &str = "prep/data/summary.json";
/// Cells (rows × features × classes) that a model is fitted on, at most.
const FIT_CELLS: u64 = 3_000_000;
/// Below this share of an even one, the rarest class makes the classes imbalanced.
const EVEN: f64 = 0.4;

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

/// What Prep left, as far as training depends on it.
#[derive(Clone, Debug, PartialEq)]
struct Prepared {
    target: String,
    task: String,
    train_rows: u64,
    test_rows: u64,
    features: u64,
    classes: u64,
    imbalanced: bool,
    /// Whether rows of train may be shuffled into folds: no order, no groups, no copies among them.
    foldable: bool,
}

impl Prepared {
    fn of(summary: &Value) -> Option<Self> {
        let classes = summary["classes"].as_u64().unwrap_or(0);
        let even = summary["minority_share"].as_f64().map(|share| share * classes as f64);
        Some(Self {
            target: summary["target"].as_str()?.to_owned(),
            task: summary["task"].as_str()?.to_owned(),
            train_rows: summary["rows"]["train"].as_u64()?,
            test_rows: summary["rows"]["test"].as_u64()?,
            features: summary["features"].as_u64()?.max(1),
            classes,
            imbalanced: even.is_some_and(|even| even < EVEN),
            foldable: summary["split_strategy"] == "random" && summary["copies_kept"] != true,
        })
    }

    fn outputs(&self) -> u64 {
        if self.task == "multiclass" { self.classes.max(1) } else { 1 }
    }

    /// Rows that a model is fitted on.
    fn fit_rows(&self, shrink: u32) -> u64 {
        shrunk((FIT_CELLS / (self.features * self.outputs())).clamp(2_000, 100_000), shrink, 500)
    }

    fn cells(&self) -> u64 {
        self.train_rows.min(self.fit_rows(0)) * self.features * self.outputs()
    }

    /// The number of trials follows from the data's size alone, so that a run can be repeated.
    fn trials(&self, most: u64) -> u64 {
        match self.cells() {
            // Each trial is fitted once per fold.
            0..=100_000 if self.folds() > 0 => most * 2 / 3,
            0..=100_000 => most,
            100_001..=1_000_000 => most / 2,
            _ => most / 4,
        }
    }

    /// Folds for tuning: few rows make one validation set too noisy to tune by, too.
    fn folds(&self) -> u64 {
        if self.foldable && self.train_rows < 3_000 && self.cells() < 1_000_000 {
            if self.train_rows < 1_000 && self.cells() < 100_000 { 5 } else { 3 }
        } else {
            0
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

/// Whether the user's words say that a missed positive is worse than a false alarm.
fn recall_first(instructions: &str) -> bool {
    let words = instructions.to_lowercase();
    [
        "than a false alarm",
        "than false alarm",
        "false negative",
        "sensitivity",
        "high recall",
        "recall matters",
    ]
    .iter()
    .any(|phrase| words.contains(phrase))
}

/// Words of the user that name a metric, which metric, and for which tasks it is one.
const NAMED: [(&str, &str, &[&str]); 22] = [
    ("average precision", "average_precision", &["binary"]),
    ("pr auc", "average_precision", &["binary"]),
    ("pr-auc", "average_precision", &["binary"]),
    ("auc", "roc_auc", &["binary", "multiclass"]),
    ("roc", "roc_auc", &["binary", "multiclass"]),
    ("log loss", "log_loss", &["binary", "multiclass"]),
    ("log-loss", "log_loss", &["binary", "multiclass"]),
    ("logloss", "log_loss", &["binary", "multiclass"]),
    ("macro f1", "f1_macro", &["binary", "multiclass"]),
    ("f1", "f1", &["binary"]),
    ("f1", "f1_macro", &["multiclass"]),
    ("balanced accuracy", "balanced_accuracy", &["binary", "multiclass"]),
    ("accuracy", "accuracy", &["binary", "multiclass"]),
    ("rmse", "rmse", &["regression"]),
    ("mean squared error", "rmse", &["regression"]),
    ("root mean square", "rmse", &["regression"]),
    ("mae", "mae", &["regression"]),
    ("mean absolute error", "mae", &["regression"]),
    ("absolute error", "mae", &["regression"]),
    ("r2", "r2", &["regression"]),
    ("r²", "r2", &["regression"]),
    ("r-squared", "r2", &["regression"]),
];

/// The metric, fixed before training, and why it is this one.
fn metric(instructions: &str, prepared: &Prepared) -> (&'static str, &'static str) {
    let words = instructions.to_lowercase();
    let words: Vec<_> = words
        .split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '²'))
        .filter(|w| !w.is_empty())
        .collect();
    let words = format!(" {} ", words.join(" "));
    let asked = NAMED.iter().find(|(name, _, tasks)| {
        words.contains(&format!(" {name} ")) && tasks.contains(&prepared.task.as_str())
    });
    if let Some((_, metric, _)) = asked {
        return (metric, "the instructions ask for it");
    }
    match (prepared.task.as_str(), prepared.imbalanced) {
        ("regression", _) => {
            ("rmse", "large errors weigh more than small ones, in the target's own unit")
        }
        ("binary", true) => {
            ("average_precision", "one class is rare, and it looks at how well that one is found")
        }
        ("binary", false) => (
            "roc_auc",
            "it does not depend on a threshold, and the classes are near enough to balance",
        ),
        _ => ("f1_macro", "every class counts the same, however many rows it has"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::Conversation;
    use entity::vocab::Stage;
    use serde_json::json;

    const OK: &str = "exit code 0 in 1.0 s";

    fn summary(task: &str, rows: u64, features: u64, minority: f64) -> Value {
        let classes = if task == "regression" { 0 } else { 2 };
        json!({"target": "y", "task": task, "rows": {"train": rows, "val": rows / 5, "test": rows / 5}, "features": features,
               "classes": classes, "minority_share": if classes > 0 { Some(minority) } else { None },
               "split_strategy": "random", "copies_kept": false})
    }

    #[track_caller]
    fn check(conversation: &Conversation, expect: &[&str]) {
        let request = conversation.request();
        let text = format!("{:?}", next(&request.brief, &Transcript::read(&request.messages)));
        for part in expect {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn fixes_the_metric_before_training() {
        let cases = [
            ("", "binary", 0.5, "roc_auc"),
            ("", "binary", 0.1, "average_precision"),
            ("Optimise F1, please.", "binary", 0.5, "f1"),
            ("use log loss", "binary", 0.1, "log_loss"),
            ("a low MAE", "regression", 0.0, "mae"),
            ("best accuracy", "regression", 0.0, "rmse"),
            ("", "multiclass", 0.3, "f1_macro"),
        ];
        for (words, task, minority, expect) in cases {
            let prepared = Prepared::of(&summary(task, 1000, 10, minority)).unwrap();
            assert_eq!(metric(words, &prepared).0, expect, "{words} {task}");
        }
    }

    #[test]
    fn sizes_follow_from_the_data_alone() {
        let cases = [
            (300, 8, (16, 5, 100_000)),
            (4_000, 9, (24, 0, 100_000)),
            (100_000, 60, (6, 0, 50_000)),
            (700_000, 200, (6, 0, 15_000)),
        ];
        for (rows, features, expect) in cases {
            let prepared = Prepared::of(&summary("binary", rows, features, 0.5)).unwrap();
            assert_eq!(
                (prepared.trials(24), prepared.folds(), prepared.fit_rows(0)),
                expect,
                "{rows} × {features}"
            );
        }
    }

    #[test]
    fn goes_through_the_models() {
        let start = Conversation::new(Stage::Train);
        check(&start, &["Read"]);
        check(&start.unread(SUMMARY), &["run Prep with the autopilot first"]);
        let ready = start.read(SUMMARY, &summary("binary", 500, 8, 0.1));
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

    #[test]
    fn does_not_fold_what_has_an_order() {
        let mut value = summary("binary", 500, 8, 0.5);
        value["split_strategy"] = "time".into();
        assert_eq!(Prepared::of(&value).unwrap().folds(), 0);
    }
}
