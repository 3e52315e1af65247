//! What the tokens of a model cost.

use super::Usage;
use chrono::NaiveDate;
use serde::Deserialize;

/// Prices in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// As `input` when absent.
    pub cache_read: Option<f64>,
    /// For the shortest time that the vendor keeps it; as `input` when absent.
    pub cache_write: Option<f64>,
    /// What a turn costs as a whole when its prompt is long.
    pub long: Option<LongPrice>,
}

/// Prices of a turn with a long prompt, in USD per million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LongPrice {
    /// Prompts of more tokens than this, cached ones included.
    pub above_tokens: u64,
    pub input: f64,
    pub output: f64,
    pub cache_read: Option<f64>,
    pub cache_write: Option<f64>,
}

/// A price that holds from a day on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaterPrice {
    pub from: NaiveDate,
    pub price: Price,
}

impl Price {
    /// What a turn costs, in USD.
    pub fn cost(&self, usage: &Usage) -> f64 {
        let prompt = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
        let (input, output, cache_read, cache_write) = match self.long {
            Some(long) if prompt > long.above_tokens => {
                (long.input, long.output, long.cache_read, long.cache_write)
            }
            Some(_) | None => (self.input, self.output, self.cache_read, self.cache_write),
        };
        let micro = usage.input_tokens as f64 * input
            + usage.output_tokens as f64 * output
            + usage.cache_read_tokens as f64 * cache_read.unwrap_or(input)
            + usage.cache_write_tokens as f64 * cache_write.unwrap_or(input);
        micro / 1e6
    }

    /// Every price in it.
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        let long = self.long.into_iter().flat_map(|long| {
            [Some(long.input), Some(long.output), long.cache_read, long.cache_write]
        });
        [Some(self.input), Some(self.output), self.cache_read, self.cache_write]
            .into_iter()
            .chain(long)
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_costs_what_its_tokens_cost() {
        #[track_caller]
        fn check(price: Price, [input, output, cache_read, cache_write]: [u64; 4], expect: f64) {
            let usage = Usage {
                input_tokens: input,
                output_tokens: output,
                cache_read_tokens: cache_read,
                cache_write_tokens: cache_write,
                estimated: false,
            };
            let cost = price.cost(&usage);
            assert!((cost - expect).abs() < 1e-9, "{cost}");
        }
        let flat = Price {
            input: 4.0,
            output: 20.0,
            cache_read: Some(0.2),
            cache_write: Some(5.0),
            long: None,
        };
        check(flat, [0; 4], 0.0);
        check(flat, [1000, 2000, 100_000, 10_000], 0.004 + 0.04 + 0.02 + 0.05);
        // Where no price of the cache is known, its tokens cost what others do.
        let plain = Price { cache_read: None, cache_write: None, ..flat };
        check(plain, [0, 0, 1_000_000, 0], 4.0);
        check(plain, [0, 0, 0, 1_000_000], 4.0);
        // A long prompt costs more as a whole, and what was cached counts for its length.
        let long = LongPrice {
            above_tokens: 100_000,
            input: 8.0,
            output: 30.0,
            cache_read: Some(0.4),
            cache_write: None,
        };
        let tiered = Price { long: Some(long), ..flat };
        check(tiered, [50_000, 1000, 40_000, 10_000], 0.2 + 0.02 + 0.008 + 0.05);
        check(tiered, [50_001, 1000, 40_000, 10_000], 0.400_008 + 0.03 + 0.016 + 0.08);
    }
}
