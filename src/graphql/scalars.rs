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
                Some(whole) if whole.abs() <= MAX_SAFE => Ok(Self(whole)),
                Some(_) | None => {
                    Err(InputValueError::custom("a whole number up to 2^53 - 1 is needed"))
                }
            },
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(n) if n.as_i64().is_some_and(|whole| whole.abs() <= MAX_SAFE))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
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
