//! Errors of the API: what becomes a top-level error, and what is data (`userErrors`).
//!
//! Top-level errors are for authentication, limits and bugs. They carry a code and a trace id,
//! never a text of the database, a path of the host or a secret.

use super::vocab::UserErrorCode;
use crate::{
    dataset::{CreateError, DeleteError},
    objects::ObjectError,
    sandbox::SandboxError,
    session::{CommandError, NoProvider},
    store::StoreError,
};
use async_graphql::{ErrorExtensions, ServerError, SimpleObject};

/// `extensions.code` of a top-level error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    BadRequest,
    ParseFailed,
    ValidationFailed,
    BadUserInput,
    LimitExceeded,
    Unauthenticated,
    MethodNotAllowed,
    /// The hash of a document that this process does not have; its text is to be sent along.
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
    /// No trusted document has that id.
    DocumentNotFound,
    /// Only trusted documents are run, and this is none.
    DocumentNotTrusted,
    NotFound,
    Unavailable,
    /// What is stored is not whole; asking again does not help.
    Damaged,
    Internal,
}

impl Code {
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::BadRequest => "BAD_REQUEST",
            Code::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Code::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::LimitExceeded => "LIMIT_EXCEEDED",
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Code::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Code::PersistedQueryNotSupported => "PERSISTED_QUERY_NOT_SUPPORTED",
            Code::DocumentNotFound => "DOCUMENT_NOT_FOUND",
            Code::DocumentNotTrusted => "DOCUMENT_NOT_TRUSTED",
            Code::NotFound => "NOT_FOUND",
            Code::Unavailable => "UNAVAILABLE",
            Code::Damaged => "DAMAGED",
            Code::Internal => "INTERNAL",
        }
    }
}

/// A top-level error.
///
/// It has no `Display`: whatever has one becomes an error of the executor's without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub code: Code,
    pub message: String,
}

impl ApiError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// A failure of ours: the cause goes to the log.
    pub fn internal(cause: &dyn std::error::Error) -> Self {
        tracing::error!(error = %cause, "a resolver failed");
        Self::new(Code::Internal, "the server failed; its log says why")
    }

    fn of_store(error: &StoreError) -> Self {
        match (error.damage(), error.trouble()) {
            (Some(words), _) => {
                tracing::error!(%error, "what is stored is damaged");
                Self::new(Code::Damaged, words)
            }
            (None, Some(trouble)) => {
                tracing::error!(%error, "the database did not answer");
                Self::new(Code::Unavailable, trouble.to_string())
            }
            (None, None) => Self::internal(error),
        }
    }

    pub fn into_server_error(self) -> ServerError {
        let mut error = ServerError::new(self.message, None);
        error.extensions.get_or_insert_default().set("code", self.code.as_str());
        error
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        async_graphql::Error::new(error.message)
            .extend_with(|_, extensions| extensions.set("code", error.code.as_str()))
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::of_store(&error)
    }
}

/// What a DataLoader hands to everyone who waited for the same batch.
impl From<std::sync::Arc<StoreError>> for ApiError {
    fn from(error: std::sync::Arc<StoreError>) -> Self {
        Self::of_store(&error)
    }
}

impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        match error {
            // These sentences are made for people.
            SandboxError::Unavailable(text) | SandboxError::Environment(text) => {
                Self::new(Code::Unavailable, text)
            }
            SandboxError::DiskFull => Self::new(Code::Unavailable, error.to_string()),
            SandboxError::NoFile(_) => Self::new(Code::NotFound, error.to_string()),
            SandboxError::Io { .. } => Self::internal(&error),
        }
    }
}

impl From<ObjectError> for ApiError {
    fn from(error: ObjectError) -> Self {
        match error {
            // These sentences are made for people, and hold no key.
            ObjectError::Away(_)
            | ObjectError::Rejected(_)
            | ObjectError::Busy
            | ObjectError::Held
            | ObjectError::Refused(_)
            | ObjectError::Full => Self::new(Code::Unavailable, error.to_string()),
            ObjectError::NoBucket(bucket) => {
                Self::bad_input(format!("there is no bucket `{bucket}`; choose one from the list"))
            }
            ObjectError::Misplaced(sentence) => Self::bad_input(sentence),
            ObjectError::NoObject(_) => Self::new(Code::NotFound, "there is no such object"),
            ObjectError::TooLarge { .. }
            | ObjectError::Broken(_)
            | ObjectError::Damaged
            | ObjectError::Forgotten
            | ObjectError::Io { .. } => Self::internal(&error),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound | CommandError::NoExperiment => {
                Self::new(Code::NotFound, error.to_string())
            }
            CommandError::Refused(_) | CommandError::NoProvider(_) => {
                Self::bad_input(error.to_string())
            }
            CommandError::Damaged(_) => Self::new(Code::Damaged, error.to_string()),
            CommandError::Busy | CommandError::Elsewhere | CommandError::Unavailable(_) => {
                Self::new(Code::Unavailable, error.to_string())
            }
        }
    }
}

/// Something about the input that its sender can mend.
#[derive(Clone, Debug, PartialEq, SimpleObject)]
pub struct UserError {
    /// One sentence that says what is wrong and what to do.
    pub message: String,
    /// The way from `input` to the field that is wrong; empty when none is.
    pub path: Vec<String>,
    /// What kind of mistake it is.
    pub code: UserErrorCode,
    /// The finding behind `BAD_DATA`, such as `RAGGED_ROWS`.
    pub detail: Option<String>,
}

impl UserError {
    pub fn new(code: UserErrorCode, path: &[&str], message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path: path.iter().map(|part| (*part).to_owned()).collect(),
            code,
            detail: None,
        }
    }

    pub fn invalid(path: &[&str], message: impl Into<String>) -> Self {
        Self::new(UserErrorCode::InvalidInput, path, message)
    }

    pub fn not_found(path: &[&str], what: &str) -> Self {
        Self::new(UserErrorCode::NotFound, path, format!("there is no such {what}"))
    }
}

/// Why a mutation did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// Data for the payload.
    User(Vec<UserError>),
    /// A top-level error.
    Api(ApiError),
}

impl From<UserError> for Failure {
    fn from(error: UserError) -> Self {
        Failure::User(vec![error])
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Failure::Api(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::Api(error.into())
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let (code, path): (_, &[&str]) = match &error {
            CommandError::NotFound => (UserErrorCode::NotFound, &["sessionId"]),
            CommandError::NoExperiment => (UserErrorCode::NotFound, &["experimentId"]),
            CommandError::Refused(_) | CommandError::Damaged(_) => (UserErrorCode::NotAllowed, &[]),
            CommandError::NoProvider(NoProvider::Unknown { .. }) => {
                (UserErrorCode::InvalidInput, &["provider"])
            }
            CommandError::NoProvider(NoProvider::NotReady { .. }) => {
                (UserErrorCode::Unavailable, &["provider"])
            }
            CommandError::NoProvider(NoProvider::NoModel(_)) => {
                (UserErrorCode::InvalidInput, &["model"])
            }
            CommandError::Busy | CommandError::Elsewhere | CommandError::Unavailable(_) => {
                (UserErrorCode::Unavailable, &[])
            }
        };
        UserError::new(code, path, error.to_string()).into()
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        let (code, path): (_, &[&str]) = match &error {
            CreateError::NoUpload(_) | CreateError::Incomplete(_) | CreateError::Taken(_) => {
                (UserErrorCode::UploadIncomplete, &["source", "uploadIds"])
            }
            CreateError::NoFiles => (UserErrorCode::InvalidInput, &["source", "uploadIds"]),
            CreateError::NoSample(_) => (UserErrorCode::NotFound, &["source", "sampleId"]),
            CreateError::Invalid { field, .. } => {
                return UserError::invalid(&[*field], error.to_string()).into();
            }
            CreateError::Refused(findings) => {
                let said = findings.iter().map(|finding| {
                    let about = if finding.code.contains("TARGET") { "target" } else { "source" };
                    let mut said =
                        UserError::new(UserErrorCode::BadData, &[about], finding.message.clone());
                    said.detail = Some(finding.code.clone());
                    said
                });
                return Failure::User(said.collect());
            }
            CreateError::Unavailable(_) | CreateError::Troubled(_) => {
                (UserErrorCode::Unavailable, &[])
            }
        };
        UserError::new(code, path, error.to_string()).into()
    }
}

impl From<DeleteError> for Failure {
    fn from(error: DeleteError) -> Self {
        let (code, path): (_, &[&str]) = match &error {
            DeleteError::NoExperiment => (UserErrorCode::NotFound, &["experimentId"]),
            DeleteError::NoSession => (UserErrorCode::NotFound, &["sessionId"]),
            DeleteError::ExperimentAtWork | DeleteError::SessionAtWork => {
                (UserErrorCode::Conflict, &[])
            }
            DeleteError::Unavailable(_) => (UserErrorCode::Unavailable, &[]),
        };
        UserError::new(code, path, error.to_string()).into()
    }
}

/// Splits what a mutation came to into the two halves of its payload.
pub fn outcome<T>(
    result: Result<T, Failure>,
) -> async_graphql::Result<(Option<T>, Vec<UserError>)> {
    match result {
        Ok(value) => Ok((Some(value), Vec::new())),
        Err(Failure::User(errors)) => Ok((None, errors)),
        Err(Failure::Api(error)) => Err(error.into()),
    }
}
