//! `trainable run`: the pipeline without a server, in a data directory of its own.

use super::{
    Exit, Failure,
    app::App,
    follow::{Followed, StageSummary, follow},
};
use crate::{
    config::{Config, Database, Objects},
    dataset::{CreateError, NewExperiment, Source},
    event::Budgets,
    sandbox::{Volume, VolumeName, VolumePath},
    session::{Directory, DriverRequest, StageRequest},
};
use bytes::Bytes;
use entity::{
    ids::SessionId,
    principal::Principal,
    vocab::{Effort, SessionStateName, Stage},
};
use futures::StreamExt;
use serde::Serialize;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{
    io::AsyncWriteExt,
    signal::unix::{SignalKind, signal},
};
use uuid::Uuid;

/// Says that a folder was made by `run`, so that the next one may replace it.
const SUMMARY: &str = "trainable.json";
/// What the model said, to be played again.
const TRANSCRIPT: &str = "transcript.json";
/// Bytes that are copied at once.
const PIECE: u64 = 4 * 1024 * 1024;
const MAX_METADATA: u64 = 8 * 1024 * 1024;
/// How long a cancelled session may take to come to rest.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// What the user asked for.
#[derive(Clone, Debug)]
pub struct Request {
    pub files: Vec<PathBuf>,
    pub target: Option<String>,
    pub instructions: String,
    pub provider: Option<String>,
    pub model: Option<String>,
    pub effort: Option<Effort>,
    pub through: Stage,
    pub seed: Option<u64>,
    pub out: PathBuf,
    pub json: bool,
}

/// The object that `--json` ends with.
#[derive(Debug, Default, Serialize)]
struct Summary {
    session_id: Option<SessionId>,
    state: Option<SessionStateName>,
    stages: Vec<StageSummary>,
    test_metrics: Option<Value>,
    best_model: Option<Value>,
    /// Relative to the output folder.
    artifacts: Vec<String>,
    usage: Usage,
    error: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct Usage {
    turns: u64,
    input_tokens: u64,
    output_tokens: u64,
    /// Beside `input_tokens`, which are those that no cache gave or took.
    cache_read_tokens: u64,
    cache_write_tokens: u64,
    /// The share of what was read that came from the provider's cache; null when nothing was read.
    cached_share: Option<f64>,
    cost_usd: Option<f64>,
}

/// Runs the pipeline and leaves everything in the output folder.
pub async fn run(config: Config, request: Request) -> Exit {
    let mut summary = Summary::default();
    let exit = match attempt(&config, &request, &mut summary).await {
        Ok(exit) => exit,
        Err(failure) => {
            eprintln!("trainable: {failure}");
            summary.error = Some(failure.said);
            failure.exit
        }
    };
    if request.json {
        match serde_json::to_string_pretty(&summary) {
            Ok(text) => println!("{text}"),
            Err(error) => eprintln!("trainable: the summary could not be written: {error}"),
        }
    }
    exit
}

async fn attempt(
    config: &Config,
    request: &Request,
    summary: &mut Summary,
) -> Result<Exit, Failure> {
    for file in &request.files {
        readable(file)?;
    }
    usable(&request.out)?;
    let data = config.data.join("runs").join(Uuid::now_v7().to_string());
    // What is made for one run goes with its folder; a bucket would keep it.
    let config = &Config { objects: Objects::Folder, ..config.clone() };
    let app = App::open(config, &Database::Sqlite, &data).await?;
    let result = match app.directory.parts().providers.get(request.provider.as_deref()) {
        Ok(_) => work(&app, request, summary).await,
        Err(error) => Err(Failure::refused(error.to_string())),
    };
    app.directory.suspend().await;
    app.sandboxes.close();
    drop(app);
    if let Err(failure) = &result
        && failure.exit == Exit::Failed
    {
        eprintln!("trainable: what was made is kept in `{}`", data.display());
        return result;
    }
    // What was asked for lies in the output folder; the rest was only for this run.
    if let Err(error) = tokio::fs::remove_dir_all(&data).await {
        tracing::warn!(%error, "the run's own data was not deleted");
    }
    result
}

async fn work(app: &App, request: &Request, summary: &mut Summary) -> Result<Exit, Failure> {
    let session = tokio::select! {
        made = begin(app, request) => made?,
        () = interrupted() => return Ok(Exit::Cancelled),
    };
    summary.session_id = Some(session);
    let (followed, interrupted) = watch(&app.directory, session).await?;
    let Followed { state, stages, error } = followed;
    let exit = match state {
        _ if interrupted => Exit::Cancelled,
        Some(
            SessionStateName::EdaDone | SessionStateName::PrepDone | SessionStateName::TrainDone,
        ) => Exit::Done,
        Some(SessionStateName::Cancelled) => Exit::Cancelled,
        Some(
            SessionStateName::Created
            | SessionStateName::EdaRunning
            | SessionStateName::PrepRunning
            | SessionStateName::TrainRunning
            | SessionStateName::Failed,
        )
        | None => Exit::Failed,
    };
    summary.state = state;
    summary.stages = stages;
    summary.error = error;
    let name =
        VolumeName::parse(&format!("sessions/{session}")).expect("a UUID is a plain segment");
    let volume = app.sandboxes.volume(&name).await.map_err(|e| Failure::failed(e.to_string()))?;
    results(volume.as_ref(), summary).await;
    usage(app, session, summary).await;
    copy_out(volume.as_ref(), &request.out, summary).await?;
    transcript(app, session, &request.out).await;
    report(request, summary, exit);
    Ok(exit)
}

/// Sends the files, makes the experiment and starts the session.
async fn begin(app: &App, request: &Request) -> Result<SessionId, Failure> {
    let principal = Principal::Local;
    let mut uploads = Vec::new();
    for file in &request.files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let opened = app.datasets.open_upload(&principal, &name, None).await.map_err(said)?;
        let reader = tokio::fs::File::open(file).await.map_err(|e| unreadable(file, &e))?;
        let body = tokio_util::io::ReaderStream::with_capacity(reader, 256 * 1024).boxed();
        let stored = app.datasets.receive(&principal, opened.id, body).await;
        stored.map_err(|error| Failure::refused(format!("`{}`: {error}", plain(file))))?;
        uploads.push(opened.id);
    }
    eprintln!("trainable: reading {}", names(&request.files));
    let new = NewExperiment {
        instructions: request.instructions.clone(),
        target: request.target.clone(),
        source: Source::Uploads(uploads),
        ..NewExperiment::default()
    };
    let experiment = app.datasets.create_experiment(&principal, new).await.map_err(said)?;
    for finding in warnings(&experiment.dataset) {
        eprintln!("trainable: note: {finding}");
    }
    let directory = &app.directory;
    let failed = |error: crate::session::CommandError| Failure::refused(error.to_string());
    let driver = driver(app, request).await?;
    let session = SessionId::new();
    directory.create(&principal, session, experiment.id, driver).await.map_err(failed)?;
    // Nobody is there to answer a question: its default is taken at once.
    let budgets = Budgets { question_seconds: 0, ..directory.default_budgets() };
    let stage = StageRequest {
        through: Some(request.through),
        seed: request.seed,
        ..StageRequest::new(Stage::Eda, budgets)
    };
    directory.start_stage(session, stage).await.map_err(failed)?;
    Ok(session)
}

/// Who drives. A transcript that is to be played again is named by its file.
async fn driver(app: &App, request: &Request) -> Result<DriverRequest, Failure> {
    let mut driver = DriverRequest {
        provider: request.provider.clone(),
        model: request.model.clone(),
        effort: request.effort,
    };
    if let (Some("replay"), Some(file)) = (request.provider.as_deref(), request.model.as_deref()) {
        let file = Path::new(file);
        readable(file)?;
        let bytes = tokio::fs::read(file).await.map_err(|e| unreadable(file, &e))?;
        let kept = app.directory.parts().transcripts.keep(bytes).await;
        let kept = kept.map_err(|error| Failure::refused(format!("`{}`: {error}", plain(file))));
        driver.model = Some(kept?);
    }
    Ok(driver)
}

/// Leaves the transcript beside the result: it can be played again without a model.
async fn transcript(app: &App, session: SessionId, out: &Path) {
    let recording = match app.directory.parts().transcripts.record(session).await {
        Ok(Some(recording)) => recording.write().map_err(|error| error.to_string()),
        Ok(None) => return,
        Err(error) => Err(error.to_string()),
    };
    let written = match recording {
        Ok(bytes) => tokio::fs::write(out.join(TRANSCRIPT), bytes).await.map_err(|e| e.to_string()),
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "the transcript was not written");
    }
}

/// Follows the session to its end; Ctrl-C cancels it.
async fn watch(directory: &Directory, session: SessionId) -> Result<(Followed, bool), Failure> {
    let following = follow(directory.log(), session);
    tokio::pin!(following);
    tokio::select! {
        followed = &mut following => followed.map(|f| (f, false)).map_err(Failure::failed),
        () = interrupted() => {
            eprintln!("\ntrainable: cancelling");
            if let Err(error) = directory.cancel(session).await {
                // It came to rest at the same moment.
                tracing::info!(%error, "nothing was cancelled");
            }
            match tokio::time::timeout(CANCEL_GRACE, following).await {
                Ok(followed) => followed.map(|f| (f, true)).map_err(Failure::failed),
                Err(_) => Ok((Followed::default(), true)),
            }
        }
    }
}

/// Waits for Ctrl-C, a polite kill, or the terminal's end.
async fn interrupted() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = heard(SignalKind::interrupt()) => {}
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::hangup()) => {}
    }
}

/// What the agent's own metadata claims.
async fn results(volume: &dyn Volume, summary: &mut Summary) {
    let path = VolumePath::parse("train/data/metadata.json").expect("a plain path");
    let Ok(bytes) = volume.read(&path, 0..MAX_METADATA).await else { return };
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else { return };
    summary.test_metrics = value.get_mut("test_metrics").map(Value::take);
    summary.best_model = value.get_mut("best_model").map(Value::take);
}

async fn usage(app: &App, session: SessionId, summary: &mut Summary) {
    match crate::store::usage::total(app.store.read(), session).await {
        Ok(total) => {
            let read = total.input + total.cache_read + total.cache_write;
            summary.usage = Usage {
                turns: total.turns,
                input_tokens: total.input,
                output_tokens: total.output,
                cache_read_tokens: total.cache_read,
                cache_write_tokens: total.cache_write,
                cached_share: (read > 0).then(|| total.cache_read as f64 / read as f64),
                cost_usd: total.cost_usd,
            };
        }
        Err(error) => tracing::warn!(%error, "the usage could not be read"),
    }
}

/// Copies what the session left, piece by piece.
async fn copy_out(volume: &dyn Volume, out: &Path, summary: &mut Summary) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("the result cannot be written to `{}`: {error}", plain(out)))
    };
    for stage in Stage::ALL {
        match tokio::fs::remove_dir_all(out.join(stage.as_str())).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
    }
    tokio::fs::create_dir_all(out).await.map_err(failed)?;
    // The mark comes first, so that a copy that broke off may be replaced too.
    tokio::fs::write(out.join(SUMMARY), "{}\n").await.map_err(failed)?;
    let listing = volume.list(None).await.map_err(|e| Failure::failed(e.to_string()))?;
    for file in listing.files {
        if file.path.is_hidden() {
            continue;
        }
        // A volume's path has no `..` and no root: it stays below the output folder.
        let to = out.join(file.path.as_str());
        if let Some(folder) = to.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let mut copy = tokio::fs::File::create(&to).await.map_err(failed)?;
        let mut at = 0;
        while at < file.size {
            let piece: Bytes = volume
                .read(&file.path, at..(at + PIECE).min(file.size))
                .await
                .map_err(|e| Failure::failed(e.to_string()))?;
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            copy.write_all(&piece).await.map_err(failed)?;
        }
        copy.flush().await.map_err(failed)?;
        summary.artifacts.push(file.path.to_string());
    }
    let text = serde_json::to_string_pretty(summary).unwrap_or_default();
    tokio::fs::write(out.join(SUMMARY), text + "\n").await.map_err(failed)
}

fn report(request: &Request, summary: &Summary, exit: Exit) {
    if let (Exit::Done, Some(model)) = (exit, summary.best_model.as_ref().and_then(Value::as_str)) {
        eprintln!("trainable: the best model is {model}");
    }
    eprintln!("trainable: the result lies in `{}`", plain(&request.out));
}

fn readable(file: &Path) -> Result<(), Failure> {
    match std::fs::metadata(file) {
        Ok(found) if found.is_file() => {
            std::fs::File::open(file).map(drop).map_err(|error| unreadable(file, &error))
        }
        Ok(_) => Err(Failure::refused(format!("`{}` is not a file; give a table", plain(file)))),
        Err(error) => Err(unreadable(file, &error)),
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read by this user".to_owned(),
        _ => error.to_string(),
    };
    Failure::refused(format!("`{}`: {why}", plain(file)))
}

/// An output folder is new, empty, or made by `run` before; and it can be written. Found out before
/// anything is computed, because a result that cannot be kept is worth nothing.
fn usable(out: &Path) -> Result<(), Failure> {
    let refused = |why: String| {
        Failure::refused(format!("the folder `{}` {why}; choose another with --out", plain(out)))
    };
    let unwritable =
        |error: std::io::Error| refused(format!("cannot be written: {}", error.kind()));
    if out.exists() && !out.is_dir() {
        return Err(refused("is a file".into()));
    }
    let new = !out.exists();
    std::fs::create_dir_all(out).map_err(unwritable)?;
    let mut entries = std::fs::read_dir(out).map_err(unwritable)?;
    if entries.next().is_some() && !out.join(SUMMARY).is_file() {
        return Err(refused("holds other files".into()));
    }
    let probe = out.join(".trainable-probe");
    let written = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    if new {
        // It is made again when there is something to put there.
        let _ = std::fs::remove_dir(out);
    }
    written.map_err(unwritable)
}

fn said(error: CreateError) -> Failure {
    match error {
        CreateError::Unavailable(said) => Failure::failed(said),
        CreateError::Troubled(trouble) => Failure::failed(trouble.to_string()),
        CreateError::NoUpload(_)
        | CreateError::Incomplete(_)
        | CreateError::Taken(_)
        | CreateError::NoSample(_)
        | CreateError::NoFiles
        | CreateError::Invalid { .. }
        | CreateError::Refused(_) => Failure::refused(error.to_string()),
    }
}

fn warnings(dataset: &Value) -> Vec<String> {
    let problems = dataset["problems"].as_array().map(Vec::as_slice).unwrap_or_default();
    let notes = dataset["notes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let sentences = problems.iter().filter_map(|p| p["message"].as_str());
    sentences.chain(notes.iter().filter_map(Value::as_str)).map(str::to_owned).collect()
}

fn names(files: &[PathBuf]) -> String {
    let names: Vec<_> = files.iter().map(|file| format!("`{}`", plain(file))).collect();
    names.join(", ")
}

/// A path for the terminal: nothing in a name reaches it as a control character.
fn plain(path: &Path) -> String {
    path.to_string_lossy().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
