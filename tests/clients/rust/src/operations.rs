//! The operations, typed by the schema.

use graphql_client::GraphQLQuery;

/// What the custom scalars are in Rust.
pub type Long = i64;
pub type DateTime = chrono::DateTime<chrono::Utc>;
pub type Json = serde_json::Value;
pub type Id = String;

macro_rules! operations {
    ($($name:ident),+) => {$(
        #[derive(GraphQLQuery)]
        #[graphql(
            schema_path = "../../../schema.graphql",
            query_path = "../operations.graphql",
            response_derives = "Clone, Debug, PartialEq",
            variables_derives = "Clone, Debug",
            normalization = "rust",
            skip_serializing_none,
            fragments_other_variant
        )]
        pub struct $name;
    )+};
}

operations!(
    Overview,
    SessionNow,
    CreateUpload,
    CreateExperiment,
    CreateSession,
    StartStage,
    SessionEvents
);
