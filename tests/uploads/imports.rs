//! Imports go on by themselves: after a restart, on another server, and when a bucket was away.

use super::{
    PART, PATIENCE, bytes, sha256,
    support::{
        Scripted, database,
        house::{House, in_system},
        s3::{
            BUCKET, Server,
            faults::{Fault, Faults},
            objects, settings,
        },
        temporary,
    },
    until,
};
use bytes::Bytes;
use entity::{ids::UploadId, principal::Principal, uploads::Model as Upload, vocab::UploadState};
use futures::StreamExt;
use std::{path::Path, sync::Arc, time::Duration};
use trainable::{
    dataset::received,
    objects::{ObjectKey, ObjectStore, s3::S3Settings},
    sandbox::{SandboxProvider, fake::FakeSandboxes},
    session::Providers,
    store::{self, Store, servers},
};
use uuid::Uuid;

const URI: &str = "theirs/t.csv";

/// A server with the test's bucket.
async fn open(data: &Path, address: &str) -> House {
    let objects: Arc<dyn ObjectStore> = Arc::new(objects(settings(address.to_owned())));
    let sandboxes: Arc<dyn SandboxProvider> = Arc::new(FakeSandboxes::new(|_| Vec::new()));
    let providers = Providers::new(Scripted::new(Vec::new()));
    House::with(data, providers, sandboxes, objects).await
}

/// Puts somebody's object into the bucket.
async fn theirs(server: &Server, bytes: &[u8]) {
    let all = objects(S3Settings { prefix: String::new(), ..settings(server.address()) });
    let body = futures::stream::iter([Ok(Bytes::copy_from_slice(bytes))]).boxed();
    all.put(&ObjectKey::parse(URI).unwrap(), body, u64::MAX).await.unwrap();
}

async fn row(house: &House, id: UploadId) -> Upload {
    store::uploads::find(house.store.read(), id).await.unwrap().expect("an upload")
}

async fn import(house: &House) -> Upload {
    let uri = format!("s3://{BUCKET}/{URI}");
    house.datasets.import(&Principal::Local, &uri).await.expect("it begins")
}

/// Waits for the end of an import: its digest, or why there is none.
async fn ended(house: &House, id: UploadId) -> Result<String, String> {
    until("the end of an import", async || {
        let row = row(house, id).await;
        match (row.state, row.problem) {
            (UploadState::Stored, _) => Some(Ok(row.sha256.expect("a digest"))),
            (UploadState::Open, problem) => problem.map(Err),
        }
    })
    .await
}

/// An import that stops in its middle, with the server that began it.
async fn half(data: &Path, faults: &Faults) -> UploadId {
    let house = open(data, &faults.address()).await;
    // It never gets on.
    for part in ["partNumber=3", "partNumber=4", "partNumber=5"] {
        faults.add("PUT", part, Fault::Slow(PATIENCE), 9);
    }
    let upload = import(&house).await;
    until("two parts that are kept", async || {
        (received(&row(&house, upload.id).await) >= 2 * PART as u64).then_some(())
    })
    .await;
    let progress = house.datasets.import_progress(&row(&house, upload.id).await).unwrap();
    assert_eq!((progress.error, progress.warning), (None, None));
    upload.id
}

fn parts(faults: &Faults, number: usize) -> usize {
    let name = format!("partNumber={number}&");
    let seen = faults.seen();
    seen.iter().filter(|request| format!("{request}&").contains(&name)).count()
}

#[test]
fn an_import_goes_on_after_a_restart() {
    let server = Server::rclone();
    let data = temporary();
    let (at, address, store) = (data.path().to_owned(), server.address(), Arc::new(server));
    let file = bytes(4 * PART + 99, 20);
    let begun = Arc::new(std::sync::Mutex::new(None));
    let (first, told) = (file.clone(), Arc::clone(&begun));
    let (path, to, held) = (at.clone(), address.clone(), Arc::clone(&store));
    in_system(async move {
        theirs(&held, &first).await;
        let faults = Faults::before(&to).await;
        *told.lock().unwrap() = Some(half(&path, &faults).await);
        assert_eq!(parts(&faults, 1), 1);
    });
    // The runtime is gone, and all that ran in it.
    let id = begun.lock().unwrap().expect("it began");
    let held = Arc::clone(&store);
    in_system(async move {
        let faults = Faults::before(&address).await;
        let house = open(&at, &faults.address()).await;
        assert_eq!(house.datasets.resume_imports().await.unwrap(), 1);
        assert_eq!(house.datasets.resume_imports().await.unwrap(), 0, "it is at it already");
        assert_eq!(ended(&house, id).await, Ok(sha256(&file)));
        assert_eq!(house.datasets.import_progress(&row(&house, id).await), None);
        let seen = faults.seen();
        for part in ["partNumber=1&", "partNumber=2&"] {
            let again = seen.iter().any(|request| format!("{request}&").contains(part));
            assert!(!again, "{part} was sent twice: {seen:#?}");
        }
        // Another object stands there by the time that the next one goes on.
        let other = half(&at, &faults).await;
        house.datasets.delete_upload(&Principal::Local, other).await.unwrap();
        drop(held);
    });
}

#[test]
fn an_object_that_was_changed_is_no_mixture() {
    for same_size in [true, false] {
        let server = Arc::new(Server::rclone());
        let data = temporary();
        let (path, held) = (data.path().to_owned(), Arc::clone(&server));
        let begun = Arc::new(std::sync::Mutex::new(None));
        let told = Arc::clone(&begun);
        in_system(async move {
            theirs(&held, &bytes(4 * PART + 99, 21)).await;
            let faults = Faults::before(&held.address()).await;
            *told.lock().unwrap() = Some(half(&path, &faults).await);
        });
        let id = begun.lock().unwrap().expect("it began");
        let path = data.path().to_owned();
        in_system(async move {
            theirs(&server, &bytes(4 * PART + if same_size { 99 } else { 98 }, 22)).await;
            let house = open(&path, &server.address()).await;
            assert_eq!(house.datasets.resume_imports().await.unwrap(), 1);
            let said = ended(&house, id).await.expect_err("it is another object");
            assert!(said.contains("was changed while it was imported"), "{said}");
            let key = ObjectKey::parse(&format!("uploads/{id}")).unwrap();
            assert_eq!(house.datasets.objects().size(&key).await.unwrap(), None);
            let progress = house.datasets.import_progress(&row(&house, id).await).unwrap();
            assert_eq!(progress.error, Some(said));
            assert_eq!(house.datasets.resume_imports().await.unwrap(), 0, "it is over");
            assert!(house.datasets.delete_upload(&Principal::Local, id).await.unwrap());
        });
    }
}

#[test]
fn a_bucket_that_is_away_is_waited_for() {
    in_system(async {
        let server = Server::rclone();
        let file = bytes(4 * PART, 23);
        theirs(&server, &file).await;
        let faults = Faults::before(&server.address()).await;
        let data = temporary();
        let house = open(data.path(), &faults.address()).await;
        faults.add("PUT", "partNumber=3", Fault::Slow(Duration::from_secs(2)), 1);
        let upload = import(&house).await;
        until("a part that is kept", async || {
            (received(&row(&house, upload.id).await) >= PART as u64).then_some(())
        })
        .await;
        faults.down(true);
        let warning = until("a word about it", async || {
            house.datasets.import_progress(&row(&house, upload.id).await)?.warning
        })
        .await;
        super::support::binary::sentence(&warning, &[data.path()]);
        faults.down(false);
        assert_eq!(ended(&house, upload.id).await, Ok(sha256(&file)));
        assert_eq!(parts(&faults, 1), 1);
    });
}

/// One server at a time is at an import, and another only when that one is gone.
#[tokio::test]
async fn an_import_is_one_servers() {
    let Some(url) = database::another() else { return };
    let open = async || {
        let store = Store::open_postgres(&url).await.unwrap();
        servers::enrol(&store, Uuid::now_v7()).await.unwrap();
        store
    };
    let (one, other, third) = (open().await, open().await, open().await);
    let upload = Upload {
        id: UploadId::new(),
        owner: Principal::Local.owner().to_owned(),
        file_name: "t.csv".into(),
        state: UploadState::Open,
        size: None,
        sha256: None,
        experiment_id: None,
        created_at: chrono::Utc::now(),
        stored_at: None,
        length: Some(1),
        checkpoint: None,
        holder: None,
        source: Some("{}".into()),
        problem: None,
        server_id: one.server(),
    };
    store::uploads::insert(one.write(), &upload).await.unwrap();
    let left = async |store: &Store| store::uploads::left_imports(store).await.unwrap().len();
    assert_eq!((left(&one).await, left(&other).await), (1, 0));
    assert!(!store::uploads::take_import(&other, upload.id).await.unwrap());
    servers::leave(&one, one.server().unwrap()).await.unwrap();
    assert_eq!((left(&other).await, left(&third).await), (1, 1));
    assert!(store::uploads::take_import(&other, upload.id).await.unwrap());
    assert!(!store::uploads::take_import(&third, upload.id).await.unwrap());
    assert_eq!((left(&other).await, left(&third).await), (1, 0));
    store::uploads::set_problem(&other, upload.id, "it is gone").await.unwrap();
    assert_eq!(left(&other).await, 0);
}
