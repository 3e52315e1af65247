import json
import os
import pathlib

import joblib
import pandas as pd
import trainable
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

seed = int(os.environ["TRAINABLE_SEED"])
folder = trainable.session_dir() / "prep" / "data"
metadata = json.loads((folder / "metadata.json").read_text())
features, target = metadata["features"], metadata["target_column"]
train, val = (pd.read_parquet(folder / f"{name}.parquet") for name in ("train", "val"))
trainable.configure_dashboard([{"title": "Accuracy", "metrics": ["val_accuracy"], "type": "line"}])
candidates = {
    "logistic": LogisticRegression(C=1.0, max_iter=500),
    "forest": RandomForestClassifier(n_estimators=30, random_state=seed, n_jobs=1),
}
scores = {}
for step, (name, model) in enumerate(candidates.items()):
    model.fit(train[features], train[target])
    scores[name] = float(accuracy_score(val[target], model.predict(val[features])))
    trainable.log(step=step, metrics={"val_accuracy": scores[name]}, run=name)
best = max(scores, key=scores.get)
model = candidates[best]
test = pd.read_parquet(folder / "test.parquet")
score = float(accuracy_score(test[target], model.predict(test[features])))
weights = getattr(model, "feature_importances_", None)
weights = weights if weights is not None else abs(model.coef_[0])
pathlib.Path("models").mkdir(exist_ok=True)
pathlib.Path("data").mkdir(exist_ok=True)
joblib.dump(model, "models/model.pkl")
pathlib.Path("data/metadata.json").write_text(json.dumps({
    "best_model": best,
    "best_model_params": {"seed": seed},
    "models_evaluated": scores,
    "test_metrics": {"accuracy": score},
    "feature_importance": {name: float(weight) for name, weight in zip(features, weights)},
    "class_imbalance_strategy": "none: the classes are near each other",
    "tuning_method": "none",
    "tuning_trials": 2,
    "random_seed": seed,
}))
pathlib.Path("report.md").write_text(f"# What was trained\n\n{best} scores {score:.3f} on test.\n")
print("best", best, round(score, 3))
