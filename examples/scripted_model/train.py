"""A dummy, a linear model and boosted trees; validation chooses, test is seen once."""

import json
import time

import joblib
import numpy as np
import pandas as pd
import trainable
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, mean_absolute_error
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 42
here = trainable.stage_dir()
prep = trainable.session_dir() / "prep" / "data"
about = json.loads((prep / "metadata.json").read_text())
target, regression = about["target_column"], about["problem_type"] == "regression"
train, val = (pd.read_parquet(prep / f"{name}.parquet") for name in ("train", "val"))
features = about["features"]
measure, metric = (mean_absolute_error, "mae") if regression else (accuracy_score, "accuracy")

trainable.configure_dashboard([{"title": "Validation while it boosts", "metrics": [f"val_{metric}"], "type": "line"}])
if regression:
    models = {"dummy": DummyRegressor(), "ridge": make_pipeline(StandardScaler(), Ridge())}
    boosted = HistGradientBoostingRegressor(max_iter=1, warm_start=True, random_state=SEED)
else:
    models = {
        "dummy": DummyClassifier(),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    }
    boosted = HistGradientBoostingClassifier(max_iter=1, warm_start=True, random_state=SEED)

scores = {}
for name, model in models.items():
    model.fit(train[features], train[target])
    scores[name] = float(measure(val[target], model.predict(val[features])))
    print(f"{name}: validation {metric} {scores[name]:.4g}", flush=True)
for trees in range(2, 62, 2):
    boosted.set_params(max_iter=trees).fit(train[features], train[target])
    score = float(measure(val[target], boosted.predict(val[features])))
    trainable.log(step=trees, metrics={f"val_{metric}": score}, run="boosted trees")
    time.sleep(0.05)
models["boosted trees"], scores["boosted trees"] = boosted, score
best = min(scores, key=scores.get) if regression else max(scores, key=scores.get)
model = models[best]

test = pd.read_parquet(prep / "test.parquet")
guess = model.predict(test[features])
result = float(measure(test[target], guess))
# How much validation loses when a column is shuffled.
rng = np.random.default_rng(SEED)
importance = {}
for name in features:
    shuffled = val[features].copy()
    shuffled[name] = rng.permutation(shuffled[name].to_numpy())
    importance[name] = abs(scores[best] - float(measure(val[target], model.predict(shuffled))))

for folder in ("models", "data"):
    (here / folder).mkdir(exist_ok=True)
joblib.dump(model, here / "models" / "model.pkl")
metadata = {
    "best_model": best,
    "best_model_params": {},
    "models_evaluated": [{"model": name, f"val_{metric}": value} for name, value in scores.items()],
    "test_metrics": {metric: result},
    "feature_importance": importance,
    "class_imbalance_strategy": "none: the classes are taken as they come",
    "tuning_method": "none",
    "tuning_trials": 0,
    "random_seed": SEED,
}
(here / "data" / "metadata.json").write_text(json.dumps(metadata, indent=1))
(here / "report.md").write_text(f"""# Training

**{best}** does best on validation. On {len(test)} test rows, seen once: {metric} {result:.4g}.

Nothing was tuned: a script wrote this, not a thinking model.
""")
print(f"{best}: test {metric} {result:.4g}")
