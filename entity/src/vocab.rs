//! The closed vocabularies: every value that a text column may hold, as an enum.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! vocab {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, EnumIter, DeriveActiveEnum,
        )]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $(
                $(#[$vdoc])*
                #[sea_orm(string_value = $text)]
                #[serde(rename = $text)]
                $variant,
            )+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The text that the database and the files use.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// Reads the text back; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

vocab!(
    /// A step of the pipeline. The order of the variants is the order of the pipeline.
    Stage {
        /// Understand the data before touching it.
        Eda = "eda",
        /// Split, clean and transform.
        Prep = "prep",
        /// Train, tune, choose and report.
        Train = "train",
    }
);

impl Stage {
    /// The stage after this one.
    pub const fn next(self) -> Option<Stage> {
        match self {
            Stage::Eda => Some(Stage::Prep),
            Stage::Prep => Some(Stage::Train),
            Stage::Train => None,
        }
    }

    /// The stage that must be done before this one may start.
    pub const fn previous(self) -> Option<Stage> {
        match self {
            Stage::Eda => None,
            Stage::Prep => Some(Stage::Eda),
            Stage::Train => Some(Stage::Prep),
        }
    }
}

vocab!(
    /// The flat name of a session's state.
    SessionStateName {
        /// No stage has run.
        Created = "created",
        /// EDA is at work.
        EdaRunning = "eda_running",
        /// EDA is finished.
        EdaDone = "eda_done",
        /// Prep is at work.
        PrepRunning = "prep_running",
        /// Prep is finished.
        PrepDone = "prep_done",
        /// Train is at work.
        TrainRunning = "train_running",
        /// The whole pipeline is finished.
        TrainDone = "train_done",
        /// A stage run ended in an error; it can be run again.
        Failed = "failed",
        /// The user stopped the session; a stage can be run again.
        Cancelled = "cancelled",
    }
);

vocab!(
    /// Who said a message.
    Role {
        /// The person.
        User = "user",
        /// The agent.
        Assistant = "assistant",
        /// What a tool answered.
        Tool = "tool",
        /// The system itself: errors and notices.
        System = "system",
    }
);

vocab!(
    /// What an artifact is.
    ArtifactType {
        /// A stage's report.
        Report = "report",
        /// A figure.
        Chart = "chart",
        /// A table.
        Dataset = "dataset",
        /// A fitted model or pipeline.
        Model = "model",
        /// A script that was run.
        Script = "script",
        /// A machine-readable description.
        Metadata = "metadata",
        /// Anything else.
        File = "file",
    }
);

vocab!(
    /// How a stage run stands.
    StageRunState {
        /// At work.
        Running = "running",
        /// Ended well; its exit check passed.
        Done = "done",
        /// Ended in an error.
        Failed = "failed",
        /// Stopped by the user.
        Cancelled = "cancelled",
    }
);

vocab!(
    /// What a metric's number is: JSON and SQL know only finite ones.
    MetricKind {
        /// An ordinary number.
        Finite = "finite",
        /// Not a number.
        Nan = "nan",
        /// Above every number.
        Infinity = "infinity",
        /// Below every number.
        NegativeInfinity = "negative_infinity",
    }
);

vocab!(
    /// How hard a model thinks before it answers. The order is from least to most.
    Effort {
        /// Not at all, where the model lets one choose.
        None = "none",
        /// A little: fast and cheap.
        Low = "low",
        /// Somewhat.
        Medium = "medium",
        /// Much: for hard problems.
        High = "high",
        /// As much as the model can.
        Max = "max",
    }
);

vocab!(
    /// How an upload stands.
    UploadState {
        /// The address was handed out; the bytes are not whole yet.
        Open = "open",
        /// The bytes are stored and their digest is known.
        Stored = "stored",
    }
);

vocab!(
    /// What can be deleted.
    Mortal {
        /// An experiment, with its sessions.
        Experiment = "experiment",
        /// One session.
        Session = "session",
    }
);
