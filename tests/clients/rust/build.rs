//! The derive reads the schema without cargo's knowledge.

fn main() {
    println!("cargo:rerun-if-changed=../../../schema.graphql");
    println!("cargo:rerun-if-changed=../operations.graphql");
}
