//! Objects in a bucket of AWS, MinIO, R2, Garage, Ceph, or whatever else speaks S3.
//!
//! What is small is put at once, what is large in parts, each with its MD5 for the server to compare and
//! signed with its SHA-256. Parts that arrived stay for who goes on later, and so does what is too little for one, as
//! an object of its own. Passing trouble is tried again by the client that is given here; a reading
//! that breaks off goes on where it was. What is in memory is bounded, however many put at once.

mod error;
mod listed;
mod partial;
mod parts;
mod put;
mod read;
mod remote;
mod rest;
mod sweep;

use super::{
    Checkpoint, ObjectError, ObjectKey, ObjectStore, PartialPut, Place, RemoteObjects, Stored,
    partial::Lasts,
};
use async_trait::async_trait;
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use bytes::Bytes;
use error::{Answer, answer};
use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use partial::Partial;
use std::{fmt, io, ops::Range, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// How often one request is tried, and the waits between.
const ATTEMPTS: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LAST_WAIT: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(5);
/// From a request's first byte to the head of its answer: a whole part goes out in between.
const ANSWER: Duration = Duration::from_secs(120);
/// Parts and small objects that are on their way at once, of all puts together.
const SENDING: usize = 8;
/// Puts that gather a part at once, and how long others wait for one of them to end.
const GATHERING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a bucket is, and with what it is opened.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Settings {
    /// `None` for AWS.
    pub endpoint: Option<String>,
    pub bucket: String,
    /// Before every key of ours; no slash at its end.
    pub prefix: String,
    pub region: String,
    pub access_key: String,
    pub secret_key: String,
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Settings {
    /// Never shows a key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The object store in a bucket. Cheap to clone.
#[derive(Clone)]
pub struct S3Objects(Arc<Inner>);

struct Inner {
    client: Client,
    place: Place,
    /// The store's address for people.
    at: String,
    /// Held by each part that is on its way.
    sending: Arc<Semaphore>,
    /// Held by whoever writes an object.
    gathering: Arc<Semaphore>,
}

impl S3Objects {
    /// Makes the client. Nothing is asked of the store; see [`RemoteObjects::check`].
    pub fn new(settings: S3Settings) -> Self {
        let S3Settings { endpoint, bucket, prefix, region, access_key, secret_key, session_token } =
            settings;
        let at = endpoint.clone().unwrap_or_else(|| format!("AWS S3 in {region}"));
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let mut config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(Credentials::new(
                access_key,
                secret_key,
                session_token,
                None,
                "environment",
            ))
            .http_client(http)
            .retry_config(
                RetryConfig::standard()
                    .with_max_attempts(ATTEMPTS)
                    .with_initial_backoff(FIRST_WAIT)
                    .with_max_backoff(LAST_WAIT),
            )
            .timeout_config(
                TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(ANSWER).build(),
            )
            // Newer kinds of checksums are refused, or kept unread, by many a compatible store.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenSupported);
        if let Some(endpoint) = &endpoint {
            // A host of their own for each bucket takes a domain and a certificate that most do not have.
            config = config.endpoint_url(endpoint).force_path_style(true);
        }
        let place = Place { endpoint, bucket, prefix };
        let client = Client::from_conf(config.build());
        let sending = Arc::new(Semaphore::new(SENDING));
        let gathering = Arc::new(Semaphore::new(GATHERING));
        Self(Arc::new(Inner { client, place, at, sending, gathering }))
    }

    fn client(&self) -> &Client {
        &self.0.client
    }

    fn bucket(&self) -> &str {
        &self.0.place.bucket
    }

    fn name(&self, key: &ObjectKey) -> String {
        self.0.place.name(key.as_str())
    }

    /// Waits for a place to gather in: each writer has a part in memory, however slowly it comes.
    async fn place(&self) -> Result<OwnedSemaphorePermit, ObjectError> {
        let place = timeout(PATIENCE, Arc::clone(&self.0.gathering).acquire_owned()).await;
        place.map_err(|_| ObjectError::Busy)?.map_err(|_| ObjectError::Busy)
    }

    /// Waits for a place to send from.
    async fn sending(&self) -> Result<OwnedSemaphorePermit, ObjectError> {
        let place = Arc::clone(&self.0.sending).acquire_owned().await;
        place.map_err(|_| ObjectError::Away("the server stops".into()))
    }

    async fn delete_name(&self, name: &str) -> Result<(), ObjectError> {
        let delete = self.client().delete_object().bucket(self.bucket()).key(name);
        match delete.send().await.map_err(|error| self.answer(error)) {
            Ok(_) | Err(Answer::NoKey) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// What an error means that came of a request about our own bucket.
    fn answer<E>(
        &self,
        error: aws_sdk_s3::error::SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    ) -> Answer
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        answer(&self.0.at, self.bucket(), error)
    }
}

#[async_trait]
impl ObjectStore for S3Objects {
    async fn put(
        &self,
        key: &ObjectKey,
        body: BoxStream<'static, io::Result<Bytes>>,
        limit: u64,
    ) -> Result<Stored, ObjectError> {
        let mut whole = Partial::begin(self, key, Lasts::WhileItIsWritten).await?;
        let sent = match whole.go(body, limit).await {
            Ok(()) => whole.end().await,
            Err(error) => Err(error),
        };
        match sent {
            Err(error) => {
                // What nobody completes stays on the store, unseen and paid for.
                whole.abort().await;
                Err(match error {
                    ObjectError::Forgotten => {
                        ObjectError::Away("the upload was aborted by somebody else".into())
                    }
                    other => other,
                })
            }
            sent => sent,
        }
    }

    async fn open(
        &self,
        key: &ObjectKey,
        from: Option<&Checkpoint>,
    ) -> Result<Box<dyn PartialPut>, ObjectError> {
        Ok(Box::new(match from {
            None => Partial::begin(self, key, Lasts::ForLater).await?,
            Some(checkpoint) => Partial::resume(self, key, checkpoint).await?,
        }))
    }

    async fn discard(&self, key: &ObjectKey, checkpoint: &Checkpoint) -> Result<(), ObjectError> {
        partial::discard(self, key, checkpoint).await
    }

    async fn sweep(&self, older_than: Duration) -> Result<usize, ObjectError> {
        sweep::sweep(self, older_than).await
    }

    async fn get(
        &self,
        key: &ObjectKey,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, ObjectError> {
        let missing = || ObjectError::NoObject(key.clone());
        if range.as_ref().is_some_and(Range::is_empty) {
            // Nothing of an object can be asked for in one way only: whether it is there.
            self.size(key).await?.ok_or_else(missing)?;
            return Ok(stream::empty().boxed());
        }
        match read::open(self, self.bucket(), &self.name(key), range).await {
            Ok(opened) => Ok(opened.body),
            Err(Answer::BeyondEnd) => Ok(stream::empty().boxed()),
            Err(Answer::NoKey) => Err(missing()),
            Err(other) => Err(other.into()),
        }
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, ObjectError> {
        let head = self.client().head_object().bucket(self.bucket()).key(self.name(key));
        match head.send().await.map_err(|error| self.answer(error)) {
            Ok(head) => Ok(head.content_length().and_then(|size| u64::try_from(size).ok())),
            Err(Answer::NoKey) => Ok(None),
            Err(other) => Err(other.into()),
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), ObjectError> {
        self.delete_name(&self.name(key)).await
    }

    fn remote(&self) -> Option<&dyn RemoteObjects> {
        Some(self)
    }
}
