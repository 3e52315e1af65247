//! `trainable serve`: the server, until it is told to stop.

use super::{Exit, Failure, app::App, both, demo, upkeep};
use crate::{
    config::{ClientsBy, Config, Transport},
    graphql::{self, Documents, EnvironmentState, Limits, Trusted},
    http::{self, ClientLimits, CountedBy, HttpConfig, HttpParts},
};
use std::{
    io::Read,
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// How long sessions may take to let go of their work once the server stops.
const LET_GO: Duration = Duration::from_secs(1);
/// How long a stop may take in all. What has not ended by then ends as in a crash, which loses nothing.
const STOP: Duration = Duration::from_millis(4_200);
/// Bytes of a file of trusted documents.
const MANIFEST: u64 = 64 << 20;

/// The wait before another attempt to take up what ran.
const RECOVERY: Duration = Duration::from_secs(5);

/// Serves; with `sample`, also runs the demo on that sample.
pub async fn serve(config: Config, sample: Option<String>) -> Result<Exit, Failure> {
    let limits = Limits::default();
    // Before anything is opened: beside a server that has the address nothing is touched.
    let documents = documents(&config.transport, &limits);
    let (documents, listener) = both(documents, listener(config.listen))?;
    let address = listener.local_addr().map_err(|e| Failure::failed(e.to_string()))?;
    let app = Arc::new(App::open(&config, &config.database, &config.data).await?);
    let standing = app.sandboxes.standing();
    tracing::info!(tier = ?standing.tier, "{}", standing.summary);
    for missing in &standing.missing {
        eprintln!("trainable: {missing}");
    }
    let stopping = CancellationToken::new();
    let (environment, watched) =
        watch::channel(EnvironmentState::Preparing { progress: String::new() });
    let parts = parts(&config, &app, watched, limits, documents);
    let graphiql = parts.config.graphiql;
    let serving = http::serve(listener, parts, stopping.clone());
    let (beside, path) = if graphiql { ("GraphiQL", "graphiql") } else { ("the API", "graphql") };
    eprintln!(
        "trainable: the web client is at http://{address}/ and {beside} at http://{address}/{path}"
    );
    prepare(&app, environment);
    recover(&app);
    upkeep::start(&app);
    if let Some(sample) = sample {
        let app = Arc::clone(&app);
        tokio::spawn(async move { demo::run(&app, &sample, address).await });
    }
    let stop = async {
        stop_asked().await;
        eprintln!("\ntrainable: stopping; what runs is taken up by the next start");
        end_in_time(&app);
        if timeout(LET_GO, app.directory.suspend()).await.is_err() {
            tracing::warn!("some sessions did not let go of their work in time");
        }
        stopping.cancel();
    };
    let (served, ()) = tokio::join!(serving, stop);
    // Sessions and requests that are still there when the process ends drop nothing.
    app.sandboxes.close();
    served.map_err(|error| Failure::failed(format!("the server failed: {error}")))?;
    Ok(Exit::Done)
}

fn listener(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).map_err(|error| {
        Failure::refused(format!(
            "cannot listen on `{address}`: {error}; choose another with --listen"
        ))
    })
}

/// The documents that requests may name.
///
/// *Errors*: a list that cannot be used, in one sentence. A server without it would refuse its own clients.
fn documents(config: &Transport, limits: &Limits) -> Result<Documents, Failure> {
    let mut trusted = Trusted::ours();
    if let Some(path) = &config.trusted {
        let refused = |why: String| {
            let path = path.display();
            Failure::refused(format!("TRAINABLE_TRUSTED_DOCUMENTS names `{path}`: {why}"))
        };
        let json = manifest(path).map_err(&refused)?;
        trusted.add(&json, limits).map_err(|error| refused(error.to_string()))?;
    }
    Ok(Documents::new(trusted, config.trusted_only, config.persisted_bytes))
}

fn manifest(path: &Path) -> Result<String, String> {
    let mut json = String::new();
    let read =
        std::fs::File::open(path).and_then(|f| f.take(MANIFEST + 1).read_to_string(&mut json));
    match read {
        Err(error) => Err(format!("it cannot be read: {}", error.kind())),
        Ok(bytes) if bytes as u64 > MANIFEST => Err(format!("it is larger than {MANIFEST} bytes")),
        Ok(_) => Ok(json),
    }
}

fn parts(
    config: &Config,
    app: &App,
    environment: watch::Receiver<EnvironmentState>,
    limits: Limits,
    documents: Documents,
) -> HttpParts {
    // Neither could send what it needs where only listed documents are run.
    let graphiql = config.graphiql && !config.transport.trusted_only;
    let sandboxes = Arc::clone(&app.sandboxes);
    HttpParts {
        schema: graphql::schema(graphql::Parts {
            store: app.store.clone(),
            directory: app.directory.clone(),
            datasets: app.datasets.clone(),
            sandboxes: Arc::clone(&sandboxes),
            environment,
            limits,
            introspection: graphiql,
        }),
        store: app.store.clone(),
        datasets: app.datasets.clone(),
        transcripts: app.directory.parts().transcripts.clone(),
        directory: app.directory.clone(),
        sandboxes,
        config: HttpConfig {
            allowed_hosts: config.hosts.clone(),
            allowed_origins: config.origins.clone(),
            token: config.token.clone(),
            graphiql,
            limits,
            documents: Arc::new(documents),
            clients: ClientLimits {
                by: match config.transport.clients_by {
                    ClientsBy::Address => CountedBy::Address,
                    ClientsBy::Forwarded => CountedBy::Forwarded,
                    ClientsBy::Token => CountedBy::Token,
                },
                sockets: config.transport.client_sockets,
                requests: config.transport.client_requests,
            },
            ..HttpConfig::default()
        },
    }
}

/// Ends this process when its stop takes too long: whoever asked for it kills what is still there
/// some seconds later, and a stuck disk or a task without an end must not make it come to that.
fn end_in_time(app: &App) {
    let sandboxes = app.sandboxes.clone();
    let waiting = std::thread::Builder::new().name("stop".into()).spawn(move || {
        std::thread::sleep(STOP);
        tracing::warn!("the stop takes too long; what is left ends with the process");
        sandboxes.close();
        std::process::exit(0);
    });
    if let Err(error) = waiting {
        tracing::warn!(%error, "no thread watches over the stop");
    }
}

/// Makes the Python environment ready behind the server's back.
fn prepare(app: &Arc<App>, environment: watch::Sender<EnvironmentState>) {
    let sandboxes = Arc::clone(&app.sandboxes);
    tokio::spawn(async move {
        let environment = Arc::new(environment);
        let said = Arc::clone(&environment);
        let progress = Arc::new(move |text: String| {
            eprintln!("trainable: {text}");
            said.send_replace(EnvironmentState::Preparing { progress: text });
        });
        let state = match sandboxes.prepare(progress).await {
            Ok(()) => EnvironmentState::Ready,
            Err(error) => {
                eprintln!("trainable: {error}");
                EnvironmentState::Failed { error: error.to_string() }
            }
        };
        environment.send_replace(state);
    });
}

fn recover(app: &Arc<App>) {
    let directory = app.directory.clone();
    tokio::spawn(async move {
        while let Err(error) = directory.recover().await {
            tracing::error!(%error, "running sessions could not be taken up yet");
            tokio::time::sleep(RECOVERY).await;
        }
    });
}

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn stop_asked() {
    let interrupt = signal(SignalKind::interrupt());
    let terminate = signal(SignalKind::terminate());
    match (interrupt, terminate) {
        (Ok(mut interrupt), Ok(mut terminate)) => {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals cannot be heard; only SIGKILL stops this server");
            std::future::pending().await
        }
    }
}
