//! What the server counts about itself, as Prometheus text.

use crate::session::SessionCounts;
use actix_web::http::StatusCode;
use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Instant,
};

/// The groups that requests are counted by; a path is never a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Graphql,
    Socket,
    Upload,
    File,
    Probe,
    Client,
}

impl Route {
    const ALL: [Route; 6] =
        [Route::Graphql, Route::Socket, Route::Upload, Route::File, Route::Probe, Route::Client];

    pub fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("graphql") if path == "/graphql/ws" => Route::Socket,
            Some("graphql") => Route::Graphql,
            Some("uploads") => Route::Upload,
            Some("files") => Route::File,
            Some("healthz" | "readyz" | "metrics") => Route::Probe,
            Some(_) | None => Route::Client,
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Route::Graphql => "graphql",
            Route::Socket => "socket",
            Route::Upload => "upload",
            Route::File => "file",
            Route::Probe => "probe",
            Route::Client => "client",
        }
    }
}

/// Counters and gauges. One per server, shared by its workers.
pub struct Meters {
    started: Instant,
    /// By route, then by the first digit of the status.
    answers: [[AtomicU64; 6]; 6],
    pub sockets: Gauge,
    pub operations: Gauge,
    pub uploads: Gauge,
    upload_bytes: AtomicU64,
    slow_readers: AtomicU64,
}

/// A number of things that are there now.
#[derive(Default)]
pub struct Gauge(AtomicI64);

impl Gauge {
    /// Counts one more until the guard is dropped.
    pub fn enter(&self) -> Entered<'_> {
        self.0.fetch_add(1, Relaxed);
        Entered(self)
    }

    pub fn now(&self) -> usize {
        usize::try_from(self.0.load(Relaxed)).unwrap_or(0)
    }
}

/// One counted thing.
pub struct Entered<'a>(&'a Gauge);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Relaxed);
    }
}

impl Default for Meters {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            answers: Default::default(),
            sockets: Gauge::default(),
            operations: Gauge::default(),
            uploads: Gauge::default(),
            upload_bytes: AtomicU64::new(0),
            slow_readers: AtomicU64::new(0),
        }
    }
}

impl Meters {
    pub fn answered(&self, route: Route, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).min(5);
        self.answers[route as usize][class].fetch_add(1, Relaxed);
    }

    /// Counts a socket that was closed because its reader was too slow.
    pub fn slow(&self) {
        self.slow_readers.fetch_add(1, Relaxed);
    }

    /// Counts the bytes of a stored upload.
    pub fn uploaded(&self, bytes: u64) {
        self.upload_bytes.fetch_add(bytes, Relaxed);
    }

    /// The exposition format of Prometheus, version 0.0.4; `statements` were sent to the database.
    pub fn text(&self, sessions: SessionCounts, statements: u64) -> String {
        let mut out = String::new();
        series(&mut out, "trainable_http_responses_total", "counter", "Responses sent.");
        for route in Route::ALL {
            for (class, count) in self.answers[route as usize].iter().enumerate() {
                let count = count.load(Relaxed);
                if count > 0 {
                    let _ = writeln!(
                        out,
                        "trainable_http_responses_total{{route=\"{}\",status=\"{class}xx\"}} {count}",
                        route.label()
                    );
                }
            }
        }
        let gauge = |g: &Gauge| g.0.load(Relaxed) as f64;
        let count = |c: &AtomicU64| c.load(Relaxed) as f64;
        for (name, kind, help, value) in [
            ("trainable_sockets", "gauge", "Open WebSockets.", gauge(&self.sockets)),
            (
                "trainable_socket_operations",
                "gauge",
                "Operations under way on WebSockets.",
                gauge(&self.operations),
            ),
            ("trainable_uploads", "gauge", "Uploads under way.", gauge(&self.uploads)),
            (
                "trainable_upload_bytes_total",
                "counter",
                "Bytes of stored uploads.",
                count(&self.upload_bytes),
            ),
            (
                "trainable_slow_readers_total",
                "counter",
                "WebSockets closed because their reader was too slow.",
                count(&self.slow_readers),
            ),
            (
                "trainable_sessions_awake",
                "gauge",
                "Actors of sessions in memory.",
                sessions.awake as f64,
            ),
            (
                "trainable_session_panics_total",
                "counter",
                "Panics of actors, agent loops and tools; each failed one session.",
                sessions.panics as f64,
            ),
            (
                "trainable_session_stalls_total",
                "counter",
                "Actors that did not come back from a message in time.",
                sessions.stalls as f64,
            ),
            (
                "trainable_sessions_put_away_total",
                "counter",
                "Quiet actors that left the memory.",
                sessions.put_away as f64,
            ),
            (
                "trainable_session_turned_away_total",
                "counter",
                "Requests that were refused because too many waited for one session.",
                sessions.turned_away as f64,
            ),
            (
                "trainable_database_statements_total",
                "counter",
                "Statements sent to the database.",
                statements as f64,
            ),
            (
                "process_uptime_seconds",
                "gauge",
                "Seconds since the server started.",
                self.started.elapsed().as_secs_f64(),
            ),
        ] {
            series(&mut out, name, kind, help);
            let _ = writeln!(out, "{name} {value}");
        }
        if let Some(bytes) = resident_bytes() {
            let name = "process_resident_memory_bytes";
            series(&mut out, name, "gauge", "Resident memory of the server itself.");
            let _ = writeln!(out, "{name} {bytes}");
        }
        out
    }
}

fn series(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
