//! The wall: imports point down only. Reads every `crate::` and `trainable::` path in `src/` and
//! fails on one that points up or sideways.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

/// What each module may import, directly. `entity` and outside crates are free to all.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    (
        "main",
        &[
            "agent",
            "autopilot",
            "cli",
            "config",
            "dataset",
            "event",
            "graphql",
            "http",
            "llm",
            "log",
            "objects",
            "sandbox",
            "session",
            "store",
        ],
    ),
    (
        "cli",
        &[
            "autopilot",
            "backup",
            "config",
            "dataset",
            "event",
            "graphql",
            "http",
            "llm",
            "log",
            "objects",
            "sandbox",
            "session",
            "store",
        ],
    ),
    ("backup", &["store", "sandbox"]),
    ("config", &["event", "llm", "objects", "sandbox"]),
    ("http", &["graphql", "session", "log", "store", "event", "dataset", "sandbox", "objects"]),
    ("graphql", &["session", "dataset", "tool", "log", "store", "event", "sandbox", "objects"]),
    (
        "session",
        &[
            "agent",
            "autopilot",
            "check",
            "dataset",
            "stage",
            "tool",
            "log",
            "store",
            "event",
            "llm",
            "sandbox",
            "objects",
        ],
    ),
    ("agent", &["stage", "tool", "event", "llm", "sandbox"]),
    ("autopilot", &["llm"]),
    ("dataset", &["log", "store", "event", "sandbox", "objects"]),
    ("stage", &["tool", "event", "llm", "sandbox"]),
    ("tool", &["event", "llm", "sandbox"]),
    ("log", &["store", "event"]),
    ("store", &["event"]),
    ("event", &[]),
    ("llm", &[]),
    ("sandbox", &[]),
    ("objects", &[]),
];

/// Only these may name `EventLog::append`.
const APPENDERS: &[&str] = &["log", "session"];

struct Imports {
    found: BTreeSet<String>,
    appends: bool,
}

impl Imports {
    fn take(&mut self, segments: &[String]) {
        if let [root, module, ..] = segments
            && (root == "crate" || root == "trainable")
        {
            self.found.insert(module.clone());
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, path: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.tree(&part.tree, path);
                path.pop();
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                self.take(path);
                path.pop();
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                self.take(path);
                path.pop();
            }
            syn::UseTree::Glob(_) => self.take(path),
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.tree(item, path);
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.take(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let receiver_is_log = match &*call.receiver {
            syn::Expr::Path(path) => path.path.is_ident("log"),
            syn::Expr::Field(field) => matches!(&field.member, syn::Member::Named(n) if n == "log"),
            _ => false,
        };
        if call.method == "append" && receiver_is_log {
            self.appends = true;
        }
        syn::visit::visit_expr_method_call(self, call);
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src can be listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The top-level module that a file belongs to.
fn module(file: &Path, src: &Path) -> String {
    let inside = file.strip_prefix(src).expect("below src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The imports of every module, with the file that has them.
fn imports() -> BTreeMap<String, Vec<(PathBuf, Imports)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    files(&src, &mut all);
    let mut by_module: BTreeMap<String, Vec<(PathBuf, Imports)>> = BTreeMap::new();
    for file in all {
        let module = module(&file, &src);
        if module == "lib" {
            continue;
        }
        let text = fs::read_to_string(&file).expect("a source file is text");
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut imports = Imports { found: BTreeSet::new(), appends: false };
        imports.visit_file(&parsed);
        by_module.entry(module).or_default().push((file, imports));
    }
    by_module
}

#[test]
fn imports_point_down_only() {
    let mut wrong = Vec::new();
    for (module, files) in imports() {
        let allowed = MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("`src/{module}` has no row in MAY_IMPORT"))
            .1;
        for (file, imports) in files {
            for import in imports.found {
                // A module may name its own parts; macros of the crate stand at its root.
                let known = MAY_IMPORT.iter().any(|(name, _)| *name == import);
                if known && import != module && !allowed.contains(&import.as_str()) {
                    wrong.push(format!("{} imports `{import}`", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports that point up or sideways:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_session_appends() {
    let mut wrong = Vec::new();
    for (module, files) in imports() {
        for (file, imports) in files {
            if imports.appends && !APPENDERS.contains(&module.as_str()) {
                wrong.push(file.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "these append to the log: {}", wrong.join(", "));
}

#[test]
fn the_table_itself_has_no_cycle() {
    fn reach(from: &str, seen: &mut BTreeSet<String>) {
        let row = MAY_IMPORT.iter().find(|(name, _)| *name == from);
        for next in row.map(|r| r.1).unwrap_or_default() {
            if seen.insert((*next).to_owned()) {
                reach(next, seen);
            }
        }
    }
    for (module, _) in MAY_IMPORT {
        let mut seen = BTreeSet::new();
        reach(module, &mut seen);
        assert!(!seen.contains(*module), "`{module}` can reach itself");
    }
}
