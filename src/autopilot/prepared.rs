//! What Prep left, and how large training is: that follows from the data alone.

use super::policy::shrunk;
use serde_json::Value;

/// Cells (rows × features × classes) that a model is fitted on, at most.
const FIT_CELLS: u64 = 3_000_000;
/// Below this share of an even one, the rarest class makes the classes imbalanced.
const EVEN: f64 = 0.4;

/// What Prep left, as far as training depends on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Prepared {
    pub target: String,
    pub task: String,
    train_rows: u64,
    pub test_rows: u64,
    features: u64,
    classes: u64,
    pub imbalanced: bool,
    /// Whether rows of train may be shuffled into folds: no order, no groups, no copies among them.
    foldable: bool,
}

impl Prepared {
    pub(super) fn of(summary: &Value) -> Option<Self> {
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
    pub(super) fn fit_rows(&self, shrink: u32) -> u64 {
        shrunk((FIT_CELLS / (self.features * self.outputs())).clamp(2_000, 100_000), shrink, 500)
    }

    pub(super) fn cells(&self) -> u64 {
        self.train_rows.min(self.fit_rows(0)) * self.features * self.outputs()
    }

    /// The number of trials follows from the data's size alone, so that a run can be repeated.
    pub(super) fn trials(&self, most: u64) -> u64 {
        match self.cells() {
            // Each trial is fitted once per fold.
            0..=100_000 if self.folds() > 0 => most * 2 / 3,
            0..=100_000 => most,
            100_001..=1_000_000 => most / 2,
            _ => most / 4,
        }
    }

    /// Folds for tuning: few rows make one validation set too noisy to tune by, too.
    pub(super) fn folds(&self) -> u64 {
        if self.foldable && self.train_rows < 3_000 && self.cells() < 1_000_000 {
            if self.train_rows < 1_000 && self.cells() < 100_000 { 5 } else { 3 }
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::prep_summary;

    #[test]
    fn sizes_follow_from_the_data_alone() {
        let cases = [
            (300, 8, (16, 5, 100_000)),
            (4_000, 9, (24, 0, 100_000)),
            (100_000, 60, (6, 0, 50_000)),
            (700_000, 200, (6, 0, 15_000)),
        ];
        for (rows, features, expect) in cases {
            let prepared = Prepared::of(&prep_summary("binary", rows, features, 0.5)).unwrap();
            assert_eq!(
                (prepared.trials(24), prepared.folds(), prepared.fit_rows(0)),
                expect,
                "{rows} × {features}"
            );
        }
    }

    #[test]
    fn does_not_fold_what_has_an_order() {
        let mut value = prep_summary("binary", 500, 8, 0.5);
        value["split_strategy"] = "time".into();
        assert_eq!(Prepared::of(&value).unwrap().folds(), 0);
    }
}
