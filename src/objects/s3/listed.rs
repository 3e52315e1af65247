//! What the store says it has of an upload in parts.

use super::{S3Objects, error::Answer};
use crate::objects::ObjectError;
use aws_sdk_s3::{
    config::http::HttpResponse, error::SdkError, operation::list_parts::ListPartsOutput,
    types::CompletedPart,
};
use std::collections::BTreeMap;

/// Some of the parts: numbers, sizes in bytes and tags.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    parts: Vec<(i32, u64, String)>,
    /// Where the next page begins, if there is one.
    next: Option<String>,
}

/// The first parts of an upload, as the store has them.
///
/// *Errors*: [`ObjectError::Forgotten`] when the upload, or one of them, is not there as it was sent.
pub(super) async fn parts(
    store: &S3Objects,
    name: &str,
    id: &str,
    expect: impl Iterator<Item = (i32, u64)>,
) -> Result<Vec<CompletedPart>, ObjectError> {
    let mut found = BTreeMap::new();
    let mut marker = None;
    loop {
        let page = page(store, name, id, marker.clone()).await?;
        found.extend(page.parts.into_iter().map(|(number, size, etag)| (number, (size, etag))));
        if page.next.is_none() || page.next == marker {
            break;
        }
        marker = page.next;
    }
    let as_sent = |(number, size)| match found.remove(&number) {
        Some((has, etag)) if has == size => {
            Ok(CompletedPart::builder().part_number(number).e_tag(etag).build())
        }
        Some(_) | None => Err(ObjectError::Forgotten),
    };
    expect.map(as_sent).collect()
}

/// Whether the store still knows an upload.
pub(super) async fn exists(store: &S3Objects, name: &str, id: &str) -> Result<bool, ObjectError> {
    match page(store, name, id, None).await {
        Ok(_) => Ok(true),
        Err(ObjectError::Forgotten) => Ok(false),
        Err(other) => Err(other),
    }
}

async fn page(
    store: &S3Objects,
    name: &str,
    id: &str,
    marker: Option<String>,
) -> Result<Page, ObjectError> {
    let list = store.client().list_parts().bucket(store.bucket()).key(name).upload_id(id);
    match list.set_part_number_marker(marker).send().await {
        Ok(listed) => Ok(Page::of(&listed)),
        Err(error) => match said(&error).and_then(Page::read) {
            Some(page) => Ok(page),
            None => match store.answer(error) {
                Answer::NoUpload | Answer::NoKey => Err(ObjectError::Forgotten),
                other => Err(other.into()),
            },
        },
    }
}

/// The answer of a store that names its outer element otherwise than S3 does, as moto does: the client reads
/// nothing else in it then.
fn said<E>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    let answer = error.raw_response().filter(|answer| answer.status().as_u16() == 200)?;
    std::str::from_utf8(answer.body().bytes()?).ok()
}

impl Page {
    fn of(listed: &ListPartsOutput) -> Self {
        let parts = listed.parts().iter().filter_map(|part| {
            let size = u64::try_from(part.size()?).ok()?;
            Some((part.part_number()?, size, part.e_tag()?.to_owned()))
        });
        let next = listed.next_part_number_marker().filter(|next| !next.is_empty());
        let next = next.filter(|_| listed.is_truncated() == Some(true));
        Self { parts: parts.collect(), next: next.map(str::to_owned) }
    }

    /// `None` for what lists no parts.
    fn read(text: &str) -> Option<Self> {
        inner(text, "UploadId")?;
        let mut parts = Vec::new();
        for part in text.split("<Part>").skip(1) {
            let (part, _) = part.split_once("</Part>")?;
            let etag = inner(part, "ETag")?.replace("&quot;", "\"").replace("&#34;", "\"");
            let number = inner(part, "PartNumber")?.parse().ok()?;
            parts.push((number, inner(part, "Size")?.parse().ok()?, etag));
        }
        let truncated = inner(text, "IsTruncated") == Some("true");
        let next = inner(text, "NextPartNumberMarker").filter(|next| truncated && !next.is_empty());
        Some(Self { parts, next: next.map(str::to_owned) })
    }
}

/// What the first element of a name holds.
fn inner<'a>(text: &'a str, element: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{element}>"))?;
    Some(after.split_once("</")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, parts: &[(i32, u64, &str)], next: Option<&str>) {
        let expect = Page {
            parts: parts.iter().map(|(n, size, etag)| (*n, *size, (*etag).to_owned())).collect(),
            next: next.map(str::to_owned),
        };
        assert_eq!(Page::read(text), Some(expect), "{text}");
    }

    #[test]
    fn answers_of_other_names_are_read() {
        let head = "<ListPartsResponse><UploadId>u</UploadId>";
        let part =
            "<Part><PartNumber>7</PartNumber><ETag>&quot;ab&quot;</ETag><Size>9</Size></Part>";
        let marker = "<NextPartNumberMarker>7</NextPartNumberMarker>";
        let found = (7, 9, "\"ab\"");
        check(&format!("{head}</ListPartsResponse>"), &[], None);
        check(&format!("{head}{marker}{part}"), &[found], None);
        let truncated = "<IsTruncated>true</IsTruncated>";
        check(&format!("{head}{marker}{truncated}{part}"), &[found], Some("7"));
        for nothing in [format!("{head}{}", part.replace('9', "x")), "<html>hello</html>".into()] {
            assert_eq!(Page::read(&nothing), None, "{nothing}");
        }
    }
}
