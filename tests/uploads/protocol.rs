//! What is said on the way: every answer and every refusal, clients that hang, and several at once.

use super::{
    bytes,
    server::{Server, UPLOAD_LIMIT},
    sha256,
    speaker::{MEDIA, Said, Speaker, said},
    until,
};
use entity::{uploads, vocab::UploadState};
use reqwest::Method;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use serde_json::{Value, json};
use trainable::{
    objects::{ObjectKey, ObjectStore},
    store::uploads as rows,
};
use uuid::Uuid;

const CREATE: &str = "mutation($i: CreateUploadInput!) { createUpload(input: $i) {
    upload { id url received state size } userErrors { message } } }";
const UPLOAD: &str =
    "query($id: ID!) { upload(id: $id) { state size sha256 received import { total } } }";
const DELETE: &str = "mutation($i: DeleteUploadInput!) { deleteUpload(input: $i) { deletedId } }";

/// A new upload: its id and its address.
async fn place(server: &Server, size: Option<usize>) -> (String, Speaker) {
    let made = server.graphql(CREATE, json!({"i": {"fileName": "t.csv", "size": size}})).await;
    let upload = &made["createUpload"]["upload"];
    assert_eq!(upload["received"], 0, "{made}");
    let text = |key: &str| upload[key].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    (text("id"), Speaker::new(&server.base, &text("url")))
}

async fn upload(server: &Server, id: &str) -> Value {
    server.graphql(UPLOAD, json!({"id": id})).await["upload"].take()
}

fn stored(bytes: &[u8]) -> Value {
    json!({"state": "STORED", "size": bytes.len(), "sha256": sha256(bytes), "received": bytes.len(), "import": null})
}

#[track_caller]
fn check(said: &Said, status: u16, code: &str, offset: Option<u64>) {
    assert_eq!((said.status, said.code.as_str(), said.offset), (status, code, offset), "{said:?}");
    if !code.is_empty() {
        super::support::binary::sentence(&said.message, &[]);
    }
}

#[actix_web::test]
async fn a_file_in_three_goes() {
    let server = Server::start().await;
    let file = bytes(100, 1);
    let (id, speaker) = place(&server, Some(100)).await;
    let first = speaker.head().await;
    check(&first, 200, "", Some(0));
    assert_eq!(first.length, Some(100));
    check(&speaker.patch(0, &file[..60]).await, 204, "", Some(60));
    assert_eq!(upload(&server, &id).await["received"], 60);
    check(&speaker.patch(60, b"").await, 204, "", Some(60));
    // Bytes that are there already, and a gap.
    for wrong in [0, 59, 61, 100] {
        check(&speaker.patch(wrong, &file[60..]).await, 409, "WRONG_OFFSET", Some(60));
    }
    check(&speaker.patch(60, &file[60..99]).await, 204, "", Some(99));
    let found = upload(&server, &id).await;
    assert_eq!((&found["state"], &found["received"]), (&json!("OPEN"), &json!(99)));
    check(&speaker.patch(99, &file[99..]).await, 204, "", Some(100));
    assert_eq!(upload(&server, &id).await, stored(&file));
    let whole = speaker.head().await;
    check(&whole, 200, "", Some(100));
    assert_eq!(whole.length, Some(100));
    check(&speaker.patch(100, b"").await, 409, "CONFLICT", None);
    let again = speaker.bare(Method::PUT).header("x-trainable-upload", "1").body("a");
    check(&said(again.send().await.expect("an answer")).await, 409, "CONFLICT", None);
    assert_eq!(upload(&server, &id).await, stored(&file));
}

#[actix_web::test]
async fn what_is_refused() {
    let server = Server::start().await;
    let (id, speaker) = place(&server, Some(10)).await;
    let send = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()["tus-resumable"], "1.0.0");
        said(answer).await
    };
    let bare = || speaker.bare(Method::PATCH).header("content-type", MEDIA).body("0123456789");
    check(&send(bare().header("upload-offset", "0")).await, 403, "HEADER_MISSING", None);
    let other = || bare().header("tus-resumable", "0.2.2").header("upload-offset", "0");
    check(&send(other()).await, 412, "VERSION_NOT_SUPPORTED", None);
    let versions = other().send().await.expect("an answer");
    assert_eq!(versions.headers()["tus-version"], "1.0.0");
    let other = speaker.bare(Method::HEAD).header("tus-resumable", "0.2.2");
    assert_eq!(send(other).await.status, 412);
    let typed = speaker.request(Method::PATCH).header("upload-offset", "0").body("0123456789");
    check(&send(typed).await, 415, "UNSUPPORTED_MEDIA_TYPE", None);
    let patch = || speaker.request(Method::PATCH).header("content-type", MEDIA).body("0123456789");
    check(&send(patch()).await, 400, "INVALID_INPUT", None);
    check(&send(patch().header("upload-offset", "-1")).await, 400, "INVALID_INPUT", None);
    let length =
        |length: &'static str| patch().header("upload-offset", "0").header("upload-length", length);
    check(&send(length("ten")).await, 400, "INVALID_INPUT", None);
    check(&send(length("11")).await, 413, "TOO_LARGE", None);
    // The bytes that were announced may be kept, and no more.
    check(&speaker.patch(0, b"0123456789X").await, 413, "TOO_LARGE", None);
    let kept = speaker.head().await.offset.expect("an offset");
    assert!(kept <= 10, "{kept}");
    for unknown in ["0192a000-0000-7000-8000-000000000000", "nonsense"] {
        let unknown = Speaker::new(&server.base, &format!("/uploads/{unknown}"));
        let head = unknown.head().await;
        assert_eq!((head.status, head.offset), (404, None));
        check(&unknown.patch(0, b"a").await, 404, "NOT_FOUND", None);
    }
    assert_eq!(speaker.bare(Method::GET).send().await.expect("an answer").status(), 405);
    let options = speaker.bare(Method::OPTIONS).send().await.expect("an answer");
    assert_eq!(options.status(), 204);
    for (name, value) in [
        ("tus-resumable", "1.0.0"),
        ("tus-version", "1.0.0"),
        ("tus-max-size", &UPLOAD_LIMIT.to_string()),
    ] {
        assert_eq!(options.headers()[name], value, "{name}");
    }
    // After all that it goes on, with the mark of a small script in the place of the version.
    let rest = &b"0123456789"[kept as usize..];
    let marked = speaker.bare(Method::PATCH).header("x-trainable-upload", "1");
    let marked = marked.header("content-type", MEDIA).header("upload-offset", kept);
    check(&send(marked.body(rest.to_vec())).await, 204, "", Some(10));
    assert_eq!(upload(&server, &id).await, stored(b"0123456789"));
}

#[actix_web::test]
async fn a_length_that_is_said_late() {
    let server = Server::start().await;
    let file = bytes(50, 2);
    let (id, speaker) = place(&server, None).await;
    let first = speaker.request(Method::HEAD).send().await.expect("an answer");
    assert_eq!(first.headers()["upload-defer-length"], "1");
    assert_eq!(first.headers()["cache-control"], "no-store");
    assert!(!first.headers().contains_key("upload-length"));
    check(&speaker.patch(0, &file[..20]).await, 204, "", Some(20));
    let with = async |offset: u64, body: &[u8], length: u64| {
        let request = speaker.patching(offset, body).header("upload-length", length);
        said(request.send().await.expect("an answer")).await
    };
    check(&with(20, &file[20..], UPLOAD_LIMIT + 1).await, 413, "TOO_LARGE", None);
    check(&with(20, b"", 19).await, 409, "WRONG_OFFSET", Some(20));
    check(&with(20, &file[20..30], 50).await, 204, "", Some(30));
    assert_eq!(speaker.head().await.length, Some(50));
    check(&with(30, &file[30..], 51).await, 413, "TOO_LARGE", None);
    check(&with(30, &file[30..], 50).await, 204, "", Some(50));
    assert_eq!(upload(&server, &id).await, stored(&file));

    let (id, speaker) = place(&server, None).await;
    let large = vec![b'x'; UPLOAD_LIMIT as usize + 1];
    check(&speaker.patch(0, &large).await, 413, "TOO_LARGE", None);
    assert_eq!(upload(&server, &id).await["state"], "OPEN");
}

#[actix_web::test]
async fn an_empty_file_needs_no_bytes() {
    let server = Server::start().await;
    for patch in [true, false] {
        let (id, speaker) = place(&server, Some(0)).await;
        match patch {
            true => check(&speaker.patch(0, b"").await, 204, "", Some(0)),
            false => check(&speaker.head().await, 200, "", Some(0)),
        }
        assert_eq!(upload(&server, &id).await, stored(b""));
    }
}

#[actix_web::test]
async fn a_put_begins_anew() {
    let server = Server::start().await;
    let (id, speaker) = place(&server, Some(10)).await;
    check(&speaker.patch(0, b"01234").await, 204, "", Some(5));
    let put = speaker.bare(Method::PUT).header("tus-resumable", "1.0.0").body("another file");
    assert_eq!(put.send().await.expect("an answer").status(), 201);
    assert_eq!(upload(&server, &id).await, stored(b"another file"));
    let head = speaker.head().await;
    assert_eq!((head.offset, head.length), (Some(12), Some(12)));
}

#[actix_web::test]
async fn what_came_before_a_connection_broke_is_kept() {
    let server = Server::start().await;
    let file = bytes(100, 3);
    let (id, speaker) = place(&server, Some(100)).await;
    let offset = async |expect: u64| {
        let what = format!("byte {expect}");
        until(&what, async || (speaker.head().await.offset == Some(expect)).then_some(())).await;
    };
    let half = speaker.half(0, 100, &file[..40]).await;
    // A request may still be on its way inside when its connection is gone.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    half.reset();
    offset(40).await;
    speaker.half(40, 60, &file[40..70]).await.close().await;
    offset(70).await;
    // A body without a length that breaks off looks like one that ends, to whoever does not look.
    check(&speaker.patch(70, &file[70..]).await, 204, "", Some(100));
    assert_eq!(upload(&server, &id).await, stored(&file));
}

#[actix_web::test]
async fn the_newest_request_counts() {
    let server = Server::start().await;
    let file = bytes(100, 4);
    let (id, speaker) = place(&server, Some(100)).await;
    // It holds the line, and nothing of it is kept yet.
    let hung = speaker.half(0, 100, &bytes(40, 5)).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let offset = speaker.head().await.offset.expect("an offset") as usize;
    check(&speaker.patch(offset as u64, &file[offset..]).await, 204, "", Some(100));
    let told = tokio::time::timeout(super::PATIENCE, hung.answer()).await.expect("an end");
    assert!(told.starts_with("HTTP/1.1 409 ") && told.contains("another request"), "{told}");
    assert_eq!(upload(&server, &id).await, stored(&file));

    // Ten at once with the same bytes: some are sent away, and nothing is mixed up.
    let (id, speaker) = place(&server, Some(UPLOAD_LIMIT as usize)).await;
    let file = bytes(UPLOAD_LIMIT as usize, 6);
    let sent = futures::future::join_all((0..10).map(|_| speaker.patch(0, &file))).await;
    let statuses: Vec<u16> = sent.iter().map(|said| said.status).collect();
    assert!(statuses.iter().all(|status| [204, 409].contains(status)), "{statuses:?}");
    let mut at = speaker.head().await.offset.expect("an offset") as usize;
    while at < file.len() {
        let next = speaker.patch(at as u64, &file[at..]).await;
        at = next.offset.expect("an offset") as usize;
    }
    assert_eq!(upload(&server, &id).await, stored(&file));
}

#[actix_web::test]
async fn a_deleted_upload_ends_whoever_sends_it() {
    let server = Server::start().await;
    let (id, speaker) = place(&server, Some(100)).await;
    check(&speaker.patch(0, &bytes(30, 7)).await, 204, "", Some(30));
    let hung = speaker.half(30, 70, b"some").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let gone = server.graphql(DELETE, json!({"i": {"uploadId": id}})).await;
    assert_eq!(gone["deleteUpload"]["deletedId"], id.as_str());
    let told = tokio::time::timeout(super::PATIENCE, hung.answer()).await.expect("an end");
    assert!(told.starts_with("HTTP/1.1 40"), "{told}");
    assert_eq!(speaker.head().await.status, 404);
    check(&speaker.patch(30, b"more").await, 404, "NOT_FOUND", None);
    assert_eq!(upload(&server, &id).await, Value::Null);
}

/// The server was killed after the object was made, and before that was noted.
#[actix_web::test]
async fn an_object_that_is_whole_is_found() {
    let server = Server::start().await;
    let file = bytes(100, 12);
    let (id, speaker) = place(&server, Some(100)).await;
    check(&speaker.patch(0, &file[..60]).await, 204, "", Some(60));
    let row = uploads::Entity::find().one(server.store.read()).await.unwrap().expect("an upload");
    check(&speaker.patch(60, &file[60..]).await, 204, "", Some(100));
    let before = row.clone().into_active_model().reset_all();
    before.update(server.store.write()).await.unwrap();
    assert_eq!(upload(&server, &id).await["state"], "OPEN");
    check(&speaker.patch(60, &file[60..]).await, 204, "", Some(100));
    assert_eq!(upload(&server, &id).await, stored(&file));

    // What is neither kept nor whole begins anew.
    let before = row.clone().into_active_model().reset_all();
    before.update(server.store.write()).await.unwrap();
    let key = ObjectKey::parse(&format!("uploads/{}", row.id)).expect("a key");
    server.objects.delete(&key).await.unwrap();
    check(&speaker.patch(60, &file[60..]).await, 409, "WRONG_OFFSET", Some(0));
    check(&speaker.head().await, 200, "", Some(0));
    check(&speaker.patch(0, &file).await, 204, "", Some(100));
    assert_eq!(upload(&server, &id).await, stored(&file));
}

/// A request of another server that does not know of a newer one.
#[actix_web::test]
async fn an_older_request_notes_nothing() {
    let server = Server::start().await;
    place(&server, Some(100)).await;
    let store = &server.store;
    let row = uploads::Entity::find().one(store.read()).await.unwrap().expect("an upload");
    let (older, newer) = (Uuid::now_v7(), Uuid::now_v7());
    let note = async |holder, text: &str| {
        rows::note(store.write(), row.id, holder, Some(text.to_owned())).await.unwrap()
    };
    assert!(rows::hold(store.write(), row.id, older, None).await.unwrap());
    assert!(note(older, "1").await);
    assert!(rows::hold(store.write(), row.id, newer, None).await.unwrap());
    assert!(!rows::holds(store.read(), row.id, older).await.unwrap());
    assert!(!note(older, "2").await);
    let stored = uploads::Model { state: UploadState::Stored, size: Some(1), ..row.clone() };
    assert!(!rows::set_stored(store.write(), &stored, older).await.unwrap());
    assert!(note(newer, "3").await);
    let found = rows::find(store.read(), row.id).await.unwrap().expect("it is there");
    assert_eq!((found.state, found.checkpoint.as_deref()), (UploadState::Open, Some("3")));
    assert!(rows::set_stored(store.write(), &stored, newer).await.unwrap());
    assert!(!note(newer, "4").await, "it is stored");
    assert!(!rows::hold(store.write(), row.id, Uuid::now_v7(), None).await.unwrap());
}
