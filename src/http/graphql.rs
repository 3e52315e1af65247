//! `/graphql`: GraphQL over HTTP. No batches, no multipart; subscriptions go over the WebSocket.

use super::{
    AppState,
    accept::{Media, is_json},
    guard::TraceId,
};
use crate::graphql::{Answer, ApiError, Caller, Code, Parameters, prepare};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, StatusCode, header},
    web,
};
use async_graphql::parser::types::OperationType;
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

/// Serves one request.
pub async fn serve(
    state: web::Data<AppState>,
    request: HttpRequest,
    trace: web::ReqData<TraceId>,
    body: web::Payload,
) -> HttpResponse {
    let trace: &TraceId = &trace;
    let Some(media) = Media::negotiate(request.headers()) else {
        let message = "answers are `application/graphql-response+json` or `application/json`";
        return refuse(Media::Json, StatusCode::NOT_ACCEPTABLE, Code::BadRequest, message, trace);
    };
    let Some(principal) = state.access.of(&request) else {
        let message = "this server asks for its token";
        let mut response =
            refuse(media, StatusCode::UNAUTHORIZED, Code::Unauthenticated, message, trace);
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            header::HeaderValue::from_static("Bearer realm=\"trainable\""),
        );
        return response;
    };
    let parameters = match read(&state, &request, body).await {
        Ok(parameters) => parameters,
        Err((status, message)) => {
            let code = match status {
                StatusCode::PAYLOAD_TOO_LARGE | StatusCode::REQUEST_TIMEOUT => Code::LimitExceeded,
                _ => Code::BadRequest,
            };
            let mut response = refuse(media, status, code, &message, trace);
            if status == StatusCode::METHOD_NOT_ALLOWED {
                allow(&mut response, "GET, POST");
            }
            return response;
        }
    };
    let caller = Caller::new(principal, trace.0.clone());
    let prepared = match prepare(parameters, &caller, &state.config.documents, &state.config.limits)
    {
        Ok(prepared) => prepared,
        Err(error) => return answer(media, &Answer::refused(error, &trace.0)),
    };
    match prepared.operation {
        OperationType::Mutation if request.method() != Method::POST => {
            let message = "mutations are sent with POST";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = refuse(media, status, Code::MethodNotAllowed, message, trace);
            allow(&mut response, "POST");
            response
        }
        OperationType::Subscription => {
            let message = "subscriptions are served on /graphql/ws";
            refuse(media, StatusCode::BAD_REQUEST, Code::BadRequest, message, trace)
        }
        OperationType::Mutation | OperationType::Query => {
            answer(media, &prepared.execute(&state.schema).await)
        }
    }
}

type Refused = (StatusCode, String);

async fn read(
    state: &AppState,
    request: &HttpRequest,
    body: web::Payload,
) -> Result<Parameters, Refused> {
    let bad = |message: &str| (StatusCode::BAD_REQUEST, message.to_owned());
    let parameters: Parameters = match *request.method() {
        Method::GET => from_query(request.query_string()),
        Method::POST if !is_json(request.headers()) => Err((
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send the request as `application/json` in UTF-8".to_owned(),
        )),
        Method::POST => {
            if request.headers().contains_key(header::CONTENT_ENCODING) {
                let message = "send the request without a content encoding".to_owned();
                return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
            }
            let patience = state.config.body_patience;
            let collected = collect(body, state.config.max_body_bytes);
            let bytes = timeout(patience, collected).await.map_err(|_| {
                let message = format!("the body took longer than {} s", patience.as_secs());
                (StatusCode::REQUEST_TIMEOUT, message)
            })??;
            match serde_json::from_slice::<Value>(&bytes) {
                Ok(Value::Array(_)) => Err(bad("batches are not served; send one request")),
                Ok(value @ Value::Object(_)) => serde_json::from_value(value)
                    .map_err(|error| bad(&format!("the parameters are not well-formed: {error}"))),
                Ok(_) => Err(bad("the body must be a JSON object")),
                Err(_) => Err(bad("the body is no JSON")),
            }
        }
        _ => {
            let message = "send GraphQL requests with GET or POST".to_owned();
            Err((StatusCode::METHOD_NOT_ALLOWED, message))
        }
    }?;
    if parameters.names_document() {
        return Ok(parameters);
    }
    Err(bad("the parameter `query` is missing"))
}

async fn collect(mut body: web::Payload, limit: usize) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| {
            (StatusCode::BAD_REQUEST, "the body broke off before its end".to_owned())
        })?;
        if bytes.len() + chunk.len() > limit {
            let message = format!("the body is larger than {limit} bytes");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The parameters of a GET; `variables` and `extensions` are JSON texts there.
fn from_query(query: &str) -> Result<Parameters, Refused> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Texts {
        query: Option<String>,
        document_id: Option<String>,
        operation_name: Option<String>,
        variables: Option<String>,
        extensions: Option<String>,
    }
    let bad = |message: String| (StatusCode::BAD_REQUEST, message);
    let map = |name: &str, text: Option<String>| -> Result<Option<Map<String, Value>>, Refused> {
        match text.filter(|text| !text.is_empty()) {
            None => Ok(None),
            Some(text) => serde_json::from_str(&text)
                .map_err(|_| bad(format!("`{name}` must be a JSON object"))),
        }
    };
    let texts = web::Query::<Texts>::from_query(query)
        .map_err(|_| bad("the query string is not well-formed".to_owned()))?
        .into_inner();
    Ok(Parameters {
        query: texts.query.filter(|query| !query.is_empty()),
        document_id: texts.document_id.filter(|id| !id.is_empty()),
        operation_name: texts.operation_name.filter(|name| !name.is_empty()),
        variables: map("variables", texts.variables)?,
        extensions: map("extensions", texts.extensions)?,
    })
}

fn answer(media: Media, answer: &Answer) -> HttpResponse {
    let status = match media {
        _ if answer.broken => StatusCode::INTERNAL_SERVER_ERROR,
        Media::GraphqlResponse if !answer.executed => StatusCode::BAD_REQUEST,
        Media::GraphqlResponse | Media::Json => StatusCode::OK,
    };
    write(media, status, answer)
}

/// For requests that are not well-formed: their status is the same in both media types.
fn refuse(
    media: Media,
    status: StatusCode,
    code: Code,
    message: &str,
    trace: &TraceId,
) -> HttpResponse {
    let error = ApiError::new(code, message).into_server_error();
    write(media, status, &Answer::refused(error, &trace.0))
}

fn write(media: Media, status: StatusCode, answer: &Answer) -> HttpResponse {
    HttpResponse::build(status)
        .content_type(media.content_type())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "accept"))
        .body(answer.to_json())
}

fn allow(response: &mut HttpResponse, methods: &'static str) {
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(methods));
}
