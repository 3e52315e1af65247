//! The types cannot be generated from a schema that lacks what an operation asks for.

use graphql_client_codegen::{
    CodegenMode, GraphQLClientCodegenOptions, generate_module_token_stream,
};
use std::path::Path;

/// Generates as the derive does, from the schema with a change.
fn generated(name: &str, from: &str, to: &str) -> Result<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = std::fs::read_to_string(here.join("../../../schema.graphql")).expect("the schema");
    assert!(schema.contains(from), "the schema has no {from:?}");
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.graphql"));
    std::fs::write(&path, schema.replace(from, to)).expect("a file");
    let options = GraphQLClientCodegenOptions::new(CodegenMode::Cli);
    generate_module_token_stream(here.join("../operations.graphql"), &path, options)
        .map(|tokens| tokens.to_string())
        .map_err(|error| error.to_string())
}

#[test]
fn a_schema_that_drifts_is_noticed() {
    let good = generated("same", "caughtUp", "caughtUp").expect("the types are generated");
    assert!(good.contains("caught_up"));
    let error = generated("drifted", "caughtUp:", "isCaughtUp:").expect_err("the field is gone");
    assert!(error.contains("caughtUp"), "{error}");
}
