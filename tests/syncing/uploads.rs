//! Uploads in a store that is away for a while.

use super::{
    BUCKET, Faults, PATIENCE, Past, Server, in_system, settings,
    support::s3::{faults::Fault, objects},
};
use bytes::Bytes;
use chrono::Utc;
use entity::{
    ids::{ExperimentId, UploadId},
    principal::Principal,
    vocab::UploadState,
};
use futures::StreamExt;
use std::time::{Duration, Instant};
use trainable::{
    objects::{ObjectKey, ObjectStore, s3::S3Settings},
    store,
};

/// A run that begins while the store is away waits for it.
#[test]
fn a_dataset_is_waited_for() {
    in_system(async {
        let server = Server::rclone();
        let faults = Faults::before(&server.address()).await;
        let past = Past::new().await;
        let house = past.open(&faults.address()).await;
        let upload = house.datasets.open_upload(&Principal::Local, "t.csv", None).await.unwrap();
        let body = futures::stream::iter([Ok(Bytes::from_static(b"a,b\n1,2\n"))]).boxed();
        house.datasets.receive(&Principal::Local, upload.id, body).await.unwrap();
        let row = store::sessions::find(house.store.read(), past.session).await.unwrap().unwrap();
        claim(&house.store, upload.id, row.experiment_id).await;
        faults.down(true);
        let (proxy, since) = (faults.clone(), Instant::now());
        tokio::spawn(async move {
            // Longer than one request is tried for.
            tokio::time::sleep(Duration::from_secs(8)).await;
            proxy.down(false);
        });
        // The fake sandboxes run nothing, so that is what it comes to in the end.
        let error = house.datasets.extract(row.experiment_id).await.unwrap_err().to_string();
        assert!(!error.contains("object store"), "{error}");
        assert!(since.elapsed() >= Duration::from_secs(8), "it did not wait");
        assert!(since.elapsed() < PATIENCE);

        // Whoever waits may go.
        faults.down(true);
        let extract = house.datasets.extract(row.experiment_id);
        assert!(tokio::time::timeout(Duration::from_secs(1), extract).await.is_err());
    });
}

async fn claim(store: &store::Store, upload: UploadId, experiment: ExperimentId) {
    use sea_orm::{ConnectionTrait, Statement};
    let db = store.write();
    let statement = Statement::from_sql_and_values(
        db.get_database_backend(),
        "UPDATE uploads SET experiment_id = $1 WHERE id = $2",
        [experiment.0.into(), upload.0.into()],
    );
    assert_eq!(db.execute_raw(statement).await.unwrap().rows_affected(), 1);
}

/// Whoever does not want an import any more ends it.
#[test]
fn an_import_ends_with_its_upload() {
    in_system(async {
        let server = Server::rclone();
        let faults = Faults::before(&server.address()).await;
        let all = objects(S3Settings { prefix: String::new(), ..settings(server.address()) });
        let body = futures::stream::iter([Ok(Bytes::from(vec![7; 20 << 20]))]).boxed();
        all.put(&ObjectKey::parse("theirs/t.csv").unwrap(), body, 32 << 20).await.unwrap();
        let past = Past::new().await;
        let house = past.open(&faults.address()).await;
        // It never gets on.
        faults.add("PUT", "partNumber", Fault::Slow(PATIENCE), 9);
        let uri = format!("s3://{BUCKET}/theirs/t.csv");
        let upload = house.datasets.import(&Principal::Local, &uri).await.unwrap();
        let begun = async {
            while faults.left() == 9 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, begun).await.expect("parts are sent");
        assert!(house.datasets.import_progress(&upload).is_some());
        let deleted = house.datasets.delete_upload(&Principal::Local, upload.id);
        assert!(deleted.await.unwrap());
        assert_eq!(store::uploads::find(house.store.read(), upload.id).await.unwrap(), None);
        let deleted = house.datasets.delete_upload(&Principal::Local, upload.id);
        assert!(!deleted.await.unwrap(), "it is gone");
        // What was begun is aborted behind its back.
        let aborted = async {
            while !faults
                .seen()
                .iter()
                .any(|request| request.starts_with("DELETE ") && request.contains("uploadId"))
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, aborted).await.expect("its parts are aborted");
    });
}

/// An unused upload whose bytes cannot be deleted is not forgotten with them.
#[test]
fn an_unused_upload_is_deleted_later() {
    in_system(async {
        let server = Server::rclone();
        let faults = Faults::before(&server.address()).await;
        let past = Past::new().await;
        let house = past.open(&faults.address()).await;
        let upload = house.datasets.open_upload(&Principal::Local, "t.csv", None).await.unwrap();
        let body = futures::stream::iter([Ok(Bytes::from_static(b"a"))]).boxed();
        house.datasets.receive(&Principal::Local, upload.id, body).await.unwrap();
        let (key, later) = (
            ObjectKey::parse(&format!("uploads/{}", upload.id)).unwrap(),
            Utc::now() + chrono::Duration::days(2),
        );
        faults.down(true);
        assert_eq!(house.datasets.collect(later).await.unwrap(), 0);
        faults.down(false);
        let row = store::uploads::find(house.store.read(), upload.id).await.unwrap();
        assert_eq!(row.map(|row| row.state), Some(UploadState::Open), "it cannot be used");
        let objects = house.datasets.objects();
        assert_eq!(objects.size(&key).await.unwrap(), Some(1));
        assert_eq!(house.datasets.collect(later).await.unwrap(), 1);
        assert_eq!(objects.size(&key).await.unwrap(), None);
        assert_eq!(store::uploads::find(house.store.read(), upload.id).await.unwrap(), None);
    });
}
