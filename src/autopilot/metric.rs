//! What models are judged by: the metric, and whether a missed positive is worse than a false alarm. The user's words
//! come first, then the task.

use super::prepared::Prepared;

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
pub(super) fn metric(instructions: &str, prepared: &Prepared) -> (&'static str, &'static str) {
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

/// Whether the user's words say that a missed positive is worse than a false alarm.
pub(super) fn recall_first(instructions: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::prep_summary;

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
            let prepared = Prepared::of(&prep_summary(task, 1000, 10, minority)).unwrap();
            assert_eq!(metric(words, &prepared).0, expect, "{words} {task}");
        }
    }
}
