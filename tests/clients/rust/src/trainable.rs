//! A client of Trainable: operations over HTTP, files beside them, and a session's events that survive any cut.

use crate::operations::{
    CreateUpload, SessionEvents, create_upload,
    session_events::{SessionEventsSessionEvents as Events, Variables},
};
use futures::{Stream, StreamExt, stream};
use graphql_client::{GraphQLQuery, Response};
use graphql_ws_client::{Client, Subscription, graphql::StreamingOperation};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Close codes that no second attempt mends: the token is wrong, or this client is.
const FINAL: [u16; 6] = [4400, 4401, 4403, 4406, 4409, 4429];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Authentication, limits and bugs: the operation was not done.
    #[error("{message}")]
    Failed { message: String, code: String },
    /// Something about the input that its sender can mend: `code` is for programs, `message` for people.
    #[error("{message}")]
    Refused { message: String, code: String },
    /// The server was not reached; asking again is safe with an idempotency key.
    #[error(transparent)]
    Unreachable(#[from] reqwest::Error),
}

impl Error {
    fn failed(errors: &[graphql_client::Error]) -> Self {
        let first = errors.first();
        let code = first.and_then(|error| error.extensions.as_ref()?.get("code")?.as_str());
        Self::Failed {
            message: first.map_or_else(|| "no reason was given".into(), |e| e.message.clone()),
            code: code.unwrap_or("INTERNAL").to_owned(),
        }
    }

    pub fn code(&self) -> &str {
        match self {
            Error::Failed { code, .. } | Error::Refused { code, .. } => code,
            Error::Unreachable(_) => "UNREACHABLE",
        }
    }
}

/// What a mutation made, or the first of its problems as an error.
macro_rules! made {
    ($payload:expr, $thing:ident) => {
        match ($payload.user_errors.first(), $payload.$thing) {
            (None, Some(thing)) => Ok(thing),
            (problem, _) => Err($crate::trainable::Error::Refused {
                message: problem.map(|p| p.message.clone()).unwrap_or_default(),
                code: problem.map(|p| $crate::trainable::name(&p.code)).unwrap_or_default(),
            }),
        }
    };
}
pub(crate) use made;

/// The name of an enum's value, as the schema writes it.
pub fn name(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A server, and the token that it asks for.
#[derive(Clone)]
pub struct Server {
    /// Such as `http://127.0.0.1:8080`.
    pub url: String,
    pub token: String,
    pub http: reqwest::Client,
}

impl Server {
    /// Does one query or mutation.
    pub async fn execute<Q: GraphQLQuery>(
        &self,
        variables: Q::Variables,
    ) -> Result<Q::ResponseData, Error> {
        let request = self.http.post(format!("{}/graphql", self.url));
        let answer = request
            .bearer_auth(&self.token)
            .header("accept", "application/graphql-response+json")
            .json(&Q::build_query(variables))
            .send()
            .await?;
        match answer.json::<Response<Q::ResponseData>>().await? {
            Response { data: Some(data), errors: None, .. } => Ok(data),
            Response { errors, .. } => Err(Error::failed(&errors.unwrap_or_default())),
        }
    }

    /// Sends a file; answers the id to give as one of the `uploadIds` of an experiment.
    pub async fn upload(&self, file_name: &str, bytes: Vec<u8>) -> Result<String, Error> {
        let input = create_upload::CreateUploadInput {
            file_name: file_name.to_owned(),
            size: Some(bytes.len() as i64),
            idempotency_key: None,
        };
        let answer = self.execute::<CreateUpload>(create_upload::Variables { input }).await?;
        let place = made!(answer.create_upload, upload)?;
        let request = self.http.put(format!("{}{}", self.url, place.url));
        let request = request.bearer_auth(&self.token).header("x-trainable-upload", "1");
        let answer = request.body(bytes).send().await?;
        if answer.status() != StatusCode::CREATED {
            let said: Value = answer.json().await?;
            let text = |key: &str| said["error"][key].as_str().unwrap_or_default().to_owned();
            return Err(Error::Failed { message: text("message"), code: text("code") });
        }
        Ok(place.id)
    }

    /// Fetches a file by the address that the API gave.
    pub async fn download(&self, url: &str) -> Result<Vec<u8>, Error> {
        let request = self.http.get(format!("{}{url}", self.url)).bearer_auth(&self.token);
        Ok(request.send().await?.error_for_status()?.bytes().await?.to_vec())
    }

    /// The events of a session after a sequence, for as long as they are asked for. Each that has a sequence comes once
    /// and in order, through lost connections and restarts of the server.
    pub fn events(&self, session: &str, after: i64) -> impl Stream<Item = Result<Events, Error>> {
        let resuming = Resuming {
            server: self.clone(),
            session: session.to_owned(),
            last: after,
            failures: 0,
            open: None,
        };
        stream::unfold(Some(resuming), |resuming| async move {
            let mut resuming = resuming?;
            match resuming.next().await {
                Ok(events) => Some((Ok(events), Some(resuming))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn subscribe(
        &self,
        variables: Variables,
    ) -> Result<Subscription<StreamingOperation<SessionEvents>>, graphql_ws_client::Error> {
        let lost = |error: tokio_tungstenite::tungstenite::Error| {
            graphql_ws_client::Error::Unknown(error.to_string())
        };
        let address = format!("{}/graphql/ws", self.url.replacen("http", "ws", 1));
        let mut request = address.into_client_request().map_err(lost)?;
        let protocol = "graphql-transport-ws".parse().expect("a plain name");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.map_err(lost)?;
        Client::build(socket)
            .payload(json!({"token": self.token}))?
            .keep_alive_interval(Duration::from_secs(12))
            .subscribe(StreamingOperation::new(variables))
            .await
    }
}

/// A subscription that begins anew after its last sequence when its connection is lost.
struct Resuming {
    server: Server,
    session: String,
    last: i64,
    failures: u32,
    open: Option<Subscription<StreamingOperation<SessionEvents>>>,
}

impl Resuming {
    async fn next(&mut self) -> Result<Events, Error> {
        loop {
            let received = match &mut self.open {
                Some(subscription) => subscription.next().await,
                None => {
                    let variables =
                        Variables { session_id: self.session.clone(), after: self.last };
                    match self.server.subscribe(variables).await {
                        Ok(subscription) => {
                            self.open = Some(subscription);
                            continue;
                        }
                        Err(error) => Some(Err(error)),
                    }
                }
            };
            match received {
                Some(Ok(Response { data: Some(data), errors: None, .. })) => {
                    self.failures = 0;
                    let events = data.session_events;
                    self.last = events.events.iter().rev().find_map(|e| e.seq).unwrap_or(self.last);
                    return Ok(events);
                }
                Some(Ok(Response { errors, .. })) => {
                    return Err(Error::failed(&errors.unwrap_or_default()));
                }
                Some(Err(graphql_ws_client::Error::Close(code, message)))
                    if FINAL.contains(&code) =>
                {
                    return Err(Error::Failed { message, code: code.to_string() });
                }
                // The connection is lost: that is all there is to know.
                Some(Err(_)) | None => {}
            }
            self.open = None;
            self.failures += 1;
            let most = (250 << self.failures.min(6)).min(15_000) as f64;
            let wait = most * (0.5 + fastrand::f64() / 2.0);
            tokio::time::sleep(Duration::from_millis(wait as u64)).await;
        }
    }
}
