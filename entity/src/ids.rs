//! Typed UUIDv7 identifiers. A `SessionId` can never be passed where an `ExperimentId` is wanted.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use std::{
    fmt,
    str::FromStr,
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::{ContextV7, Timestamp, Uuid};

/// What makes ids of one process sort by the order in which they were made: it never goes back,
/// whatever the clock does.
static SEQUENCE: Mutex<ContextV7> = Mutex::new(ContextV7::new());

fn sequence() -> MutexGuard<'static, ContextV7> {
    // A counter is whole after any panic.
    SEQUENCE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes every id from now on sort after this one, which an earlier process made. Its clock may
/// have been ahead of ours.
pub fn not_before(id: Uuid) {
    let Some((seconds, nanos)) = id.get_timestamp().map(|at| at.to_unix()) else { return };
    // The next millisecond, whatever the counter of that one came to.
    let next = (u128::from(seconds) * 1000 + u128::from(nanos / 1_000_000)) + 1;
    let (seconds, nanos) = ((next / 1000) as u64, (next % 1000) as u32 * 1_000_000);
    Timestamp::from_unix(&*sequence(), seconds, nanos);
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// Makes a new id; ids made later sort after ids made earlier.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self(Uuid::new_v7(Timestamp::now(&*sequence())))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(s).map(Self)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    };
}

id!(
    /// One dataset with the user's instructions.
    ExperimentId
);
id!(
    /// One pass through the pipeline.
    SessionId
);
id!(
    /// One execution of a stage in a session.
    StageRunId
);
id!(
    /// One message between the user and the agent.
    MessageId
);
id!(
    /// One file that a stage left.
    ArtifactId
);
id!(
    /// One metric point.
    MetricId
);
id!(
    /// One uploaded file.
    UploadId
);
id!(
    /// One server process on a database that several may use.
    ServerId
);
id!(
    /// One command that a server asks another to give to a session of its own.
    AskedId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_never_sort_before_what_a_faster_clock_made() {
        let tomorrow = Timestamp::now(uuid::NoContext).to_unix().0 + 86_400;
        let theirs = SessionId(Uuid::new_v7(Timestamp::from_unix(uuid::NoContext, tomorrow, 0)));
        assert!(SessionId::new() < theirs);
        not_before(theirs.0);
        let (first, second) = (SessionId::new(), SessionId::new());
        assert!(theirs < first && first < second, "{theirs} {first} {second}");
        // One from the past changes nothing.
        not_before(Uuid::new_v7(Timestamp::from_unix(uuid::NoContext, 1, 0)));
        assert!(second < SessionId::new());
    }
}
