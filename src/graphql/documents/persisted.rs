//! Automatic persisted queries: texts by their SHA-256, with a bound in bytes. One per process; a client whose
//! text was forgotten is told so and sends it again.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// What an entry costs beside its text.
const OVERHEAD: usize = 256;

#[derive(Debug)]
pub struct Persisted {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    texts: HashMap<String, (u64, Arc<str>)>,
    /// Hashes in the order of their last use.
    uses: BTreeMap<u64, String>,
    clock: u64,
    bytes: usize,
}

impl Persisted {
    pub fn new(room: usize) -> Self {
        Self { room, kept: Mutex::default() }
    }

    pub fn is_off(&self) -> bool {
        self.room == 0
    }

    pub fn get(&self, hash: &str) -> Option<Arc<str>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, text) = kept.take(hash)?;
        kept.insert(hash.to_owned(), Arc::clone(&text));
        Some(text)
    }

    /// Keeps a text; those used longest ago make room for it.
    pub fn put(&self, hash: &str, text: &str) {
        if cost(text) > self.room {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take(hash);
        kept.insert(hash.to_owned(), Arc::from(text));
        while kept.bytes > self.room {
            let Some((_, oldest)) = kept.uses.first_key_value() else { break };
            let oldest = oldest.clone();
            kept.take(&oldest);
        }
    }
}

impl Kept {
    fn insert(&mut self, hash: String, text: Arc<str>) {
        self.clock += 1;
        self.bytes += cost(&text);
        self.uses.insert(self.clock, hash.clone());
        self.texts.insert(hash, (self.clock, text));
    }

    fn take(&mut self, hash: &str) -> Option<(u64, Arc<str>)> {
        let found = self.texts.remove(hash)?;
        self.uses.remove(&found.0);
        self.bytes -= cost(&found.1);
        Some(found)
    }
}

fn cost(text: &str) -> usize {
    text.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_is_forgotten() {
        let kept = Persisted::new(3 * (OVERHEAD + 10));
        let text = "x".repeat(10);
        for hash in ["a", "b", "c"] {
            kept.put(hash, &text);
        }
        assert_eq!(kept.get("a").as_deref(), Some(&*text));
        kept.put("d", &text);
        assert_eq!(kept.get("b"), None);
        let there = |hash: &str| kept.get(hash).is_some();
        assert!(there("a") && there("c") && there("d"));
        // A large one pushes out as many as it needs, a text that is sent twice costs once.
        kept.put("e", &"x".repeat(OVERHEAD + 20));
        kept.put("e", &"x".repeat(OVERHEAD + 20));
        assert!(!there("a") && !there("c") && there("d") && there("e"));
        kept.put("f", &"x".repeat(3 * (OVERHEAD + 10)));
        assert!(!there("f") && there("d") && there("e"));
        let inside = kept.kept.lock().expect("nobody panicked");
        assert_eq!(inside.bytes, inside.texts.values().map(|(_, t)| cost(t)).sum::<usize>());
        assert_eq!(inside.uses.len(), inside.texts.len());
    }
}
