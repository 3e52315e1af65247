//! What a model hands to a tool: its schema, derived from the Rust type, and the reading of it,
//! with words that the model can act on when it does not fit.

use super::{Outcome, refuse};
use crate::llm::ToolSpec;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Characters of a bad value that are said back.
const GIVEN: usize = 80;

/// The spec of a tool whose input is `T`; the Rust docs are the descriptions.
pub(super) fn spec<T: JsonSchema>(name: &str, description: &str) -> ToolSpec {
    let input_schema = schema::<T>();
    ToolSpec { name: name.to_owned(), description: description.to_owned(), input_schema }
}

/// Reads a tool's input. What is meant plainly but sent oddly is taken: JSON inside a string,
/// a number or a list in quotes, a name for an absent value.
///
/// *Errors*: a refusal that names the field, what was expected and what was given, with `example`.
pub(super) fn parse<T: DeserializeOwned + JsonSchema>(
    input: Value,
    example: &str,
) -> Result<T, Outcome> {
    let schema = schema::<T>();
    let input = mended(input, &schema);
    let why = match misfit(&input, &schema, "the input") {
        Some(why) => why,
        None => match serde_json::from_value(input) {
            Ok(read) => return Ok(read),
            Err(error) => format!("the input is not valid: {error}"),
        },
    };
    Err(refuse(format!("{why}; an input that works: {example}")))
}

/// One flat schema without references, alternatives or formats, which some providers refuse.
fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    plain(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.remove("$schema");
        object.remove("title");
        // Of the input's type, for us; the tool's own description is what a model reads.
        object.remove("description");
    }
    schema
}

/// Takes out what says only that a field may be left out, and the formats of Rust's numbers.
fn plain(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("format");
    object.remove("default");
    if let Some(types) = object.get_mut("type")
        && let Some(one) = types.as_array().and_then(|all| all.iter().find(|t| *t != "null"))
    {
        *types = one.clone();
    }
    let inner = object.get_mut("properties").and_then(Value::as_object_mut);
    inner.into_iter().flat_map(Map::values_mut).for_each(plain);
    object.get_mut("items").into_iter().for_each(plain);
}

/// Unwraps what a model wrapped: JSON in a string where no string is wanted.
fn mended(value: Value, schema: &Value) -> Value {
    let wanted = schema["type"].as_str().unwrap_or_default();
    let value = match value {
        Value::String(text) if wanted != "string" => match serde_json::from_str(text.trim()) {
            Ok(inner) if fits(&inner, wanted) => inner,
            Ok(_) | Err(_) => Value::String(text),
        },
        Value::Number(n) if wanted == "integer" => whole(&n).map_or(Value::Number(n), Value::from),
        value => value,
    };
    match value {
        Value::Object(fields) => {
            // An absent value may be spelled out.
            let fields = fields.into_iter().filter(|(name, value)| {
                !value.is_null() || required(schema).any(|needed| needed == name)
            });
            let fields = fields.map(|(name, value)| {
                let value = mended(value, &schema["properties"][&name]);
                (name, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| mended(item, &schema["items"])).collect())
        }
        value => value,
    }
}

/// `300.0` is a whole number to whoever sent it.
fn whole(number: &serde_json::Number) -> Option<u64> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    (float.fract() == 0.0 && (0.0..1e15).contains(&float)).then_some(float as u64)
}

/// The first place where a value does not fit its schema, in words.
fn misfit(value: &Value, schema: &Value, at: &str) -> Option<String> {
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<String> = allowed.iter().map(Value::to_string).collect();
        return Some(format!("{at} must be one of {}, not {}", allowed.join(", "), given(value)));
    }
    let wanted = schema["type"].as_str().unwrap_or_default();
    if !wanted.is_empty() && !fits(value, wanted) {
        return Some(format!("{at} must be {}, not {}", named(wanted), given(value)));
    }
    match value {
        Value::Object(fields) => {
            let known = schema["properties"].as_object()?;
            let inside = |name: &str| match at {
                "the input" => format!("`{name}`"),
                outer => format!("`{}.{name}`", outer.trim_matches('`')),
            };
            if let Some(name) = required(schema).find(|name| !fields.contains_key(*name)) {
                let kind = named(known[name]["type"].as_str().unwrap_or("value"));
                return Some(format!("{} is missing; it must be {kind}", inside(name)));
            }
            if let Some(name) = fields.keys().find(|name| !known.contains_key(*name)) {
                let names: Vec<String> = known.keys().map(|name| format!("`{name}`")).collect();
                let short: String = name.chars().take(GIVEN).collect();
                return Some(format!(
                    "there is no field {}; the fields are {}",
                    inside(&short),
                    names.join(", ")
                ));
            }
            fields.iter().find_map(|(name, value)| misfit(value, &known[name], &inside(name)))
        }
        Value::Array(items) => items.iter().enumerate().find_map(|(n, item)| {
            misfit(item, &schema["items"], &format!("`{}[{n}]`", at.trim_matches('`')))
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn fits(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        _ => true,
    }
}

fn named(wanted: &str) -> &str {
    match wanted {
        "object" => "a JSON object",
        "array" => "a list",
        "string" => "a string",
        "integer" => "a whole number from 0 up",
        "boolean" => "true or false",
        other => other,
    }
}

fn given(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(GIVEN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Input {
        code: String,
        seconds: Option<u64>,
        heavy: Option<bool>,
        #[serde(default)]
        steps: Vec<Step>,
    }

    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Step {
        title: String,
        status: crate::event::PlanStatus,
    }

    #[track_caller]
    fn check(input: Value, expect: Result<Value, &str>) {
        let found = parse::<Input>(input, "{…}");
        match expect {
            Ok(plain) => assert_eq!(found, Ok(serde_json::from_value(plain).unwrap())),
            Err(why) => {
                assert_eq!(found, Err(refuse(format!("{why}; an input that works: {{…}}"))))
            }
        }
    }

    #[test]
    fn what_is_meant_is_taken() {
        let plain = json!({"code": "1", "seconds": 60, "heavy": true});
        check(plain.clone(), Ok(plain.clone()));
        check(json!(plain.to_string()), Ok(plain.clone()));
        check(json!({"code": "1", "seconds": "60", "heavy": "true"}), Ok(plain.clone()));
        check(json!({"code": "1", "seconds": 60.0, "heavy": true}), Ok(plain));
        check(json!({"code": "1", "seconds": null}), Ok(json!({"code": "1"})));
        check(json!({"code": "[1]"}), Ok(json!({"code": "[1]"})));
        let steps = json!([{"title": "a", "status": "done"}]);
        check(
            json!({"code": "1", "steps": steps.to_string()}),
            Ok(json!({"code": "1", "steps": steps})),
        );
    }

    #[test]
    fn what_does_not_fit_is_said() {
        check(json!({}), Err("`code` is missing; it must be a string"));
        check(json!({"code": null}), Err("`code` must be a string, not null"));
        check(json!({"code": 3}), Err("`code` must be a string, not 3"));
        check(
            json!({"code": "1", "seconds": -3}),
            Err("`seconds` must be a whole number from 0 up, not -3"),
        );
        check(
            json!({"code": "1", "path": "x"}),
            Err("there is no field `path`; the fields are `code`, `seconds`, `heavy`, `steps`"),
        );
        check(json!("code: 1"), Err("the input must be a JSON object, not \"code: 1\""));
        check(json!([1]), Err("the input must be a JSON object, not [1]"));
        let step = json!({"title": "a", "status": "started"});
        check(
            json!({"code": "1", "steps": [step]}),
            Err(
                "`steps[0].status` must be one of \"pending\", \"in_progress\", \"done\", not \"started\"",
            ),
        );
        check(
            json!({"code": "1", "steps": [{"title": "a"}]}),
            Err("`steps[0].status` is missing; it must be a string"),
        );
        check(
            json!({"code": ["x".repeat(200)]}),
            Err(&format!("`code` must be a string, not [\"{}…", "x".repeat(78))),
        );
    }

    /// Every property below a schema, with its path.
    fn properties<'a>(schema: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            properties(inner, &at, found);
            properties(&inner["items"], &at, found);
            found.push((at, inner));
        }
    }

    #[test]
    fn schemas_are_plain_and_described() {
        for tool in tool::all() {
            let spec = tool.spec();
            let text = spec.input_schema.to_string();
            for banned in ["$ref", "$defs", "\"format\"", "anyOf", "oneOf", "allOf", "\"null\""] {
                assert!(!text.contains(banned), "{}: {banned} in {text}", spec.name);
            }
            assert_eq!(spec.input_schema["type"], "object", "{}", spec.name);
            assert!(spec.description.len() > 40, "{}", spec.name);
            let mut found = Vec::new();
            properties(&spec.input_schema, &spec.name, &mut found);
            assert!(!found.is_empty(), "{}", spec.name);
            for (at, property) in found {
                assert!(property["type"].is_string(), "{at}: {property}");
                let description = property["description"].as_str().unwrap_or_default();
                assert!(description.len() > 10, "{at} has no description");
            }
        }
    }
}
