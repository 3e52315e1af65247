"""One reader per format. A source has

name        the file's name, for people
format      "csv", "tsv", "parquet", "xlsx" or "jsonl"
columns     the names of its columns, as they stand in the file
typed       whether its values have types already; otherwise every value is text, or null where there was none
batches()   yields pyarrow RecordBatches with the columns in that order; may be called again for a second pass
"""

# Rows per batch where the reader chooses: enough for columnar speed, little memory.
BATCH_ROWS = 32_768
