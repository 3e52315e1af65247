//! Opaque, typed ids: `base64url("{type}:{uuid}")`.

use async_graphql::ID;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::ids::{ArtifactId, ExperimentId, MessageId, SessionId, StageRunId, UploadId};
use uuid::Uuid;

/// A thing that has an id in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Global {
    Experiment(ExperimentId),
    Session(SessionId),
    StageRun(StageRunId),
    Message(MessageId),
    Artifact(ArtifactId),
    Upload(UploadId),
}

impl Global {
    pub fn id(self) -> ID {
        let (kind, uuid) = match self {
            Global::Experiment(id) => ("Experiment", id.0),
            Global::Session(id) => ("Session", id.0),
            Global::StageRun(id) => ("StageRun", id.0),
            Global::Message(id) => ("Message", id.0),
            Global::Artifact(id) => ("Artifact", id.0),
            Global::Upload(id) => ("Upload", id.0),
        };
        ID(URL_SAFE_NO_PAD.encode(format!("{kind}:{uuid}")))
    }

    pub fn parse(id: &ID) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
        let (kind, uuid) = text.split_once(':')?;
        let uuid = Uuid::parse_str(uuid).ok()?;
        Some(match kind {
            "Experiment" => Global::Experiment(ExperimentId(uuid)),
            "Session" => Global::Session(SessionId(uuid)),
            "StageRun" => Global::StageRun(StageRunId(uuid)),
            "Message" => Global::Message(MessageId(uuid)),
            "Artifact" => Global::Artifact(ArtifactId(uuid)),
            "Upload" => Global::Upload(UploadId(uuid)),
            _ => return None,
        })
    }
}

/// Reads the id of one type; `None` for anything else.
pub trait FromGlobal: Sized {
    fn from_global(id: &ID) -> Option<Self>;
}

macro_rules! from_global {
    ($($variant:ident $ty:ident),+) => {$(
        impl FromGlobal for $ty {
            fn from_global(id: &ID) -> Option<Self> {
                match Global::parse(id)? {
                    Global::$variant(id) => Some(id),
                    #[allow(unreachable_patterns, reason = "each type has one variant")]
                    _other => None,
                }
            }
        }
    )+};
}

from_global!(
    Experiment ExperimentId,
    Session SessionId,
    StageRun StageRunId,
    Upload UploadId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_typed() {
        let session = SessionId::new();
        let id = Global::Session(session).id();
        assert_eq!(SessionId::from_global(&id), Some(session));
        assert_eq!(ExperimentId::from_global(&id), None);
        for wrong in ["", "x", "U2Vzc2lvbjo", "0192a000-0000-7000-8000-000000000000"] {
            assert_eq!(Global::parse(&ID(wrong.into())), None, "{wrong}");
        }
    }
}
