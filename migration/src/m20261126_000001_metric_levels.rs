//! Series with their summaries, and summaries of neighbouring points by level, so that a chart
//! costs what it shows and not what is stored. Filled from the points that are there.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

/// The index that one series was drawn by before.
const OLD_INDEX: &str = "metrics_by_stage_run_id_name_run_tag_step";
const NEW_INDEX: &str = "metrics_by_stage_run_id_series_behind_step";

/// The place of a point in its session as one number; an event has fewer points than this.
const PLACE: &str = "seq * 1048576 + ordinal";
/// Finds the latest point of a summary `s`.
const LATEST: &str = "JOIN metrics m ON m.session_id = s.session_id AND m.seq = s.place / 1048576 \
                      AND m.ordinal = s.place % 1048576";
/// A bucket of a level is 16 of the one below; 15 levels hold every step.
const LEVELS: i32 = 15;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    /// A server that dies half way finds the database as it was.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(series_table()).await?;
        m.create_table(buckets_table()).await?;
        add(m, "metrics", integer(Alias::new("series")).default(0)).await?;
        add(m, "metrics", boolean(Alias::new("behind")).default(false)).await?;
        // Before the points, which look their series up.
        for columns in [["stage_run_id", "name", "run_tag"], ["session_id", "name", "run_tag"]] {
            let name = format!("metric_series_by_{}", columns.join("_"));
            m.create_index(index(&name, "metric_series", &columns)).await?;
        }
        fill(m).await?;
        m.drop_index(Index::drop().name(OLD_INDEX).table(Alias::new("metrics")).to_owned()).await?;
        // The points of one series that are not behind, by step.
        let columns = ["stage_run_id", "series", "behind", "step"];
        m.create_index(index(NEW_INDEX, "metrics", &columns)).await?;
        // Said once for each series from now on.
        drop(m, "metrics", "superseded").await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        add(m, "metrics", boolean(Alias::new("superseded")).default(false)).await?;
        m.get_connection()
            .execute_unprepared(
                "UPDATE metrics SET superseded = (SELECT s.superseded FROM metric_series s \
                 WHERE s.stage_run_id = metrics.stage_run_id AND s.series = metrics.series)",
            )
            .await?;
        m.drop_index(Index::drop().name(NEW_INDEX).table(Alias::new("metrics")).to_owned()).await?;
        drop(m, "metrics", "series").await?;
        drop(m, "metrics", "behind").await?;
        m.drop_table(Table::drop().table(Alias::new("metric_buckets")).to_owned()).await?;
        m.drop_table(Table::drop().table(Alias::new("metric_series")).to_owned()).await?;
        let columns = ["stage_run_id", "name", "run_tag", "step"];
        m.create_index(index(OLD_INDEX, "metrics", &columns)).await
    }
}

async fn add(m: &SchemaManager<'_>, table: &'static str, column: &ColumnDef) -> Result<(), DbErr> {
    let column = column.clone();
    m.alter_table(Table::alter().table(Alias::new(table)).add_column(column).to_owned()).await
}

async fn drop(m: &SchemaManager<'_>, table: &'static str, name: &'static str) -> Result<(), DbErr> {
    let column = Alias::new(name);
    m.alter_table(Table::alter().table(Alias::new(table)).drop_column(column).to_owned()).await
}

/// What both tables say of the points that a row sums up.
fn summary(table: &mut TableCreateStatement) -> &mut TableCreateStatement {
    let a = Alias::new;
    table
        .col(big_integer(a("last_step")))
        .col(big_integer(a("points")))
        .col(double_null(a("low")))
        .col(double_null(a("high")))
        .col(double_null(a("value")))
        .col(text(a("kind")))
        .col(big_integer(a("seq")))
        .col(integer(a("ordinal")))
        .col(timestamp_with_time_zone(a("created_at")))
}

fn series_table() -> TableCreateStatement {
    let a = Alias::new;
    let mut table = Table::create();
    table
        .table(a("metric_series"))
        .col(uuid(a("stage_run_id")))
        .col(integer(a("series")))
        .col(uuid(a("session_id")))
        .col(text(a("stage")))
        .col(text(a("name")))
        .col(text_null(a("run_tag")))
        .col(boolean(a("superseded")))
        .col(big_integer(a("first_step")));
    summary(&mut table)
        .primary_key(Index::create().col(a("stage_run_id")).col(a("series")))
        .foreign_key(
            ForeignKey::create()
                .from(a("metric_series"), a("session_id"))
                .to(a("sessions"), a("id"))
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn buckets_table() -> TableCreateStatement {
    let a = Alias::new;
    let mut table = Table::create();
    table
        .table(a("metric_buckets"))
        .col(uuid(a("stage_run_id")))
        .col(integer(a("series")))
        .col(integer(a("level")))
        .col(big_integer(a("bucket")));
    summary(&mut table)
        .primary_key(
            Index::create()
                .col(a("stage_run_id"))
                .col(a("series"))
                .col(a("level"))
                .col(a("bucket")),
        )
        .foreign_key(
            ForeignKey::create()
                .from(a("metric_buckets"), (a("stage_run_id"), a("series")))
                .to(a("metric_series"), (a("stage_run_id"), a("series")))
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn index(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut made = Index::create().name(name).table(Alias::new(table)).to_owned();
    for column in columns {
        made.col(Alias::new(*column));
    }
    made
}

/// What is said of all points together; adding zero makes -0.0 a plain one.
fn folded(place: &str) -> String {
    format!(
        "max(step) AS last_step, count(*) AS points, min(value) + 0.0 AS low, \
         max(value) + 0.0 AS high, max({place}) AS place"
    )
}

async fn fill(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    let db = m.get_connection();
    let all = folded(PLACE);
    let summary = "last_step, points, low, high, value, kind, seq, ordinal, created_at";
    let shown =
        "s.last_step, s.points, s.low, s.high, m.value, m.kind, m.seq, m.ordinal, m.created_at";
    db.execute_unprepared(&format!(
        "INSERT INTO metric_series (stage_run_id, series, session_id, stage, name, run_tag, \
                                    superseded, first_step, {summary}) \
         SELECT s.stage_run_id, s.series, s.session_id, m.stage, m.name, m.run_tag, \
                m.superseded, s.first_step, {shown} \
         FROM (SELECT stage_run_id, session_id, name, run_tag, min(step) AS first_step, {all}, \
                      ROW_NUMBER() OVER (PARTITION BY stage_run_id ORDER BY min({PLACE})) - 1 AS series \
               FROM metrics GROUP BY stage_run_id, session_id, name, run_tag) s {LATEST}"
    ))
    .await?;
    db.execute_unprepared(
        "UPDATE metrics SET series = (SELECT s.series FROM metric_series s \
         WHERE s.stage_run_id = metrics.stage_run_id AND s.name = metrics.name \
           AND s.run_tag IS NOT DISTINCT FROM metrics.run_tag)",
    )
    .await?;
    db.execute_unprepared(
        "UPDATE metrics SET behind = TRUE WHERE id IN \
         (SELECT p.id FROM (SELECT id, step, max(step) OVER \
             (PARTITION BY stage_run_id, series ORDER BY seq, ordinal \
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached FROM metrics) p \
          WHERE p.reached >= p.step)",
    )
    .await?;
    let into =
        format!("INSERT INTO metric_buckets (stage_run_id, series, level, bucket, {summary})");
    db.execute_unprepared(&format!(
        "{into} SELECT s.stage_run_id, s.series, 0, s.bucket, {shown} \
         FROM (SELECT session_id, stage_run_id, series, step AS bucket, {all} FROM metrics \
               WHERE behind = TRUE GROUP BY session_id, stage_run_id, series, step) s {LATEST}"
    ))
    .await?;
    db.execute_unprepared(&format!(
        "{into} SELECT s.stage_run_id, s.series, 1, s.bucket, {shown} \
         FROM (SELECT session_id, stage_run_id, series, step >> 4 AS bucket, {all} FROM metrics \
               GROUP BY session_id, stage_run_id, series, step >> 4) s {LATEST} \
         JOIN metric_series w ON w.stage_run_id = s.stage_run_id AND w.series = s.series \
         WHERE w.first_step >> 4 <> w.last_step >> 4"
    ))
    .await?;
    // Each level from the one below. A series ends where all of it is in one bucket.
    for level in 2..=LEVELS {
        let (below, bits) = (level - 1, 4 * level);
        db.execute_unprepared(&format!(
            "{into} SELECT s.stage_run_id, s.series, {level}, s.bucket, {shown} \
             FROM (SELECT w.session_id, b.stage_run_id, b.series, b.bucket >> 4 AS bucket, \
                          max(b.last_step) AS last_step, sum(b.points) AS points, \
                          min(b.low) AS low, max(b.high) AS high, \
                          max(b.seq * 1048576 + b.ordinal) AS place \
                   FROM metric_buckets b \
                   JOIN metric_series w ON w.stage_run_id = b.stage_run_id AND w.series = b.series \
                   WHERE b.level = {below} AND w.first_step >> {bits} <> w.last_step >> {bits} \
                   GROUP BY w.session_id, b.stage_run_id, b.series, b.bucket >> 4) s {LATEST}"
        ))
        .await?;
    }
    Ok(())
}
