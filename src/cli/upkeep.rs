//! What a server does behind everybody's back: deletions are finished, what is old is deleted, and the
//! database's free pages are given back.

use super::app::App;
use crate::dataset::{Calendar, Swept};
use chrono::{DateTime, TimeDelta, Utc};
use std::{sync::Arc, time::Duration};
use tokio::time::{MissedTickBehavior, interval};

/// Minutes between two looks at what is old.
const HOUR: u64 = 60;
/// How old an unfinished object is when nobody can go on with it any more: uploads wait for their end, or their
/// experiment, half as long.
const ABANDONED: Duration = Duration::from_secs(48 * 3600);

/// Begins with what an earlier server left undone.
pub(super) fn start(app: &Arc<App>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let mut calendar = Calendar::default();
        let mut minutes = interval(Duration::from_secs(60));
        minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for minute in 0_u64.. {
            minutes.tick().await;
            match app.datasets.finish_deletions().await {
                Ok(Swept { gone: 0, .. }) => {}
                Ok(Swept { gone, .. }) => tracing::info!(gone, "finished what had broken off"),
                Err(error) => tracing::warn!(%error, "deletions could not be looked for"),
            }
            match app.datasets.resume_imports().await {
                Ok(0) => {}
                Ok(imports) => tracing::info!(imports, "goes on with imports"),
                Err(error) => tracing::warn!(%error, "imports could not be looked for"),
            }
            // Every minute, so that a jump of the clock is seen for what it is.
            let now = calendar.now();
            if let Some(now) = now.filter(|_| minute % HOUR == 0) {
                delete_old(&app, now).await;
                // Only where the clock can be trusted: it would abort what is being sent.
                drop_unfinished(&app).await;
            }
            app.store.tidy().await;
            app.store.give_back().await;
        }
    });
}

async fn drop_unfinished(app: &App) {
    match app.objects.sweep(ABANDONED).await {
        Ok(0) => {}
        Ok(swept) => tracing::info!(swept, "dropped what was never sent to its end"),
        // Some stores list no unfinished uploads; theirs to clear.
        Err(error) => tracing::debug!(%error, "what was never sent to its end was not looked for"),
    }
}

async fn delete_old(app: &App, now: DateTime<Utc>) {
    match app.datasets.collect(now).await {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(deleted, "deleted unused uploads"),
        Err(error) => tracing::warn!(%error, "unused uploads were not deleted"),
    }
    let Some(days) = app.datasets.limits().retention_days else { return };
    let Some(before) = now.checked_sub_signed(TimeDelta::days(days.into())) else { return };
    match app.directory.retire(before).await {
        Ok(0) => {}
        Ok(deleted) => tracing::info!(deleted, days, "deleted sessions that had rested for long"),
        Err(error) => tracing::warn!(%error, "old sessions were not deleted"),
    }
}
