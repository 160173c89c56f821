//! The providers that the settings name, or the built-in demo model when they name none.

use std::sync::Arc;

use aether_boot::{Deps, ModelSetting, ProviderSetting, StartError};
use aether_demo_model as demo;
use url::Url;

use super::{Endpoint, Listed, Providers, openai::OpenAi, pool::USUAL_CONCURRENT};
use crate::domain::cost::Model;

/// OpenAI's list prices of the two models that are used when no other is set: micro-dollars for a million tokens read and
/// written. Cached input costs less there; we count it in full.
const OPENAI_PRICES: [(&str, i64, i64); 2] =
    [("gpt-5.1", 1_250_000, 10_000_000), ("gpt-5-mini", 250_000, 2_000_000)];

/// The pool, and whether it is the demo model, which this starts.
pub async fn from_settings(deps: &Deps) -> Result<(Providers, bool), StartError> {
    let settings = &deps.settings;
    if settings.providers.is_empty() {
        return Ok((Providers::new(vec![demo_model(deps).await?]), true));
    }
    let wanted = [settings.model_complex.as_str(), settings.model_simple.as_str()];
    let endpoints = settings.providers.iter().map(|provider| {
        let listed = || settings.providers.iter().flat_map(|provider| &provider.models);
        let mut models: Vec<Model> =
            provider.models.iter().map(|model| listed_model(provider, model)).collect();
        let any_model = models.is_empty();
        if any_model {
            let unlisted = wanted.iter().filter(|id| listed().all(|model| model.id != **id));
            models = unlisted.map(|id| known_model(provider, id)).collect();
            models.dedup_by(|one, other| one.id == other.id);
        }
        let upstreams =
            provider.models.iter().map(|model| model.upstream.clone()).chain(std::iter::repeat(None));
        let client = OpenAi::new(
            &provider.name,
            &provider.base_url,
            provider.api_key.clone(),
            deps.http.clone(),
            deps.clock.clone(),
        );
        Endpoint {
            provider: Arc::new(client),
            models: models
                .into_iter()
                .zip(upstreams)
                .map(|(model, upstream)| Listed { model, upstream })
                .collect(),
            any_model,
            max_concurrent: provider.max_concurrent,
        }
    });
    Ok((Providers::new(endpoints.collect()), false))
}

fn listed_model(provider: &ProviderSetting, model: &ModelSetting) -> Model {
    Model {
        id: model.id.clone(),
        provider: provider.name.clone(),
        context_tokens: model.context_tokens,
        max_output_tokens: model.max_output_tokens,
        input_micros_per_million: model.input_micros_per_million,
        output_micros_per_million: model.output_micros_per_million,
    }
}

/// What is known of a model that the settings name and no provider lists.
fn known_model(provider: &ProviderSetting, id: &str) -> Model {
    let at_openai = provider.base_url.host_str() == Some("api.openai.com");
    let known = OPENAI_PRICES.iter().find(|(name, ..)| at_openai && *name == id);
    Model {
        id: id.to_owned(),
        provider: provider.name.clone(),
        context_tokens: known.map(|_| 400_000),
        max_output_tokens: known.map(|_| 128_000),
        input_micros_per_million: known.map(|(_, input, _)| *input),
        output_micros_per_million: known.map(|(_, _, output)| *output),
    }
}

async fn demo_model(deps: &Deps) -> Result<Endpoint, StartError> {
    let lifecycle = &deps.lifecycle;
    let served = demo::serve(demo::Options::default(), lifecycle.shutdown.clone(), &lifecycle.tasks)
        .await
        .map_err(|error| StartError::Other(format!("demo model: {error}")))?;
    let url = Url::parse(&served.base_url()).map_err(|error| StartError::Other(error.to_string()))?;
    tracing::info!(
        event = "demo_model",
        address = %served.addr(),
        "no provider is set: answers come from the built-in demo model. Set OPENAI_API_KEY, or list providers in \
         aether.toml, for real work"
    );
    let listed = |id: &str| Listed {
        model: Model {
            id: id.to_owned(),
            provider: "demo".into(),
            context_tokens: Some(128_000),
            max_output_tokens: None,
            input_micros_per_million: Some(0),
            output_micros_per_million: Some(0),
        },
        upstream: None,
    };
    let client = OpenAi::new("demo", &url, None, deps.http.clone(), deps.clock.clone());
    Ok(Endpoint {
        provider: Arc::new(client),
        models: [&deps.settings.model_complex, &deps.settings.model_simple].map(|id| listed(id)).into(),
        any_model: true,
        max_concurrent: USUAL_CONCURRENT,
    })
}
