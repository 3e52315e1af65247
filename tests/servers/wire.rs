//! A network before a database: it may stop passing anything on, and says nothing of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// It ends with the runtime that it was started in.
pub struct Wire {
    /// The address of the database behind it.
    pub url: String,
    state: Arc<State>,
}

struct State {
    /// Connections that were made under an earlier number pass nothing on any more.
    generation: watch::Sender<u64>,
    /// Nor do new ones.
    hole: AtomicBool,
    /// All fall silent with the next commit, which is passed on.
    with_commit: AtomicBool,
}

impl Wire {
    /// Before the database at an address.
    pub async fn before(url: &str) -> Self {
        let (head, tail) = url.split_once('@').expect("an address with a user");
        let (upstream, database) = tail.split_once('/').expect("a database");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(State {
            generation: watch::channel(0).0,
            hole: AtomicBool::new(false),
            with_commit: AtomicBool::new(false),
        });
        let (upstream, shared) = (upstream.to_owned(), Arc::clone(&state));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, upstream.clone(), Arc::clone(&shared)));
            }
        });
        // What is said has to be read here.
        Self { url: format!("{head}@{address}/{database}?sslmode=disable"), state }
    }

    /// Nothing passes any more on the connections that are there. They stay.
    pub fn fall_silent(&self) {
        self.state.generation.send_modify(|generation| *generation += 1);
    }

    /// Whether new connections are silent too.
    pub fn swallow(&self, hole: bool) {
        self.state.hole.store(hole, SeqCst);
    }

    /// The next commit comes through, and then nothing does on the connections that are there.
    pub fn lose_answer(&self) {
        self.state.with_commit.store(true, SeqCst);
    }

    /// Waits until the answer was lost.
    pub async fn lost(&self) {
        while self.state.with_commit.load(SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn pass(near: TcpStream, upstream: String, state: Arc<State>) {
    let generation = state.generation.subscribe();
    if state.hole.load(SeqCst) {
        let _kept = near;
        return std::future::pending().await;
    }
    let Ok(far) = TcpStream::connect(&upstream).await else { return };
    let (from_near, to_near) = near.into_split();
    let (from_far, to_far) = far.into_split();
    let back = tokio::spawn(copy(from_far, to_near, generation.clone(), None));
    copy(from_near, to_far, generation, Some(state)).await;
    back.abort();
}

/// Copies until an end, or holds both ends for ever once the line is silent.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut generation: watch::Receiver<u64>,
    said: Option<Arc<State>>,
) {
    let mut piece = vec![0; 1 << 16];
    loop {
        let read = tokio::select! {
            biased;
            _ = generation.changed() => return std::future::pending().await,
            read = from.read(&mut piece) => read.unwrap_or(0),
        };
        if let Some(state) = &said
            && piece[..read].windows(6).any(|word| word == b"COMMIT")
            && state.with_commit.swap(false, SeqCst)
        {
            // The answer is lost for certain: the other direction is silent before the question goes out.
            state.generation.send_modify(|generation| *generation += 1);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if read == 0 || to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}
