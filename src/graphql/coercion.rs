//! The extension that closes three gaps of the executor: it coerces variables before execution, as
//! section 6.1.2 of the specification wants, it says which limit a costly document passes, and it
//! marks where execution begins.

use super::{error::Code, limits::Limits, request::Executed};
use async_graphql::{
    Response, ServerError, ServerResult, ValidationResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextValidation,
    },
    parser::types::{DocumentOperations, ExecutableDocument, VariableDefinition},
    registry::{MetaType, MetaTypeName, Registry},
};
use std::sync::{Arc, Mutex, PoisonError};

/// Makes one [`Boundary`] per request.
pub struct Boundaries(pub Limits);

impl ExtensionFactory for Boundaries {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Boundary { limits: self.0, wrong: Mutex::default() })
    }
}

/// Between the document and its execution.
struct Boundary {
    limits: Limits,
    /// What is wrong with the variables; said only when the document itself is valid.
    wrong: Mutex<Vec<ServerError>>,
}

#[async_trait::async_trait]
impl Extension for Boundary {
    async fn parse_query(
        &self,
        context: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(context, query, variables).await?;
        let wrong = check(&context.schema_env.registry, &document, variables);
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong;
        Ok(document)
    }

    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(context).await?;
        self.limits.check_valid(&valid).map_err(|error| vec![error.into_server_error()])?;
        let wrong = std::mem::take(&mut *self.wrong.lock().unwrap_or_else(PoisonError::into_inner));
        if wrong.is_empty() { Ok(valid) } else { Err(wrong) }
    }

    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(executed) = context.data_opt::<Executed>() {
            executed.mark();
        }
        next.run(context, operation_name).await
    }
}

/// What is wrong with the variables of a document with one operation; with several, those of each
/// operation that uses a variable of that name are looked at by the executor itself.
fn check(
    registry: &Registry,
    document: &ExecutableDocument,
    variables: &Variables,
) -> Vec<ServerError> {
    let operation = match &document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(all) if all.len() == 1 => all.values().next(),
        DocumentOperations::Multiple(_) => None,
    };
    let Some(operation) = operation else { return Vec::new() };
    let wrong = |definition: &VariableDefinition| {
        let name = &definition.name.node;
        let wanted = definition.var_type.node.to_string();
        let required = wanted.ends_with('!') && definition.default_value.is_none();
        match variables.get(name) {
            None if required => {
                Some(format!("variable `${name}` of type `{wanted}` is not provided"))
            }
            None => None,
            Some(value) => mismatch(registry, &wanted, value)
                .map(|why| format!("variable `${name}` of type `{wanted}` {why}")),
        }
    };
    let definitions = operation.node.variable_definitions.iter();
    definitions
        .filter_map(|definition| {
            let mut error = ServerError::new(wrong(&definition.node)?, Some(definition.pos));
            error.extensions.get_or_insert_default().set("code", Code::BadUserInput.as_str());
            Some(error)
        })
        .collect()
}

/// Why a value is none of a type, when it is none.
fn mismatch(registry: &Registry, wanted: &str, value: &Value) -> Option<String> {
    match MetaTypeName::create(wanted) {
        MetaTypeName::NonNull(_) if *value == Value::Null => Some("must not be null".to_owned()),
        MetaTypeName::NonNull(inner) => mismatch(registry, inner, value),
        _ if *value == Value::Null => None,
        MetaTypeName::List(inner) => match value {
            Value::List(items) => items.iter().enumerate().find_map(|(at, item)| {
                Some(format!("at [{at}] {}", mismatch(registry, inner, item)?))
            }),
            single => mismatch(registry, inner, single),
        },
        MetaTypeName::Named(name) => named(registry, name, value),
    }
}

fn named(registry: &Registry, name: &str, value: &Value) -> Option<String> {
    match registry.types.get(name)? {
        MetaType::Scalar { is_valid, .. } => {
            let good = is_valid.as_ref().is_none_or(|is_valid| is_valid(value));
            (!good).then(|| format!("is no `{name}`"))
        }
        MetaType::Enum { enum_values, .. } => {
            let known = match value {
                Value::String(text) => enum_values.contains_key(text.as_str()),
                Value::Enum(text) => enum_values.contains_key(text.as_str()),
                _ => false,
            };
            (!known).then(|| format!("is no value of the enum `{name}`"))
        }
        MetaType::InputObject { input_fields, oneof, .. } => {
            let Value::Object(given) = value else {
                return Some(format!("is no `{name}`"));
            };
            if let Some(unknown) = given.keys().find(|key| !input_fields.contains_key(key.as_str()))
            {
                return Some(format!("has the field `{unknown}`, which `{name}` does not have"));
            }
            if *oneof && (given.len() != 1 || given.values().any(|v| *v == Value::Null)) {
                return Some(format!("must have exactly one field of `{name}`"));
            }
            input_fields.values().find_map(|field| match given.get(field.name.as_str()) {
                Some(inner) => {
                    Some(format!("at `{}` {}", field.name, mismatch(registry, &field.ty, inner)?))
                }
                None if field.ty.ends_with('!') && field.default_value.is_none() => {
                    Some(format!("lacks the field `{}`", field.name))
                }
                None => None,
            })
        }
        // No input type; validation says so.
        MetaType::Object { .. } | MetaType::Interface { .. } | MetaType::Union { .. } => None,
    }
}
