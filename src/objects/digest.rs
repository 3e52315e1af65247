//! A SHA-256 that can be put away and goes on later, by another process too.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{
    Digest, Sha256,
    digest::common::hazmat::{SerializableState, SerializedState},
};

/// The digest of the bytes so far.
#[derive(Clone, Default)]
pub(super) struct Hashing(Sha256);

impl Hashing {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// What goes on from here, as Base64. It may hold the last 63 bytes in plain.
    pub(super) fn save(&self) -> String {
        STANDARD.encode(self.0.serialize())
    }

    /// `None` for what [`save`](Self::save) never gave.
    pub(super) fn load(saved: &str) -> Option<Self> {
        let bytes = STANDARD.decode(saved).ok()?;
        let state = SerializedState::<Sha256>::try_from(bytes.as_slice()).ok()?;
        Sha256::deserialize(&state).ok().map(Self)
    }

    /// Lower-case hex.
    pub(super) fn end(self) -> String {
        hex(&self.0.finalize())
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_wherever_it_was_put_away() {
        let bytes: Vec<u8> = (0..200).collect();
        let whole = hex(&Sha256::digest(&bytes));
        for at in 0..=bytes.len() {
            let mut begun = Hashing::default();
            begun.update(&bytes[..at]);
            let mut resumed = Hashing::load(&begun.save()).expect("a state");
            resumed.update(&bytes[at..]);
            assert_eq!(resumed.end(), whole, "put away after {at} bytes");
        }
        assert!(Hashing::load("").is_none() && Hashing::load("not Base64").is_none());
        assert!(Hashing::load(&STANDARD.encode([0; 103])).is_none());
        // A buffer that claims more bytes than a block has.
        assert!(Hashing::load(&STANDARD.encode([255; 104])).is_none());
    }
}
