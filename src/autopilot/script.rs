//! The Python scripts, and how the policy's decisions get into them.
//!
//! Each script has one block of constants between two marker lines. Only the values in it are
//! replaced, as Python literals: a name from the user's data is data there, whatever it holds.

use std::fmt::Write;

const BEGIN: &str = "# --- decided by the autopilot ---\n";
const END: &str = "# --- end of decisions ---";

macro_rules! scripts {
    ($($variant:ident = $file:literal),+ $(,)?) => {
        /// A script of the autopilot.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Script { $($variant),+ }

        impl Script {
            #[cfg(test)]
            const ALL: &'static [Script] = &[$(Script::$variant),+];

            const fn source(self) -> &'static str {
                match self { $(Script::$variant => include_str!(concat!("python/", $file, ".py"))),+ }
            }
        }
    };
}

scripts!(
    EdaProfile = "eda_profile",
    EdaRelations = "eda_relations",
    EdaFigures = "eda_figures",
    EdaReport = "eda_report",
    PrepSplit = "prep_split",
    PrepTransform = "prep_transform",
    PrepCheck = "prep_check",
    PrepReport = "prep_report",
    TrainBaselines = "train_baselines",
    TrainForest = "train_forest",
    TrainLightgbm = "train_lightgbm",
    TrainXgboost = "train_xgboost",
    TrainChoose = "train_choose",
    TrainTest = "train_test",
    TrainExplain = "train_explain",
    TrainReport = "train_report",
);

/// A value that the policy decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    None,
    Bool(bool),
    Int(u64),
    Text(String),
    List(Vec<String>),
}

impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Constant {
    fn from(value: u64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Constant {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<Option<&str>> for Constant {
    fn from(value: Option<&str>) -> Self {
        value.map_or(Self::None, Self::from)
    }
}

impl From<&[String]> for Constant {
    fn from(value: &[String]) -> Self {
        Self::List(value.to_vec())
    }
}

impl Constant {
    fn literal(&self) -> String {
        match self {
            Self::None => "None".into(),
            Self::Bool(true) => "True".into(),
            Self::Bool(false) => "False".into(),
            Self::Int(value) => value.to_string(),
            Self::Text(text) => quoted(text),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(|item| quoted(item)).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

/// A Python string literal on one line. Printable characters stay readable.
fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            // Letters of any script stay; controls, separators and marks that reorder text do not.
            c if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() => literal.push(c),
            c => {
                let _ = write!(literal, "\\U{:08x}", c as u32);
            }
        }
    }
    literal.push('"');
    literal
}

/// The script with these values in its block of constants. A constant that is not named keeps the
/// value in the source; one that the source lacks is a mistake of this module's callers.
pub(super) fn render(script: Script, values: &[(&str, Constant)]) -> String {
    let source = script.source();
    let (before, rest) = source.split_once(BEGIN).expect("a script has its block");
    let (block, after) = rest.split_once(END).expect("a script's block ends");
    let mut text = format!("{before}{BEGIN}");
    for line in block.lines() {
        let name = line.split(" = ").next().unwrap_or_default();
        match values.iter().find(|(given, _)| *given == name) {
            Some((_, value)) => {
                let comment = line.split_once("  # ").map(|(_, words)| format!("  # {words}"));
                let _ =
                    writeln!(text, "{name} = {}{}", value.literal(), comment.unwrap_or_default());
            }
            None => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    for (name, _) in values {
        debug_assert!(block.contains(&format!("{name} = ")), "{script:?} has no constant {name}");
    }
    text + END + after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_whatever_a_name_holds() {
        let cases = [
            ("price", r#""price""#),
            ("größe 日本", r#""größe 日本""#),
            ("a\"; import os #", r#""a\"; import os #""#),
            ("back\\", r#""back\\""#),
            ("two\nlines\r", r#""two\nlines\r""#),
            ("nul\0 \u{202e}x \u{2028}", r#""nul\U00000000 \U0000202ex \U00002028""#),
            ("# --- end of decisions ---", r##""# --- end of decisions ---""##),
        ];
        for (text, expect) in cases {
            assert_eq!(quoted(text), expect);
        }
    }

    #[test]
    fn replaces_only_the_constants() {
        let hostile = "x\"\n# --- end of decisions ---\nimport os";
        let text = render(Script::EdaFigures, &[("TARGET", hostile.into())]);
        assert!(text.contains("TARGET = \"x\\\"\\n# --- end of decisions ---\\nimport os\"\n"));
        assert!(text.contains("TASK = \"binary\"  # "));
        assert_eq!(text.lines().count(), Script::EdaFigures.source().lines().count());
    }

    #[test]
    fn every_script_has_one_block() {
        for script in Script::ALL {
            let source = script.source();
            assert_eq!(source.matches(BEGIN).count(), 1, "{script:?}");
            assert_eq!(source.matches(END).count(), 1, "{script:?}");
            assert!(source.starts_with("\"\"\""), "{script:?} says what it does first");
        }
    }
}
