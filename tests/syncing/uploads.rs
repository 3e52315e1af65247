//! Uploads in a store that is away for a while.

use super::{Faults, PATIENCE, Past, Server, in_system};
use bytes::Bytes;
use chrono::Utc;
use entity::{
    ids::{ExperimentId, UploadId},
    principal::Principal,
    vocab::UploadState,
};
use futures::StreamExt;
use std::time::{Duration, Instant};
use trainable::{objects::ObjectKey, store};

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
