//! Which column to predict: the one the user named, the one their words name, or a guess with its
//! reason.

use crate::llm::Brief;
use serde_json::Value;

/// The column to predict and why it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub column: String,
    pub reason: String,
}

/// One column as the describe runner saw it; what it does not say is zero or empty.
#[derive(Clone, Debug, PartialEq)]
struct Column<'a> {
    name: &'a str,
    kind: &'a str,
    unique: u64,
    missing: u64,
}

/// The main table of the dataset.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Table<'a> {
    /// File name below the dataset's folder.
    pub file: String,
    pub rows: u64,
    columns: Vec<Column<'a>>,
    /// Names of the tables that are not used.
    pub others: Vec<String>,
}

impl<'a> Table<'a> {
    /// The main table, or the largest one when none is named.
    pub(super) fn main(dataset: &'a Value) -> Option<Self> {
        let tables = dataset["tables"].as_array()?;
        let rows = |table: &Value| table["rows"].as_u64().unwrap_or(0);
        let named =
            tables.iter().find(|t| t["name"].is_string() && t["name"] == dataset["main_table"]);
        let table = named.or_else(|| tables.iter().max_by_key(|table| rows(table)))?;
        let name = table["name"].as_str()?;
        let file = table["path"].as_str().map_or_else(|| format!("{name}.parquet"), str::to_owned);
        let columns = table["columns"].as_array()?.iter().filter_map(|column| {
            Some(Column {
                name: column["name"].as_str()?,
                kind: column["kind"].as_str().unwrap_or_default(),
                unique: column["unique"].as_u64().unwrap_or(0),
                missing: column["missing"].as_u64().unwrap_or(0),
            })
        });
        let others =
            tables.iter().filter_map(|t| t["name"].as_str()).filter(|other| *other != name);
        Some(Self {
            file,
            rows: rows(table),
            columns: columns.collect(),
            others: others.map(str::to_owned).collect(),
        })
    }

    pub(super) fn width(&self) -> u64 {
        self.columns.len() as u64
    }

    fn has(&self, name: &str) -> Option<&Column<'a>> {
        self.columns.iter().find(|column| column.name == name)
    }
}

const PREDICT: [&str; 14] = [
    "predict",
    "target",
    "forecast",
    "classify",
    "estimate",
    "label",
    "outcome",
    "tell",
    "explain",
    "model",
    "vorhersag",
    "prédi",
    "whether",
    "which",
];
const IGNORE: [&str; 8] =
    ["ignore", "exclude", "leave out", "without", "drop", "don't use", "do not use", "skip"];

/// Chooses the target.
///
/// *Errors*: one sentence for the user when there is none.
pub(super) fn choose(brief: &Brief, table: &Table<'_>) -> Result<Target, String> {
    let told = brief.target.as_deref().or(brief.dataset["target"]["name"].as_str());
    if let Some(name) = told {
        let wanted = name.trim();
        let column = table.has(name).or_else(|| table.has(wanted)).or_else(|| {
            table.columns.iter().find(|c| c.name.to_lowercase() == wanted.to_lowercase())
        });
        return match column {
            Some(column) => {
                Ok(Target { column: column.name.to_owned(), reason: "the user named it".into() })
            }
            None => Err(format!(
                "The table has no column `{wanted}` to predict; name one of its {} columns and run the stage again.",
                table.width()
            )),
        };
    }
    if let Some(column) = named_in_words(&brief.instructions, table, &PREDICT, &IGNORE) {
        let reason = "the instructions name it as what to predict".into();
        return Ok(Target { column, reason });
    }
    guess(table)
}

/// The columns that the instructions say to leave out.
pub(super) fn ignored(brief: &Brief, table: &Table<'_>, target: &str) -> Vec<String> {
    let words = brief.instructions.to_lowercase();
    let left_out = |column: &&Column<'_>| {
        mentions(&words, &column.name.to_lowercase())
            .any(|at| matches!(cue_before(&words[..at], &PREDICT, &IGNORE), Some(Cue::Ignore)))
    };
    let names = table.columns.iter().filter(left_out).map(|column| column.name);
    names.filter(|name| *name != target).map(str::to_owned).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cue {
    Predict,
    Ignore,
}

/// The column that follows a word of prediction most closely; of equals the one with the longer name.
fn named_in_words(
    instructions: &str,
    table: &Table<'_>,
    predict: &[&str],
    ignore: &[&str],
) -> Option<String> {
    let words = instructions.to_lowercase();
    let mut best: Option<(usize, std::cmp::Reverse<usize>, &str)> = None;
    for column in &table.columns {
        let lower = column.name.to_lowercase();
        let spaced = lower.replace(['_', '-', '.'], " ");
        let forms = if spaced == lower { vec![lower] } else { vec![lower, spaced] };
        for form in forms.iter().filter(|form| form.chars().count() > 1) {
            for at in mentions(&words, form) {
                if cue_before(&words[..at], predict, ignore) == Some(Cue::Predict) {
                    let candidate = (at, std::cmp::Reverse(form.len()), column.name);
                    best = Some(best.map_or(candidate, |before| before.min(candidate)));
                }
            }
        }
    }
    best.map(|(_, _, name)| name.to_owned())
}

/// The nearest word of either kind before a mention, within the same sentence.
fn cue_before(before: &str, predict: &[&str], ignore: &[&str]) -> Option<Cue> {
    let sentence = before.rfind(['.', '!', '?', ';', '\n']).map_or(before, |at| &before[at + 1..]);
    let nearest = |cues: &[&str]| cues.iter().filter_map(|cue| sentence.rfind(cue)).max();
    match (nearest(predict), nearest(ignore)) {
        (Some(p), Some(i)) => Some(if p > i { Cue::Predict } else { Cue::Ignore }),
        (Some(_), None) => Some(Cue::Predict),
        (None, Some(_)) => Some(Cue::Ignore),
        (None, None) => None,
    }
}

/// Where `name` stands in `text` as a word of its own.
fn mentions<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(name).filter_map(move |(at, found)| {
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let whole = !inside(text[..at].chars().next_back())
            && !inside(text[at + found.len()..].chars().next());
        (whole && !found.is_empty()).then_some(at)
    })
}

const HINTS: [&str; 34] = [
    "target",
    "label",
    "class",
    "outcome",
    "response",
    "y",
    "churn",
    "churned",
    "survived",
    "diagnosis",
    "species",
    "price",
    "quality",
    "default",
    "income",
    "fraud",
    "salary",
    "rating",
    "score",
    "category",
    "result",
    "status",
    "cultivar",
    "variety",
    "approved",
    "purchased",
    "converted",
    "clicked",
    "late",
    "sales",
    "revenue",
    "demand",
    "value",
    "cost",
];

/// A guess from names, position and kinds.
fn guess(table: &Table<'_>) -> Result<Target, String> {
    let last = table.columns.len().saturating_sub(1);
    let scored = table.columns.iter().enumerate().filter_map(|(position, column)| {
        let present = table.rows.saturating_sub(column.missing);
        let usable = match column.kind {
            "numeric" => column.unique >= 2,
            "boolean" => column.unique == 2,
            "categorical" => (2..=100).contains(&column.unique) && column.unique * 3 <= present,
            _ => false,
        };
        let lower = column.name.to_lowercase();
        let named = HINTS.contains(&lower.as_str())
            || HINTS.iter().any(|hint| {
                hint.len() > 3
                    && lower.split(|c: char| !c.is_alphanumeric()).any(|word| word == *hint)
            });
        let score = 4 * u8::from(named) + 3 * u8::from(position == last) + u8::from(position == 0);
        (usable && (named || position == last)).then_some((score, position, column.name, named))
    });
    match scored.max_by_key(|(score, position, ..)| (*score, *position)) {
        Some((_, position, name, named)) => {
            let why = match (named, position == last) {
                (true, true) => "its name says so and it is the last column",
                (true, false) => "its name says so",
                (false, _) => "it is the last column, where targets often stand",
            };
            let reason = format!("nobody named one, and {why}: a guess to be confirmed");
            Ok(Target { column: name.to_owned(), reason })
        }
        None => Err("Nothing says which column to predict, and no column's name or place suggests one; name \
                     the target and run the stage again."
            .into()),
    }
}

/// Whether the user's words, or what the describe runner made of the target, ask for a kind of problem.
pub(super) fn task_hint(brief: &Brief, target: &str) -> Option<&'static str> {
    let words = brief.instructions.to_lowercase();
    if words.contains("regress") {
        return Some("regression");
    }
    if words.contains("classif") {
        return Some("classification");
    }
    let about = &brief.dataset["target"];
    match about["problem_type"].as_str() {
        Some("regression") if about["name"] == target => Some("regression"),
        Some("binary" | "multiclass" | "classification") if about["name"] == target => {
            Some("classification")
        }
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autopilot::testing::brief;
    use entity::vocab::Stage;
    use serde_json::json;

    fn columns(names: &[(&str, &str, u64)]) -> Value {
        let columns: Vec<_> = names
            .iter()
            .map(|(name, kind, unique)| json!({"name": name, "kind": kind, "unique": unique, "missing": 0}))
            .collect();
        json!({"tables": [{"name": "t", "path": "t.parquet", "rows": 300, "columns": columns}], "main_table": "t"})
    }

    #[track_caller]
    fn check(
        target: Option<&str>,
        words: &str,
        names: &[(&str, &str, u64)],
        expect: Result<&str, &str>,
    ) {
        let mut brief = brief(Stage::Eda);
        brief.target = target.map(str::to_owned);
        brief.instructions = words.to_owned();
        brief.dataset = columns(names);
        let table = Table::main(&brief.dataset).unwrap();
        match (choose(&brief, &table), expect) {
            (Ok(found), Ok(wanted)) => assert_eq!(found.column, wanted, "{}", found.reason),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (found, _) => panic!("{found:?}"),
        }
    }

    const HOUSES: [(&str, &str, u64); 4] = [
        ("id", "identifier", 300),
        ("price", "numeric", 280),
        ("sale_year", "numeric", 5),
        ("town", "categorical", 9),
    ];

    #[test]
    fn finds_the_target() {
        check(Some("town"), "predict price", &HOUSES, Ok("town"));
        check(Some(" Town "), "", &HOUSES, Ok("town"));
        check(Some("rooms"), "", &HOUSES, Err("no column `rooms`"));
        check(None, "Please predict the sale year.", &HOUSES, Ok("sale_year"));
        check(None, "Ignore town. Predict sale_year from price", &HOUSES, Ok("sale_year"));
        check(None, "", &HOUSES, Ok("price"));
        check(None, "", &[("a", "numeric", 9), ("b", "numeric", 9)], Ok("b"));
        check(None, "", &[("a", "numeric", 9), ("b", "identifier", 300)], Err("name the target"));
    }

    #[test]
    fn leaves_out_what_it_is_told_to() {
        let mut brief = brief(Stage::Eda);
        brief.instructions = "Predict price; do not use town or sale_year.".into();
        brief.dataset = columns(&HOUSES);
        let table = Table::main(&brief.dataset).unwrap();
        assert_eq!(ignored(&brief, &table, "price"), ["sale_year", "town"]);
    }
}
