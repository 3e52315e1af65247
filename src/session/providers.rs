//! The model providers that this server has, by name: those that are ready, and those that are not
//! with the reason.

use crate::{
    event::Driver,
    llm::{
        LlmProvider,
        catalog::{Catalog, ModelInfo},
    },
};
use entity::vocab::Effort;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, timeout};

/// How long a provider may take to say which models it has.
const ASK: Duration = Duration::from_secs(4);
/// How long its answer is believed.
const FRESH: Duration = Duration::from_secs(60);
/// Models of one provider that people choose from.
const MAX_MODELS: usize = 500;

/// The providers, which of them is taken when none is named, and what is known of their models.
#[derive(Clone)]
pub struct Providers {
    all: Vec<Standing>,
    default: String,
    catalog: Arc<Catalog>,
    asked: Arc<Mutex<Asked>>,
}

/// What providers said of their models, and when.
type Asked = HashMap<String, (Instant, Vec<String>)>;

#[derive(Clone)]
struct Standing {
    info: ProviderInfo,
    provider: Option<Arc<dyn LlmProvider>>,
}

/// What people choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderInfo {
    pub name: String,
    pub default_model: String,
    /// Why it cannot be used, in one sentence with the way out; `None` when it can.
    pub reason: Option<String>,
    pub is_default: bool,
    /// It answers what a person says.
    pub converses: bool,
}

/// A model that a provider offers, with what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedModel {
    pub id: String,
    pub info: Option<ModelInfo>,
}

/// Who is asked to drive; what is absent takes its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverRequest {
    pub provider: Option<String>,
    pub model: Option<String>,
    pub effort: Option<Effort>,
}

impl DriverRequest {
    /// Nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why a provider cannot drive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProvider {
    #[error("there is no provider `{name}`; choose one of {known}")]
    Unknown { name: String, known: String },
    #[error("the provider `{name}` is not ready: {reason}")]
    NotReady { name: String, reason: String },
    #[error("the provider `{0}` has no model of its own; name one")]
    NoModel(String),
}

impl Providers {
    /// A set of one, which is the default.
    pub fn new(default: Arc<dyn LlmProvider>) -> Self {
        let set = Self {
            all: Vec::new(),
            default: default.name().to_owned(),
            catalog: Arc::new(Catalog::builtin()),
            asked: Arc::default(),
        };
        set.with(default)
    }

    /// Adds one that is ready.
    pub fn with(mut self, provider: Arc<dyn LlmProvider>) -> Self {
        let info = ProviderInfo {
            name: provider.name().to_owned(),
            default_model: provider.default_model().to_owned(),
            reason: None,
            is_default: provider.name() == self.default,
            converses: provider.converses(),
        };
        self.all.push(Standing { info, provider: Some(provider) });
        self
    }

    /// Adds one that is not ready.
    pub fn without(mut self, name: &str, default_model: &str, reason: &str) -> Self {
        let info = ProviderInfo {
            name: name.to_owned(),
            default_model: default_model.to_owned(),
            reason: Some(reason.to_owned()),
            is_default: name == self.default,
            converses: true,
        };
        self.all.push(Standing { info, provider: None });
        self
    }

    /// Takes this one when none is named.
    pub fn by_default(mut self, name: &str) -> Self {
        self.default = name.to_owned();
        for standing in &mut self.all {
            standing.info.is_default = standing.info.name == name;
        }
        self
    }

    /// Takes the facts about models from here.
    pub fn knowing(mut self, catalog: Arc<Catalog>) -> Self {
        self.catalog = catalog;
        self
    }

    /// The provider of a name, or the default one.
    pub fn get(&self, name: Option<&str>) -> Result<Arc<dyn LlmProvider>, NoProvider> {
        let name = name.unwrap_or(&self.default);
        let Some(standing) = self.all.iter().find(|standing| standing.info.name == name) else {
            let known: Vec<_> = self.all.iter().map(|s| format!("`{}`", s.info.name)).collect();
            return Err(NoProvider::Unknown { name: name.to_owned(), known: known.join(", ") });
        };
        standing.provider.clone().ok_or_else(|| NoProvider::NotReady {
            name: name.to_owned(),
            reason: standing.info.reason.clone().unwrap_or_default(),
        })
    }

    /// Who drives when this is asked for; what is absent comes from `otherwise`, then from the
    /// server's defaults.
    pub fn driver(
        &self,
        asked: &DriverRequest,
        otherwise: Option<&Driver>,
    ) -> Result<Driver, NoProvider> {
        let name = asked.provider.as_deref().or(otherwise.map(|driver| driver.provider.as_str()));
        let provider = self.get(name)?;
        // Another provider's model and effort say nothing about this one's.
        let same = otherwise.filter(|driver| driver.provider == provider.name());
        let model = asked.model.clone().or(same.map(|driver| driver.model.clone()));
        let model = model.unwrap_or_else(|| provider.default_model().to_owned());
        if model.trim().is_empty() {
            return Err(NoProvider::NoModel(provider.name().to_owned()));
        }
        let effort = asked.effort.or(same.and_then(|driver| driver.effort));
        Ok(Driver { provider: provider.name().to_owned(), model, effort })
    }

    /// What is known of a model.
    pub fn model(&self, provider: &str, model: &str) -> Option<&ModelInfo> {
        self.catalog.find(provider, model)
    }

    pub fn list(&self) -> Vec<ProviderInfo> {
        self.all.iter().map(|standing| standing.info.clone()).collect()
    }

    /// The models that people choose from: what the provider says it has, else what the catalogue
    /// knows of it, with the default one first.
    pub async fn models(&self, name: &str) -> Vec<OfferedModel> {
        let Some(standing) = self.all.iter().find(|standing| standing.info.name == name) else {
            return Vec::new();
        };
        let mut ids = match &standing.provider {
            Some(provider) => self.offered(name, provider.as_ref()).await,
            None => Vec::new(),
        };
        if ids.is_empty() {
            ids = self.catalog.ids(name).into_iter().map(str::to_owned).collect();
        }
        let default = &standing.info.default_model;
        ids.retain(|id| id != default);
        if !default.is_empty() {
            ids.insert(0, default.clone());
        }
        ids.truncate(MAX_MODELS);
        let known = |id: String| OfferedModel { info: self.model(name, &id).cloned(), id };
        ids.into_iter().map(known).collect()
    }

    async fn offered(&self, name: &str, provider: &dyn LlmProvider) -> Vec<String> {
        let known = self.lock().get(name).cloned();
        if let Some((at, ids)) = known
            && at.elapsed() < FRESH
        {
            return ids;
        }
        let ids = match timeout(ASK, provider.models()).await {
            Ok(Ok(ids)) => ids,
            Ok(Err(error)) => {
                tracing::info!(provider = name, %error, "the models could not be asked for");
                Vec::new()
            }
            Err(_) => Vec::new(),
        };
        self.lock().insert(name.to_owned(), (Instant::now(), ids.clone()));
        ids
    }

    /// Asks the provider again when its models are wanted next: they have just changed.
    pub fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Asked> {
        // A map of answers is whole after any panic.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
