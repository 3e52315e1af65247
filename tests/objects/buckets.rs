//! Looking through buckets.

use super::{
    UNLIMITED, body, key,
    support::s3::{BUCKET, Server, make_bucket, objects},
};
use futures::StreamExt;
use std::collections::BTreeSet;
use trainable::objects::{
    Listing, ObjectError, ObjectStore, RemoteObjects, Search, Uri,
    s3::{S3Objects, S3Settings},
};

/// Keys that one page of a store does not hold, and fewer of them for moto, which takes a second for fifty.
const MANY: usize = 1_203;
const FEWER: usize = 230;

/// Somebody's bucket on rclone: its folders are folders.
fn theirs(server: &Server, files: &[(&str, &str)]) {
    let bucket = server.data.path().join("buckets/theirs");
    std::fs::create_dir_all(&bucket).unwrap();
    for (name, text) in files {
        let path = bucket.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn listing(prefix: &str, first: usize) -> Listing {
    Listing {
        bucket: "theirs".into(),
        prefix: prefix.into(),
        search: Search::Folder,
        after: None,
        first,
    }
}

/// All names, page after page, and how many pages that took.
async fn all(store: &S3Objects, mut listing: Listing) -> (Vec<String>, usize) {
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let listed = store.list(&listing).await.unwrap();
        pages += 1;
        assert!(listed.found.len() <= listing.first);
        let last = listed.found.last().map(|found| found.cursor.clone());
        names.extend(listed.found.into_iter().map(|found| found.name));
        if !listed.more {
            return (names, pages);
        }
        listing.after = listed.resume.or(last);
        assert!(listing.after.is_some() && pages < 1_000, "a list without an end");
    }
}

#[tokio::test]
async fn folders_and_objects_are_listed() {
    let server = Server::rclone();
    theirs(&server, &[("a.csv", "1"), ("b/c.csv", "22"), ("b/d/e.csv", "333"), ("z.csv", "")]);
    let store = objects(server.settings());
    let buckets: Vec<String> =
        store.buckets().await.unwrap().into_iter().map(|bucket| bucket.name).collect();
    assert_eq!(buckets, ["theirs", BUCKET]);
    let listed = store.list(&listing("", 10)).await.unwrap();
    let found: Vec<_> = listed.found.iter().map(|f| (f.name.as_str(), f.size)).collect();
    assert_eq!(found, [("a.csv", Some(1)), ("b/", None), ("z.csv", Some(0))]);
    assert!(listed.found[0].modified.is_some() && !listed.more);
    assert_eq!(all(&store, listing("b/", 10)).await.0, ["b/c.csv", "b/d/"]);
    assert_eq!(all(&store, listing("b/", 1)).await, (vec!["b/c.csv".into(), "b/d/".into()], 2));
    assert_eq!(all(&store, listing("b/d", 10)).await.0, ["b/d/"]);
    assert_eq!(all(&store, listing("nothing/", 10)).await.0, [""; 0]);
    let search = |text: &str| Listing { search: Search::Holding(text.into()), ..listing("", 10) };
    assert_eq!(all(&store, search("C.CSV")).await.0, ["b/c.csv"]);
    assert_eq!(all(&store, search(".csv")).await.0.len(), 4);
    let nowhere = Listing { bucket: "nowhere".into(), ..listing("", 10) };
    let error = store.list(&nowhere).await.unwrap_err();
    assert!(matches!(&error, ObjectError::NoBucket(name) if name == "nowhere"), "{error}");
}

#[tokio::test]
async fn pages_go_on_past_a_thousand_keys() {
    for (server, many) in [(Server::rclone(), MANY), (Server::moto(), FEWER)] {
        let store = objects(S3Settings { bucket: "theirs".into(), ..server.settings() });
        let names: BTreeSet<String> = (0..many).map(|n| format!("many/{n:05}.csv")).collect();
        if server.data.path().join("buckets").exists() {
            let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
            theirs(&server, &files);
        } else {
            make_bucket(&server, "theirs").await;
            let (bucket, prefix) = ("theirs".into(), String::new());
            let all = objects(S3Settings { bucket, prefix, ..server.settings() });
            let put = |name: String| {
                let all = all.clone();
                async move { all.put(&key(&name), body(&["x"]), UNLIMITED).await.unwrap() }
            };
            let puts = futures::stream::iter(names.clone()).map(put).buffer_unordered(16);
            assert_eq!(puts.count().await, many);
        }
        for (search, first) in [(Search::Folder, 100), (Search::Holding(".CSV".into()), 97)] {
            let (found, pages) = all(&store, Listing { search, ..listing("many/", first) }).await;
            assert_eq!(found.len(), many, "some came twice, or not at all");
            assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), names);
            assert_eq!(pages, many.div_ceil(first));
        }
        // The last of all, found behind a page of the store's.
        let last = format!("{:05}", many - 1);
        let search = Search::Holding(last.clone());
        let (found, _) = all(&store, Listing { search, ..listing("", 10) }).await;
        assert_eq!(found, [format!("many/{last}.csv")]);
    }
}

#[tokio::test]
async fn what_is_ours_is_not_to_be_seen() {
    let server = Server::rclone();
    let store = objects(server.settings());
    store.put(&key("uploads/1"), body(&["hidden"]), UNLIMITED).await.unwrap();
    let beside = objects(S3Settings { prefix: "ours-too".into(), ..server.settings() });
    beside.put(&key("x.csv"), body(&["seen"]), UNLIMITED).await.unwrap();
    let at =
        |prefix: &str, search| Listing { bucket: BUCKET.into(), search, ..listing(prefix, 10) };
    assert_eq!(all(&store, at("", Search::Folder)).await.0, ["ours-too/"]);
    assert_eq!(all(&store, at("ours/", Search::Folder)).await.0, [""; 0]);
    assert_eq!(all(&store, at("", Search::Holding("s".into()))).await.0, ["ours-too/x.csv"]);
    let uri = |text: &str| Uri::parse(text).unwrap();
    let hidden = store.download(&uri(&format!("s3://{BUCKET}/ours/uploads/1"))).await;
    assert!(matches!(hidden, Err(ObjectError::Misplaced(_))));
    let seen = store.download(&uri(&format!("s3://{BUCKET}/ours-too/x.csv"))).await.unwrap();
    assert_eq!((seen.size, super::gather(seen.body).await), (4, b"seen".to_vec()));
    let none = store.download(&uri("s3://nowhere/x")).await;
    assert!(matches!(none, Err(ObjectError::NoBucket(_))));
}
