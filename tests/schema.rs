//! The committed contract is what the server prints, and everything in it says what it is.

use async_graphql::parser::{
    parse_schema,
    types::{TypeKind, TypeSystemDefinition},
};

#[test]
fn the_committed_schema_is_the_printed_one() {
    let committed = include_str!("../schema.graphql");
    assert!(
        committed == trainable::graphql::schema_sdl(),
        "schema.graphql is stale; run `trainable schema > schema.graphql` and look at the difference"
    );
}

#[test]
fn everything_is_described() {
    let document = parse_schema(trainable::graphql::schema_sdl()).expect("the schema parses");
    let mut bare = Vec::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(found) = definition else { continue };
        let found = &found.node;
        let name = &found.name.node;
        if found.description.is_none() {
            bare.push(name.to_string());
        }
        let mut member = |member: &str, described: bool| {
            if !described {
                bare.push(format!("{name}.{member}"));
            }
        };
        match &found.kind {
            TypeKind::Object(object) => {
                for field in &object.fields {
                    let field = &field.node;
                    member(&field.name.node, field.description.is_some());
                    for argument in &field.arguments {
                        let path = format!("{}({})", field.name.node, argument.node.name.node);
                        member(&path, argument.node.description.is_some());
                    }
                }
            }
            TypeKind::Interface(interface) => {
                for field in &interface.fields {
                    member(&field.node.name.node, field.node.description.is_some());
                }
            }
            TypeKind::Enum(values) => {
                for value in &values.values {
                    member(&value.node.value.node, value.node.description.is_some());
                }
            }
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    member(&field.node.name.node, field.node.description.is_some());
                }
            }
            TypeKind::Scalar | TypeKind::Union(_) => {}
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

#[test]
fn conventions_hold() {
    let sdl = trainable::graphql::schema_sdl();
    assert!(sdl.contains("input DatasetSource @oneOf"));
    for line in sdl.lines().filter(|line| line.starts_with("scalar ")) {
        assert!(line.contains("@specifiedBy"), "{line}");
    }
    let payloads = sdl.split("\n}\n").filter(|block| {
        block.lines().any(|line| line.starts_with("type ") && line.contains("Payload "))
    });
    for payload in payloads {
        assert!(payload.contains("userErrors: [UserError!]!"), "{payload}");
    }
}
