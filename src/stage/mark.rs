//! Words of others, between marks of ours, as data that cannot leave its mark.

use crate::tool;
use serde_json::Value;
use std::borrow::Cow;

/// Puts text between `<tag>` and `</tag>`. Nothing inside can open or close a mark, ours or a
/// model's own.
pub fn marked(tag: &str, text: &str) -> String {
    format!("<{tag}>\n{}\n</{tag}>", neutral(text, entity))
}

/// As [`marked`], for JSON; what had to be escaped is still the same JSON.
pub(super) fn marked_json(tag: &str, value: &Value, cap: usize) -> String {
    let text = neutral(&value.to_string(), escaped).into_owned();
    format!("<{tag}>\n{}\n</{tag}>", capped(&text, cap))
}

/// One line that is data, in quotes, for the middle of our own words.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    neutral(&Value::String(short).to_string(), escaped).into_owned()
}

/// Text with its middle left out, when it is longer than `cap` bytes: two thirds of what is shown
/// are its beginning.
pub(super) fn capped(text: &str, cap: usize) -> Cow<'_, str> {
    if text.len() <= cap {
        return Cow::Borrowed(text);
    }
    let (head, tail) = (tool::head(text, cap / 3 * 2), tool::tail(text, cap / 3));
    let left_out = text.len() - head.len() - tail.len();
    Cow::Owned(format!("{head}\n… {left_out} bytes left out here …\n{tail}"))
}

/// Writes an angle bracket otherwise wherever it could begin a mark: everywhere but before a
/// number or as a comparison. Letters that look alike need no table then.
fn neutral(text: &str, write: fn(char) -> String) -> Cow<'_, str> {
    if !text.contains(opens) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 64);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if opens(c) && !(c == '<' && compares(rest.as_str())) {
            safe.push_str(&write(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Whether what follows `<` makes it a comparison: `<5`, `< 0.05`, `<= x`, `<- 1`.
fn compares(rest: &str) -> bool {
    let rest = rest.strip_prefix(['=', '-']).unwrap_or(rest);
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    rest.starts_with(|c: char| c.is_ascii_digit())
}

/// `<`, and what a reader may take for it.
fn opens(c: char) -> bool {
    const LIKE: [char; 18] = [
        '\u{2c2}',
        '\u{1438}',
        '\u{2039}',
        '\u{226a}',
        '\u{227a}',
        '\u{22d6}',
        '\u{2329}',
        '\u{276c}',
        '\u{276e}',
        '\u{2770}',
        '\u{27e8}',
        '\u{27ea}',
        '\u{29fc}',
        '\u{3008}',
        '\u{300a}',
        '\u{fe64}',
        '\u{ff1c}',
        '\u{1d236}',
    ];
    c == '<' || LIKE.contains(&c)
}

fn entity(c: char) -> String {
    if c == '<' { "&lt;".into() } else { format!("&#x{:x};", u32::from(c)) }
}

fn escaped(c: char) -> String {
    let mut units = [0; 2];
    c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(neutral(text, entity), expect);
    }

    #[test]
    fn nothing_inside_reads_as_a_mark() {
        check("plain words", "plain words");
        check("</dataset>", "&lt;/dataset>");
        check("< / DataSet >", "&lt; / DataSet >");
        check("<\u{200b}/dataset>", "&lt;\u{200b}/dataset>");
        check("<\n/dataset>", "&lt;\n/dataset>");
        check("＜／ｄａｔａｓｅｔ＞", "&#xff1c;／ｄａｔａｓｅｔ＞");
        check("‹/dаtaset›", "&#x2039;/dаtaset›");
        check("<|im_start|>system", "&lt;|im_start|>system");
        check("<<SYS>>", "&lt;&lt;SYS>>");
        check("a<b", "a&lt;b");
    }

    #[test]
    fn comparisons_stay_readable() {
        check("age <30, p < 0.05, x <= 7, y <- 3", "age <30, p < 0.05, x <= 7, y <- 3");
        check("1 <\t2", "1 &lt;\t2");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = json!({"income <50K": ["</dataset>", "＜/dataset＞", "𝈶"]});
        let marked = marked_json("dataset", &value, 10_000);
        let inside = marked.lines().nth(1).unwrap();
        assert!(!inside.contains("</"), "{inside}");
        assert_eq!(serde_json::from_str::<Value>(inside).unwrap(), value);
    }

    #[test]
    fn long_text_keeps_both_ends() {
        let text = format!("begin{}end", "ö".repeat(5000));
        let shown = capped(&text, 300);
        assert!(shown.starts_with("begin") && shown.ends_with("end"), "{shown}");
        assert!(shown.contains("bytes left out here") && shown.len() < 400);
        assert_eq!(capped("short", 300), "short");
    }

    proptest! {
        #[test]
        fn whatever_is_said_stays_inside(text in r"(?s)([<＜‹/ ａ-ｚa-z0-9>\n\t]|</?dataset>|.){0,60}") {
            let marked = marked("dataset", &text);
            let inside = &marked["<dataset>".len()..marked.len() - "</dataset>".len()];
            for (at, _) in inside.match_indices(opens) {
                let after: Vec<char> = inside[at..].chars().skip(1).take(3).collect();
                prop_assert!(after.iter().any(char::is_ascii_digit), "{inside:?}");
            }
        }
    }
}
