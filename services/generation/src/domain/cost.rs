//! What tokens cost. The one place that turns tokens into money: integer micro-dollars (1 USD = 1,000,000), rounded up for
//! each call, so that sums are exact and never below what was used.

pub use aether_common::money::usd;
use aether_common::{model::generation::Usage, money::MAX_MICROS};
use serde::{Serialize, Serializer};

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
    /// How many tokens it writes at most in one answer; null when not known.
    #[schema(required = true)]
    pub max_output_tokens: Option<u64>,
    /// US dollars for a million tokens read; null when not known. Here in micro-dollars, never negative.
    #[serde(rename = "inputUsdPerMillion", serialize_with = "as_usd")]
    #[schema(value_type = Option<f64>, required = true)]
    pub input_micros_per_million: Option<i64>,
    /// US dollars for a million tokens written; null when not known. Here in micro-dollars, never negative.
    #[serde(rename = "outputUsdPerMillion", serialize_with = "as_usd")]
    #[schema(value_type = Option<f64>, required = true)]
    pub output_micros_per_million: Option<i64>,
}

/// What a model's tokens cost, in micro-dollars for a million of them. A price that is not known is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// Of tokens read. Never negative.
    pub input: i64,
    /// Of tokens written. Never negative.
    pub output: i64,
}

const PER_MILLION: i128 = 1_000_000;

/// The price of one call in micro-dollars, rounded up; 0 when the model has no known price.
pub fn price_micros(model: &Model, usage: Usage) -> i64 {
    model.prices().micros(usage)
}

impl Model {
    /// Whether somebody said what it costs, be it nothing.
    pub fn has_known_price(&self) -> bool {
        self.input_micros_per_million.is_some() && self.output_micros_per_million.is_some()
    }

    /// Its prices.
    pub fn prices(&self) -> Prices {
        let known = |price: Option<i64>| price.unwrap_or(0).max(0);
        Prices { input: known(self.input_micros_per_million), output: known(self.output_micros_per_million) }
    }
}

impl Prices {
    /// Whether use costs nothing, or nothing that is known.
    pub fn is_free(self) -> bool {
        self.input == 0 && self.output == 0
    }

    /// The price of one call in micro-dollars, rounded up, at most [`MAX_MICROS`].
    pub fn micros(self, usage: Usage) -> i64 {
        // Each product is below 2^127: a u64 times a positive i64.
        let input = i128::from(usage.input_tokens) * i128::from(self.input);
        let output = i128::from(usage.output_tokens) * i128::from(self.output);
        let micros = input.saturating_add(output).saturating_add(PER_MILLION - 1) / PER_MILLION;
        i64::try_from(micros).unwrap_or(i64::MAX).min(MAX_MICROS)
    }

    /// How many tokens may be written for this much money after reading `input_tokens`; `None`: as many as one likes.
    pub fn affordable_output(self, input_tokens: u64, micros: i64) -> Option<u64> {
        if self.output == 0 {
            return None;
        }
        let paid = i128::from(micros.max(0)) * PER_MILLION;
        let left = paid - i128::from(input_tokens) * i128::from(self.input);
        Some(u64::try_from(left.max(0) / i128::from(self.output)).unwrap_or(u64::MAX))
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn as_usd<S: Serializer>(micros: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    micros.map(usd).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(input: Option<i64>, output: Option<i64>) -> Model {
        Model {
            id: "m".into(),
            provider: "p".into(),
            context_tokens: None,
            max_output_tokens: None,
            input_micros_per_million: input,
            output_micros_per_million: output,
        }
    }

    fn usage(input_tokens: u64, output_tokens: u64) -> Usage {
        Usage { input_tokens, output_tokens }
    }

    #[test]
    fn a_call_is_rounded_up_once() {
        let model = model(Some(150_000), Some(600_000));
        assert_eq!(price_micros(&model, usage(0, 0)), 0);
        assert_eq!(price_micros(&model, usage(1, 0)), 1);
        assert_eq!(price_micros(&model, usage(1, 1)), 1, "0.15 and 0.6 are 0.75, not two roundings");
        assert_eq!(price_micros(&model, usage(1_000_000, 1_000_000)), 750_000);
        assert_eq!(price_micros(&model, usage(1_000_001, 1_000_000)), 750_001);
    }

    #[test]
    fn no_number_is_too_large_and_no_price_is_free() {
        let dear = model(Some(i64::MAX), Some(i64::MAX));
        assert_eq!(
            price_micros(&dear, usage(u64::MAX, u64::MAX)),
            MAX_MICROS,
            "a billion dollars is as much as a call is ever said to cost"
        );
        let unknown = model(None, None);
        assert_eq!(price_micros(&unknown, usage(u64::MAX, u64::MAX)), 0);
        let free = |input, output| model(input, output).prices().is_free();
        assert!(free(None, None) && free(Some(0), Some(0)) && !free(None, Some(1)));
    }

    #[test]
    fn what_is_affordable_costs_no_more_than_was_given() {
        let model = model(Some(2_500_000), Some(10_000_000));
        for micros in [0, 1, 24, 25, 26, 999, 1_000, 123_457] {
            let output = model.prices().affordable_output(10, micros).unwrap();
            if micros >= 25 {
                assert!(price_micros(&model, usage(10, output)) <= micros);
            }
            assert!(price_micros(&model, usage(10, output + 1)) > micros);
        }
    }

    #[test]
    fn the_wire_tells_dollars() {
        let told = serde_json::to_value(model(Some(150_000), None)).unwrap();
        assert_eq!(told["inputUsdPerMillion"], 0.15);
        assert!(told["outputUsdPerMillion"].is_null() && told.get("inputMicrosPerMillion").is_none());
    }
}
