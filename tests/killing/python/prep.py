# Enough for the exit check, which reads no rows.
for name in ("train", "val", "test", "row_ids"):
    text(f"data/{name}.parquet", "PAR1" + "-" * 40 + "PAR1")
text("data/prep_pipeline.pkl", "fitted")
splits = {"train": {"rows": 28}, "val": {"rows": 6}, "test": {"rows": 6}}
metadata = {
    "target_column": "kind", "problem_type": "classification", "features": ["size", "weight"],
    "categorical_features": [], "numeric_features": ["size", "weight"], "n_classes": 2,
    "class_distribution": {"big": 20, "small": 20}, "splits": splits, "transforms": ["none"],
    "random_seed": int(os.environ["TRAINABLE_SEED"]), "original_shape": [40, 5],
    "duplicates_removed": 0, "outliers_removed": 0,
}
text("data/metadata.json", json.dumps(metadata))
text("report.md", "# What was prepared\n\nNothing was changed.\n")
print("written")
