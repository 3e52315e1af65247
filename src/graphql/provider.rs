//! The model providers and their models.

use super::{context::api, scalars::Long};
use crate::session::{OfferedModel, ProviderInfo};
use async_graphql::{ComplexObject, Context, Object, SimpleObject};
use chrono::Utc;

/// A model provider.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Provider {
    /// Its name; give it when a stage is started.
    name: String,
    /// It can be used as the server is configured.
    available: bool,
    /// Why it cannot be used, with the way out.
    reason: Option<String>,
    /// The model that is taken when none is named.
    default_model: String,
    /// What it is, in one sentence.
    description: String,
    /// True for the one that is taken when none is named.
    is_default: bool,
    /// It answers what a person says while a session rests.
    converses: bool,
}

#[ComplexObject]
impl Provider {
    /// Its models, the default one first: what it says it has, else what the server knows of it.
    #[graphql(complexity = "200 + 20 * child_complexity")]
    async fn models(&self, context: &Context<'_>) -> Vec<Model> {
        let models = api(context).directory.parts().providers.models(&self.name).await;
        let shown = |offered: OfferedModel| shown(offered, &self.default_model);
        models.into_iter().map(shown).collect()
    }
}

/// A model of a provider.
#[derive(SimpleObject)]
pub struct Model {
    /// The provider's name for it.
    id: String,
    /// Its window, in tokens; null when it is not known.
    context_tokens: Option<Long>,
    /// The longest answer, in tokens; null when it is not known.
    max_output_tokens: Option<Long>,
    /// USD per million tokens read; null when the price is not known.
    input_usd_per_million: Option<f64>,
    /// USD per million tokens written.
    output_usd_per_million: Option<f64>,
    /// USD per million tokens read from the provider's cache.
    cache_read_usd_per_million: Option<f64>,
    /// USD per million tokens written to the provider's cache.
    cache_write_usd_per_million: Option<f64>,
    /// The day on which the price was read.
    price_read_on: Option<String>,
    /// True for the one that is taken when none is named.
    is_default: bool,
}

fn shown(offered: OfferedModel, default: &str) -> Model {
    let info = offered.info;
    let price = info.as_ref().and_then(|info| info.price_on(Utc::now().date_naive()));
    Model {
        is_default: offered.id == default,
        id: offered.id,
        context_tokens: info.as_ref().map(|info| info.context_tokens.into()),
        max_output_tokens: info.as_ref().map(|info| info.max_output_tokens.into()),
        input_usd_per_million: price.map(|price| price.input),
        output_usd_per_million: price.map(|price| price.output),
        cache_read_usd_per_million: price.and_then(|price| price.cache_read),
        cache_write_usd_per_million: price.and_then(|price| price.cache_write),
        price_read_on: info.and_then(|info| info.read_on).map(|day| day.to_string()),
    }
}

impl From<ProviderInfo> for Provider {
    fn from(info: ProviderInfo) -> Self {
        let description = match info.name.as_str() {
            "autopilot" => {
                "No model: a fixed policy that looks at the data and writes its own Python."
            }
            "anthropic" => "Anthropic's models, by the Messages API.",
            "openai" => "Any endpoint that speaks OpenAI's protocol.",
            "replay" => "Plays a recorded transcript, without a model.",
            _ => "A model provider of this server's configuration.",
        };
        Self {
            name: info.name,
            available: info.reason.is_none(),
            reason: info.reason,
            default_model: info.default_model,
            description: description.to_owned(),
            is_default: info.is_default,
            converses: info.converses,
        }
    }
}

#[derive(Default)]
pub struct ProviderQuery;

#[Object]
impl ProviderQuery {
    /// The model providers, usable or not, in the order in which people choose.
    async fn providers(&self, context: &Context<'_>) -> Vec<Provider> {
        api(context).directory.parts().providers.list().into_iter().map(Into::into).collect()
    }
}
