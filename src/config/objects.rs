//! Where objects are kept.

use super::Reader;
use crate::objects::{is_bucket, s3::S3Settings};

/// The prefix when none is set.
const PREFIX: &str = "trainable";
/// The region when none is set. Stores that are not AWS take any.
const REGION: &str = "us-east-1";

/// Where objects are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objects {
    /// In a folder of the data directory.
    Folder,
    S3(S3Settings),
}

impl Objects {
    /// A bucket that is set means S3. Keys alone do not: they stand in many an environment.
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let Some(bucket) = reader.text("S3_BUCKET") else {
            for name in ["S3_ENDPOINT", "S3_PREFIX"] {
                if reader.text(name).is_some() {
                    reader.problems.push(format!(
                        "{name} is set without a bucket; set S3_BUCKET too, or unset {name}"
                    ));
                }
            }
            return Objects::Folder;
        };
        if !is_bucket(&bucket) {
            reader.problems.push(format!(
                "S3_BUCKET is `{bucket}`, which no bucket is named; give 3 to 63 letters, digits, dots and hyphens"
            ));
        }
        let endpoint = address(reader);
        let prefix = prefix(reader);
        let region = reader.text("AWS_REGION").or_else(|| reader.text("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| REGION.to_owned());
        if !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            reader
                .problems
                .push("AWS_REGION is no name of a region; give one such as `eu-west-1`".into());
        }
        let mut key = |name: &str| {
            let key = key(reader, name);
            if key.is_none() && reader.text(name).is_none() {
                reader.problems.push(format!("S3_BUCKET is set without {name}; set it too"));
            }
            key.unwrap_or_default()
        };
        let access_key = key("AWS_ACCESS_KEY_ID");
        let secret_key = key("AWS_SECRET_ACCESS_KEY");
        let session_token = self::key(reader, "AWS_SESSION_TOKEN");
        Objects::S3(S3Settings {
            endpoint,
            bucket,
            prefix,
            region,
            access_key,
            secret_key,
            session_token,
        })
    }
}

/// A key, which is never shown.
fn key(reader: &mut Reader<'_>, name: &str) -> Option<String> {
    let text = reader.text(name)?;
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || !c.is_ascii()) {
        reader.problems.push(format!("{name} holds characters that no key has; set it again"));
        return None;
    }
    Some(text)
}

fn address(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text("S3_ENDPOINT")?;
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.map(|host| host.trim_end_matches('/'));
    match host {
        // A path would be signed in one way here and in another there.
        Some(host) if !host.is_empty() && !host.contains(['@', '?', '#', ' ', '/']) => {
            Some(text.trim_end_matches('/').to_owned())
        }
        Some(_) | None => {
            // Not shown: people put passwords into addresses.
            reader.problems.push(
                "S3_ENDPOINT is not an address; give one such as `http://127.0.0.1:9000`, without a path"
                    .into(),
            );
            None
        }
    }
}

fn prefix(reader: &mut Reader<'_>) -> String {
    let Some(text) = reader.text("S3_PREFIX") else { return PREFIX.to_owned() };
    let text = text.trim_matches('/');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let good = |s: &str| !matches!(s, "" | "." | "..") && s.chars().all(plain);
    // `/` alone: the whole bucket is ours.
    if text.is_empty() || (text.len() <= 200 && text.split('/').all(good)) {
        return text.to_owned();
    }
    reader.problems.push(format!(
        "S3_PREFIX is `{text}`; give a folder such as `trainable` of letters, digits, dots, hyphens and `_`"
    ));
    PREFIX.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    #[track_caller]
    fn check(vars: &[(&str, &str)], expect: Result<Option<(&str, &str, &str)>, &[&str]>) {
        let env = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let found = Config::load(Flags::default(), &env);
        match (found, expect) {
            (Ok(config), Ok(expect)) => {
                let found = match &config.objects {
                    Objects::Folder => None,
                    Objects::S3(s3) => {
                        Some((s3.bucket.as_str(), s3.prefix.as_str(), s3.region.as_str()))
                    }
                };
                assert_eq!(found, expect);
                assert!(!format!("{config:?}").contains("hidden"), "a key is shown");
            }
            (Err(problems), Err(expect)) => {
                let found = problems.0;
                assert!(!found.concat().contains("hidden"), "a key is shown: {found:?}");
                assert_eq!(found.len(), expect.len(), "{found:?}");
                for (problem, part) in found.iter().zip(expect) {
                    assert!(problem.contains(part), "{problem:?} lacks {part:?}");
                }
            }
            (found, expect) => panic!("{found:?} is not {expect:?}"),
        }
    }

    #[test]
    fn a_bucket_means_s3() {
        let keys = [("AWS_ACCESS_KEY_ID", "hidden"), ("AWS_SECRET_ACCESS_KEY", "hidden")];
        let with = |more: &[(&'static str, &'static str)]| [&keys[..], more].concat();
        check(&[], Ok(None));
        check(&keys, Ok(None));
        check(&with(&[("S3_BUCKET", "data")]), Ok(Some(("data", "trainable", "us-east-1"))));
        let more =
            [("S3_BUCKET", "data"), ("S3_PREFIX", "/a/b/"), ("AWS_DEFAULT_REGION", "eu-west-1")];
        check(&with(&more), Ok(Some(("data", "a/b", "eu-west-1"))));
        check(
            &with(&[("S3_BUCKET", "data"), ("S3_PREFIX", "/")]),
            Ok(Some(("data", "", "us-east-1"))),
        );
        check(
            &[("S3_BUCKET", "data")],
            Err(&["without AWS_ACCESS_KEY_ID", "without AWS_SECRET_ACCESS_KEY"]),
        );
        check(
            &[("S3_ENDPOINT", "http://x"), ("S3_PREFIX", "a")],
            Err(&["S3_ENDPOINT", "S3_PREFIX"]),
        );
        check(
            &[
                ("S3_BUCKET", "a/b"),
                ("S3_ENDPOINT", "http://user:hidden@host"),
                ("S3_PREFIX", "a b"),
                ("AWS_REGION", "eu west"),
                ("AWS_ACCESS_KEY_ID", "hid den"),
                ("AWS_SECRET_ACCESS_KEY", "hidden\u{e9}"),
                ("AWS_SESSION_TOKEN", "hidden hidden"),
            ],
            Err(&[
                "no bucket is named",
                "S3_ENDPOINT",
                "S3_PREFIX",
                "AWS_REGION",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_SESSION_TOKEN",
            ]),
        );
    }
}
