//! What a real server answers while its sessions run the abuse suite's programs, beside what it answers at rest.
//!
//! The attacks run where they would in earnest: a scripted model asks the server's own agent to execute them.

use super::{
    PATIENCE,
    figures::{Times, bound, load},
    models::{
        Models,
        script::{CLAUDE, KEY, Script, Turn},
    },
    support::{
        binary::{Server, house, small_table},
        client,
    },
};
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

/// Programs of the suite that take what they can get, and what they are told.
const ATTACKS: &[(&str, &[&str])] = &[
    ("fork_bomb", &[]),
    ("thread_bomb", &[]),
    ("memory_bomb", &[]),
    ("memory_of_many", &["8", "48"]),
    ("memory_shared", &["10"]),
    ("fill", &["/tmp"]),
    ("fill", &["/dev/shm"]),
    ("fill", &["."]),
    ("small_files", &["."]),
    ("small_files", &["/tmp"]),
    ("flood", &[]),
    ("stubborn", &[]),
    ("daemons", &[]),
];
const SESSIONS: usize = 3;
const SECONDS_EACH: u64 = 8;
const AT_REST: Duration = Duration::from_secs(20);
const UNDER_ATTACK: Duration = Duration::from_secs(120);
/// Fifty requests in a second.
const PACE: Duration = Duration::from_millis(20);
const ASKS: &str = "{ experiments(first: 10) { nodes { id name } } }";
const START: &str = "mutation($i: StartStageInput!) { startStage(input: $i) {
    session { id } userErrors { message } } }";

pub async fn measure() {
    let scripts = scripts();
    if scripts.is_empty() {
        eprintln!("\nattacks: SKIPPED, the abuse suite has no programs here");
        return;
    }
    let models = Models::start(attacker(scripts));
    let (_folder, data) = house();
    let address = models.anthropic();
    let set = [
        ("ANTHROPIC_API_KEY", KEY),
        ("ANTHROPIC_BASE_URL", address.as_str()),
        ("CLAUDE_MODEL", CLAUDE),
    ];
    let server = Server::start(&data, &set).await;
    let mut sessions = Vec::new();
    for n in 0..SESSIONS {
        let upload = server.upload(&format!("things-{n}.csv"), small_table(40)).await;
        let input = json!({"target": "kind", "source": {"uploadIds": [upload]}});
        sessions.push(server.session(input).await);
    }
    let rest = answers(&server.address, AT_REST).await;
    for session in &sessions {
        let input = json!({"sessionId": session, "stage": "EDA", "provider": "anthropic"});
        let made = server.ask(START, json!({"i": input})).await;
        assert_eq!(made["startStage"]["userErrors"], json!([]), "{made}");
    }
    let before = models.turns().len();
    let attacked = answers(&server.address, UNDER_ATTACK).await;
    let ran = models.turns().len() - before;
    let busiest = load();
    assert!(server.ready().await, "{}", server.running.said());
    server.stop().await;
    println!(
        "\nattacks: a server's answers at 50 requests in a second, half of them `/healthz` and half GraphQL, milliseconds:"
    );
    println!("  {ran} attacks of {} kinds in {SESSIONS} sessions, load {busiest}", ATTACKS.len());
    rest.times.print("at rest");
    attacked.times.print("under attack");
    println!(
        "  p99 {:.1} at rest, {:.1} under attack",
        rest.times.at(0.99),
        attacked.times.at(0.99)
    );
    bound("thirty attacks ran to their end", ran >= 30 + SESSIONS);
    bound("every request answered", rest.failed + attacked.failed == 0);
    bound("p99 under 50 ms", attacked.times.at(0.99) < 50.0);
}

/// The programs that are there, as a model would write them.
fn scripts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandboxes/abuse/scripts");
    let read = |(name, args): &(&str, &[&str])| match fs::read_to_string(
        folder.join(format!("{name}.py")),
    ) {
        Ok(code) => {
            Some(((*name).to_owned(), format!("import sys\nsys.argv[1:] = {args:?}\n{code}")))
        }
        Err(error) => {
            eprintln!("attacks: without `{name}`: {error}");
            None
        }
    };
    ATTACKS.iter().filter_map(read).collect()
}

/// A model that asks for one attack after the other, whichever session it speaks in.
fn attacker(scripts: Vec<(String, String)>) -> Script {
    let next = AtomicUsize::new(0);
    Script::rule(move |_| {
        let at = next.fetch_add(1, Ordering::Relaxed) % scripts.len();
        let (slug, code) = &scripts[at];
        let input = json!({"code": code, "slug": slug, "timeout_s": SECONDS_EACH});
        Turn::text(format!("Next: {slug}.")).call("execute_code", input)
    })
}

/// How long answers took, from when each was due.
struct Answers {
    times: Times,
    failed: usize,
}

async fn answers(address: &str, lasts: Duration) -> Answers {
    let http = client();
    let address: Arc<str> = address.into();
    let mut pace = interval(PACE);
    // A request that is late is sent late, and its time counts from when it was due.
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = JoinSet::new();
    let begun = Instant::now();
    for n in 0.. {
        let due = pace.tick().await.into_std();
        if begun.elapsed() > lasts {
            break;
        }
        let (http, address) = (http.clone(), Arc::clone(&address));
        asked.spawn(async move {
            let good = timeout(PATIENCE, ask(&http, &address, n % 2 == 0)).await;
            (due.elapsed(), good.unwrap_or(false))
        });
    }
    let all = asked.join_all().await;
    let failed = all.iter().filter(|(_, good)| !good).count();
    Answers { times: Times::new(all.into_iter().map(|(took, _)| took)), failed }
}

async fn ask(http: &reqwest::Client, address: &str, health: bool) -> bool {
    if health {
        let answer = http.get(format!("http://{address}/healthz")).send().await;
        return answer.is_ok_and(|answer| answer.status() == 200);
    }
    let request = http.post(format!("http://{address}/graphql")).json(&json!({"query": ASKS}));
    let Ok(answer) = request.send().await else { return false };
    let body: Value = answer.json().await.unwrap_or_default();
    body["errors"].is_null() && body["data"]["experiments"]["nodes"].is_array()
}
