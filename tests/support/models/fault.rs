//! Everything that goes wrong with a provider, by name.

use super::script::Wire;
use std::time::Duration;
use trainable::llm::ErrorKind;

/// How long the server asks to be left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    Seconds(u64),
    /// In `retry-after-ms`, which both vendors' SDKs read first.
    Milliseconds(u64),
    /// A date, in so many seconds from now.
    Date(u64),
}

/// One fault. Those in the middle of a stream come after half of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is closed before a byte of the answer.
    Closed,
    /// The connection is reset before a byte of the answer.
    Reset,
    /// Nothing ever comes.
    Silent,
    /// The head of the answer comes, and then nothing.
    SilentBody,
    /// Half of the answer comes, and then nothing.
    SilentMiddle,
    /// 401.
    Unauthorized,
    /// 401 from a gateway that repeats the whole key.
    EchoesKey,
    /// 403.
    Forbidden,
    /// 404.
    UnknownModel,
    /// 400: the prompt does not fit into the model's window.
    TooLong,
    /// 413.
    TooLarge,
    /// The vendor's own answer when the account is empty: 400 and 429.
    NoCredit,
    /// 402.
    PaymentRequired,
    /// 400: what the server says of a request that it does not understand.
    Invalid,
    /// 429.
    RateLimited(Option<After>),
    /// 500.
    ServerError,
    /// 502 with a page of HTML.
    BadGateway,
    /// 503.
    Unavailable,
    /// 529; 503 in the words of OpenAI.
    Overloaded,
    /// The stream says that the provider is overloaded.
    OverloadedInStream,
    /// The stream says that the provider failed.
    ErrorInStream,
    /// The connection is closed in the middle of the stream.
    BrokenFin,
    /// The connection is reset in the middle of the stream.
    BrokenRst,
    /// The stream ends in good order, but without its last events.
    Truncated,
    /// An event in the middle holds no JSON.
    GarbageJson,
    /// 200 and bytes that are no event stream at all.
    GarbageSse,
    /// 200 and a page of HTML, as captive portals have them.
    HtmlPage,
    /// The input of the last call is no JSON.
    BadArguments,
    /// A line without an end.
    EndlessLine,
    /// 200 and a stream without an event: what llama-cpp-python 0.3 sends for a prompt that does
    /// not fit.
    EmptyStream,
}

impl Fault {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let mut all = Self::silent();
        all.extend([
            Fault::Closed,
            Fault::Reset,
            Fault::Unauthorized,
            Fault::EchoesKey,
            Fault::Forbidden,
            Fault::UnknownModel,
            Fault::TooLong,
            Fault::TooLarge,
            Fault::NoCredit,
            Fault::PaymentRequired,
            Fault::Invalid,
            Fault::RateLimited(None),
            Fault::RateLimited(Some(After::Seconds(1))),
            Fault::RateLimited(Some(After::Milliseconds(40))),
            Fault::RateLimited(Some(After::Date(2))),
            Fault::ServerError,
            Fault::BadGateway,
            Fault::Unavailable,
            Fault::Overloaded,
            Fault::OverloadedInStream,
            Fault::ErrorInStream,
            Fault::BrokenFin,
            Fault::BrokenRst,
            Fault::Truncated,
            Fault::GarbageJson,
            Fault::GarbageSse,
            Fault::HtmlPage,
            Fault::BadArguments,
            Fault::EndlessLine,
            Fault::EmptyStream,
        ]);
        all
    }

    /// Those that only patience ends.
    pub fn silent() -> Vec<Self> {
        vec![Fault::Silent, Fault::SilentBody, Fault::SilentMiddle]
    }

    /// The kinds that an adapter may call it. None: the turn arrives, with a bad call in it, or is
    /// [`ErrorKind::Broken`].
    pub fn kinds(&self, wire: Wire) -> &'static [ErrorKind] {
        match self {
            Fault::Closed | Fault::Reset => &[ErrorKind::Unreachable],
            Fault::Silent | Fault::SilentBody | Fault::SilentMiddle => &[ErrorKind::TimedOut],
            Fault::Unauthorized | Fault::EchoesKey | Fault::Forbidden => &[ErrorKind::Access],
            Fault::UnknownModel => &[ErrorKind::UnknownModel],
            Fault::TooLong | Fault::TooLarge => &[ErrorKind::ContextOverflow],
            Fault::NoCredit | Fault::PaymentRequired => &[ErrorKind::Quota],
            Fault::Invalid => &[ErrorKind::BadRequest],
            Fault::RateLimited(_) => &[ErrorKind::RateLimited],
            Fault::ServerError | Fault::BadGateway => &[ErrorKind::Unreachable],
            Fault::Unavailable => &[ErrorKind::Overloaded, ErrorKind::Unreachable],
            Fault::Overloaded | Fault::OverloadedInStream => match wire {
                Wire::Anthropic => &[ErrorKind::Overloaded],
                // Only the words tell it from any other 503.
                Wire::OpenAi => &[ErrorKind::Overloaded, ErrorKind::Unreachable],
            },
            Fault::ErrorInStream => &[ErrorKind::Unreachable, ErrorKind::Broken],
            Fault::BrokenFin | Fault::BrokenRst => &[ErrorKind::Broken, ErrorKind::Unreachable],
            Fault::Truncated
            | Fault::GarbageJson
            | Fault::GarbageSse
            | Fault::HtmlPage
            | Fault::EndlessLine
            | Fault::EmptyStream => &[ErrorKind::Broken],
            Fault::BadArguments => &[],
        }
    }

    /// What the server asks for, where it does; a date only says whole seconds.
    pub fn retry_after(&self) -> Option<(Duration, Duration)> {
        let exactly = |wait| Some((wait, wait));
        match self {
            Fault::RateLimited(Some(After::Seconds(s))) => exactly(Duration::from_secs(*s)),
            Fault::RateLimited(Some(After::Milliseconds(ms))) => {
                exactly(Duration::from_millis(*ms))
            }
            Fault::RateLimited(Some(After::Date(s))) => {
                Some((Duration::ZERO, Duration::from_secs(*s)))
            }
            _ => None,
        }
    }

    /// The headers that say when to come back.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Fault::RateLimited(Some(After::Seconds(s))) => vec![("retry-after", s.to_string())],
            Fault::RateLimited(Some(After::Milliseconds(ms))) => {
                vec![("retry-after-ms", ms.to_string()), ("retry-after", "1".to_owned())]
            }
            Fault::RateLimited(Some(After::Date(s))) => {
                let then = chrono::Utc::now() + chrono::TimeDelta::seconds(*s as i64);
                vec![("retry-after", then.format("%a, %d %b %Y %H:%M:%S GMT").to_string())]
            }
            _ => Vec::new(),
        }
    }

    /// Another status than 200, in the words of a vendor: status, type, code and message.
    pub fn refusal(&self, wire: Wire, model: &str, key: &str) -> Option<Refusal> {
        let anthropic = wire == Wire::Anthropic;
        let said = |status, kind, code, message: &str| {
            Some(Refusal { status, kind, code, message: message.to_owned() })
        };
        let invalid = "invalid_request_error";
        match self {
            Fault::Unauthorized if anthropic => {
                said(401, "authentication_error", None, "invalid x-api-key")
            }
            Fault::Unauthorized => Some(wrong_key(key)),
            Fault::EchoesKey => {
                let message = format!("key {key} is not known here (Authorization: Bearer {key})");
                said(401, "authentication_error", None, &message)
            }
            Fault::Forbidden if anthropic => said(
                403,
                "permission_error",
                None,
                "Your API key does not have permission to use the specified resource",
            ),
            Fault::Forbidden => {
                let message = format!("Project `p` does not have access to model `{model}`");
                said(403, invalid, Some("model_not_found"), &message)
            }
            Fault::UnknownModel => Some(unknown_model(wire, model)),
            Fault::TooLong if anthropic => {
                said(400, invalid, None, "prompt is too long: 208310 tokens > 200000 maximum")
            }
            Fault::TooLong => said(
                400,
                invalid,
                Some("context_length_exceeded"),
                "This model's maximum context length is 128000 tokens. However, your messages resulted in 130101 tokens. Please reduce the length of the messages.",
            ),
            Fault::TooLarge => {
                said(413, "request_too_large", None, "Request exceeds the maximum size")
            }
            Fault::NoCredit if anthropic => said(
                400,
                invalid,
                None,
                "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
            ),
            Fault::NoCredit => said(
                429,
                "insufficient_quota",
                Some("insufficient_quota"),
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            Fault::PaymentRequired => said(402, "billing_error", None, "Insufficient credits"),
            Fault::Invalid => said(400, invalid, None, "temperature: range: 0..1"),
            Fault::RateLimited(_) if anthropic => said(
                429,
                "rate_limit_error",
                None,
                "This request would exceed your organization's rate limit of 50 requests per minute.",
            ),
            Fault::RateLimited(_) => said(
                429,
                "requests",
                Some("rate_limit_exceeded"),
                "Rate limit reached for requests per min (RPM): Limit 3, Used 3, Requested 1.",
            ),
            Fault::ServerError if anthropic => {
                said(500, "api_error", None, "Internal server error")
            }
            Fault::ServerError => said(
                500,
                "server_error",
                None,
                "The server had an error while processing your request. Sorry about that!",
            ),
            Fault::Unavailable => said(503, "api_error", None, "Service unavailable"),
            Fault::Overloaded if anthropic => said(529, "overloaded_error", None, "Overloaded"),
            Fault::Overloaded => said(
                503,
                "server_error",
                None,
                "The engine is currently overloaded, please try again later",
            ),
            _ => None,
        }
    }
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: u16,
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub message: String,
}

impl Refusal {
    /// The request is not right.
    pub fn invalid(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { status: 400, kind: "invalid_request_error", code: None, message }
    }
}

/// OpenAI repeats the ends of a key that it does not know.
pub fn wrong_key(key: &str) -> Refusal {
    let ends = if key.len() > 12 {
        format!("{}****{}", &key[..8], &key[key.len() - 4..])
    } else {
        "****".to_owned()
    };
    Refusal {
        status: 401,
        kind: "invalid_request_error",
        code: Some("invalid_api_key"),
        message: format!(
            "Incorrect API key provided: {ends}. You can find your API key at https://platform.openai.com/account/api-keys."
        ),
    }
}

pub fn unknown_model(wire: Wire, model: &str) -> Refusal {
    match wire {
        Wire::Anthropic => Refusal {
            status: 404,
            kind: "not_found_error",
            code: None,
            message: format!("model: {model}"),
        },
        Wire::OpenAi => Refusal {
            status: 404,
            kind: "invalid_request_error",
            code: Some("model_not_found"),
            message: format!("The model `{model}` does not exist or you do not have access to it."),
        },
    }
}
