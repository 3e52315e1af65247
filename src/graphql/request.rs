//! From the parameters of a request to its response, the same for every transport.

use super::{
    context::Caller,
    documents::Documents,
    error::{ApiError, Code},
    limits::Limits,
};
use async_graphql::{
    Executor, Request, Response, ServerError, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, OperationType},
    },
};
use futures::{FutureExt, Stream, StreamExt};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// The parameters of a GraphQL request, as GraphQL over HTTP and graphql-transport-ws name them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    #[serde(default)]
    pub query: Option<String>,
    /// The id of a trusted document, in place of its text.
    #[serde(default)]
    pub document_id: Option<String>,
    #[serde(default)]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<Map<String, Value>>,
    #[serde(default)]
    pub extensions: Option<Map<String, Value>>,
}

impl Parameters {
    /// The text that came along. Clients whose types want one send an empty one beside a hash.
    pub(super) fn text(&self) -> Option<&str> {
        self.query.as_deref().filter(|text| !text.is_empty())
    }

    /// True when some document is named: by its text, its id or its hash.
    pub fn names_document(&self) -> bool {
        let extension = || self.extensions.as_ref()?.get("persistedQuery");
        self.query.is_some() || self.document_id.is_some() || extension().is_some()
    }
}

/// A request whose document is parsed and within the limits.
pub struct Prepared {
    request: Request,
    pub operation: OperationType,
    executed: Executed,
    trace: String,
}

/// The text of a request's document.
pub struct DocumentText(pub Arc<str>);

/// Set once execution begins: what failed before is an error of the request, not of a field.
#[derive(Clone, Default)]
pub struct Executed(Arc<AtomicBool>);

impl Executed {
    pub fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A response, and whether it comes from an execution.
pub struct Answer {
    pub response: Response,
    pub executed: bool,
    /// The server failed as a whole, not a field of the response.
    pub broken: bool,
}

impl Answer {
    /// The answer to a request that was not executed.
    pub fn refused(error: impl Into<ServerError>, trace: &str) -> Self {
        let mut response = Response::from_errors(vec![error.into()]);
        finish(&mut response, false, trace);
        Self { response, executed: false, broken: false }
    }

    /// The answer to a request in which the server panicked. The log has what the panic said.
    fn broken(trace: &str) -> Self {
        tracing::error!(trace.id = trace, "a request panicked");
        let error = ApiError::new(Code::Internal, "the server failed; its log says why");
        Self { broken: true, ..Self::refused(error.into_server_error(), trace) }
    }

    /// The response as both media types write it: `data` is there exactly when it was executed.
    pub fn to_json(&self) -> String {
        let mut text = String::from("{");
        let mut member = |name: &str, json: &str| {
            let comma = if text.len() > 1 { "," } else { "" };
            text.extend([comma, "\"", name, "\":", json]);
        };
        if !self.response.errors.is_empty() {
            member("errors", &self.errors().to_string());
        }
        if self.executed {
            member("data", &data(&self.response.data));
        }
        if !self.response.extensions.is_empty() {
            member("extensions", &json(&self.response.extensions).to_string());
        }
        text.push('}');
        text
    }

    pub fn errors(&self) -> Value {
        json(&self.response.errors)
    }
}

/// The fields of an operation. What was rendered for several subscribers together is JSON already.
fn data(data: &async_graphql::Value) -> String {
    let async_graphql::Value::Object(fields) = data else { return text_of(data) };
    let mut text = String::from("{");
    for (name, value) in fields {
        let comma = if text.len() > 1 { "," } else { "" };
        text.extend([comma, "\"", name.as_str(), "\":"]);
        if let async_graphql::Value::Binary(rendered) = value
            && let Ok(rendered) = std::str::from_utf8(rendered)
        {
            text.push_str(rendered);
        } else {
            text.push_str(&text_of(value));
        }
    }
    text.push('}');
    text
}

fn text_of(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// GraphQL values have no keys or numbers that JSON lacks.
fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Finds the document of a request, parses it and holds it against the limits.
pub fn prepare(
    parameters: Parameters,
    caller: &Caller,
    documents: &Documents,
    limits: &Limits,
) -> Result<Prepared, ServerError> {
    let found = documents.find(&parameters).map_err(ApiError::into_server_error)?;
    limits.check_text(&found.text).map_err(ApiError::into_server_error)?;
    let document = parse_query(&found.text).map_err(|error| {
        let mut error = ServerError::from(error);
        error.extensions.get_or_insert_default().set("code", Code::ParseFailed.as_str());
        error
    })?;
    limits.check_document(&document).map_err(ApiError::into_server_error)?;
    documents.keep(&found);
    let operation = chosen(&document, parameters.operation_name.as_deref())
        .map_err(ApiError::into_server_error)?;
    let executed = Executed::default();
    let text = DocumentText(Arc::from(found.text.as_str()));
    let mut request = Request::new(found.text)
        .data(text)
        .variables(Variables::from_json(Value::Object(parameters.variables.unwrap_or_default())))
        .data(executed.clone());
    request.operation_name = parameters.operation_name;
    caller.attach(&mut request);
    request.set_parsed_query(document);
    Ok(Prepared { request, operation, executed, trace: caller.trace.clone() })
}

/// The kind of the operation that the request names.
fn chosen(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, ApiError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation.node.ty),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(all), Some(name)) => all.get(name).map(|o| o.node.ty),
        (DocumentOperations::Multiple(all), None) => {
            let mut all = all.values();
            match (all.next(), all.next()) {
                (Some(only), None) => Some(only.node.ty),
                (_, _) => {
                    return Err(ApiError::new(
                        Code::BadRequest,
                        "the document has several operations; name one in `operationName`",
                    ));
                }
            }
        }
    };
    found.ok_or_else(|| {
        ApiError::new(Code::BadRequest, "the document has no operation of that `operationName`")
    })
}

impl Prepared {
    /// Executes a query or a mutation.
    pub async fn execute(self, schema: &impl Executor) -> Answer {
        let Self { request, operation: _, executed, trace } = self;
        // A panic ends one request: not its connection, nor others that share it.
        let done = AssertUnwindSafe(schema.execute(request)).catch_unwind().await;
        let Ok(mut response) = done else { return Answer::broken(&trace) };
        let executed = executed.is_marked();
        finish(&mut response, executed, &trace);
        Answer { response, executed, broken: false }
    }

    /// Executes any operation; a subscription answers many times, the others once.
    pub fn stream<E: Executor>(self, schema: &E) -> impl Stream<Item = Answer> + use<E> {
        let Self { request, operation, executed, trace } = self;
        let subscription = operation == OperationType::Subscription;
        let responses = schema.execute_stream(request, None);
        AssertUnwindSafe(responses).catch_unwind().map(move |done| {
            let Ok(mut response) = done else { return Answer::broken(&trace) };
            // A subscription's source failed when there is an error and no data at all.
            let executed = if subscription {
                response.errors.is_empty() || response.data != async_graphql::Value::Null
            } else {
                executed.is_marked()
            };
            finish(&mut response, executed, &trace);
            Answer { response, executed, broken: false }
        })
    }
}

/// Gives every error its code and its trace id.
fn finish(response: &mut Response, executed: bool, trace: &str) {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            // Ours carry a code; these come from the executor: before execution they are about the
            // document, during it about the arguments.
            let code = if executed { Code::BadUserInput } else { Code::ValidationFailed };
            extensions.set("code", code.as_str());
        }
        extensions.set("traceId", trace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    use entity::principal::Principal;

    struct Query;

    #[Object]
    impl Query {
        async fn breaks(&self) -> i32 {
            "x".parse().expect("as the test wants it")
        }
    }

    fn prepared(query: &str) -> Prepared {
        let parameters = serde_json::from_value(serde_json::json!({"query": query}));
        let caller = Caller::new(Principal::Local, "t1".into());
        prepare(parameters.expect("parameters"), &caller, &Documents::default(), &Limits::default())
            .map_err(|error| error.message)
            .expect("a good document")
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        let expect = serde_json::json!({"errors": [{
            "message": "the server failed; its log says why",
            "extensions": {"code": "INTERNAL", "traceId": "t1"},
        }]});
        let said = |answer: &Answer| -> Value {
            serde_json::from_str(&answer.to_json()).expect("an answer is JSON")
        };
        let answer = prepared("{ breaks }").execute(&schema).await;
        assert_eq!((said(&answer), answer.broken), (expect.clone(), true));
        let answers: Vec<_> = prepared("{ breaks }").stream(&schema).collect().await;
        let [answer] = answers.as_slice() else { panic!("{} answers", answers.len()) };
        assert_eq!((said(answer), answer.broken), (expect, true));
    }
}
