//! What a program finds in its sandbox on every backend.

use std::collections::BTreeMap;

/// Where sandboxes see the SDK and the runners.
pub(super) const SDK_AT: &str = "/opt/trainable/sdk";
/// Where a sandbox's system has its programs, as `PATH` says it.
pub(super) const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The fixed environment, which wins over what the caller adds. A backend sets its own on top.
pub(super) fn environment(cpus: u32, added: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = added.clone();
    let mut set = |name: &str, value: &str| all.insert(name.to_owned(), value.to_owned());
    set("PATH", PATH);
    set("HOME", "/tmp");
    set("TMPDIR", "/tmp");
    set("LANG", "C.UTF-8");
    set("TZ", "UTC");
    set("USER", "sandbox");
    set("MPLBACKEND", "Agg");
    set("MPLCONFIGDIR", "/tmp/matplotlib");
    set("PYTHONPATH", SDK_AT);
    set("PYTHONUNBUFFERED", "1");
    set("PYTHONDONTWRITEBYTECODE", "1");
    set("PYTHONHASHSEED", "0");
    set("PYTHONNOUSERSITE", "1");
    // For the Pythons that a program starts itself.
    set("PYTHONSAFEPATH", "1");
    let cpus = cpus.max(1).to_string();
    for name in [
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "LOKY_MAX_CPU_COUNT",
        "PYTHON_CPU_COUNT",
    ] {
        set(name, &cpus);
    }
    // Threads that spin while they wait take the shared cores from the ones that work.
    set("OMP_WAIT_POLICY", "PASSIVE");
    all
}
