//! The requests that write: a small object at once, and what an upload in parts takes.

use super::{S3Objects, error::Answer, listed};
use crate::objects::{ObjectError, digest::hex};
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
use md5::{Digest, Md5};

/// How often bytes that were damaged on their way are sent again.
const DAMAGED: u32 = 3;

/// Puts one small object.
pub(super) async fn whole(
    store: &S3Objects,
    name: &str,
    bytes: Bytes,
    sha256: &str,
) -> Result<(), ObjectError> {
    let _place = store.sending().await?;
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

/// Begins an upload, asks for its parts and aborts it: whoever may do that may write and go on, and nothing is left.
pub(super) async fn probe(store: &S3Objects, name: &str) -> Result<(), ObjectError> {
    let id = begin(store, name).await?;
    let known = listed::exists(store, name, &id).await;
    abort(store, name, &id).await?;
    match known {
        // Nothing can be gone on with there, and all else works.
        Ok(_) | Err(ObjectError::Rejected(_)) => Ok(()),
        Err(error) => Err(error),
    }
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

/// Begins an upload in parts. Answers its id.
pub(super) async fn begin(store: &S3Objects, name: &str) -> Result<String, ObjectError> {
    let create = store.client().create_multipart_upload().bucket(store.bucket()).key(name);
    let id = match create.send().await {
        Ok(created) => created.upload_id,
        Err(error) => match begun(&error) {
            Some(id) => Some(id),
            None => return Err(store.answer(error).into()),
        },
    };
    id.ok_or_else(|| ObjectError::Misplaced("the object store begins no uploads in parts".into()))
}

/// Makes an object of all parts.
///
/// *Errors*: [`ObjectError::Forgotten`] when the upload, or a part of it, is gone.
pub(super) async fn complete(
    store: &S3Objects,
    name: &str,
    id: &str,
    sent: Vec<CompletedPart>,
    size: u64,
) -> Result<(), ObjectError> {
    let tag = tag_of(&sent);
    let complete = store
        .client()
        .complete_multipart_upload()
        .bucket(store.bucket())
        .key(name)
        .upload_id(id)
        .multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(sent)).build());
    match complete.send().await.map_err(|error| store.answer(error)) {
        Ok(_) => Ok(()),
        // An answer that was lost: what was tried again was done the first time.
        Err(Answer::NoUpload | Answer::NoKey)
            if stands(store, name, size, tag.as_deref()).await? =>
        {
            Ok(())
        }
        Err(other) => Err(other.into()),
    }
}

/// Whether an object stands under the name that was made of the parts: of this size, and with their tag where the
/// store says one of that kind.
async fn stands(
    store: &S3Objects,
    name: &str,
    size: u64,
    tag: Option<&str>,
) -> Result<bool, ObjectError> {
    let head = store.client().head_object().bucket(store.bucket()).key(name);
    match head.send().await.map_err(|error| store.answer(error)) {
        Ok(head) => {
            let other = |found: &str| {
                let found = found.trim_matches('"');
                found.contains('-') && tag.is_some_and(|tag| tag != found)
            };
            let same = !head.e_tag().is_some_and(other);
            Ok(same && head.content_length() == i64::try_from(size).ok())
        }
        Err(Answer::NoKey) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// The tag of an object that is made of parts: the MD5 of their MD5s, and how many they are. `None` where the store's
/// tags are something else, as with encryption.
fn tag_of(sent: &[CompletedPart]) -> Option<String> {
    let mut all = Md5::new();
    for part in sent {
        let tag = part.e_tag()?.trim_matches('"');
        let byte = |at: usize| u8::from_str_radix(tag.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..tag.len()).step_by(2).map(byte).collect();
        all.update(bytes.filter(|bytes| bytes.len() == 16)?);
    }
    Some(format!("{}-{}", hex(&all.finalize()), sent.len()))
}

/// Aborts an upload; nothing happens when it is over.
pub(super) async fn abort(store: &S3Objects, name: &str, id: &str) -> Result<(), ObjectError> {
    let abort = store.client().abort_multipart_upload().bucket(store.bucket()).key(name);
    match abort.upload_id(id).send().await.map_err(|error| store.answer(error)) {
        Ok(_) | Err(Answer::NoUpload | Answer::NoKey) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Sends one part.
pub(super) async fn part(
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
            // A store that knows of no upload may close the connection without a look at what is sent.
            Err(ObjectError::Away(why)) => {
                return Err(match listed::exists(store, name, id).await {
                    Ok(false) => ObjectError::Forgotten,
                    Ok(true) | Err(_) => ObjectError::Away(why),
                });
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_that_of_all_parts() {
        let part = |tag: &str| CompletedPart::builder().e_tag(tag).build();
        let (a, b) = (hex(&Md5::digest(b"a")), hex(&Md5::digest(b"b")));
        let both = [Md5::digest(b"a"), Md5::digest(b"b")].concat();
        let expect = format!("{}-2", hex(&Md5::digest(&both)));
        assert_eq!(tag_of(&[part(&format!("\"{a}\"")), part(&b)]), Some(expect));
        for other in ["", "abc", "\"d41d8cd98f00b204e9800998ecf8427e-1\"", "zz"] {
            assert_eq!(tag_of(&[part(&a), part(other)]), None, "{other}");
        }
        assert_eq!(tag_of(&[CompletedPart::builder().build()]), None);
    }
}
