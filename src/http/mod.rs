//! The edge: GraphQL over HTTP and WebSocket, uploads, files, probes and the embedded client.
//!
//! It authenticates, bounds and translates; it decides nothing about sessions or experiments.

mod accept;
mod assets;
mod auth;
mod clients;
mod error;
mod files;
mod graphql;
mod guard;
mod meters;
mod probes;
mod range;
mod transcripts;
mod tus;
mod uploads;
mod ws;

use crate::{
    dataset::Datasets,
    graphql::{ApiSchema, Documents, Limits},
    sandbox::SandboxProvider,
    session::{Directory, Transcripts},
    store::Store,
};
use actix_web::{
    App, HttpServer,
    http::Method,
    middleware::{Compress, from_fn},
    web::{self, ServiceConfig},
};
use std::{io, net::TcpListener, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

pub use clients::{ClientLimits, CountedBy};
pub use ws::{PROTOCOL, SocketLimits};

/// Bytes of a TCP connection may stay unacknowledged for this long; then the kernel ends it.
const UNACKNOWLEDGED: u32 = 60_000;

/// How the edge behaves.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Host names served beside those of the loopback, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Other origins whose pages may call the API: `https://app.example`.
    pub allowed_origins: Vec<String>,
    /// The token that every request must bring; without one, whoever reaches the server may.
    pub token: Option<String>,
    /// Bytes of the body of a GraphQL request.
    pub max_body_bytes: usize,
    /// How long the body of a GraphQL request may take to come.
    pub body_patience: Duration,
    /// Serve `/graphiql`.
    pub graphiql: bool,
    pub limits: Limits,
    /// Documents that requests may name without their text, and whether only those are run.
    pub documents: Arc<Documents>,
    pub sockets: SocketLimits,
    pub clients: ClientLimits,
    /// Threads that serve requests.
    pub workers: usize,
    /// How long requests may take to end once the server stops.
    pub grace: Duration,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            token: None,
            max_body_bytes: 1024 * 1024,
            body_patience: Duration::from_secs(30),
            graphiql: true,
            limits: Limits::default(),
            documents: Arc::default(),
            sockets: SocketLimits::default(),
            clients: ClientLimits::default(),
            workers: std::thread::available_parallelism().map_or(2, |n| n.get().min(8)),
            grace: Duration::from_secs(3),
        }
    }
}

/// What the edge is made with.
pub struct HttpParts {
    pub schema: ApiSchema,
    pub store: Store,
    pub sandboxes: Arc<dyn SandboxProvider>,
    pub datasets: Datasets,
    pub transcripts: Transcripts,
    pub directory: Directory,
    pub config: HttpConfig,
}

/// What every handler sees. One per server, shared by its workers.
struct AppState {
    schema: ApiSchema,
    store: Store,
    sandboxes: Arc<dyn SandboxProvider>,
    datasets: Datasets,
    transcripts: Transcripts,
    directory: Directory,
    config: HttpConfig,
    access: auth::Access,
    clients: Arc<clients::Clients>,
    meters: meters::Meters,
    /// Cancelled when the server stops: sockets close with "come back".
    stopping: CancellationToken,
}

/// Serves on a bound listener until `stopping` is cancelled and what is under way has ended, or
/// the grace period has.
pub async fn serve(
    listener: TcpListener,
    parts: HttpParts,
    stopping: CancellationToken,
) -> io::Result<()> {
    // Accepted connections inherit this, so a peer that vanished holds nothing for long.
    rustix::net::sockopt::set_tcp_user_timeout(&listener, UNACKNOWLEDGED)?;
    let (workers, grace) = (parts.config.workers.max(1), parts.config.grace);
    let state = web::Data::new(AppState {
        schema: parts.schema,
        store: parts.store,
        sandboxes: parts.sandboxes,
        datasets: parts.datasets,
        transcripts: parts.transcripts,
        directory: parts.directory,
        access: auth::Access::new(parts.config.token.as_deref()),
        clients: Arc::new(clients::Clients::new(parts.config.clients.clone())),
        config: parts.config,
        meters: meters::Meters::default(),
        stopping: stopping.clone(),
    });
    let server = HttpServer::new(move || {
        App::new().app_data(state.clone()).wrap(from_fn(guard::guard)).configure(routes)
    })
    .workers(workers)
    .shutdown_timeout(grace.as_secs())
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    let stop = async {
        stopping.cancelled().await;
        handle.stop(true).await;
    };
    let (served, ()) = tokio::join!(server, stop);
    served
}

fn routes(config: &mut ServiceConfig) {
    let client = || web::get().to(assets::client);
    config
        .service(
            web::resource("/graphql")
                .wrap(Compress::default())
                .default_service(web::to(graphql::serve)),
        )
        .route("/graphql/ws", web::get().to(ws::serve))
        .route("/graphiql", web::get().to(assets::graphiql).wrap(Compress::default()))
        .service(
            web::resource("/login")
                .app_data(web::JsonConfig::default().limit(4096))
                .route(web::get().to(auth::status))
                .route(web::post().to(auth::login))
                .route(web::delete().to(auth::logout)),
        )
        .service(
            web::resource("/uploads/{id}")
                .route(web::put().to(uploads::put))
                .route(web::patch().to(uploads::patch))
                .route(web::head().to(uploads::head))
                .route(web::method(Method::OPTIONS).to(uploads::options)),
        )
        .service(
            web::resource("/files/sessions/{tail:.*}")
                .route(web::get().to(files::get))
                .route(web::head().to(files::get)),
        )
        .route("/transcripts/{session}", web::get().to(transcripts::get))
        .route("/healthz", web::get().to(probes::healthz))
        .route("/readyz", web::get().to(probes::readyz))
        .route("/metrics", web::get().to(probes::metrics))
        // The client's own routes; see `web/src/app`.
        .route("/", client())
        .route("/e/{experiment}", client())
        .route("/e/{experiment}/s/{session}", client())
        .route("/compare", client())
        .route("/settings", client())
        .route("/settings/{section}", client())
        .service(
            web::resource("/{file:.*}")
                .wrap(Compress::default())
                .route(web::get().to(assets::asset)),
        );
}
