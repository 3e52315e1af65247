//! A few seconds of every target: its corpus, and mutations of it from a fixed seed.

use trainable::tool::record::parse;
use trainable_fuzz::{allocation::peak, listings, mutation, outputs, paths, records};

#[test]
fn records() {
    mutation::run("records", 60_000, records::WORDS, records::check);
}

/// The largest that is read at all: a record that came in a file.
#[test]
fn no_large_record_takes_much_memory() {
    const SIZE: usize = 4 << 20;
    let nested = format!("{}0{}", "[".repeat(120), "]".repeat(120));
    let many = |item: &str| vec![item; SIZE / (item.len() + 1)].join(",");
    let keys: Vec<_> = (0..SIZE / 10).map(|n| format!("\"{n:05x}\":0")).collect();
    for data in [
        format!("[{}]", many("0")),
        format!("[{}]", many("[]")),
        format!("[{}]", many("{\"\":0}")),
        format!("[{}]", many(&nested)),
        format!("{{{}}}", keys.join(",")),
        format!("\"{}\"", ",[".repeat(SIZE / 2)),
        format!("\"{}\"", "\\u0000".repeat(SIZE / 6)),
    ] {
        let record =
            format!(r#"{{"type":"text","name":"n","step":null,"run":null,"data":{data}}}"#);
        let (_, held) = peak(|| parse("call", record.as_bytes()));
        let shown = &data[..20];
        assert!(held <= 64 << 20, "{} MiB for {shown}", held >> 20);
    }
}

#[test]
fn paths() {
    mutation::run("paths", 60_000, paths::WORDS, paths::check);
}

#[test]
fn outputs() {
    mutation::run("outputs", 15_000, outputs::WORDS, outputs::check);
}

#[test]
fn listings() {
    let mut ground = listings::Ground::new();
    mutation::run("listings", 400, listings::WORDS, |input| ground.check(input));
}
