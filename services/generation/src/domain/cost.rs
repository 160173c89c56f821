//! What tokens cost, in US dollars.

use aether_common::model::generation::Usage;
use serde::Serialize;

/// A model that can be asked for.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// The name that a request's `model` takes.
    pub id: String,
    /// Whose it is.
    pub provider: String,
    /// How many tokens it can read and write together; null when not known.
    #[schema(required = true)]
    pub context_tokens: Option<u64>,
    /// US dollars for a million tokens read; null when not known.
    #[schema(required = true)]
    pub input_usd_per_million: Option<f64>,
    /// US dollars for a million tokens written; null when not known.
    #[schema(required = true)]
    pub output_usd_per_million: Option<f64>,
}

impl Model {
    /// The price of this use; 0 when the model has no known price.
    pub fn cost_usd(&self, usage: Usage) -> f64 {
        // Token counts are far below 2^52, so nothing is lost.
        #[expect(clippy::cast_precision_loss, reason = "token counts are far below 2^52")]
        let price =
            |tokens: u64, per_million: Option<f64>| tokens as f64 * per_million.unwrap_or(0.0) / 1_000_000.0;
        price(usage.input_tokens, self.input_usd_per_million)
            + price(usage.output_tokens, self.output_usd_per_million)
    }
}
