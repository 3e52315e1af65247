//! The scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};

/// The largest whole number that every JSON reader keeps exact.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// A whole number between -(2^53 - 1) and 2^53 - 1, as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Long(pub i64);

impl From<u64> for Long {
    /// Numbers beyond the range, which nothing here counts to, become its end.
    fn from(value: u64) -> Self {
        Self(i64::try_from(value).unwrap_or(MAX_SAFE).min(MAX_SAFE))
    }
}

impl From<i64> for Long {
    fn from(value: i64) -> Self {
        Self(value.clamp(-MAX_SAFE, MAX_SAFE))
    }
}

/// A whole number between -(2^53 - 1) and 2^53 - 1, as a JSON number.
#[Scalar(name = "Long", specified_by_url = "https://scalars.graphql.org/chillicream/long.html")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) if is_safe(whole) => Ok(Self(whole)),
                Some(_) | None => {
                    Err(InputValueError::custom("a whole number up to 2^53 - 1 is needed"))
                }
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(n) if n.as_i64().is_some_and(is_safe))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}

/// True for what every JSON reader keeps as it is.
fn is_safe(whole: i64) -> bool {
    (-MAX_SAFE..=MAX_SAFE).contains(&whole)
}

/// A time, RFC 3339, in UTC, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub DateTime<Utc>);

/// A time, RFC 3339, in UTC, to the millisecond.
#[Scalar(
    name = "DateTime",
    specified_by_url = "https://scalars.graphql.org/chillicream/date-time.html"
)]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => match DateTime::parse_from_rfc3339(text) {
                Ok(time) => Ok(Self(time.to_utc())),
                Err(_) => Err(InputValueError::custom("a time as in RFC 3339 is needed")),
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

/// Any JSON value: only where no type can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Json(pub serde_json::Value);

/// Any JSON value: only where no type can do.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        value.into_json().map(Self).map_err(InputValueError::custom)
    }

    fn to_value(&self) -> Value {
        // Texts, numbers, lists and maps with text keys: GraphQL values hold all of JSON.
        Value::from_json(self.0.clone()).unwrap_or(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(whole: i64, expect: bool) {
        let value = Value::Number(whole.into());
        assert_eq!(Long::is_valid(&value), expect, "{whole}");
        assert_eq!(Long::parse(value).is_ok(), expect, "{whole}");
    }

    #[test]
    fn longs_are_those_of_every_json_reader() {
        for (whole, expect) in [
            (0, true),
            (MAX_SAFE, true),
            (-MAX_SAFE, true),
            (MAX_SAFE + 1, false),
            (-MAX_SAFE - 1, false),
            (i64::MAX, false),
            (i64::MIN, false),
        ] {
            check(whole, expect);
        }
    }
}
