//! A stream of bytes, cut into the parts that are sent, and hashed on the way.

use crate::objects::digest::Hashing;
use bytes::{Bytes, BytesMut};

/// Bytes of a part, and of what is put at once.
pub(super) const PART: usize = 8 << 20;
/// After so many parts they are larger, so that the 10,000 that an upload may have last for 680 GB.
const SMALL_PARTS: i32 = 5_000;
const LARGE_PART: usize = 128 << 20;
/// Parts that one upload may have.
///
/// *Source*: "Amazon S3 multipart upload limits" of the Amazon S3 User Guide, read on 2026-11-27.
pub(super) const MOST_PARTS: i32 = 10_000;

/// Bytes that a whole part of this number has.
fn length(number: i32) -> usize {
    if number <= SMALL_PARTS { PART } else { LARGE_PART }
}

/// The whole parts up to a number, with their sizes in bytes.
pub(super) fn whole(parts: i32) -> impl Iterator<Item = (i32, u64)> {
    (1..=parts).map(|number| (number, length(number) as u64))
}

/// How far the whole parts go.
#[derive(Clone, Debug)]
pub(super) struct Point {
    /// The number of the last of them.
    pub parts: i32,
    /// Bytes.
    pub size: u64,
    /// The digest after them, put away.
    pub sha256: String,
}

/// A whole part.
#[derive(Debug)]
pub(super) struct Part {
    pub bytes: Bytes,
    /// With this part.
    pub until: Point,
}

/// What was taken so far: parts that are whole and given away, and the one that is gathered.
pub(super) struct Parts {
    /// The number of the last whole part.
    whole: i32,
    size: u64,
    hash: Hashing,
    /// What is gathered: the only piece, or a copy of all of them.
    first: Bytes,
    more: BytesMut,
}

impl Parts {
    pub(super) fn new() -> Self {
        Self::after(0, 0, Hashing::default())
    }

    /// Goes on after so many whole parts; `None` when the digest is none.
    pub(super) fn resume(parts: i32, sha256: &str) -> Option<Self> {
        let size = whole(parts).map(|(_, size)| size).sum();
        Some(Self::after(parts, size, Hashing::load(sha256)?))
    }

    fn after(whole: i32, size: u64, hash: Hashing) -> Self {
        Self { whole, size, hash, first: Bytes::new(), more: BytesMut::new() }
    }

    /// Takes of a piece what fits into the part that is gathered, and gives that when it is whole.
    pub(super) fn take(&mut self, piece: &mut Bytes) -> Option<Part> {
        let wanted = length(self.whole + 1);
        let fits = piece.split_to(piece.len().min(wanted - self.gathered()));
        self.hash.update(&fits);
        self.size += fits.len() as u64;
        // Whoever reads whole files gives whole parts, which are not copied.
        if self.gathered() == 0 {
            self.first = fits;
        } else {
            if self.more.is_empty() {
                self.more.extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.more.extend_from_slice(&fits);
        }
        if self.gathered() < wanted {
            return None;
        }
        self.whole += 1;
        let bytes = self.rest();
        (self.first, self.more) = (Bytes::new(), BytesMut::new());
        Some(Part { bytes, until: self.point() })
    }

    /// Where the whole parts end, while nothing is gathered behind them.
    pub(super) fn point(&self) -> Point {
        Point { parts: self.whole, size: self.size, sha256: self.hash.save() }
    }

    fn gathered(&self) -> usize {
        self.first.len() + self.more.len()
    }

    /// What is gathered behind the last whole part.
    pub(super) fn rest(&mut self) -> Bytes {
        if !self.more.is_empty() {
            self.first = self.more.split().freeze();
        }
        self.first.clone()
    }

    /// The number of the last whole part.
    pub(super) fn whole(&self) -> i32 {
        self.whole
    }

    /// Bytes of all that was taken.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Of all that was taken, in lower-case hex.
    pub(super) fn sha256(&self) -> String {
        self.hash.clone().end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::digest::hex;
    use sha2::{Digest, Sha256};

    /// Pieces of these lengths become parts of those, with so much behind them.
    #[track_caller]
    fn check(pieces: &[usize], expect: &[usize], rest: usize) {
        let mut next = 0_u8;
        let mut piece = |length: &usize| {
            let bytes: Vec<u8> = std::iter::repeat_with(|| {
                next = next.wrapping_add(1);
                next
            })
            .take(*length)
            .collect();
            Bytes::from(bytes)
        };
        let pieces: Vec<Bytes> = pieces.iter().map(&mut piece).collect();
        let all = pieces.concat();
        let mut parts = Parts::new();
        let mut found = Vec::new();
        for mut piece in pieces {
            while !piece.is_empty() {
                let Some(part) = parts.take(&mut piece) else { continue };
                found.push(part.bytes);
                let until = part.until;
                assert_eq!(until.parts, found.len() as i32);
                assert_eq!(until.size, found.concat().len() as u64);
                // Whoever goes on from here comes to the same end.
                let mut resumed = Parts::resume(until.parts, &until.sha256).expect("a digest");
                let mut left = Bytes::copy_from_slice(&all[until.size as usize..]);
                while !left.is_empty() {
                    resumed.take(&mut left);
                }
                assert_eq!(resumed.sha256(), hex(&Sha256::digest(&all)));
                assert_eq!(resumed.size(), all.len() as u64);
            }
        }
        assert_eq!(found.iter().map(Bytes::len).collect::<Vec<_>>(), expect);
        assert_eq!(parts.rest().len(), rest);
        found.push(parts.rest());
        assert_eq!(found.concat(), all);
        assert_eq!(parts.size(), all.len() as u64);
        assert_eq!(parts.sha256(), hex(&Sha256::digest(&all)));
    }

    #[test]
    fn parts_are_whole() {
        check(&[], &[], 0);
        check(&[0, 3, 0, 4], &[], 7);
        check(&[PART], &[PART], 0);
        check(&[PART - 1, 2], &[PART], 1);
        check(&[2 * PART + 5], &[PART, PART], 5);
        check(&[5, PART, PART], &[PART, PART], 5);
    }

    #[test]
    fn parts_grow_once_there_are_many() {
        let sizes: Vec<_> = whole(5_001).collect();
        assert_eq!(sizes.len(), 5_001);
        assert_eq!(sizes[4_999], (5_000, 8 << 20));
        assert_eq!(sizes[5_000], (5_001, 128 << 20));
        assert_eq!(whole(0).count(), 0);
    }
}
