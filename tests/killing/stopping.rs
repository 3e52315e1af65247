//! SIGTERM through the real binary, with everything at work that could hold it up: an execution, a
//! stream that has stopped, a question, clients that read nothing and clients that say half a thing.

use super::{
    asking::{ANSWER, Asker, CREATE_SESSION, SEND, START},
    audit,
    kills::{Succession, sound},
    models::{
        Models,
        fault::Fault,
        script::{Asked, Script, Turn},
    },
    remains::Remains,
    support::binary::{PATIENCE, house},
    watcher::{self, Watcher},
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

/// The model that executes, the one that stops in the middle, and the one that asks.
const EXECUTES: &str = "claude-sonnet-5";
const HANGS: &str = "claude-opus-5";
const ASKS: &str = "claude-haiku-4-5";
/// What a server may take to end, and what a busy machine may add to it.
const STOP: Duration = Duration::from_secs(5);
const BUSY: Duration = Duration::from_secs(1);

/// More than the buffers between a server and a client that reads nothing hold.
const LONG: &str = "for _ in range(12_000):\n    print('x' * 1000)\nprint('down', flush=True)\nimport time\ntime.sleep(600)";
const WRITE: &str = r##"
import pathlib
pathlib.Path("figures").mkdir(exist_ok=True)
pathlib.Path("figures/a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
pathlib.Path("report.md").write_text("# Report\n![a](figures/a.svg)\n")
"##;

/// First what holds a server up, then what ends a stage.
fn part(hung: Arc<AtomicBool>) -> Script {
    let question = json!({"question": "By hand?", "default": "no", "timeout_s": 3600});
    let script = Script::rule(move |asked: &Asked| match (asked.model.as_str(), asked.turn) {
        (EXECUTES, 0) => Turn::text("Long.").code("long", LONG),
        (ASKS, 0) => Turn::text("One thing.").call("ask_user", question.clone()),
        (HANGS, 0) | (EXECUTES | ASKS, 1) => Turn::text("Now the files.").code("write", WRITE),
        _ => Turn::text("All is there.").finish(),
    });
    script.faults(move |asked| {
        let hangs = asked.model == HANGS && !hung.swap(true, SeqCst);
        hangs.then_some(Fault::SilentMiddle)
    })
}

/// A session in EDA, driven by a model.
async fn begun(asker: &Asker, experiment: &str, model: &str) -> String {
    let input = json!({"experimentId": experiment});
    let made = asker.until_known(CREATE_SESSION, &input).await.expect("a session");
    let id = made["session"]["id"].as_str().expect("an id").to_owned();
    let input = json!({
        "sessionId": id, "stage": "EDA", "provider": "anthropic", "model": model,
        "budgets": {"memoryMib": 512},
    });
    asker.until_known(START, &input).await.expect("it starts");
    id
}

async fn until(watcher: &Watcher, what: &str, good: impl Fn(&[Value]) -> bool) {
    let begun = Instant::now();
    let mut seen = watcher.seen();
    while !watcher.seeing(&good) {
        assert!(begun.elapsed() < PATIENCE, "never came: {what}\n{:#?}", watcher.events().last());
        let _ = timeout(Duration::from_millis(200), seen.changed()).await;
    }
}

fn any(events: &[Value], kind: &str, field: &str, part: &str) -> bool {
    events.iter().any(|event| {
        event["__typename"] == kind && event[field].as_str().is_some_and(|text| text.contains(part))
    })
}

async fn connection(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    // So that little is on its way when nothing is read.
    socket.set_recv_buffer_size(4096).expect("its size is set");
    socket.connect(address.parse().expect("an address")).await.expect("a connection")
}

/// A watcher that says what it wants, and then reads nothing.
async fn stuck(address: &str, session: &str) -> TcpStream {
    let mut stream = connection(address).await;
    let head = format!(
        "GET /graphql/ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("a byte of the head"));
    }
    let variables = json!({"id": session, "after": 0});
    let payload = json!({"query": watcher::follow(), "variables": variables});
    let subscribe = json!({"id": "1", "type": "subscribe", "payload": payload});
    for message in [json!({"type": "connection_init"}), subscribe] {
        let text = message.to_string();
        let mut frame = vec![0x81, 0x80 | 126];
        frame.extend((text.len() as u16).to_be_bytes());
        // A mask of zeros changes nothing. Source: RFC 6455 section 5.3.
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        stream.write_all(&frame).await.expect("it is sent");
    }
    stream
}

/// A request whose body never comes to its end.
async fn half(address: &str, line: &str, headers: &str) -> TcpStream {
    let mut stream = connection(address).await;
    let head = format!(
        "{line} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: 1000\r\n\r\n{{\"query\""
    );
    stream.write_all(head.as_bytes()).await.expect("it is sent");
    stream
}

/// Asks and speaks all the time: a server that stops must not be woken by it.
fn pestering(asker: &Asker, session: &str) -> JoinHandle<()> {
    let (asker, session) = (asker.clone(), session.to_owned());
    let query = "query($id: ID!) { session(id: $id) { state plan { title } question { callId } } }";
    tokio::spawn(async move {
        loop {
            let _ = asker.ask(query, &json!({"id": session})).await;
            sleep(Duration::from_millis(5)).await;
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_asked_to_stop_hands_everything_over_in_time() {
    let models = Models::start(part(Arc::default()));
    let (_folder, data) = house();
    let (mut servers, experiment) = Succession::begin(&data, &models).await;
    let asker = Asker::new(servers.address.clone());
    let mut sessions = Vec::new();
    for model in [EXECUTES, HANGS, ASKS] {
        let id = begun(&asker, &experiment, model).await;
        let watcher = Watcher::start(id.clone(), servers.address.clone());
        sessions.push((id, watcher));
    }
    let [(executes, executing), (hangs, hanging), (asks, asking)] =
        <[_; 3]>::try_from(sessions).ok().expect("three");
    println!("begun");
    until(&executing, "the output", |e| any(e, "CodeOutputEvent", "text", "down")).await;
    until(&asking, "the question", |e| any(e, "QuestionAskedEvent", "question", "By hand?")).await;
    let talks = models.until(PATIENCE, |seen| seen.iter().any(|s| s.fault.is_some()));
    assert!(talks.await, "a stream hangs");
    // What the hanging session has recorded for less than the log's linger comes to rest.
    sleep(Duration::from_millis(300)).await;

    println!("all at work");
    let address = servers.address.borrow().clone().expect("a server");
    let held = [
        stuck(&address, &executes).await,
        half(&address, "POST /graphql", "content-type: application/json\r\n").await,
        half(&address, "PUT /uploads/none", "x-trainable-upload: 1\r\n").await,
        connection(&address).await,
    ];
    println!("all held up");
    let pests: Vec<_> = [&executes, &hangs, &asks].map(|id| pestering(&asker, id)).into();
    sleep(Duration::from_millis(500)).await;
    let before = [&executing, &hanging, &asking].map(|watcher| watcher.events().len() as i64);
    let remains = Remains::of(servers.running.pid(), &data);
    let begun = Instant::now();
    servers.running.signal(Signal::TERM);
    let status = servers.running.ended(STOP + BUSY).await;
    println!("stopped after {} ms", begun.elapsed().as_millis());
    assert_eq!(status.code(), Some(0), "{}", servers.running.said());
    sound(&servers.running.said());
    remains.gone().await;
    for watcher in [&executing, &hanging, &asking] {
        assert_eq!(watcher.closes().first(), Some(&Some(1012)), "come back");
    }
    servers.gone();
    pests.iter().for_each(JoinHandle::abort);
    drop(held);

    // Nothing was done behind the back of the one that stopped, whoever asked.
    assert_eq!(audit::last_sequences(&data).await, before, "events when it ended, and before");

    servers.spawn();
    servers.serves().await;
    remains.gone().await;
    until(&executing, "the interruption", |e| any(e, "ExecutionEndedEvent", "how", "INTERRUPTED"))
        .await;
    let call = asking.seeing(|events| {
        let asked = events.iter().find(|event| event["__typename"] == "QuestionAskedEvent");
        asked.expect("it was asked")["callId"].clone()
    });
    let input = json!({"sessionId": asks, "callId": call, "answer": "by a machine"});
    asker.until_known(ANSWER, &input).await.expect("the question waits still");
    let input = json!({"sessionId": hangs, "text": "go on"});
    asker.until_known(SEND, &input).await.expect("it is heard");
    for watcher in [&executing, &hanging, &asking] {
        let done = |events: &[Value]| any(events, "StateChangeEvent", "sessionState", "EDA_DONE");
        until(watcher, "the end of the stage", done).await;
    }
}
