//! The model providers that this server has, by name.

use crate::llm::LlmProvider;
use std::{collections::BTreeMap, sync::Arc};

/// The providers, and which of them is taken when none is named.
#[derive(Clone)]
pub struct Providers {
    by_name: BTreeMap<String, Arc<dyn LlmProvider>>,
    default: String,
}

/// What people choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    pub name: String,
    pub default_model: String,
    pub is_default: bool,
}

impl Providers {
    /// A set of one, which is the default.
    pub fn new(default: Arc<dyn LlmProvider>) -> Self {
        let name = default.name().to_owned();
        Self { by_name: BTreeMap::from([(name.clone(), default)]), default: name }
    }

    /// Adds one.
    pub fn with(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        self.by_name.insert(provider.name().to_owned(), provider);
        self
    }

    /// The provider of a name, or the default one.
    pub fn get(&self, name: Option<&str>) -> Option<Arc<dyn LlmProvider>> {
        self.by_name.get(name.unwrap_or(&self.default)).cloned()
    }

    pub fn list(&self) -> Vec<ProviderInfo> {
        let info = |provider: &Arc<dyn LlmProvider>| ProviderInfo {
            name: provider.name().to_owned(),
            default_model: provider.default_model().to_owned(),
            is_default: provider.name() == self.default,
        };
        self.by_name.values().map(info).collect()
    }
}
