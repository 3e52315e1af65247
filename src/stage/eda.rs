//! EDA: understand before touching.

use super::check::{self, ExitCheck, count, path};
use crate::sandbox::{SandboxError, Volume};
use entity::vocab::Stage::Eda;

pub(super) async fn exit_check(volume: &dyn Volume) -> Result<ExitCheck, SandboxError> {
    let mut check = ExitCheck::default();
    check.file(volume, &path(Eda, "report.md")).await?;
    let figures = count(volume, &path(Eda, "figures"), &["png", "svg"]).await?;
    check.expect(
        figures > 0,
        "the report has figures",
        "`eda/figures/` holds no figure; save at least one as PNG and show it in the report",
    );
    if let Some(problem) = check::unreadable(volume, &path(Eda, "data/findings.json")).await? {
        check.warnings.push(format!("{problem}; the next stage has only the report to go by"));
    }
    Ok(check)
}
