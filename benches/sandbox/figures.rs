//! Quantiles, and whether they hold.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// How long something took, in milliseconds, in the order of size.
pub struct Times(Vec<f64>);

impl Times {
    pub fn new(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        assert!(!times.is_empty(), "nothing was measured");
        Self(times)
    }

    /// The value below which this share of all lie.
    pub fn at(&self, share: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * share).round() as usize]
    }

    pub fn print(&self, what: &str) {
        let most = self.0[self.0.len() - 1];
        println!(
            "  {what:<44} p50 {:>8.1}  p95 {:>8.1}  most {most:>8.1}",
            self.at(0.5),
            self.at(0.95)
        );
    }
}

/// Whether a figure was not what is asked of it.
pub static BROKEN: AtomicBool = AtomicBool::new(false);

/// Says whether a figure is within what is asked of it.
pub fn bound(what: &str, held: bool) {
    println!("  {} {what}", if held { "held:  " } else { "BROKEN:" });
    BROKEN.fetch_or(!held, Ordering::Relaxed);
}

/// Jain's index: 1 when all have the same, one over their number when one has everything.
pub fn fairness(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    sum * sum / (shares.len() as f64 * squares)
}

/// The machine's load average of the last minute.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or("unknown").to_owned()
}

/// MiB of this process that lie in memory.
pub fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is always there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib / 1024.0
}
