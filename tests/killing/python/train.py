configure_dashboard([{"title": "Loss", "metrics": ["loss"], "type": "line"}])
text("models/model.pkl", "a model")
metadata = {
    "best_model": "forest", "best_model_params": {}, "models_evaluated": {"forest": 0.9, "logistic": 0.8},
    "test_metrics": {"accuracy": 0.9}, "feature_importance": {"size": 1.0},
    "class_imbalance_strategy": "none", "tuning_method": "none", "tuning_trials": 2,
    "random_seed": int(os.environ["TRAINABLE_SEED"]),
}
text("data/metadata.json", json.dumps(metadata))
text("report.md", "# What was trained\n\nA forest.\n")
print("written")
