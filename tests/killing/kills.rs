//! The harness: two users at work, and a server that is killed wherever it is.
//!
//! `TRAINABLE_KILLS` says how often, `TRAINABLE_KILL_SEED` repeats what a seed did as far as two busy
//! processes can be repeated, `TRAINABLE_TEST_BINARY` names another binary.

use super::{
    asking::{Address, Asker},
    audit::{Audit, Before},
    ended,
    lane::{Known, Lane},
    models::{
        Models,
        script::{CLAUDE, KEY},
    },
    moment::Moment,
    part::part,
    remains::Remains,
    support::binary::{PATIENCE, Running, Server, house, serve, small_table},
};
use fastrand::Rng;
use rustix::process::Signal;
use serde_json::json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// Kills of `make test`; `make soak` does more.
const KILLS: usize = 20;
/// Different moments that so many kills must hit.
const DIFFERENT: usize = 7;
const USERS: usize = 2;
/// The longest wait for the moment that is aimed at; then whatever there is is hit.
const AIM: Duration = Duration::from_secs(3);
/// What a server that is asked to stop may take; it is to take five seconds.
const STOP: Duration = Duration::from_secs(6);
/// Messages that are on their way when a server is killed.
const ON_THEIR_WAY: usize = 2;

/// The variables that lead to the scripted models.
pub fn leads(models: &Models) -> Vec<(&'static str, String)> {
    vec![
        ("ANTHROPIC_API_KEY", KEY.to_owned()),
        ("ANTHROPIC_BASE_URL", models.anthropic()),
        ("CLAUDE_MODEL", CLAUDE.to_owned()),
        // More than the buffers between a server and a client that reads nothing hold.
        ("TRAINABLE_SANDBOX_OUTPUT_MIB", "32".to_owned()),
    ]
}

/// One server after another on the same data.
pub struct Succession {
    pub running: Running,
    pub data: PathBuf,
    leads: Vec<(&'static str, String)>,
    told: watch::Sender<Option<String>>,
    pub address: Address,
}

impl Succession {
    /// Starts the first one and makes an experiment, whose id it answers.
    pub async fn begin(data: &Path, models: &Models) -> (Self, String) {
        let leads = leads(models);
        let set: Vec<_> = leads.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let server = Server::start(data, &set).await;
        let upload = server.upload("things.csv", small_table(40)).await;
        let input = json!({"target": "kind", "source": {"uploadIds": [upload]}});
        let made = server.experiment(input).await;
        let id = made["experiment"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        let (told, address) = watch::channel(Some(server.address));
        let (running, data) = (server.running, server.data);
        (Self { running, data, leads, told, address }, id)
    }

    /// Starts the next one, without waiting for it.
    pub fn spawn(&mut self) {
        let mut command = serve(&self.data);
        command.envs(self.leads.iter().map(|(name, value)| (*name, value)));
        self.running = Running::start(command);
    }

    /// Waits until the server says its address, and tells everybody.
    pub async fn serves(&mut self) {
        let line = self.running.line("the web client is at http://").await;
        self.told.send_replace(address(&line));
    }

    /// Tells everybody that there is none now.
    pub fn gone(&self) {
        self.told.send_replace(None);
    }

    /// Ends the server with a signal. Nobody finds it any more, though they may still hold a socket.
    pub async fn end(&mut self, signal: Signal) {
        self.running.signal(signal);
        let begun = Instant::now();
        let status = self.running.ended(STOP).await;
        self.gone();
        if signal == Signal::TERM {
            assert_eq!(status.code(), Some(0), "{}", self.running.said());
        }
        println!("    ended after {} ms", begun.elapsed().as_millis());
        sound(&self.running.said());
    }
}

fn address(line: &str) -> Option<String> {
    line.split("http://").nth(1)?.split('/').next().map(str::to_owned)
}

/// A server that meets nothing unexpected says nothing of the kind.
pub fn sound(said: &str) {
    for word in ["panicked", "ERROR"] {
        assert!(!said.contains(word), "{said}");
    }
}

/// What one kill is aimed at, and how.
#[derive(Clone, Copy, Debug)]
struct Shot {
    /// None: at any time.
    at: Option<Moment>,
    signal: Signal,
    /// After the moment has come.
    late: Duration,
}

/// Every moment in its turn, and kills at any time between them; the order is the seed's.
fn shots(kills: usize, rng: &mut Rng) -> Vec<Shot> {
    let mut all = Vec::new();
    while all.len() < kills {
        let mut round: Vec<_> = Moment::ALL.into_iter().map(Some).chain([None, None]).collect();
        // Nobody waits for the end of a session: it comes by itself, now and then.
        round.retain(|at| *at != Some(Moment::Resting));
        rng.shuffle(&mut round);
        all.extend(round.into_iter().map(|at| {
            let signal = if rng.u8(..4) == 0 { Signal::TERM } else { Signal::KILL };
            let most = match at {
                None => 2000,
                Some(Moment::Starting | Moment::Recovering) => 120,
                Some(Moment::Between) => 5,
                Some(_) => 80,
            };
            Shot { at, signal, late: Duration::from_millis(rng.u64(0..most)) }
        }));
    }
    all.truncate(kills);
    all
}

fn number(name: &str, otherwise: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name}: {text:?}")))
}

struct Harness {
    servers: Succession,
    asker: Asker,
    lanes: Vec<Arc<Lane>>,
    audit: Audit,
    hits: BTreeMap<Moment, usize>,
    /// What the killed server had.
    remains: Remains,
}

impl Harness {
    fn at_hand(&self) -> Vec<Arc<Known>> {
        self.lanes.iter().filter_map(|lane| lane.at_hand()).collect()
    }

    /// Waits for the moment that is aimed at, somewhere.
    async fn aim(&mut self, shot: Shot) {
        match shot.at {
            None | Some(Moment::Starting | Moment::Recovering) => {}
            Some(moment) => {
                let until = Instant::now() + AIM;
                let hit = |known: &Arc<Known>| known.moment() == moment;
                while !self.at_hand().iter().any(hit) && Instant::now() < until {
                    sleep(Duration::from_millis(3)).await;
                }
            }
        }
        sleep(shot.late).await;
    }

    /// Messages that are said at the very time of the kill.
    fn speak(&self) {
        for _ in 0..ON_THEIR_WAY {
            for lane in &self.lanes {
                // One that was only made would answer, and could not be started meanwhile.
                let begun = |known: &Arc<Known>| known.state().is_some();
                let Some(known) = lane.at_hand().filter(begun) else { continue };
                let lane = Arc::clone(lane);
                tokio::spawn(async move { lane.send(&known).await });
            }
        }
    }

    /// One kill, and what comes after it, until the next server serves.
    async fn kill(&mut self, n: usize, shot: Shot) {
        let begun = Instant::now();
        self.aim(shot).await;
        if n.is_multiple_of(2) {
            self.speak();
            sleep(shot.late / 4).await;
        }
        let aimed = begun.elapsed();
        self.remains = Remains::of(self.servers.running.pid(), &self.servers.data);
        self.servers.end(shot.signal).await;
        let before: Vec<_> = self.at_hand().iter().map(Before::of).collect();
        let last = self.audit.dead(&self.servers.data, &before).await;
        let looked = begun.elapsed() - aimed;
        self.servers.spawn();
        if let Some(early @ (Moment::Starting | Moment::Recovering)) = shot.at {
            self.once_more(early, shot).await;
        }
        self.servers.serves().await;
        let hit = Audit::living(&self.asker, &before, &last).await;
        self.remains.gone().await;
        let whole = begun.elapsed();
        println!("kill {n}: {shot:?} hit {hit:?}; {whole:?}: aimed {aimed:?}, looked {looked:?}");
        for moment in hit {
            *self.hits.entry(moment).or_default() += 1;
        }
    }

    /// Kills the server that has just been started, before or after it says so.
    async fn once_more(&mut self, early: Moment, shot: Shot) {
        if early == Moment::Recovering {
            self.servers.running.line("the web client is at http://").await;
        }
        sleep(shot.late / 4).await;
        let serves = self.servers.running.said().contains("the web client is at");
        // One that does not listen for the signal yet would end by it as by any other.
        self.servers.end(Signal::KILL).await;
        let moment = if serves { Moment::Recovering } else { Moment::Starting };
        *self.hits.entry(moment).or_default() += 1;
        self.servers.spawn();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_again_and_again_loses_nothing() {
    let seed = number("TRAINABLE_KILL_SEED", fastrand::u64(..1 << 32));
    let kills = number("TRAINABLE_KILLS", KILLS as u64) as usize;
    println!("TRAINABLE_KILL_SEED={seed} TRAINABLE_KILLS={kills}");
    let begun = Instant::now();
    let mut rng = Rng::with_seed(seed);
    let models = Models::start(part());
    let (_folder, data) = house();
    let (servers, experiment) = Succession::begin(&data, &models).await;
    let asker = Asker::new(servers.address.clone());
    let lane = |n| Lane::new(n, asker.clone(), experiment.clone());
    let lanes: Vec<_> = (0..USERS).map(lane).collect();
    let users: Vec<_> = lanes.iter().map(|lane| lane.start(rng.u64(..))).collect();
    let (audit, hits, remains) = (Audit::default(), BTreeMap::new(), Remains::default());
    let mut harness = Harness { servers, asker, lanes, audit, hits, remains };

    for (n, shot) in shots(kills, &mut rng).into_iter().enumerate() {
        harness.kill(n, shot).await;
        assert!(!users.iter().any(|user| user.is_finished()), "a user gave up");
    }

    let Harness { mut servers, lanes, mut audit, hits, .. } = harness;
    lanes.iter().for_each(|lane| lane.end());
    for user in users {
        let ended = tokio::time::timeout(PATIENCE, user).await;
        ended.expect("the last sessions end").expect("their users saw nothing wrong");
    }
    let all: Vec<_> = lanes.iter().flat_map(|lane| lane.sessions()).collect();
    let before: Vec<_> = all.iter().map(Before::of).collect();
    let counts: Vec<i64> = before.iter().map(Before::count).collect();
    Audit::living(&Asker::new(servers.address.clone()), &before, &counts).await;
    let remains = Remains::of(servers.running.pid(), &data);
    servers.end(Signal::TERM).await;
    remains.gone().await;
    audit.dead(&data, &before).await;
    let mut told = 0;
    for known in &all {
        told += ended::check(known, &data, &models);
    }
    println!("{hits:#?}");
    // What the long proofs read.
    let summary = json!({
        "seed": seed, "kills": kills, "sessions": all.len(), "events": audit.events(), "told": told,
        "seconds": begun.elapsed().as_secs(),
        "hits": hits.iter().map(|(moment, n)| (format!("{moment:?}"), n)).collect::<BTreeMap<_, _>>(),
    });
    println!("summary {summary}");
    let different = DIFFERENT.min(kills / 2);
    assert!(hits.len() >= different, "only {} different moments were hit: {hits:?}", hits.len());
}
