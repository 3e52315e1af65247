//! The object store: how it answers, and a way to look through its buckets.

use super::{
    connection::{PageArguments, PageInfo, cost, cursor},
    context::api,
    error::ApiError,
    scalars::{Long, Time},
};
use crate::{
    graphql::context::Api,
    objects::{self, Found, Listed, Listing, RemoteObjects, Search, is_bucket},
};
use async_graphql::{Context, Enum, Object, SimpleObject};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::{fmt, str::FromStr};

/// The longest prefix, and the longest text to search for, in bytes.
const MAX_PREFIX: usize = 1024;
const MAX_SEARCH: usize = 200;

/// The object store that others reach too. Datasets rest in it, and the files of finished stages.
pub struct ObjectStoreInfo;

/// The object store that others reach too. Datasets rest in it, and the files of finished stages.
#[Object(name = "ObjectStore")]
impl ObjectStoreInfo {
    /// Its address; null for AWS.
    async fn endpoint(&self, context: &Context<'_>) -> Result<Option<String>, ApiError> {
        Ok(remote(api(context))?.place().endpoint.clone())
    }

    /// The bucket that this server writes to.
    async fn bucket(&self, context: &Context<'_>) -> Result<String, ApiError> {
        Ok(remote(api(context))?.place().bucket.clone())
    }

    /// The folder of that bucket that is this server's; empty when all of it is.
    async fn prefix(&self, context: &Context<'_>) -> Result<String, ApiError> {
        Ok(remote(api(context))?.place().prefix.clone())
    }

    /// What is wrong with it now and what to do, in one sentence; null when it answered the last time.
    async fn problem(&self, context: &Context<'_>) -> Option<String> {
        api(context).directory.syncing().standing().problem.map(|(sentence, _)| sentence)
    }

    /// Since when there is a problem.
    async fn problem_since(&self, context: &Context<'_>) -> Option<Time> {
        api(context).directory.syncing().standing().problem.map(|(_, since)| Time(since))
    }

    /// Sessions whose files are not all in it yet.
    async fn waiting_sessions(&self, context: &Context<'_>) -> Long {
        (api(context).directory.syncing().standing().waiting as u64).into()
    }

    /// The buckets that the server's credentials may list; where they may list none, its own.
    async fn buckets(&self, context: &Context<'_>) -> Result<Vec<Bucket>, ApiError> {
        let buckets = remote(api(context))?.buckets().await?;
        let shown = |bucket: objects::Bucket| Bucket {
            name: bucket.name,
            created_at: bucket.created.map(Time),
        };
        Ok(buckets.into_iter().map(shown).collect())
    }

    /// Folders and objects of a bucket, by name. What this server keeps for itself is left out.
    #[graphql(complexity = "cost(first, None, child_complexity)")]
    #[allow(clippy::too_many_arguments, reason = "each is an argument of the field")]
    async fn objects(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The bucket.")] bucket: String,
        #[graphql(
            desc = "A folder with its slash at the end, or the beginning of a name.",
            default
        )]
        prefix: String,
        #[graphql(
            desc = "Looks through everything below the prefix, 10,000 objects a page at most, for names that hold this text, in whatever case."
        )]
        search: Option<String>,
        #[graphql(desc = "Rows at most, from 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the row before the first.")] after: Option<String>,
    ) -> Result<ObjectConnection, ApiError> {
        let page = PageArguments { first, after, last: None, before: None }.page::<Place>()?;
        if !is_bucket(&bucket) {
            return Err(ApiError::bad_input(format!(
                "no bucket is named `{bucket}`; choose one from the list"
            )));
        }
        let search = search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if prefix.len() > MAX_PREFIX || search.as_ref().is_some_and(|t| t.len() > MAX_SEARCH) {
            return Err(ApiError::bad_input("the prefix or the text is too long; shorten it"));
        }
        let listing = Listing {
            bucket,
            prefix,
            search: search.map_or(Search::Folder, Search::Holding),
            after: page.after.as_ref().map(|place| place.0.clone()),
            first: page.limit as usize,
        };
        let listed = remote(api(context))?.list(&listing).await?;
        Ok(ObjectConnection::of(&listing, listed))
    }
}

/// A bucket.
#[derive(SimpleObject)]
pub struct Bucket {
    /// Its name.
    name: String,
    /// When it was made, where the store says so.
    created_at: Option<Time>,
}

/// What stands in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BucketEntryKind {
    /// All names that go on after it.
    Folder,
    /// An object, which can be imported.
    Object,
}

/// A folder or an object of a bucket.
#[derive(Clone, SimpleObject)]
pub struct BucketEntry {
    /// What it is.
    kind: BucketEntryKind,
    /// What comes after the prefix; a folder's ends with a slash.
    name: String,
    /// The whole name.
    key: String,
    /// Its address, for `importObject`: `s3://bucket/key`.
    uri: String,
    /// Bytes; null for a folder.
    size: Option<Long>,
    /// When it was changed; null for a folder.
    modified_at: Option<Time>,
}

/// A page of folders and objects.
#[derive(SimpleObject)]
pub struct ObjectConnection {
    /// The rows with their cursors.
    edges: Vec<ObjectEdge>,
    /// The rows.
    nodes: Vec<BucketEntry>,
    /// Where this page is in the list. A search may find nothing on a page and go on behind it.
    page_info: PageInfo,
}

/// A row and its place in the list.
#[derive(SimpleObject)]
pub struct ObjectEdge {
    /// Where this row is; give it as `after`.
    cursor: String,
    /// The row.
    node: BucketEntry,
}

impl ObjectConnection {
    fn of(listing: &Listing, listed: Listed) -> Self {
        let node = |found: &Found| BucketEntry {
            kind: match found.size {
                None => BucketEntryKind::Folder,
                Some(_) => BucketEntryKind::Object,
            },
            name: found.name.strip_prefix(&listing.prefix).unwrap_or(&found.name).to_owned(),
            key: found.name.clone(),
            uri: format!("s3://{}/{}", listing.bucket, found.name),
            size: found.size.map(Long::from),
            modified_at: found.modified.map(Time),
        };
        let edge = |found: &Found| ObjectEdge {
            cursor: cursor(Place(found.cursor.clone())),
            node: node(found),
        };
        let edges: Vec<ObjectEdge> = listed.found.iter().map(edge).collect();
        let last = edges.last().map(|edge| edge.cursor.clone());
        let page_info = PageInfo {
            has_next_page: listed.more,
            has_previous_page: listing.after.is_some(),
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: listed.resume.map(|place| cursor(Place(place))).or(last),
        };
        let nodes = edges.iter().map(|edge| edge.node.clone()).collect();
        Self { edges, nodes, page_info }
    }
}

/// Where a page begins, inside a cursor: the entries that are left out, and the store's token.
struct Place((Option<String>, usize));

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (token, skip) = &self.0;
        let token = token.as_ref().map(|token| URL_SAFE_NO_PAD.encode(token));
        write!(f, "{skip}.{}", token.unwrap_or_default())
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (skip, token) = text.split_once('.').ok_or(())?;
        // A page has no more entries than this.
        let skip = skip.parse().ok().filter(|skip| *skip <= 1000).ok_or(())?;
        let token = URL_SAFE_NO_PAD.decode(token).map_err(drop)?;
        let token = String::from_utf8(token).map_err(drop)?;
        Ok(Self(((!token.is_empty()).then_some(token), skip)))
    }
}

#[derive(Default)]
pub struct BucketQuery;

#[Object]
impl BucketQuery {
    /// The object store that others reach too; null when everything is kept in the server's data directory.
    async fn object_store(&self, context: &Context<'_>) -> Option<ObjectStoreInfo> {
        remote(api(context)).ok().map(|_| ObjectStoreInfo)
    }
}

fn remote(api: &Api) -> Result<&dyn RemoteObjects, ApiError> {
    api.datasets.objects().remote().ok_or_else(|| {
        ApiError::bad_input("this server has no object store; its operator sets one with S3_BUCKET")
    })
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[track_caller]
    fn check(token: Option<&str>, skip: usize) {
        let place = (token.map(str::to_owned), skip);
        let read = Place(place.clone()).to_string().parse::<Place>();
        assert_eq!(read.map(|read| read.0), Ok(place));
    }

    #[test]
    fn cursors_keep_the_store_s_own_tokens() {
        check(None, 0);
        check(None, 7);
        check(Some("1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM="), 0);
        check(Some("größe.csv"), 1000);
        for bad in ["", "1", "x.", "1001.", "-1.", "1.%"] {
            assert!(bad.parse::<Place>().is_err(), "{bad:?}");
        }
    }
}
