//! Why a socket is closed.

use actix_ws::{CloseCode, CloseReason};

/// Every reason that this server closes a socket for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Close {
    /// The client closed or is done.
    Normal,
    /// 1009: a message is larger than the limit.
    TooBig,
    /// 1012: the server stops. Come back and resume.
    Restart,
    /// 1013: the reader is too slow. Come back and resume.
    Slow,
    /// 1001: the client said nothing for too long.
    Silent,
    /// 4400: a message that the protocol does not know.
    BadMessage(&'static str),
    /// 4401: an operation before the connection was acknowledged.
    Unauthorized,
    /// 4403: `connection_init` without the token.
    Forbidden,
    /// 4406: none of the subprotocols offered is ours.
    Subprotocol,
    /// 4408: no `connection_init` in time.
    InitTimeout,
    /// 4409: the id is taken by an operation under way.
    Taken(String),
    /// 4429: `connection_init` twice.
    InitTwice,
}

impl Close {
    pub fn reason(&self) -> CloseReason {
        let (code, text) = match self {
            Close::Normal => (1000, "bye".to_owned()),
            Close::Silent => (1001, "Nothing was heard for too long".to_owned()),
            Close::TooBig => (1009, "The message is too large".to_owned()),
            Close::Restart => {
                (1012, "The server restarts; reconnect and resume after your last seq".to_owned())
            }
            Close::Slow => {
                (1013, "Reading too slowly; reconnect and resume after your last seq".to_owned())
            }
            Close::BadMessage(why) => (4400, (*why).to_owned()),
            Close::Unauthorized => (4401, "Unauthorized".to_owned()),
            Close::Forbidden => (4403, "Forbidden".to_owned()),
            Close::Subprotocol => (4406, "Subprotocol not acceptable".to_owned()),
            Close::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Close::Taken(id) => {
                let shown: String = id.chars().take(64).collect();
                (4409, format!("Subscriber for {shown} already exists"))
            }
            Close::InitTwice => (4429, "Too many initialisation requests".to_owned()),
        };
        CloseReason { code: CloseCode::from(code), description: Some(text) }
    }
}
