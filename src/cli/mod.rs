//! The command line's verbs. Each builds the adapters it needs and calls down; none decides
//! anything about sessions.

pub mod app;
pub mod backup;
pub mod copy;
pub mod demo;
pub mod doctor;
mod follow;
mod objects;
mod providers;
pub mod python_env;
pub mod run;
pub mod serve;
mod upkeep;

/// How a command ends, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    /// Bad input or usage.
    Refused = 2,
    Cancelled = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}

/// A sentence for the terminal, and the exit code that goes with it.
#[derive(Debug, thiserror::Error)]
#[error("{said}")]
pub struct Failure {
    pub exit: Exit,
    pub said: String,
}

impl Failure {
    pub fn refused(said: impl Into<String>) -> Self {
        Self { exit: Exit::Refused, said: said.into() }
    }

    pub fn failed(said: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, said: said.into() }
    }
}

/// Two things that a command needs, or all that stands in their way, a line for each.
fn both<A, B>(one: Result<A, Failure>, other: Result<B, Failure>) -> Result<(A, B), Failure> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (Err(one), Err(other)) => Err(Failure {
            // What passes may have passed when what does not is mended.
            exit: if one.exit == other.exit { one.exit } else { Exit::Failed },
            said: format!("{one}\n{other}"),
        }),
        (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
    }
}
