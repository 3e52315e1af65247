//! Reading: when the connection breaks, it goes on from the next byte, unless the object is another one.

use super::{
    S3Objects,
    error::{Answer, answer},
};
use crate::objects::ObjectError;
use aws_sdk_s3::{operation::get_object::GetObjectOutput, primitives::ByteStream};
use bytes::Bytes;
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use std::{io, ops::Range, time::Duration};

/// How often in a row a reading may break without a byte in between.
const BREAKS: u32 = 5;
const WAIT: Duration = Duration::from_millis(100);

/// An object's bytes.
pub(super) struct Opened {
    /// Bytes that the body is going to give.
    pub size: u64,
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

/// Opens an object of any bucket. A range is never empty.
pub(super) async fn open(
    store: &S3Objects,
    bucket: &str,
    name: &str,
    range: Option<Range<u64>>,
) -> Result<Opened, Answer> {
    let mut reading = Reading {
        store: store.clone(),
        bucket: bucket.to_owned(),
        name: name.to_owned(),
        etag: None,
        next: range.as_ref().map_or(0, |range| range.start),
        end: None,
        body: ByteStream::default(),
        breaks: 0,
    };
    let wanted = range.map(|range| range.end);
    let output = reading.ask(wanted).await?;
    let size = output.content_length().and_then(|size| u64::try_from(size).ok());
    reading.etag = output.e_tag;
    // A server may give more than was asked for.
    let end = size.map(|size| reading.next.saturating_add(size));
    reading.end = end.map(|end| end.min(wanted.unwrap_or(u64::MAX)));
    reading.body = output.body;
    Ok(Opened {
        size: reading.end.map_or(0, |end| end - reading.next),
        body: stream::try_unfold(reading, next_piece).boxed(),
    })
}

struct Reading {
    store: S3Objects,
    bucket: String,
    name: String,
    /// Which object it is: one that was replaced has another.
    etag: Option<String>,
    /// The next byte.
    next: u64,
    /// The byte after the last; `None` where the server does not say, and nothing can be resumed.
    end: Option<u64>,
    body: ByteStream,
    breaks: u32,
}

impl Reading {
    /// Asks for what is left up to `end`.
    async fn ask(&self, end: Option<u64>) -> Result<GetObjectOutput, Answer> {
        let range = match (self.next, end) {
            (0, None) => None,
            // Some servers read numbers of 64 bits with a sign.
            (next, end) if end.is_none_or(|end| i64::try_from(end).is_err()) => {
                Some(format!("bytes={next}-"))
            }
            (next, end) => end.map(|end| format!("bytes={next}-{}", end.saturating_sub(1))),
        };
        let get = self.store.client().get_object().bucket(&self.bucket).key(&self.name);
        let output = get.set_range(range).send().await;
        let output = output.map_err(|error| answer(&self.store.0.at, &self.bucket, error))?;
        if self.next > 0 && output.content_range().is_none() {
            let sentence = "the object store gives no parts of objects; use one that does";
            return Err(Answer::Other(ObjectError::Misplaced(sentence.into())));
        }
        Ok(output)
    }

    async fn resume(&mut self) -> io::Result<()> {
        let output = loop {
            self.breaks += 1;
            if self.breaks > BREAKS || self.end.is_none() {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection broke"));
            }
            tokio::time::sleep(WAIT * self.breaks).await;
            match self.ask(self.end).await {
                Ok(output) => break output,
                // It may be back in a moment, like a connection.
                Err(Answer::Other(ObjectError::Away(_))) => {}
                Err(Answer::Other(error)) => return Err(io::Error::other(error)),
                Err(Answer::NoKey | Answer::NoUpload | Answer::NoPart | Answer::BeyondEnd) => {
                    return Err(changed());
                }
            }
        };
        if output.e_tag != self.etag {
            return Err(changed());
        }
        self.body = output.body;
        Ok(())
    }
}

fn changed() -> io::Error {
    io::Error::other("the object was changed while it was read")
}

async fn next_piece(mut reading: Reading) -> io::Result<Option<(Bytes, Reading)>> {
    loop {
        let left = reading.end.map(|end| end.saturating_sub(reading.next));
        match (reading.body.next().await, left) {
            // The client compares what it has read with the checksum that the server keeps, where it
            // keeps one, after the last byte.
            (Some(Err(error)), Some(0)) => return Err(io::Error::other(error)),
            (None, Some(0) | None) => return Ok(None),
            (Some(Ok(piece)), _) if piece.is_empty() => {}
            (Some(Ok(_)), Some(0)) => return Ok(None),
            (Some(Ok(mut piece)), left) => {
                if let Some(left) = left {
                    piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
                }
                reading.next += piece.len() as u64;
                reading.breaks = 0;
                return Ok(Some((piece, reading)));
            }
            (Some(Err(_)) | None, _) => reading.resume().await?,
        }
    }
}
