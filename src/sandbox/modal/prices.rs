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

    fn gpu_second_usd(&self) -> f64 {
        let price = self.gpu.as_ref().and_then(|gpu| PRICES.gpu_second_usd.get(gpu));
        price.copied().unwrap_or(0.0)
    }
}

/// What programs count as processors in one of the cores that Modal bills, which are physical.
const PROCESSORS: f64 = 2.0;

/// Counts what a container costs, from its start on.
///
/// Modal bills what is used, or what is reserved where that is more; so while programs run, all that
/// they used together is compared with the reservation, and what rests costs the reservation.
#[derive(Debug)]
pub(super) struct Meter {
    reserved: Reserved,
    started: Instant,
    /// Seconds in which programs ran; those side by side count once.
    busy: f64,
    /// Until when they were counted.
    counted: Instant,
    /// What programs used: seconds of Modal's cores, and GiB times seconds.
    core_seconds: f64,
    gib_seconds: f64,
    /// USD that were told.
    told: f64,
}

impl Meter {
    pub(super) fn start(reserved: Reserved) -> Self {
        let now = Instant::now();
        Self {
            reserved,
            started: now,
            busy: 0.0,
            counted: now,
            core_seconds: 0.0,
            gib_seconds: 0.0,
            told: 0.0,
        }
    }

    /// Counts a program that has just ended, and the memory of its peak for all of its time: rather
    /// too much than too little.
    pub(super) fn count(&mut self, wall: Duration, cpu_seconds: f64, peak_memory: u64) {
        let (now, wall) = (Instant::now(), wall.as_secs_f64());
        self.busy += wall.min(now.duration_since(self.counted).as_secs_f64());
        self.counted = now;
        self.core_seconds += cpu_seconds / PROCESSORS;
        self.gib_seconds += peak_memory as f64 / f64::from(1 << 30) * wall;
    }

    /// USD since it was asked before.
    pub(super) fn read(&mut self) -> f64 {
        let age = self.started.elapsed().as_secs_f64();
        let idle = (age - self.busy).max(0.0);
        let billed = |reserved: f64, used: f64| reserved * idle + (reserved * self.busy).max(used);
        let reserved_gib = self.reserved.memory_mib as f64 / 1024.0;
        let total = billed(self.reserved.cores, self.core_seconds) * PRICES.core_second_usd
            + billed(reserved_gib, self.gib_seconds) * PRICES.gib_second_usd
            + age * self.reserved.gpu_second_usd();
        let since = (total - self.told).max(0.0);
        self.told = self.told.max(total);
        since
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

    const CORE: f64 = 0.0000393;
    const GIB: f64 = 0.00000666;

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    const TEN: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn time_counts_once_and_use_beyond_it_too() {
        let mut meter = Meter::start(reserved(None));
        pass(100).await;
        check(meter.read(), 100.0 * (CORE + GIB));
        assert!(meter.read() < 1e-12);
        // Six processors for ten seconds are three cores, of which one was reserved.
        pass(10).await;
        meter.count(TEN, 60.0, 3 << 30);
        check(meter.read(), 30.0 * (CORE + GIB));
        // One that ran beside it.
        meter.count(TEN, 60.0, 3 << 30);
        check(meter.read(), 30.0 * (CORE + GIB));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reservation_is_not_taken_off_twice() {
        let mut meter = Meter::start(reserved(None));
        pass(10).await;
        // Two at once, each within what is reserved for both.
        meter.count(TEN, 16.0, 1 << 29);
        meter.count(TEN, 16.0, 1 << 30);
        check(meter.read(), 16.0 * CORE + 15.0 * GIB);
        // One that takes less costs the reservation, and so does rest.
        pass(10).await;
        meter.count(Duration::from_secs(5), 1.0, 0);
        check(meter.read(), 5.5 * CORE + 5.0 * GIB);
    }

    #[tokio::test(start_paused = true)]
    async fn a_gpu_costs_what_the_table_says() {
        let mut meter = Meter::start(reserved(Some("H100")));
        pass(1).await;
        check(meter.read(), CORE + GIB + 0.001097);
        assert!(gpu_types().contains(&"T4"));
    }
}
