//! What a container costs, from a table with the day and the page it was read on.

use crate::sandbox::Limits;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock, time::Duration};
use tokio::time::Instant;

/// USD per second of what Modal bills.
#[derive(Debug, Deserialize)]
pub(super) struct Prices {
    #[serde(rename = "read_on")]
    _read_on: chrono::NaiveDate,
    #[serde(rename = "source")]
    _source: String,
    core_second_usd: f64,
    gib_second_usd: f64,
    gpu_second_usd: BTreeMap<String, f64>,
}

static PRICES: LazyLock<Prices> = LazyLock::new(|| {
    serde_json::from_str(include_str!("prices.json")).expect("a test reads the table")
});

/// The types of GPU that have a price, which are those that may be asked for.
pub fn gpu_types() -> Vec<&'static str> {
    PRICES.gpu_second_usd.keys().map(String::as_str).collect()
}

/// What a container reserves, and so costs even when it does nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reserved {
    pub cores: f64,
    pub memory_mib: u64,
    pub gpu: Option<String>,
}

impl Reserved {
    /// A part of what an execution may take: Modal bills what is used, or this where it is more.
    pub(super) fn of(limits: &Limits, gpu: Option<String>) -> Self {
        Self {
            cores: f64::from(limits.cpus.max(1)).min(1.0),
            memory_mib: limits.memory_mib.min(1024),
            gpu,
        }
    }

    /// USD per second.
    fn rate(&self) -> f64 {
        let gpu = self.gpu.as_ref().and_then(|gpu| PRICES.gpu_second_usd.get(gpu));
        self.cores * PRICES.core_second_usd
            + self.memory_mib as f64 / 1024.0 * PRICES.gib_second_usd
            + gpu.copied().unwrap_or(0.0)
    }

    /// USD of what an execution took beyond it.
    fn beyond(&self, wall: Duration, cpu_seconds: f64, peak_memory: u64) -> f64 {
        let wall = wall.as_secs_f64();
        let cores = (cpu_seconds - self.cores * wall).max(0.0);
        // The peak for all of its time: rather too much than too little.
        let gib =
            (peak_memory as f64 / f64::from(1 << 30) - self.memory_mib as f64 / 1024.0).max(0.0);
        cores * PRICES.core_second_usd + gib * wall * PRICES.gib_second_usd
    }
}

/// Counts what a container costs, from its start on.
#[derive(Debug)]
pub(super) struct Meter {
    reserved: Reserved,
    told: Instant,
}

impl Meter {
    pub(super) fn start(reserved: Reserved) -> Self {
        Self { reserved, told: Instant::now() }
    }

    /// USD since it was asked before: the container's time, idle or not, and what one execution took beyond.
    pub(super) fn read(&mut self, wall: Duration, cpu_seconds: f64, peak_memory: u64) -> f64 {
        let now = Instant::now();
        let since = now.duration_since(self.told).as_secs_f64();
        self.told = now;
        since * self.reserved.rate() + self.reserved.beyond(wall, cpu_seconds, peak_memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(gpu: Option<&str>) -> Reserved {
        let limits = Limits { memory_mib: 4096, cpus: 4, ..Limits::default() };
        Reserved::of(&limits, gpu.map(str::to_owned))
    }

    #[track_caller]
    fn check(found: f64, expect: f64) {
        assert!((found - expect).abs() < expect * 1e-9, "{found} is not {expect}");
    }

    #[tokio::test(start_paused = true)]
    async fn time_counts_once_and_use_beyond_it_too() {
        let mut meter = Meter::start(reserved(None));
        tokio::time::advance(Duration::from_secs(100)).await;
        check(meter.read(Duration::ZERO, 0.0, 0), 100.0 * (0.0000393 + 0.00000666));
        tokio::time::advance(Duration::from_secs(10)).await;
        let ten = 10.0 * (0.0000393 + 0.00000666);
        // Two more cores for ten seconds, and 2 GiB more.
        let more = 20.0 * 0.0000393 + 2.0 * 10.0 * 0.00000666;
        check(meter.read(Duration::from_secs(10), 30.0, 3 << 30), ten + more);
        check(meter.read(Duration::from_secs(10), 30.0, 3 << 30), more);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gpu_costs_what_the_table_says() {
        let mut meter = Meter::start(reserved(Some("H100")));
        tokio::time::advance(Duration::from_secs(1)).await;
        check(meter.read(Duration::ZERO, 0.0, 0), 0.0000393 + 0.00000666 + 0.001097);
        assert!(gpu_types().contains(&"T4"));
    }
}
