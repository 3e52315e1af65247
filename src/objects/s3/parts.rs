//! A stream, cut into the parts that are sent, counted and hashed on the way.

use crate::objects::{ObjectError, Stored};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream::BoxStream};
use sha2::{Digest, Sha256};
use std::io;

/// Bytes of a part, and of what is put at once.
pub(super) const PART: usize = 8 << 20;
/// After so many parts they are larger, so that the 10,000 that an upload may have last for 680 GB.
const SMALL_PARTS: i32 = 5_000;
const LARGE_PART: usize = 128 << 20;
/// Parts that one upload may have.
///
/// *Source*: "Amazon S3 multipart upload limits" of the Amazon S3 User Guide, read on 2026-11-27.
const MOST_PARTS: i32 = 10_000;

pub(super) struct Parts {
    body: BoxStream<'static, io::Result<Bytes>>,
    /// What came with the last piece of a part and belongs to the next.
    rest: Bytes,
    number: i32,
    hash: Sha256,
    size: u64,
    limit: u64,
}

impl Parts {
    pub(super) fn new(body: BoxStream<'static, io::Result<Bytes>>, limit: u64) -> Self {
        Self { body, rest: Bytes::new(), number: 0, hash: Sha256::new(), size: 0, limit }
    }

    /// The next part with its number, from 1 on; `None` at the end. A part that is shorter than [`PART`] is the
    /// last one. The first may be empty.
    pub(super) async fn next(&mut self) -> Result<Option<(i32, Bytes)>, ObjectError> {
        let wanted = if self.number < SMALL_PARTS { PART } else { LARGE_PART };
        let bytes = self.gather(wanted).await?;
        if bytes.is_empty() && self.number > 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.number > MOST_PARTS {
            return Err(ObjectError::TooLarge { limit: self.size });
        }
        Ok(Some((self.number, bytes)))
    }

    async fn gather(&mut self, wanted: usize) -> Result<Bytes, ObjectError> {
        let mut first = self.rest.split_to(self.rest.len().min(wanted));
        let mut more = BytesMut::new();
        loop {
            let have = first.len() + more.len();
            if have == wanted {
                break;
            }
            let mut piece = match self.body.next().await {
                None => break,
                Some(piece) => piece.map_err(ObjectError::Broken)?,
            };
            self.size += piece.len() as u64;
            if self.size > self.limit {
                return Err(ObjectError::TooLarge { limit: self.limit });
            }
            self.hash.update(&piece);
            self.rest = piece.split_off(piece.len().min(wanted - have));
            // Whoever reads whole files gives whole parts, which are not copied.
            if first.is_empty() && more.is_empty() {
                first = piece;
                continue;
            }
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut first));
            }
            more.extend_from_slice(&piece);
        }
        Ok(if more.is_empty() { first } else { more.freeze() })
    }

    /// What all parts were.
    pub(super) fn stored(self) -> Stored {
        Stored { size: self.size, sha256: hex(&self.hash.finalize()) }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;

    async fn check(pieces: &[usize], expect: &[usize]) {
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
        let whole = pieces.concat();
        let body = stream::iter(pieces.into_iter().map(Ok)).boxed();
        let mut parts = Parts::new(body, u64::MAX);
        let mut found = Vec::new();
        while let Some((number, bytes)) = parts.next().await.expect("a part") {
            found.push(bytes);
            assert_eq!(number, found.len() as i32);
        }
        assert_eq!(found.iter().map(Bytes::len).collect::<Vec<_>>(), expect);
        assert_eq!(found.concat(), whole);
        let stored = parts.stored();
        assert_eq!(stored.size, whole.len() as u64);
        assert_eq!(stored.sha256, hex(&Sha256::digest(&whole)));
    }

    #[tokio::test]
    async fn parts_are_whole() {
        check(&[], &[0]).await;
        check(&[0, 3, 0, 4], &[7]).await;
        check(&[PART], &[PART]).await;
        check(&[PART - 1, 2], &[PART, 1]).await;
        check(&[2 * PART + 5], &[PART, PART, 5]).await;
        check(&[5, PART, PART], &[PART, PART, 5]).await;
    }
}
