//! Putting: at once what fits into one part, in parts what does not, whole or not at all.

use super::{
    S3Objects,
    error::Answer,
    parts::{PART, Parts, hex},
};
use crate::objects::{ObjectError, Stored};
use aws_runtime::auth::SigV4OperationSigningConfig;
use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpResponse,
        interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::{BoxError, SdkError},
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart, ServerSideEncryption},
};
use aws_sigv4::http_request::SignableBody;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::stream::BoxStream;
use md5::{Digest, Md5};
use std::io;
use tokio::task::JoinSet;

/// Parts of one put that are on their way at once.
const PARTS_AT_ONCE: usize = 3;
/// How often bytes that were damaged on their way are sent again.
const DAMAGED: u32 = 3;

pub(super) async fn put(
    store: &S3Objects,
    name: &str,
    body: BoxStream<'static, io::Result<Bytes>>,
    limit: u64,
) -> Result<Stored, ObjectError> {
    let mut parts = Parts::new(body, limit);
    let Some((number, first)) = parts.next().await? else { return Ok(parts.stored()) };
    if first.len() < PART {
        let stored = parts.stored();
        whole(store, name, first, &stored.sha256).await?;
        return Ok(stored);
    }
    let mut upload = Upload::begin(store, name).await?;
    let sent = match upload.send(&mut parts, number, first).await {
        Ok(sent) => upload.complete(sent, parts).await,
        Err(error) => Err(error),
    };
    // What nobody completes stays on the store, unseen and paid for.
    if sent.is_err() {
        upload.abort().await;
    }
    upload.over = true;
    sent
}

/// Puts one small object.
async fn whole(
    store: &S3Objects,
    name: &str,
    bytes: Bytes,
    sha256: &str,
) -> Result<(), ObjectError> {
    let _place = place(store).await?;
    let md5 = Md5::digest(&bytes);
    let mut damaged = 0;
    loop {
        let put = store
            .client()
            .put_object()
            .bucket(store.bucket())
            .key(name)
            .content_md5(STANDARD.encode(md5))
            .body(ByteStream::from(bytes.clone()));
        let put = put.customize().interceptor(Digested(sha256.to_owned()));
        let sent = put.send().await.map_err(|error| store.answer(error).into());
        let sent = sent.and_then(|output| {
            compare(&md5, output.e_tag(), output.server_side_encryption()).map(drop)
        });
        match sent {
            Err(ObjectError::Damaged) if damaged < DAMAGED => damaged += 1,
            Err(ObjectError::Damaged) => {
                // It may stand there, damaged, where the server does not compare.
                let delete = store.client().delete_object().bucket(store.bucket()).key(name);
                let _ = delete.send().await;
                return Err(ObjectError::Damaged);
            }
            other => return other,
        }
    }
}

/// Begins an upload and aborts it: whoever may do that may write, and nothing is left.
pub(super) async fn probe(store: &S3Objects, name: &str) -> Result<(), ObjectError> {
    let mut upload = Upload::begin(store, name).await?;
    upload.abort().await;
    upload.over = true;
    Ok(())
}

/// Tells the signer the digest of the bytes, which it would compute once more.
#[derive(Debug)]
struct Digested(String);

impl Intercept for Digested {
    fn name(&self) -> &'static str {
        "Digested"
    }

    fn modify_before_signing(
        &self,
        _: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Without it the signer reads the bytes itself.
        if let Some(mut signing) = config.load::<SigV4OperationSigningConfig>().cloned() {
            let digest = SignableBody::Precomputed(self.0.clone());
            signing.signing_options.payload_override = Some(digest);
            config.interceptor_state().store_put(signing);
        }
        Ok(())
    }
}

/// An upload in parts. One that is dropped before it is over is aborted.
struct Upload {
    store: S3Objects,
    name: String,
    id: String,
    over: bool,
}

impl Upload {
    async fn begin(store: &S3Objects, name: &str) -> Result<Self, ObjectError> {
        let create = store.client().create_multipart_upload().bucket(store.bucket()).key(name);
        let id = match create.send().await {
            Ok(created) => created.upload_id,
            Err(error) => match begun(&error) {
                Some(id) => Some(id),
                None => return Err(store.answer(error).into()),
            },
        };
        let id = id.ok_or_else(|| {
            ObjectError::Misplaced("the object store begins no uploads in parts".into())
        })?;
        Ok(Self { store: store.clone(), name: name.to_owned(), id, over: false })
    }

    async fn send(
        &self,
        parts: &mut Parts,
        mut number: i32,
        mut bytes: Bytes,
    ) -> Result<Vec<CompletedPart>, ObjectError> {
        // Those that are on their way end with this set, when it is dropped.
        let mut sending = JoinSet::new();
        let mut sent = Vec::new();
        loop {
            let place = place(&self.store).await?;
            let (store, name, id) = (self.store.clone(), self.name.clone(), self.id.clone());
            sending.spawn(async move {
                let _place = place;
                part(&store, &name, &id, number, bytes).await
            });
            while sending.len() >= PARTS_AT_ONCE {
                sent.extend(joined(sending.join_next().await)?);
            }
            match parts.next().await? {
                Some(next) => (number, bytes) = next,
                None => break,
            }
        }
        while let Some(part) = joined(sending.join_next().await)? {
            sent.push(part);
        }
        sent.sort_by_key(CompletedPart::part_number);
        Ok(sent)
    }

    async fn complete(
        &self,
        sent: Vec<CompletedPart>,
        parts: Parts,
    ) -> Result<Stored, ObjectError> {
        let stored = parts.stored();
        let complete = self
            .store
            .client()
            .complete_multipart_upload()
            .bucket(self.store.bucket())
            .key(&self.name)
            .upload_id(&self.id)
            .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(sent)).build());
        match complete.send().await.map_err(|error| self.store.answer(error)) {
            Ok(_) => Ok(stored),
            // An answer that was lost: what was tried again was done the first time.
            Err(Answer::NoUpload | Answer::NoKey) if self.stands(stored.size).await? => Ok(stored),
            Err(Answer::NoUpload) => {
                Err(ObjectError::Away("the upload was aborted by somebody else".into()))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Whether an object of this size stands under the name.
    async fn stands(&self, size: u64) -> Result<bool, ObjectError> {
        let head = self.store.client().head_object().bucket(self.store.bucket()).key(&self.name);
        match head.send().await.map_err(|error| self.store.answer(error)) {
            Ok(head) => Ok(head.content_length() == i64::try_from(size).ok()),
            Err(Answer::NoKey) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    async fn abort(&self) {
        abort(&self.store, &self.name, &self.id).await;
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (store, name, id) = (self.store.clone(), self.name.clone(), self.id.clone());
            runtime.spawn(async move { abort(&store, &name, &id).await });
        }
    }
}

pub(super) async fn abort(store: &S3Objects, name: &str, id: &str) {
    let abort = store.client().abort_multipart_upload().bucket(store.bucket()).key(name);
    match abort.upload_id(id).send().await.map_err(|error| store.answer(error)) {
        Ok(_) | Err(Answer::NoUpload | Answer::NoKey) => {}
        // The sweep finds it.
        Err(error) => tracing::warn!(?error, "an unfinished upload was not aborted"),
    }
}

async fn part(
    store: &S3Objects,
    name: &str,
    id: &str,
    number: i32,
    bytes: Bytes,
) -> Result<CompletedPart, ObjectError> {
    let md5 = Md5::digest(&bytes);
    let mut damaged = 0;
    loop {
        let upload = store
            .client()
            .upload_part()
            .bucket(store.bucket())
            .key(name)
            .upload_id(id)
            .part_number(number)
            .content_md5(STANDARD.encode(md5))
            .body(ByteStream::from(bytes.clone()));
        let sent = upload.send().await.map_err(|error| store.answer(error).into());
        let sent = sent.and_then(|output| {
            let etag = compare(&md5, output.e_tag(), output.server_side_encryption())?;
            Ok(CompletedPart::builder().part_number(number).set_e_tag(etag).build())
        });
        match sent {
            Err(ObjectError::Damaged) if damaged < DAMAGED => damaged += 1,
            other => return other,
        }
    }
}

/// The id of an upload that was begun, where the answer's outer element has another name than S3's, as that of
/// `rclone serve s3` has: the client reads nothing else in it then.
fn begun<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let answer = error.raw_response().filter(|answer| answer.status().as_u16() == 200)?;
    let text = std::str::from_utf8(answer.body().bytes()?).ok()?;
    let (id, _) = text.split_once("<UploadId>")?.1.split_once("</UploadId>")?;
    (!id.is_empty() && id.chars().all(|c| c.is_ascii_graphic() && c != '&')).then(|| id.to_owned())
}

/// Compares what the server says it has with what was sent. Most say the MD5 of what they have in plain; with
/// encryption they say something else, and nothing can be compared.
fn compare(
    md5: &[u8],
    etag: Option<&str>,
    encryption: Option<&ServerSideEncryption>,
) -> Result<Option<String>, ObjectError> {
    let plain = etag.map(|etag| etag.trim_matches('"')).filter(|etag| {
        encryption.is_none() && etag.len() == 32 && etag.chars().all(|c| c.is_ascii_hexdigit())
    });
    match plain {
        Some(plain) if !plain.eq_ignore_ascii_case(&hex(md5)) => Err(ObjectError::Damaged),
        Some(_) | None => Ok(etag.map(str::to_owned)),
    }
}

/// Waits for one of the places that all puts share.
async fn place(store: &S3Objects) -> Result<tokio::sync::OwnedSemaphorePermit, ObjectError> {
    let place = store.0.sending.clone().acquire_owned().await;
    place.map_err(|_| ObjectError::Away("the server stops".into()))
}

type Joined = Result<Result<CompletedPart, ObjectError>, tokio::task::JoinError>;

fn joined(joined: Option<Joined>) -> Result<Option<CompletedPart>, ObjectError> {
    match joined {
        None => Ok(None),
        Some(Ok(part)) => part.map(Some),
        Some(Err(error)) => Err(ObjectError::Io {
            action: "send a part of an object",
            source: io::Error::other(error),
        }),
    }
}
