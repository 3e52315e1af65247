//! Looking through buckets, and addresses for others.

use super::{
    S3Objects,
    error::{Answer, answer},
    put, read,
};
use crate::objects::{
    Bucket, Download, Found, Listed, Listing, ObjectError, ObjectKey, Place, RemoteObjects, Search,
    Uri,
};
use async_trait::async_trait;
use aws_sdk_s3::{
    operation::list_objects_v2::ListObjectsV2Output, presigning::PresigningConfig,
    primitives::DateTime,
};
use chrono::Utc;
use futures::{StreamExt, TryStreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::time::Duration;

/// Entries that a store gives at once, at most.
const PAGE: usize = 1_000;
/// Objects that are deleted at once.
const DELETED_AT_ONCE: usize = 8;
/// Pages of the store that one page of ours looks through.
const SEARCHED: usize = 10;

/// Where a page begins: the store's token, and the entries after it that are left out.
type Start = (Option<String>, usize);

#[async_trait]
impl RemoteObjects for S3Objects {
    fn place(&self) -> &Place {
        &self.0.place
    }

    async fn check(&self) -> Result<(), ObjectError> {
        // A listing is refused in words; the answer to a HEAD has none.
        let list = self.client().list_objects_v2().bucket(self.bucket()).max_keys(1);
        let listed = list.prefix(self.0.place.name("")).send().await;
        listed.map(drop).map_err(|error| self.answer(error).into())
    }

    async fn probe(&self) -> Result<(), ObjectError> {
        put::probe(self, &self.0.place.name("probe")).await
    }

    async fn delete_below(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        let below = format!("{}/", self.name(key));
        let mut last = None;
        // Once more after each round that deleted something, until nothing is listed any more.
        loop {
            let found = self.delete_listed(&below).await?;
            if found.is_none() {
                return Ok(());
            }
            // A server that says it deleted what it goes on to list would be asked for ever.
            if last == found {
                return Err(ObjectError::Away("objects that were deleted are still there".into()));
            }
            last = found;
        }
    }

    async fn presign(
        &self,
        key: &ObjectKey,
        file_name: &str,
        expires: Duration,
    ) -> Result<String, ObjectError> {
        let unmade = |error: &dyn std::error::Error| ObjectError::Misplaced(error.to_string());
        let expires = PresigningConfig::expires_in(expires).map_err(|error| unmade(&error))?;
        let name = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
        let get = self
            .client()
            .get_object()
            .bucket(self.bucket())
            .key(self.name(key))
            // A model wrote it: it is saved, and never shown in the store's own origin.
            .response_content_type("application/octet-stream")
            .response_content_disposition(format!("attachment; filename*=UTF-8''{name}"));
        let signed = get.presigned(expires).await.map_err(|error| self.answer(error))?;
        Ok(signed.uri().to_owned())
    }

    async fn buckets(&self) -> Result<Vec<Bucket>, ObjectError> {
        let ours = || vec![Bucket { name: self.bucket().to_owned(), created: None }];
        match self.client().list_buckets().send().await.map_err(|error| self.answer(error)) {
            Ok(listed) => Ok(listed
                .buckets()
                .iter()
                .filter_map(|bucket| {
                    let created = bucket.creation_date().and_then(time);
                    Some(Bucket { name: bucket.name()?.to_owned(), created })
                })
                .collect()),
            // Keys for one bucket are the careful choice.
            Err(Answer::Other(ObjectError::Refused(_))) => Ok(ours()),
            Err(other) => Err(other.into()),
        }
    }

    async fn list(&self, listing: &Listing) -> Result<Listed, ObjectError> {
        let (delimiter, holding) = match &listing.search {
            Search::Folder => (Some("/"), None),
            Search::Holding(text) => (None, Some(text.to_lowercase())),
        };
        let mut listed = Listed::default();
        let (mut token, mut skip) = listing.after.clone().unwrap_or_default();
        for _ in 0..SEARCHED {
            let wanted = match &holding {
                Some(_) => PAGE,
                None => (listing.first - listed.found.len() + skip).min(PAGE),
            };
            let page = self.page(listing, delimiter, token.clone(), wanted).await?;
            let next = page.next_continuation_token().map(str::to_owned);
            let truncated = page.is_truncated() == Some(true) && next.is_some();
            let entries = entries(&page);
            let after = |index: usize| -> Start {
                match index + 1 == entries.len() && truncated {
                    true => (next.clone(), 0),
                    false => (token.clone(), index + 1),
                }
            };
            for (index, (name, size, modified)) in entries.iter().enumerate().skip(skip) {
                let inside = name.strip_prefix(&listing.prefix).unwrap_or(name);
                let held = holding.as_ref().is_none_or(|text| inside.to_lowercase().contains(text));
                // The folder itself, which some tools keep as an empty object.
                if inside.is_empty() || !held || self.0.place.owns(&listing.bucket, name) {
                    continue;
                }
                if listed.found.len() == listing.first {
                    listed.more = true;
                    return Ok(listed);
                }
                let (name, cursor) = (name.clone(), after(index));
                listed.found.push(Found { name, size: *size, modified: *modified, cursor });
            }
            if !truncated {
                return Ok(listed);
            }
            if listed.found.len() == listing.first {
                break;
            }
            (token, skip) = (next, 0);
        }
        listed.more = true;
        if listed.found.len() < listing.first {
            listed.resume = Some((token, skip));
        }
        Ok(listed)
    }

    async fn download(&self, from: &Uri) -> Result<Download, ObjectError> {
        let missing = || {
            ObjectError::Misplaced(format!("there is no object `{from}`; choose one from the list"))
        };
        if self.0.place.owns(from.bucket(), from.key()) {
            return Err(missing());
        }
        match read::open(self, from.bucket(), from.key(), None).await {
            Ok(opened) => Ok(Download { size: opened.size, body: opened.body }),
            Err(Answer::NoKey) => Err(missing()),
            Err(other) => Err(other.into()),
        }
    }
}

impl S3Objects {
    /// Deletes whatever is listed below a name. Answers the first of it.
    ///
    /// One request for each, several at once: a request for many carries a checksum that not all stores know, and
    /// what some want in its place others do not.
    async fn delete_listed(&self, below: &str) -> Result<Option<String>, ObjectError> {
        let (mut first, mut token) = (None, None);
        loop {
            let list = self.client().list_objects_v2().bucket(self.bucket()).prefix(below);
            let list = list.set_continuation_token(token.clone());
            let listed = list.send().await.map_err(|error| self.answer(error))?;
            let names = listed.contents().iter().filter_map(|object| object.key());
            // Whatever the store made of the prefix.
            let names: Vec<String> =
                names.filter(|name| name.starts_with(below)).map(str::to_owned).collect();
            first = first.or_else(|| names.first().cloned());
            let deleting =
                names.into_iter().map(|name| async move { self.delete_name(&name).await });
            let deleting = stream::iter(deleting).buffer_unordered(DELETED_AT_ONCE);
            deleting.try_collect::<()>().await?;
            let next = listed.next_continuation_token.filter(|next| !next.is_empty());
            if listed.is_truncated != Some(true) || next.is_none() || next == token {
                return Ok(first);
            }
            token = next;
        }
    }

    async fn page(
        &self,
        listing: &Listing,
        delimiter: Option<&str>,
        token: Option<String>,
        wanted: usize,
    ) -> Result<ListObjectsV2Output, ObjectError> {
        let list = self
            .client()
            .list_objects_v2()
            .bucket(&listing.bucket)
            .prefix(&listing.prefix)
            .set_delimiter(delimiter.map(str::to_owned))
            .set_continuation_token(token)
            .max_keys(i32::try_from(wanted).unwrap_or(i32::MAX));
        let listed = list.send().await;
        listed.map_err(|error| answer(&self.0.at, &listing.bucket, error).into())
    }
}

type Entry = (String, Option<u64>, Option<chrono::DateTime<Utc>>);

/// Folders and objects of a page, in the order of their names.
fn entries(page: &ListObjectsV2Output) -> Vec<Entry> {
    let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix());
    let folders = folders.map(|name| (name.to_owned(), None, None));
    let objects = page.contents().iter().filter_map(|object| {
        let size = object.size().and_then(|size| u64::try_from(size).ok());
        Some((object.key()?.to_owned(), Some(size?), object.last_modified().and_then(time)))
    });
    let mut entries: Vec<Entry> = folders.chain(objects).collect();
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    entries
}

fn time(at: &DateTime) -> Option<chrono::DateTime<Utc>> {
    chrono::DateTime::from_timestamp(at.secs(), at.subsec_nanos())
}
