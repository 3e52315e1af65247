//! The model catalogue: windows and prices by model, each with its sources and the day on which they were read.
//!
//! `catalog.json` holds what the program knows; a file of the same shape can replace entries and add some. A model that
//! neither knows is used all the same: its tokens are counted, its price is unknown.

use super::price::{LaterPrice, Price};
use chrono::NaiveDate;
use serde::Deserialize;
use std::{collections::BTreeSet, fs, path::Path};

const BUILTIN: &str = include_str!("catalog.json");

/// The largest catalogue file that is read.
const MAX_BYTES: u64 = 4 << 20;

/// The provider that speaks the wire format of many vendors: it may offer any model.
const ANY_VENDOR: &str = "openai";

/// What routers and lists put before an id, and whose models those are.
const PREFIXES: &[(&str, Option<&str>)] = &[
    ("anthropic/", Some("anthropic")),
    ("openai/", Some("openai")),
    ("google/", Some("google")),
    ("gemini/", Some("google")),
    // Gemini's own list of models.
    ("models/", Some("google")),
];

/// Every model that is known, of each provider the best first.
#[derive(Clone, Debug)]
pub struct Catalog {
    models: Vec<ModelInfo>,
}

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelInfo {
    pub id: String,
    /// Who offers it: `anthropic`, `openai` or `google`.
    pub provider: String,
    /// Other spellings of the id.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The window: input and output together, in tokens.
    pub context_tokens: u64,
    /// The longest answer, in tokens.
    pub max_output_tokens: u64,
    /// As of the day it was read; see [`ModelInfo::price_on`].
    pub price: Option<Price>,
    /// Changes that are announced, the earliest first.
    #[serde(default)]
    pub later: Vec<LaterPrice>,
    /// When the sources were read.
    pub read_on: Option<NaiveDate>,
    /// The pages that say so.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// Why a catalogue file is not used. One sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    #[error("the model catalogue `{path}` cannot be read: {why}")]
    Unreadable { path: String, why: String },
    #[error("the model catalogue `{path}` is larger than 4 MiB")]
    TooLarge { path: String },
    #[error("the model catalogue `{path}` is not as it should be: {why}")]
    Malformed { path: String, why: String },
    #[error("the model catalogue `{path}` names `{id}` of `{provider}` twice")]
    Twice { path: String, provider: String, id: String },
    #[error("the model catalogue `{path}` has a price below zero for `{id}`")]
    Price { path: String, id: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    models: Vec<ModelInfo>,
}

impl Catalog {
    /// What the program itself knows.
    pub fn builtin() -> Self {
        let models = parse("catalog.json", BUILTIN.as_bytes()).expect("the tests read it");
        Self { models }
    }

    /// What the program knows, under what a file says: its entries win and come first.
    pub fn load(over: Option<&Path>) -> Result<Self, CatalogError> {
        let Self { models } = Self::builtin();
        let Some(over) = over else { return Ok(Self { models }) };
        let path = over.display().to_string();
        let unreadable = |why: std::io::Error| CatalogError::Unreadable {
            path: path.clone(),
            why: why.to_string(),
        };
        if fs::metadata(over).map_err(unreadable)?.len() > MAX_BYTES {
            return Err(CatalogError::TooLarge { path });
        }
        let mut merged = parse(&path, &fs::read(over).map_err(unreadable)?)?;
        let named: BTreeSet<_> = merged.iter().map(ModelInfo::key).collect();
        let rest: Vec<_> =
            models.into_iter().filter(|model| !named.contains(&model.key())).collect();
        merged.extend(rest);
        Ok(Self { models: merged })
    }

    /// A model by the name that a provider uses for it: as it is, then without a vendor's prefix, then without a
    /// trailing date, `-latest` or tag. Never a neighbour.
    pub fn find(&self, provider: &str, model: &str) -> Option<&ModelInfo> {
        let named = |vendor: Option<&str>, id: &str| {
            let own = self.models.iter().filter(|model| match vendor {
                Some(vendor) => model.provider == vendor,
                None => model.provider == provider,
            });
            let any = self.models.iter().filter(|_| vendor.is_none() && provider == ANY_VENDOR);
            own.chain(any).find(|model| model.id == id || model.aliases.iter().any(|a| a == id))
        };
        let (vendor, plain) = without_prefix(model);
        let vendor = vendor.filter(|vendor| *vendor == provider || provider == ANY_VENDOR);
        named(None, model)
            .or_else(|| named(vendor, plain))
            .or_else(|| named(vendor, without_suffix(plain)))
    }

    /// The ids of a provider's models, best first.
    pub fn ids(&self, provider: &str) -> Vec<&str> {
        let own = self.models.iter().filter(|model| model.provider == provider);
        own.map(|model| model.id.as_str()).collect()
    }
}

impl ModelInfo {
    /// The price of a turn on a day; `None` when it is unknown.
    pub fn price_on(&self, day: NaiveDate) -> Option<&Price> {
        let changed = self.later.iter().rev().find(|later| later.from <= day);
        changed.map(|later| &later.price).or(self.price.as_ref())
    }

    fn key(&self) -> (String, String) {
        (self.provider.clone(), self.id.clone())
    }

    fn prices(&self) -> impl Iterator<Item = &Price> {
        self.price.iter().chain(self.later.iter().map(|later| &later.price))
    }
}

fn parse(path: &str, json: &[u8]) -> Result<Vec<ModelInfo>, CatalogError> {
    let path = path.to_owned();
    let File { models } = serde_json::from_slice(json)
        .map_err(|error| CatalogError::Malformed { path: path.clone(), why: error.to_string() })?;
    let mut seen = BTreeSet::new();
    for model in &models {
        let ModelInfo { provider, id, .. } = model;
        if !seen.insert(model.key()) {
            return Err(CatalogError::Twice { path, provider: provider.clone(), id: id.clone() });
        }
        if model.prices().flat_map(Price::numbers).any(|price| price < 0.0) {
            return Err(CatalogError::Price { path, id: id.clone() });
        }
    }
    Ok(models)
}

/// The vendor that a prefix names, and the id without it.
fn without_prefix(model: &str) -> (Option<&str>, &str) {
    PREFIXES
        .iter()
        .find_map(|(prefix, vendor)| Some((*vendor, model.strip_prefix(prefix)?)))
        .unwrap_or((None, model))
}

/// The id without `-20251001`, `-2026-03-05`, `-latest` or `:tag`.
fn without_suffix(id: &str) -> &str {
    let id = id.split_once(':').map_or(id, |(id, _)| id);
    if let Some(id) = id.strip_suffix("-latest") {
        return id;
    }
    let shapes = ["-dddddddd", "-dddd-dd-dd"];
    let fits = |shape: &str, end: &str| {
        shape.chars().zip(end.chars()).all(|(expect, c)| match expect {
            'd' => c.is_ascii_digit(),
            other => c == other,
        })
    };
    shapes
        .into_iter()
        .find_map(|shape| {
            let (start, end) = id.split_at_checked(id.len().checked_sub(shape.len())?)?;
            (end.len() == end.chars().count() && fits(shape, end)).then_some(start)
        })
        .unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_builtin_entry_is_whole() {
        let catalog = Catalog::builtin();
        assert!(catalog.models.len() >= 15);
        let mut names = BTreeSet::new();
        for model in &catalog.models {
            let ModelInfo { id, .. } = model;
            assert!(["anthropic", "openai", "google"].contains(&model.provider.as_str()), "{id}");
            assert!(model.max_output_tokens < model.context_tokens, "{id}");
            assert!(model.price.is_some() && model.read_on.is_some(), "{id}");
            assert!(model.sources.iter().any(|source| source.starts_with("https://")), "{id}");
            assert!(model.later.is_sorted_by_key(|later| later.from), "{id}");
            for name in model.aliases.iter().chain([id]) {
                assert!(names.insert(name.clone()), "`{name}` is the name of two models");
                assert_eq!(
                    without_suffix(name),
                    name,
                    "a name that looks dated is never found plain"
                );
            }
            for price in model.prices() {
                assert!(price.input > 0.0 && price.input < price.output, "{id}");
                assert!(price.cache_read.is_none_or(|read| read < price.input), "{id}");
                assert!(price.cache_write.is_none_or(|write| write >= price.input), "{id}");
                assert!(price.long.is_none_or(|long| long.input > price.input), "{id}");
            }
        }
    }

    #[test]
    fn finds_by_name_and_never_a_neighbour() {
        #[track_caller]
        fn check(provider: &str, model: &str, expect: Option<&str>) {
            let catalog = Catalog::builtin();
            assert_eq!(catalog.find(provider, model).map(|model| model.id.as_str()), expect);
        }
        for (provider, model, expect) in [
            ("anthropic", "claude-opus-5-5", "claude-opus-5-5"),
            ("anthropic", "claude-opus-5", "claude-opus-5"),
            ("anthropic", "claude-opus-5.5", "claude-opus-5-5"),
            ("anthropic", "anthropic/claude-opus-5-5", "claude-opus-5-5"),
            ("anthropic", "claude-haiku-4-5-20251001", "claude-haiku-4-5"),
            ("anthropic", "claude-haiku-4-5-latest", "claude-haiku-4-5"),
            ("openai", "gpt-5", "gpt-5"),
            ("openai", "gpt-5-mini", "gpt-5-mini"),
            ("openai", "gpt-5-2025-08-07", "gpt-5"),
            ("openai", "gpt-5-mini-2025-08-07", "gpt-5-mini"),
            ("openai", "openai/gpt-6-luna", "gpt-6-luna"),
            // The same wire leads to other vendors, too.
            ("openai", "gemini-4-hydrogen", "gemini-4-hydrogen"),
            ("openai", "models/gemini-2.5-pro", "gemini-2.5-pro"),
            ("openai", "google/gemini-2.5-pro", "gemini-2.5-pro"),
            ("openai", "anthropic/claude-haiku-5.5", "claude-haiku-5-5"),
            ("openai", "anthropic/claude-sonnet-5-5:beta", "claude-sonnet-5-5"),
        ] {
            check(provider, model, Some(expect));
        }
        for (provider, model) in [
            ("openai", "gpt-5-nano"),
            ("openai", "gpt-5-pro"),
            ("openai", "gpt-5-codex-2025-08-07"),
            ("openai", "gpt-5-0807"),
            ("openai", "gpt"),
            ("openai", "gpt-5-"),
            ("openai", "gpt-5-2025-08-071"),
            ("openai", "google/gpt-5"),
            ("openai", "mistral/gpt-5"),
            ("openai", "llama3:8b"),
            ("openai", ""),
            ("openai", "é-latest"),
            ("openai", "模型模型模型模型"),
            ("anthropic", "gpt-5"),
            ("anthropic", "openai/gpt-5"),
            ("replay", "gpt-5"),
            ("autopilot", "autopilot-1"),
        ] {
            check(provider, model, None);
        }
    }

    #[test]
    fn a_change_that_is_announced_holds_from_its_day_on() {
        let catalog = Catalog::builtin();
        let argon = catalog.find("google", "gemini-4-argon").unwrap();
        for (on, input) in [("2026-11-25", 2.0), ("2026-11-30", 2.0), ("2026-12-01", 4.0)] {
            assert_eq!(argon.price_on(day(on)).unwrap().input, input, "{on}");
        }
    }

    #[test]
    fn the_ids_of_a_provider_come_best_first() {
        let catalog = Catalog::builtin();
        assert_eq!(catalog.ids("anthropic")[..2], ["claude-opus-5-5", "claude-fable-5-2"]);
        assert_eq!(catalog.ids("openai")[0], "gpt-6-sol");
        assert_eq!(catalog.ids("google")[0], "gemini-4-carbon");
        assert!(catalog.ids("autopilot").is_empty());
    }

    fn written(json: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("models.json");
        fs::write(&path, json).unwrap();
        (dir, path)
    }

    #[test]
    fn a_file_of_one_s_own_wins() {
        let (_dir, path) = written(
            r#"{"models": [
                {"id": "gpt-5", "provider": "openai", "context_tokens": 9, "max_output_tokens": 8,
                 "price": {"input": 0, "output": 0.5}},
                {"id": "qwen3:8b", "provider": "openai", "context_tokens": 32768, "max_output_tokens": 8192}
            ]}"#,
        );
        let catalog = Catalog::load(Some(&path)).unwrap();
        let gpt = catalog.find("openai", "gpt-5-2025-08-07").unwrap();
        assert_eq!((gpt.context_tokens, gpt.price.unwrap().output), (9, 0.5));
        assert_eq!(catalog.find("openai", "qwen3:8b").unwrap().price, None);
        assert_eq!(catalog.ids("openai")[..3], ["gpt-5", "qwen3:8b", "gpt-6-sol"]);
        assert_eq!(catalog.models.len(), Catalog::builtin().models.len() + 1);
        assert_eq!(Catalog::load(None).unwrap().models, Catalog::builtin().models);
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        #[track_caller]
        fn check(json: &str, expect: &str) {
            let (_dir, path) = written(json);
            let error = Catalog::load(Some(&path)).unwrap_err().to_string();
            let name = path.display().to_string();
            assert_eq!(error.replace(&name, "F"), expect);
        }
        let entry = |price: &str| {
            format!(
                r#"{{"id": "m", "provider": "openai", "context_tokens": 9, "max_output_tokens": 8, "price": {price}}}"#
            )
        };
        let fine = entry("null");
        check(
            "models",
            "the model catalogue `F` is not as it should be: expected value at line 1 column 1",
        );
        check(
            "{}",
            "the model catalogue `F` is not as it should be: missing field `models` at line 1 column 2",
        );
        check(
            r#"{"models": [{"id": "m", "cost": 1}]}"#,
            "the model catalogue `F` is not as it should be: unknown field `cost`, expected one of `id`, `provider`, `aliases`, `context_tokens`, `max_output_tokens`, `price`, `later`, `read_on`, `sources` at line 1 column 30",
        );
        check(
            &format!(r#"{{"models": [{fine}, {fine}]}}"#),
            "the model catalogue `F` names `m` of `openai` twice",
        );
        check(
            &format!(r#"{{"models": [{}]}}"#, entry(r#"{"input": 1, "output": -1}"#)),
            "the model catalogue `F` has a price below zero for `m`",
        );
        check(&" ".repeat(5 << 20), "the model catalogue `F` is larger than 4 MiB");
        let missing = Catalog::load(Some(Path::new("/nowhere/models.json"))).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the model catalogue `/nowhere/models.json` cannot be read: No such file or directory (os error 2)"
        );
    }
}
