//! Paths and names of volumes, parsed once at the edge.

use std::{fmt, str::FromStr};

/// The longest path that is served, in bytes.
const MAX_PATH: usize = 1024;
/// The longest name of one file or folder, in bytes.
const MAX_NAME: usize = 255;

/// The name of a volume: one or more lower-case segments, `sessions/0192…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeName(String);

impl VolumeName {
    /// Parses a name made of segments of `a-z`, `0-9` and `-`.
    pub fn parse(name: &str) -> Result<Self, PathError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.split('/').all(|s| !s.is_empty() && s.len() <= 64 && s.chars().all(plain)) {
            Ok(Self(name.to_owned()))
        } else {
            Err(PathError(name.escape_debug().to_string(), "is not a volume's name"))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VolumeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A relative path inside a volume: no empty, `.` or `..` segment, no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumePath(String);

/// Why a text is no path of a volume.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path `{0}` {1}")]
pub struct PathError(String, &'static str);

impl PathError {
    /// What is wrong with it, without the path: `has a control character`.
    pub fn reason(&self) -> &'static str {
        self.1
    }
}

impl VolumePath {
    /// Parses a path; a leading slash, `..` and control characters are refused, never mended.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        let refuse = |why| {
            let shown: String = path.chars().take(120).collect();
            Err(PathError(shown.escape_debug().to_string(), why))
        };
        if path.is_empty() {
            return refuse("is empty");
        }
        if path.len() > MAX_PATH {
            return refuse("is too long");
        }
        if path.chars().any(char::is_control) {
            return refuse("has a control character");
        }
        for segment in path.split('/') {
            match segment {
                "" => return refuse("has an empty segment"),
                "." | ".." => return refuse("has a `.` or `..` segment"),
                s if s.len() > MAX_NAME => return refuse("has a segment that is too long"),
                _ => {}
            }
        }
        Ok(Self(path.to_owned()))
    }

    /// A path below this one.
    pub fn join(&self, tail: &str) -> Result<Self, PathError> {
        Self::parse(&format!("{}/{}", self.0, tail))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// True for bookkeeping that is no output: names that start with a dot, and Python's caches.
    pub fn is_hidden(&self) -> bool {
        self.0.split('/').any(|segment| segment.starts_with('.') || segment == "__pycache__")
    }

    /// The lower-case ending after the last dot, when there is one.
    pub fn extension(&self) -> Option<String> {
        let (stem, ending) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty()).then(|| ending.to_ascii_lowercase())
    }
}

impl FromStr for VolumePath {
    type Err = PathError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl fmt::Display for VolumePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: Result<&str, &str>) {
        let found = VolumePath::parse(path);
        match expect {
            Ok(text) => assert_eq!(found.map(|p| p.to_string()), Ok(text.to_owned())),
            Err(why) => assert_eq!(found.map_err(|e| e.1), Err(why)),
        }
    }

    #[test]
    fn paths_stay_inside() {
        check("eda/report.md", Ok("eda/report.md"));
        check("eda/figures/größe 📈.png", Ok("eda/figures/größe 📈.png"));
        check("", Err("is empty"));
        check("/etc/passwd", Err("has an empty segment"));
        check("eda//x", Err("has an empty segment"));
        check("../x", Err("has a `.` or `..` segment"));
        check("eda/../../x", Err("has a `.` or `..` segment"));
        check("eda/./x", Err("has a `.` or `..` segment"));
        check("eda/a\nb", Err("has a control character"));
        check("eda/a\0b", Err("has a control character"));
        check(&"a".repeat(256), Err("has a segment that is too long"));
        check(&"a/".repeat(600), Err("is too long"));
    }

    #[test]
    fn names_are_plain() {
        assert!(VolumeName::parse("sessions/0192-ab").is_ok());
        for name in ["", "Sessions", "a/../b", "/a", "a b", "a/"] {
            assert!(VolumeName::parse(name).is_err(), "{name:?}");
        }
    }
}
