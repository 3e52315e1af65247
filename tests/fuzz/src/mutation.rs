//! Bounded runs: the corpus as it is, then mutations of it, the same in every run.

use std::{fs, path::Path, thread};

/// Bytes that an input never grows past.
const MAX_INPUT: usize = 4096;

/// Runs a target on every file of its corpus and on so many mutations of them.
pub fn run(target: &str, mutations: u32, words: &[&[u8]], mut check: impl FnMut(&[u8])) {
    let corpus = corpus(target);
    assert!(!corpus.is_empty(), "`{target}` has no corpus");
    let mut check = |input: &[u8]| {
        let shown = Shown { target, input };
        check(input);
        drop(shown);
    };
    for input in &corpus {
        check(input);
    }
    let seed = target.bytes().fold(0, |seed, byte| seed * 31 + u64::from(byte));
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..mutations {
        let mut input = corpus[random.usize(..corpus.len())].clone();
        for _ in 0..random.u32(1..=6) {
            mutate(&mut input, &corpus, words, &mut random);
        }
        input.truncate(MAX_INPUT);
        check(&input);
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a file of the corpus")).collect()
}

fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[&[u8]], random: &mut fastrand::Rng) {
    let at = random.usize(..=input.len());
    let end = random.usize(at..=input.len().min(at + 32));
    match random.u8(..8) {
        0 => input.truncate(at),
        1 => drop(input.drain(at..end)),
        2 => input.insert(at, random.u8(..)),
        3 if at < input.len() => input[at] = random.u8(..),
        3 | 4 if at < input.len() => input[at] ^= 1 << random.u8(..8),
        3..=5 if !words.is_empty() => {
            let word = words[random.usize(..words.len())];
            drop(input.splice(at..at, word.iter().copied()));
        }
        6 => {
            let other = &corpus[random.usize(..corpus.len())];
            let from = random.usize(..=other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        _ => {
            let again = input[at..end].to_vec();
            for _ in 0..random.u8(1..8) {
                drop(input.splice(at..at, again.iter().copied()));
            }
        }
    }
}

/// Prints the input of a check that panics.
struct Shown<'a> {
    target: &'a str,
    input: &'a [u8],
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("`{}` fails on b\"{}\"", self.target, self.input.escape_ascii());
        }
    }
}
