//! Who asks. Every resolver, command, file and upload carries one.

use std::fmt;

/// Who asks, as authenticated at the edge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Somebody on this machine, when no token is set.
    Local,
    /// The bearer of the server's token.
    Token,
}

impl Principal {
    /// The name that rows keep as their owner. Local and token are one owner: the operator.
    pub const fn owner(&self) -> &'static str {
        match self {
            Principal::Local | Principal::Token => "operator",
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Principal::Local => "local",
            Principal::Token => "token",
        })
    }
}
