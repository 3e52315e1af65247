//! Which of the promised packages an environment does not have.

use super::Interpreter;
use crate::sandbox::{SandboxError, local::blocking};
use std::{path::Path, process::Command};

/// What agents are told that they can import, by the names of the packages in `requirements.in`.
const MODULES: [(&str, &str); 20] = [
    ("pandas", "pandas"),
    ("numpy", "numpy"),
    ("scipy", "scipy"),
    ("pyarrow", "pyarrow"),
    ("duckdb", "duckdb"),
    ("openpyxl", "openpyxl"),
    ("tabulate", "tabulate"),
    ("matplotlib", "matplotlib"),
    ("seaborn", "seaborn"),
    ("scikit-learn", "sklearn"),
    ("xgboost-cpu", "xgboost"),
    ("lightgbm", "lightgbm"),
    ("catboost", "catboost"),
    ("imbalanced-learn", "imblearn"),
    ("optuna", "optuna"),
    ("category_encoders", "category_encoders"),
    ("statsmodels", "statsmodels"),
    ("shap", "shap"),
    ("joblib", "joblib"),
    ("pandera", "pandera"),
];

/// Looks for each module, and loads and writes nothing.
pub(super) async fn lacks(python: &Interpreter) -> Result<Vec<&'static str>, SandboxError> {
    const QUESTION: &str = "import sys, importlib.util as u\n\
         for name in sys.argv[1:]: print(int(u.find_spec(name) is not None))";
    let path = python.path.clone();
    let asked = move || {
        let modules = MODULES.iter().map(|(_, module)| module);
        Command::new(path).args(["-I", "-B", "-c", QUESTION]).args(modules).output()
    };
    let answer = blocking("look for the packages of the Python environment", asked).await?;
    let answer = String::from_utf8_lossy(&answer.stdout).into_owned();
    let lines: Vec<_> = answer.lines().collect();
    if lines.len() != MODULES.len() {
        let shown = python.path.display();
        return Err(SandboxError::Environment(format!(
            "the Python `{shown}` does not say which packages it has; mend it or name another"
        )));
    }
    let missing = MODULES.iter().zip(lines).filter(|(_, line)| *line == "0");
    Ok(missing.map(|((package, _), _)| *package).collect())
}

/// What somebody should know who uses an environment of their own.
pub(super) fn sentence(environment: &Path, lacking: &[&str]) -> Option<String> {
    (!lacking.is_empty()).then(|| {
        format!(
            "the environment `{}` lacks {}; programs that import them fail until you install them there",
            environment.display(),
            listed(lacking)
        )
    })
}

/// `a`, `b` and `c`, for people.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_promised_is_looked_for() {
        let promised = include_str!("../../python/requirements.in");
        let promised = promised.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(MODULES.map(|(package, _)| package).to_vec(), promised.collect::<Vec<_>>());
    }

    #[test]
    fn names_are_listed() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
