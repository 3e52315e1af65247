//! The folders of a recorded session and those of the one in which it is played.

use super::{Brief, recording::RecordedRun};
use serde_json::Value;

/// The recorded folders and this session's, the longer recorded path first.
pub(super) struct Folders<'a>([(&'a str, &'a str); 2]);

impl<'a> Folders<'a> {
    pub(super) fn between(run: &'a RecordedRun, brief: &'a Brief) -> Self {
        let mut folders = [
            (run.dataset_dir.as_str(), brief.dataset_dir.as_str()),
            (run.session_dir.as_str(), brief.session_dir.as_str()),
        ];
        folders.sort_by_key(|(recorded, _)| std::cmp::Reverse(recorded.len()));
        Self(folders)
    }

    /// The value with every recorded folder in its strings replaced, at any depth.
    pub(super) fn moved(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.moved_text(text)),
            Value::Array(values) => values.iter().map(|value| self.moved(value)).collect(),
            Value::Object(fields) => {
                let moved = |(key, value): (&String, &Value)| (key.clone(), self.moved(value));
                Value::Object(fields.iter().map(moved).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// In one pass, so that what was put in is never replaced again.
    fn moved_text(&self, text: &str) -> String {
        let mut moved = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let folder = self.0.iter().find_map(|(recorded, ours)| {
                let after = rest.strip_prefix(recorded)?;
                // `/data/s1` is not a part of `/data/s10`.
                let whole = !after.starts_with(|c: char| c.is_alphanumeric() || "_-".contains(c));
                whole.then_some((ours, after))
            });
            match folder {
                Some((ours, after)) => {
                    moved.push_str(ours);
                    rest = after;
                }
                None => {
                    moved.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_folders_are_replaced_wherever_they_stand() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            // The second is below the first, and what replaces it holds the first again.
            let mut folders = [("/data/d", "/data/s/new"), ("/data/d/s", "/x/data/d")];
            folders.sort_by_key(|(recorded, _)| std::cmp::Reverse(recorded.len()));
            assert_eq!(Folders(folders).moved_text(text), expect);
        }
        for (text, expect) in [
            ("", ""),
            ("/data/d", "/data/s/new"),
            ("/data/d/s", "/x/data/d"),
            ("'/data/d/t.csv' and \"/data/d/s/eda\"", "'/data/s/new/t.csv' and \"/x/data/d/eda\""),
            ("/data/d/s/data/d", "/x/data/d/data/s/new"),
            ("in /data/d.", "in /data/s/new."),
            ("/data/d1 /data/d_ /data/d-2 /data/dé", "/data/d1 /data/d_ /data/d-2 /data/dé"),
            ("/data/d/s2", "/data/s/new/s2"),
            ("é/data/dé /data", "é/data/dé /data"),
        ] {
            check(text, expect);
        }
    }
}
