//! A database that cannot be used as it is named is refused at the start, in one sentence without the password.

use super::support::{
    binary::{end, house, trainable},
    postgres::{MISSING, PASSWORD, Postgres},
};

#[track_caller]
fn check(ended: &super::support::binary::Ended, parts: &[&str]) {
    assert!(matches!(ended.code, Some(1 | 2)), "{ended:?}");
    let lines: Vec<_> = ended.stderr.lines().collect();
    let [said] = lines[..] else { panic!("not one sentence: {ended:?}") };
    for part in parts {
        assert!(said.contains(part), "{part:?} is not in {said:?}");
    }
    assert!(!ended.stderr.contains("s3cret") && !ended.stderr.contains(PASSWORD), "{ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_database_is_said_at_the_start() {
    let Some(postgres) = Postgres::started() else {
        eprintln!("skipped: {MISSING}");
        return;
    };
    let (_folder, data) = house();
    let good = postgres.url("postgres");
    let with = |from: &str, to: &str| good.replace(from, to);
    let no_port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    let no_port = no_port.expect("a port").port();
    postgres.execute("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    let cases: [(String, &[&str]); 11] = [
        (with(PASSWORD, "s3cret"), &["refuses the user `postgres` or the password"]),
        (with("//postgres:", "//nobody:"), &["refuses the user `nobody` or the password"]),
        (postgres.url("nowhere"), &["there is no database `nowhere`"]),
        (
            format!("postgres://u:s3cret@127.0.0.1:{no_port}/d"),
            &["no database server answers at `127.0.0.1:", "start it"],
        ),
        (
            "postgres://u:s3cret@no-such-host.invalid/d".into(),
            &["no database server answers at `no-such-host.invalid:5432`"],
        ),
        ("postgres://u:s3c@ret/1@:x".into(), &["DATABASE_URL cannot be read", "%40"]),
        ("postgres://u:12/s3cret@127.0.0.1/d".into(), &["DATABASE_URL cannot be read", "%2F"]),
        ("postgres://u:12?s3cret@127.0.0.1/d".into(), &["DATABASE_URL cannot be read", "%3F"]),
        ("postgres://u:12#s3cret@127.0.0.1/d".into(), &["DATABASE_URL cannot be read", "%23"]),
        (format!("{good}?sslmode=require"), &["no safe connection", "sslmode"]),
        (with(&format!("postgres:{PASSWORD}"), "guest:guest"), &["may not make tables"]),
    ];
    for (url, parts) in cases {
        let mut serve = trainable(&data);
        serve.args(["serve", "--listen", "127.0.0.1:0"]).env("DATABASE_URL", &url);
        check(&end(serve).await, parts);
    }
    // With whatever else is wrong.
    let mut serve = trainable(&data);
    serve.args(["serve", "--listen", "nowhere"]).env("DATABASE_URL", "mysql://u:s3cret@h/d");
    let ended = end(serve).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    for part in ["not one to listen on", "not a `postgres://` address"] {
        assert!(ended.stderr.contains(part), "{part:?} is not in {ended:?}");
    }
    assert!(!ended.stderr.contains("s3cret"), "{ended:?}");

    // One of a newer version is left alone.
    let mut migrate = trainable(&data);
    migrate.arg("migrate").env("DATABASE_URL", &good);
    let ended = end(migrate).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    postgres.execute("INSERT INTO seaql_migrations VALUES ('m29991231_000001_later', 1)");
    let mut serve = trainable(&data);
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("DATABASE_URL", &good);
    check(&end(serve).await, &["made by a newer version of trainable"]);
}
