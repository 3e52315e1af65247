//! Paths and names of volumes: what is accepted stays inside, and what is refused had to be.

use std::path::{Component, Path};
use trainable::sandbox::{VolumeName, VolumePath};

pub const WORDS: &[&[u8]] =
    &[b"..", b"../", b"/..", b"./", b"//", b"\0", b"\n", b"\xc2\x85", b"\xe2\x80\xae", b"/", b"."];

pub fn check(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    path(&text);
    name(&text);
    if let Some((folder, tail)) = text.split_once('|') {
        join(folder, tail);
    }
}

fn path(text: &str) {
    let found = VolumePath::parse(text);
    assert_eq!(found.is_ok(), stays_inside(text), "{text:?} gave {found:?}");
    match found {
        Ok(path) => {
            assert_eq!(path.to_string(), text);
            assert_eq!(path.as_str(), text);
            assert_eq!(VolumePath::parse(&path.to_string()), Ok(path.clone()));
            assert_eq!(text.parse(), Ok(path.clone()));
            assert_eq!(
                Path::new(text).file_name().and_then(|n| n.to_str()),
                Some(path.file_name())
            );
            assert!(path.extension().is_none_or(|ending| !ending.contains(['/', '.'])));
            let hidden = text.split('/').any(|s| s.starts_with('.') || s == "__pycache__");
            assert_eq!(path.is_hidden(), hidden);
        }
        Err(error) => {
            let said = error.to_string();
            assert!(!said.chars().any(char::is_control), "{said:?}");
            assert!(said.len() < 2_000, "{} bytes", said.len());
        }
    }
}

/// What the operating system's own reading of a path says.
fn stays_inside(text: &str) -> bool {
    let path = Path::new(text);
    let names: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_)
            | Component::RootDir
            | Component::CurDir
            | Component::ParentDir => None,
        })
        .collect();
    names.is_some_and(|names| {
        !names.is_empty()
            // The same names joined again: nothing was doubled, trailing or left out.
            && names.join("/") == text
            && text.len() <= 1024
            && names.iter().all(|name| name.len() <= 255)
            && !text.chars().any(|c| c.is_ascii_control() || ('\u{80}'..='\u{9f}').contains(&c))
    })
}

fn join(folder: &str, tail: &str) {
    let Ok(folder) = VolumePath::parse(folder) else { return };
    match folder.join(tail) {
        Ok(joined) => {
            assert!(Path::new(joined.as_str()).starts_with(folder.as_str()), "{joined:?}");
            assert_ne!(joined, folder);
            assert!(VolumePath::parse(tail).is_ok(), "{tail:?}");
        }
        Err(_) => {
            let whole = format!("{folder}/{tail}");
            assert!(!stays_inside(&whole), "{whole:?}");
        }
    }
}

fn name(text: &str) {
    let plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '/');
    match VolumeName::parse(text) {
        Ok(name) => {
            assert_eq!(name.to_string(), text);
            assert_eq!(VolumeName::parse(name.as_str()), Ok(name.clone()));
            assert!(text.chars().all(plain), "{text:?}");
            // A volume's name becomes a folder of the server, so it must be a path that stays inside.
            assert!(text.len() > 1024 || stays_inside(text), "{text:?}");
        }
        Err(error) => assert!(!error.to_string().chars().any(char::is_control)),
    }
}
