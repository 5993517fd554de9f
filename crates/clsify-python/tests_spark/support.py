"""A session on the cluster of tools/spark.sh, and what the tests share."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa

from clsify.arrow import Embed

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
BERT = str(FIXTURES / "transformers/bert")
MASTER = os.environ.get("CLSIFY_SPARK_MASTER")
REAL = os.environ.get("CLSIFY_REAL_ENCODER")

N_ROWS = 4000
N_PARTITIONS = 16


def session():
    """A session whose two executors have one core each."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(MASTER).appName("clsify").config("spark.ui.enabled", "false").config("spark.log.level", "ERROR")
    builder = builder.config("spark.ui.showConsoleProgress", "false").config("spark.driver.memory", "1g").config("spark.executor.memory", "700m")
    # On a machine that has musl too, snappy loads the library for it and fails.
    builder = builder.config("spark.sql.parquet.compression.codec", "zstd").config("spark.sql.shuffle.partitions", "4")
    return builder.getOrCreate()


def sentences():
    """Sentences of different lengths, no two of them alike."""
    words = "a quiet bore that never ends and yet the warmest of all films about summer rain in a small town".split()
    return [f"film {i} is " + " ".join(words[(i + k) % len(words)] for k in range(i % 17)) for i in range(N_ROWS)]


def rows(spark):
    """The sentences with their numbers and labels, in 16 partitions."""
    data = [(i, text, "yes" if (i * i) % 7 < 3 else "no", i % 6 if i % 4 else 0) for i, text in enumerate(sentences())]
    return spark.createDataFrame(data, "id long, text string, answer string, topic int").repartition(N_PARTITIONS, "id")


def on_one_machine(model, texts, threads=2):
    """The vectors as one process computes them, `float32 [n, n_features]`."""
    return np.stack(Embed(model, threads=threads)(pa.table({"text": texts}))["embedding"].to_numpy())
