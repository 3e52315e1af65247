//! Why a database says no: what passes by itself, and what people are told of it.

use super::{ABSENCE, StoreError};
use sea_orm::{DbErr, RuntimeErr, sqlx};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The wait between two attempts.
const AGAIN: Duration = Duration::from_millis(500);

/// A trouble that may pass. What was refused because of it can be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("the server's disk is full; free some space and try again")]
    DiskFull,
    #[error("another program holds the database; try again when it has let go of it")]
    Locked,
    /// It is out of reach, or gives no connection in time.
    #[error("the database did not answer; try again")]
    Away,
}

impl Trouble {
    /// The trouble behind an error; `None` when asking again would not help.
    pub fn of(error: &DbErr) -> Option<Self> {
        let (DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause)) = error else {
            return matches!(error, DbErr::ConnectionAcquire(_)).then_some(Trouble::Away);
        };
        let RuntimeErr::SqlxError(cause) = cause else { return None };
        match &**cause {
            sqlx::Error::Database(said) => said.code().and_then(|code| Self::by_code(&code)),
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Some(Trouble::Away),
            // The library's own list is open; none of the others passes by itself.
            _ => None,
        }
    }

    /// *Source*: sqlite.org/rescode.html and the PostgreSQL manual's appendix A, read 2026-11-26.
    fn by_code(code: &str) -> Option<Self> {
        match code {
            "53100" => return Some(Trouble::DiskFull),
            // Two servers stood in each other's way; one of them is told to try again.
            "55P03" | "40001" | "40P01" => return Some(Trouble::Locked),
            // It stops or starts, has no connection left, ended ours because it was silent for too long, or is a copy
            // that takes no writes yet.
            "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" | "25006" => {
                return Some(Trouble::Away);
            }
            _ if code.len() == 5 => return code.starts_with("08").then_some(Trouble::Away),
            _ => {}
        }
        /// The shared memory beside the file could not grow.
        const IOERR_SHMSIZE: i32 = 4874;
        let code: i32 = code.parse().ok()?;
        // The low byte is the kind, the rest says more of it.
        match code & 0xff {
            13 => Some(Trouble::DiskFull),
            _ if code == IOERR_SHMSIZE => Some(Trouble::DiskFull),
            5 | 6 => Some(Trouble::Locked),
            // An error of the disk, a file that cannot be opened, a disk that takes no writes.
            8 | 10 | 14 => Some(Trouble::Away),
            _ => None,
        }
    }
}

impl StoreError {
    /// The trouble behind it; `None` when asking again would not help.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            StoreError::Database(error) => Trouble::of(error),
            StoreError::DamagedLog { .. } | StoreError::Newer | StoreError::Unusable(_) => None,
        }
    }

    /// What people are told of a log that is not whole.
    pub fn damage(&self) -> Option<String> {
        match self {
            StoreError::DamagedLog { seq, .. } => Some(format!(
                "the log of this session is damaged at event {seq}; restore a backup, or delete the session"
            )),
            StoreError::Database(_) | StoreError::Newer | StoreError::Unusable(_) => None,
        }
    }
}

/// Asks again while a trouble may pass, for [`ABSENCE`] at most.
pub async fn outlast<T, E, F>(
    mut ask: impl FnMut() -> F,
    trouble: impl Fn(&E) -> Option<Trouble>,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
    E: std::fmt::Display,
{
    let begun = Instant::now();
    let mut told = false;
    loop {
        match ask().await {
            Err(error) if trouble(&error).is_some() && begun.elapsed() < ABSENCE => {
                if !told {
                    tracing::warn!(%error, "a run waits for the database");
                    told = true;
                }
                sleep(AGAIN).await;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expect: Option<Trouble>) {
        assert_eq!(Trouble::by_code(code), expect, "{code}");
    }

    #[test]
    fn codes_say_what_passes() {
        check("13", Some(Trouble::DiskFull));
        check("4874", Some(Trouble::DiskFull));
        check("53100", Some(Trouble::DiskFull));
        check("5", Some(Trouble::Locked));
        check("517", Some(Trouble::Locked));
        check("778", Some(Trouble::Away));
        check("08006", Some(Trouble::Away));
        check("57P03", Some(Trouble::Away));
        check("40P01", Some(Trouble::Locked));
        check("25P03", Some(Trouble::Away));
        check("55P03", Some(Trouble::Locked));
        // Constraints and mistakes of ours.
        check("1555", None);
        check("1", None);
        check("23505", None);
        check("42P01", None);
    }
}
