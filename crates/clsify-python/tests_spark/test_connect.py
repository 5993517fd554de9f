"""The same functions through Spark Connect, whose client has no access to the cluster's Java objects."""

import os
import subprocess
import sys
import unittest

import numpy as np

import clsify
from support import BERT, on_one_machine, sentences

# In a process of its own, because a session of either kind is the only one of its process. This server is on this machine alone.
PROGRAM = """
import sys

from pyspark.sql import SparkSession

import clsify.spark

builder = SparkSession.builder.remote("local[2]").config("spark.ui.enabled", "false").config("spark.sql.shuffle.partitions", "2")
spark = builder.config("spark.driver.memory", "1g").getOrCreate()
assert type(spark).__module__.startswith("pyspark.sql.connect"), type(spark)
df = spark.read.json(sys.argv[2]).repartition(4, "id")
out = clsify.spark.embed(df, "text", model=sys.argv[1], key="id").persist()
fitted = clsify.spark.fit_logistic(out, "embedding", "answer")
rows = out.collect()
kernels = clsify.spark.kernels(out)
spark.stop()

import json

print(json.dumps({"rows": [[row["id"], row["embedding"]] for row in rows], "coef": fitted.coef_.tolist(), "kernels": kernels}))
"""


class Connect(unittest.TestCase):
    def test_embed_and_fit(self):
        import json
        import tempfile

        texts, answers = sentences()[:200], ["yes" if i % 7 < 3 else "no" for i in range(200)]
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/rows.json"
            with open(file, "w", encoding="utf-8") as out:
                out.writelines(json.dumps({"id": i, "text": text, "answer": answer}) + "\n" for i, (text, answer) in enumerate(zip(texts, answers)))
            environment = {name: value for name, value in os.environ.items() if name != "CLSIFY_SPARK_MASTER"}
            done = subprocess.run([sys.executable, "-W", "ignore", "-c", PROGRAM, BERT, file], capture_output=True, text=True, check=False, env=environment)
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])
        found = json.loads(done.stdout.splitlines()[-1])
        expected = on_one_machine(BERT, texts)
        self.assertEqual(sorted(i for i, _ in found["rows"]), list(range(200)))
        self.assertTrue(all(np.array_equal(np.array(vector, dtype=np.float32), expected[i]) for i, vector in found["rows"]))
        local = clsify.LogisticRegression(tol=1e-13).fit(expected, np.array(answers))
        self.assertLessEqual(np.abs(np.array(found["coef"]) - local.coef_).max(), 1e-8)
        self.assertEqual(len(found["kernels"]), 1)


if __name__ == "__main__":
    unittest.main()
