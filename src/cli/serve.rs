//! `trainable serve`: the server, until it is told to stop.

use super::{Exit, Failure, app::App, demo};
use crate::{
    config::Config,
    graphql::{self, EnvironmentState, Limits},
    http::{self, HttpConfig, HttpParts},
    sandbox::SandboxProvider,
};
use std::{net::TcpListener, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

/// Serves; with `sample`, also runs the demo on that sample.
pub async fn serve(config: Config, sample: Option<String>) -> Result<Exit, Failure> {
    let listener = TcpListener::bind(config.listen).map_err(|error| {
        Failure::refused(format!(
            "cannot listen on `{}`: {error}; choose another with --listen",
            config.listen
        ))
    })?;
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
    let parts = parts(&config, &app, watched);
    let serving = http::serve(listener, parts, stopping.clone());
    eprintln!(
        "trainable: the web client is at http://{address}/ and GraphiQL at http://{address}/graphiql"
    );
    prepare(&app, environment);
    recover(&app);
    collect(&app);
    if let Some(sample) = sample {
        let app = Arc::clone(&app);
        tokio::spawn(async move { demo::run(&app, &sample, address).await });
    }
    let stop = async {
        stop_asked().await;
        eprintln!("\ntrainable: stopping; what runs is taken up by the next start");
        app.directory.suspend().await;
        stopping.cancel();
    };
    let (served, ()) = tokio::join!(serving, stop);
    served.map_err(|error| Failure::failed(format!("the server failed: {error}")))?;
    Ok(Exit::Done)
}

fn parts(config: &Config, app: &App, environment: watch::Receiver<EnvironmentState>) -> HttpParts {
    let limits = Limits::default();
    let sandboxes: Arc<dyn SandboxProvider> = app.sandboxes.clone();
    HttpParts {
        schema: graphql::schema(graphql::Parts {
            store: app.store.clone(),
            directory: app.directory.clone(),
            datasets: app.datasets.clone(),
            sandboxes: Arc::clone(&sandboxes),
            environment,
            limits,
            introspection: config.graphiql,
        }),
        store: app.store.clone(),
        datasets: app.datasets.clone(),
        transcripts: app.directory.parts().transcripts.clone(),
        sandboxes,
        config: HttpConfig {
            allowed_hosts: config.hosts.clone(),
            allowed_origins: config.origins.clone(),
            token: config.token.clone(),
            graphiql: config.graphiql,
            limits,
            ..HttpConfig::default()
        },
    }
}

/// Makes the Python environment ready behind the server's back.
fn prepare(app: &Arc<App>, environment: watch::Sender<EnvironmentState>) {
    let sandboxes = app.sandboxes.clone();
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
        if let Err(error) = directory.recover().await {
            tracing::error!(%error, "running sessions could not be taken up");
        }
    });
}

/// Deletes uploads that nobody made use of, at the start and every hour.
fn collect(app: &Arc<App>) {
    let datasets = app.datasets.clone();
    tokio::spawn(async move {
        let mut hours = tokio::time::interval(Duration::from_secs(3600));
        loop {
            hours.tick().await;
            match datasets.collect().await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "deleted unused uploads"),
                Err(error) => tracing::warn!(%error, "unused uploads were not deleted"),
            }
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
