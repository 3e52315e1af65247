//! What a document may ask for, checked before anything is executed.
//!
//! The text is scanned before it is parsed and the document is measured before it is validated,
//! because both are work that grows with what a stranger sends: nested braces deepen the parser's
//! stack, and fragments that spread each other twice grow exponentially.

use super::{
    error::{ApiError, Code},
    tokens::tokens,
};
use async_graphql::{
    Positioned, ValidationResult,
    parser::types::{Directive, ExecutableDocument, Selection, SelectionSet},
};
use std::collections::HashMap;

/// The most that one document may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Lexical tokens.
    pub tokens: usize,
    /// Brackets inside each other, of any kind.
    pub nesting: usize,
    /// Fields inside each other.
    pub depth: usize,
    /// Fields that may be resolved, page sizes multiplied in.
    pub complexity: usize,
    /// Aliased fields.
    pub aliases: usize,
    /// Directives on one selection.
    pub directives: usize,
    /// Selections, with every fragment unfolded wherever it is spread.
    pub selections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tokens: 8_000,
            nesting: 60,
            depth: 20,
            complexity: 20_000,
            aliases: 100,
            directives: 8,
            selections: 4_000,
        }
    }
}

impl Limits {
    /// Checks the text of a document.
    pub fn check_text(&self, text: &str) -> Result<(), ApiError> {
        let (mut count, mut nesting) = (0, 0_usize);
        for token in tokens(text) {
            count += 1;
            match token {
                b"{" | b"(" | b"[" => nesting += 1,
                b"}" | b")" | b"]" => nesting = nesting.saturating_sub(1),
                _ => {}
            }
            if count > self.tokens {
                return Err(too_much("tokens", self.tokens));
            }
            if nesting > self.nesting {
                return Err(too_much("brackets inside each other", self.nesting));
            }
        }
        Ok(())
    }

    /// Checks a parsed document.
    pub fn check_document(&self, document: &ExecutableDocument) -> Result<(), ApiError> {
        let mut measure = Measure { limits: self, document, known: HashMap::new(), aliases: 0 };
        let mut whole = Size::default();
        for (_, operation) in document.operations.iter() {
            whole = whole.beside(measure.set(&operation.node.selection_set.node, 0)?);
        }
        for fragment in document.fragments.values() {
            measure.count(&fragment.node.selection_set.node)?;
        }
        for (_, operation) in document.operations.iter() {
            measure.count(&operation.node.selection_set.node)?;
        }
        if whole.selections > self.selections {
            return Err(too_much("selections", self.selections));
        }
        if whole.depth > self.depth {
            return Err(too_much("fields inside each other", self.depth));
        }
        if measure.aliases > self.aliases {
            return Err(too_much("aliases", self.aliases));
        }
        Ok(())
    }

    /// Checks what validation found; only then are page sizes known.
    pub fn check_valid(&self, valid: &ValidationResult) -> Result<(), ApiError> {
        if valid.complexity <= self.complexity {
            return Ok(());
        }
        let (limit, found) = (self.complexity, valid.complexity);
        Err(ApiError::new(
            Code::LimitExceeded,
            format!(
                "the document may resolve {found} fields, page sizes multiplied in, and at most {limit} are allowed; ask for smaller pages"
            ),
        ))
    }
}

/// What a selection set unfolds to.
#[derive(Clone, Copy, Default)]
struct Size {
    selections: usize,
    depth: usize,
}

impl Size {
    fn beside(self, other: Size) -> Size {
        Size {
            selections: self.selections.saturating_add(other.selections),
            depth: self.depth.max(other.depth),
        }
    }

    /// One selection around it, which is a level of `depth` when it is a field.
    fn around(self, levels: usize) -> Size {
        Size { selections: self.selections.saturating_add(1), depth: self.depth + levels }
    }
}

struct Measure<'a> {
    limits: &'a Limits,
    document: &'a ExecutableDocument,
    /// The unfolded size of each fragment; nothing while it is being measured, which ends cycles.
    known: HashMap<&'a str, Size>,
    aliases: usize,
}

impl<'a> Measure<'a> {
    /// The size of a set that is inside `above` selections.
    fn set(&mut self, set: &'a SelectionSet, above: usize) -> Result<Size, ApiError> {
        if above > self.limits.nesting {
            return Err(too_much("selections inside each other", self.limits.nesting));
        }
        let mut sum = Size::default();
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => {
                    self.set(&field.node.selection_set.node, above + 1)?.around(1)
                }
                Selection::InlineFragment(inline) => {
                    self.set(&inline.node.selection_set.node, above + 1)?.around(0)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.node.fragment_name.node, above + 1)?.around(0)
                }
            };
            sum = sum.beside(size);
        }
        Ok(sum)
    }

    fn fragment(&mut self, name: &'a str, above: usize) -> Result<Size, ApiError> {
        if let Some(size) = self.known.get(name) {
            return Ok(*size);
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(Size::default()) };
        self.known.insert(name, Size::default());
        let size = self.set(&fragment.node.selection_set.node, above)?;
        self.known.insert(name, size);
        Ok(size)
    }

    /// Counts what is written, each fragment once.
    fn count(&mut self, set: &SelectionSet) -> Result<(), ApiError> {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.directives(&field.node.directives)?;
                    self.count(&field.node.selection_set.node)?;
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives)?;
                    self.count(&inline.node.selection_set.node)?;
                }
                Selection::FragmentSpread(spread) => self.directives(&spread.node.directives)?,
            }
        }
        Ok(())
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), ApiError> {
        if directives.len() > self.limits.directives {
            return Err(too_much("directives on one selection", self.limits.directives));
        }
        Ok(())
    }
}

fn too_much(what: &str, limit: usize) -> ApiError {
    ApiError::new(Code::LimitExceeded, format!("the document has more than {limit} {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    #[track_caller]
    fn check(text: &str, expect: Result<(), &str>) {
        let limits = Limits {
            tokens: 100,
            nesting: 5,
            depth: 3,
            aliases: 2,
            directives: 2,
            selections: 12,
            ..Limits::default()
        };
        let found = limits.check_text(text).and_then(|()| match parse_query(text) {
            Ok(document) => limits.check_document(&document),
            Err(_) => Ok(()),
        });
        match expect {
            Ok(()) => assert!(found.is_ok(), "{:?}", found.map_err(|e| e.message)),
            Err(what) => {
                let message = found.map_err(|e| e.message).expect_err("passed");
                assert!(message.contains(what), "{message}");
            }
        }
    }

    #[test]
    fn documents_are_measured() {
        check("{ a b c }", Ok(()));
        check("", Ok(()));
        check(&"a ".repeat(101), Err("tokens"));
        check(&format!("{{ a(s: \"{}\") }}", "{".repeat(500)), Ok(()));
        check(
            &format!("{{ a(s: \"\"\"{}\\\"\"\" {}\"\"\") }}", "{".repeat(9), "(".repeat(9)),
            Ok(()),
        );
        check(&format!("# {}\n{{ a }}", "{ ".repeat(500)), Ok(()));
        check("{ a { b { c { d { e { f } } } } } }", Err("brackets"));
        check("{ a(x: [[[[[1]]]]]) }", Err("brackets"));
        check("{ a: x b: x }", Ok(()));
        check("{ a: x b: x c: x }", Err("aliases"));
        check(
            "{ ...A } fragment A on Q { ...B ...B } fragment B on Q { ...C ...C } fragment C on Q { x y }",
            Err("selections"),
        );
        check("{ ...A } fragment A on Q { ...A x }", Ok(()));
        check("{ a { b { c } } }", Ok(()));
        check("{ a { ...A } } fragment A on Q { b { c { d } } }", Err("fields inside each other"));
        check("{ a { ... { b { ... { c } } } } }", Ok(()));
        check(
            "{ ...A } fragment A on Q { ...B } fragment B on Q { ...C } fragment C on Q { ...D }
            fragment D on Q { ...E } fragment E on Q { ...F } fragment F on Q { x }",
            Err("selections inside each other"),
        );
        check("{ a @x @x }", Ok(()));
        check("{ a @x @x @x }", Err("directives"));
        check("{ ... @x @x @x { a } }", Err("directives"));
        check("{ ...A @x @x @x } fragment A on Q { a }", Err("directives"));
        check("\"", Ok(()));
        check("\"\"\"", Ok(()));
    }
}
