//! What goes wrong with Modal, and what the port says of it.

use super::protocol::{Problem, ProblemKind};
use crate::sandbox::{SandboxError, VolumePath};
use std::io;

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The sidecar died or had to be ended; what Modal did is unknown. Trying again starts another.
    #[error("{0}")]
    Gone(String),
    /// Modal cannot be had as things are: tokens, network, limits. The sentence says what to do.
    #[error("{0}")]
    Unavailable(String),
    /// What the call is about is not there any more.
    #[error("{0}")]
    Absent(String),
    /// It cannot be done now.
    #[error("{0}")]
    Conflict(String),
    /// It will not be done like this.
    #[error("{0}")]
    Refused(String),
    /// There is no such file.
    #[error("there is no such file")]
    NoFile,
    #[error("{0}")]
    Failed(String),
}

impl From<Problem> for Trouble {
    fn from(Problem { kind, message }: Problem) -> Self {
        match kind {
            ProblemKind::Token | ProblemKind::Away | ProblemKind::Version | ProblemKind::Limit => {
                Self::Unavailable(message)
            }
            ProblemKind::Absent => Self::Absent(message),
            ProblemKind::Conflict => Self::Conflict(message),
            ProblemKind::Refused => Self::Refused(message),
            ProblemKind::NoFile => Self::NoFile,
            ProblemKind::Cancelled | ProblemKind::Fault => Self::Failed(message),
        }
    }
}

impl Trouble {
    /// As the port says it.
    pub(super) fn during(self, action: &'static str) -> SandboxError {
        match self {
            Self::Unavailable(sentence) | Self::Refused(sentence) => {
                SandboxError::Unavailable(sentence)
            }
            Self::Gone(_)
            | Self::Absent(_)
            | Self::Conflict(_)
            | Self::NoFile
            | Self::Failed(_) => {
                SandboxError::Io { action, source: io::Error::other(self.to_string()) }
            }
        }
    }

    /// Likewise, about a file.
    pub(super) fn about(self, path: &VolumePath, action: &'static str) -> SandboxError {
        match self {
            Self::NoFile => SandboxError::NoFile(path.clone()),
            other => other.during(action),
        }
    }
}
