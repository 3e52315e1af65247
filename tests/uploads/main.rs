//! Uploads that come in several goes: what is said on the way, clients that hang or vanish, servers that are killed,
//! stores that are away, and imports, which go on by themselves.

mod clients;
mod imports;
mod killed;
mod protocol;
#[path = "../support/server.rs"]
mod server;
mod speaker;
#[path = "../support/mod.rs"]
mod support;

use sha2::{Digest, Sha256};
use std::time::Duration;

/// Nothing here takes longer, on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes that an object store keeps at once.
const PART: usize = 8 << 20;

/// Bytes that look like nothing else, the same for the same seed.
fn bytes(len: usize, seed: u64) -> Vec<u8> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; len];
    rng.fill(&mut bytes);
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Asks until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, found).await;
    found.unwrap_or_else(|_| panic!("never came: {what}"))
}
