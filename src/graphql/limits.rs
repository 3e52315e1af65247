//! What a document may ask for, checked before anything is executed.
//!
//! The text is scanned before it is parsed and the document is measured before it is validated,
//! because both are work that grows with what a stranger sends: nested braces deepen the parser's
//! stack, and fragments that spread each other twice grow exponentially.

use super::error::{ApiError, Code};
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};
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
    /// Directives on one field.
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
        let (mut tokens, mut nesting) = (0, 0_usize);
        let mut rest = text.as_bytes();
        while let Some((&first, tail)) = rest.split_first() {
            let length = match first {
                b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                    rest = tail;
                    continue;
                }
                b'#' => {
                    rest = &rest[run(rest, |b| b != b'\n' && b != b'\r')..];
                    continue;
                }
                b'{' | b'(' | b'[' => {
                    nesting += 1;
                    1
                }
                b'}' | b')' | b']' => {
                    nesting = nesting.saturating_sub(1);
                    1
                }
                b'"' => string(rest),
                b if b.is_ascii_alphanumeric() || b == b'_' => {
                    run(rest, |b| b.is_ascii_alphanumeric() || b == b'_')
                }
                _ => 1,
            };
            tokens += 1;
            if tokens > self.tokens {
                return Err(too_much("tokens", self.tokens));
            }
            if nesting > self.nesting {
                return Err(too_much("brackets inside each other", self.nesting));
            }
            rest = &rest[length..];
        }
        Ok(())
    }

    /// Checks a parsed document.
    pub fn check_document(&self, document: &ExecutableDocument) -> Result<(), ApiError> {
        let mut measure = Measure { document, known: HashMap::new(), aliases: 0 };
        let mut selections = 0_usize;
        for (_, operation) in document.operations.iter() {
            let set = &operation.node.selection_set.node;
            selections = selections.saturating_add(measure.set(set, self.nesting));
        }
        for fragment in document.fragments.values() {
            measure.count_aliases(&fragment.node.selection_set.node);
        }
        for (_, operation) in document.operations.iter() {
            measure.count_aliases(&operation.node.selection_set.node);
        }
        if selections > self.selections {
            return Err(too_much("selections", self.selections));
        }
        if measure.aliases > self.aliases {
            return Err(too_much("aliases", self.aliases));
        }
        Ok(())
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    /// The unfolded size of each fragment; zero while it is being measured, which ends cycles.
    known: HashMap<&'a str, usize>,
    aliases: usize,
}

impl<'a> Measure<'a> {
    fn set(&mut self, set: &'a SelectionSet, room: usize) -> usize {
        if room == 0 {
            return 0;
        }
        let mut sum = 0_usize;
        for selection in &set.items {
            let size = match &selection.node {
                Selection::Field(field) => 1 + self.set(&field.node.selection_set.node, room - 1),
                Selection::InlineFragment(inline) => {
                    1 + self.set(&inline.node.selection_set.node, room - 1)
                }
                Selection::FragmentSpread(spread) => {
                    1 + self.fragment(&spread.node.fragment_name.node, room - 1)
                }
            };
            sum = sum.saturating_add(size);
        }
        sum
    }

    fn fragment(&mut self, name: &'a str, room: usize) -> usize {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        let Some(fragment) = self.document.fragments.get(name) else { return 0 };
        self.known.insert(name, 0);
        let size = self.set(&fragment.node.selection_set.node, room);
        self.known.insert(name, size);
        size
    }

    fn count_aliases(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.count_aliases(&field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.count_aliases(&inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }
}

fn too_much(what: &str, limit: usize) -> ApiError {
    ApiError::new(Code::LimitExceeded, format!("the document has more than {limit} {what}"))
}

/// How many leading bytes fulfil a condition.
fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| is(**b)).count()
}

/// The length of the string or block string that starts here; an open one goes to the end.
fn string(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\"\"\"") {
        let mut at = 3;
        while at < bytes.len() {
            if bytes[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if bytes[at..].starts_with(b"\"\"\"") {
                return at + 3;
            } else {
                at += 1;
            }
        }
        return bytes.len();
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    #[track_caller]
    fn check(text: &str, expect: Result<(), &str>) {
        let limits =
            Limits { tokens: 60, nesting: 5, aliases: 2, selections: 12, ..Limits::default() };
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
        check(&"a ".repeat(61), Err("tokens"));
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
        check("\"", Ok(()));
        check("\"\"\"", Ok(()));
    }
}
