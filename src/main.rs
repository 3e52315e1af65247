//! The command line. Reads the configuration, builds the adapters, nothing else.

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};
use entity::vocab::{Effort, Stage};
use std::{path::PathBuf, process::ExitCode};
use trainable::{
    cli::{self, Exit, Failure},
    config::{Config, Flags},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// From a table to a trained, checked model.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Serves the web client and the API.
    Serve {
        /// The address to listen on [default: 127.0.0.1:8080, or TRAINABLE_LISTEN].
        #[arg(long)]
        listen: Option<String>,
        /// Where everything is kept [default: see README, or TRAINABLE_DATA].
        #[arg(long)]
        data: Option<PathBuf>,
        /// Also runs the whole pipeline on a sample dataset with the autopilot.
        #[arg(long, value_name = "SAMPLE", num_args = 0..=1, default_missing_value = "penguins")]
        demo: Option<String>,
    },
    /// Runs the pipeline on your files, without a server.
    Run {
        /// Tables: CSV, TSV, Parquet, XLSX or JSON lines.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The column to predict; inferred, with the reason given, when absent.
        #[arg(long, value_name = "COLUMN")]
        target: Option<String>,
        /// What you want, in your own words.
        #[arg(long, value_name = "TEXT", default_value = "")]
        instructions: String,
        /// Who drives: `autopilot`, or a model's provider.
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// The provider's model; for `replay`, the file of the transcript.
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        /// How hard the model thinks.
        #[arg(long, value_name = "LEVEL")]
        effort: Option<Thinking>,
        /// The last stage to run.
        #[arg(long, default_value = "train")]
        through: Through,
        /// The same seed gives the same figures [default: 42].
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=u64::from(u32::MAX)))]
        seed: Option<u64>,
        /// Where the report, figures, splits, model and scripts go.
        #[arg(long, value_name = "DIR", default_value = "trainable-result")]
        out: PathBuf,
        /// Ends with one JSON object on stdout; progress goes to stderr.
        #[arg(long)]
        json: bool,
    },
    /// Prints schema.graphql.
    Schema,
    /// Brings the database to this version's schema.
    Migrate {
        /// Where everything is kept.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Says what this machine gives and what is missing, with the fix.
    Doctor {
        /// Where everything is kept.
        #[arg(long)]
        data: Option<PathBuf>,
        /// The same as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Copies the data directory, consistently, also while a server uses it.
    Backup {
        /// A new folder, or one file when the name ends in `.tar`.
        #[arg(value_name = "FILE|DIR")]
        to: PathBuf,
        /// Where everything is kept.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Restores a backup into an empty data directory, and compares every file with its digest.
    Restore {
        /// What `trainable backup` made.
        #[arg(value_name = "FILE|DIR")]
        from: PathBuf,
        /// Where everything will be kept.
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Operator's tools.
    Admin {
        #[command(subcommand)]
        verb: Admin,
    },
}

#[derive(Subcommand)]
enum Admin {
    /// Installs the Python environment of the sandboxes.
    PythonEnv {
        /// An extra that every sandbox has from now on; may be given again.
        #[arg(long, value_name = "EXTRA")]
        with: Vec<Extra>,
        /// An extra that none has from now on.
        #[arg(long, value_name = "EXTRA")]
        without: Vec<Extra>,
        /// Then deletes what this version does not use and no process does.
        #[arg(long)]
        prune: bool,
    },
    /// Copies all rows of one database into another, empty one. No server may use either.
    Copy {
        /// `sqlite:///path/to/trainable.db`, or `postgres://…`.
        #[arg(long, value_name = "ADDRESS")]
        from: String,
        /// The same; without it, DATABASE_URL.
        #[arg(long, value_name = "ADDRESS")]
        to: Option<String>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Extra {
    Torch,
    Tensorflow,
}

impl From<Extra> for trainable::sandbox::local::Extra {
    fn from(extra: Extra) -> Self {
        match extra {
            Extra::Torch => Self::Torch,
            Extra::Tensorflow => Self::Tensorflow,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Thinking {
    None,
    Low,
    Medium,
    High,
    Max,
}

impl From<Thinking> for Effort {
    fn from(thinking: Thinking) -> Self {
        match thinking {
            Thinking::None => Effort::None,
            Thinking::Low => Effort::Low,
            Thinking::Medium => Effort::Medium,
            Thinking::High => Effort::High,
            Thinking::Max => Effort::Max,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Through {
    Eda,
    Prep,
    Train,
}

impl From<Through> for Stage {
    fn from(through: Through) -> Self {
        match through {
            Through::Eda => Stage::Eda,
            Through::Prep => Stage::Prep,
            Through::Train => Stage::Train,
        }
    }
}

/// Takes as many descriptors as the machine gives: each socket and each execution needs some.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Verb::Schema = cli.verb {
        print!("{}", trainable::graphql::schema_sdl());
        return Exit::Done.into();
    }
    logging();
    raise_open_files();
    match system().map(|system| system.block_on(go(cli.verb))) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            eprintln!("trainable: {failure}");
            failure.exit.into()
        }
        Err(error) => {
            eprintln!("trainable: {error:#}");
            Exit::Failed.into()
        }
    }
}

/// Actors decide on threads of their own; agent loops and requests share a pool.
fn system() -> anyhow::Result<actix::SystemRunner> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime did not start")?;
    let mut runtime = Some(runtime);
    Ok(actix::System::with_tokio_rt(move || runtime.take().expect("asked for once")))
}

fn logging() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

async fn go(verb: Verb) -> Result<Exit, Failure> {
    match verb {
        Verb::Serve { listen, data, demo } => {
            cli::serve::serve(load(Flags { listen, data })?, demo).await
        }
        Verb::Run {
            files,
            target,
            instructions,
            provider,
            model,
            effort,
            through,
            seed,
            out,
            json,
        } => {
            let request = cli::run::Request {
                files,
                target,
                instructions,
                provider,
                model,
                effort: effort.map(Into::into),
                through: through.into(),
                seed,
                out,
                json,
            };
            Ok(cli::run::run(load(Flags::default())?, request).await)
        }
        Verb::Schema => Ok(Exit::Done),
        Verb::Migrate { data } => {
            let config = load(Flags { listen: None, data })?;
            cli::app::App::open(&config, &config.database, &config.data).await?;
            Ok(Exit::Done)
        }
        Verb::Doctor { data, json } => {
            cli::doctor::doctor(load(Flags { listen: None, data })?, json).await
        }
        Verb::Backup { to, data } => {
            cli::backup::backup(load(Flags { listen: None, data })?, to).await
        }
        Verb::Restore { from, data } => {
            cli::backup::restore(load(Flags { listen: None, data })?, from).await
        }
        Verb::Admin { verb: Admin::Copy { from, to } } => {
            cli::copy::copy(load(Flags::default())?, from, to).await
        }
        Verb::Admin { verb: Admin::PythonEnv { with, without, prune } } => {
            let named = |extras: Vec<Extra>| extras.into_iter().map(Into::into).collect();
            let request =
                cli::python_env::Request { with: named(with), without: named(without), prune };
            cli::python_env::python_env(load(Flags::default())?, request).await
        }
    }
}

fn load(flags: Flags) -> Result<Config, Failure> {
    Config::load(flags, &|name| std::env::var(name).ok())
        .map_err(|problems| Failure::refused(problems.to_string()))
}
