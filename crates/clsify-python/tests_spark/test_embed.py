"""Vectors on a cluster. Oracle: one process on one machine, to the bit."""

import os
import signal
import tempfile
import threading
import time
import unittest
from collections import Counter
from pathlib import Path

import numpy as np
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

import clsify.spark
from clsify import SentenceClassifier
from clsify._columns import strings
from support import BERT, FIXTURES, N_PARTITIONS, N_ROWS, REAL, on_one_machine, rows, sentences, session

# The most memory of a Python worker with all-MiniLM-L6-v2 in f32, in bytes.
MOST_MEMORY = 170_000_000
OTHER = str(FIXTURES / "transformers/bert_silu")


def executors():
    """The process ids of the executors of this machine."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue
        if b"CoarseGrainedExecutorBackend" in command and os.environ["SPARK_HOME"].encode() in command:
            found.append(int(process.name))
    return found


class OnACluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.spark = session()

    def test_a_killed_executor(self):
        def slowly(batches):
            # So that there is time to kill an executor.
            time.sleep(0.3)
            yield from batches

        model = REAL or BERT
        df = rows(self.spark)
        out = clsify.spark.embed(df.mapInArrow(slowly, df.schema), "text", model=model)
        status = self.spark.sparkContext.statusTracker()
        finished, failures = threading.Event(), []
        with tempfile.TemporaryDirectory() as folder:
            def write():
                try:
                    out.write.parquet(f"{folder}/vectors")
                except Exception as error:
                    failures.append(error)
                finished.set()

            def n_done():
                stages = [status.getStageInfo(stage) for stage in status.getActiveStageIds()]
                return max((stage.numCompletedTasks for stage in stages if stage is not None and stage.numTasks == N_PARTITIONS), default=0)

            before = executors()
            self.assertEqual(len(before), 2)
            threading.Thread(target=write).start()
            while n_done() < N_PARTITIONS // 4:
                self.assertFalse(finished.wait(0.02), f"the job ended too early: {failures}")
            os.kill(before[0], signal.SIGKILL)
            self.assertLess(n_done(), N_PARTITIONS)
            self.assertTrue(finished.wait(200))
            self.assertEqual(failures, [])
            self.assertNotIn(before[0], executors())
            self.assertTrue(Path(folder, "vectors/_SUCCESS").exists())
            self.assertEqual(len(list(Path(folder, "vectors").glob("part-*"))), N_PARTITIONS)
            written = self.spark.read.parquet(f"{folder}/vectors")
            self.assertEqual(len(clsify.spark.kernels(written)), 1)
            self.assertEqual(written.schema["embedding"].metadata["clsify.encoder"], clsify.arrow.Embed(model).loaded_sha256())
            found = written.toArrow()
        ids = found["id"].to_pylist()
        self.assertEqual(sorted(ids), list(range(N_ROWS)))
        vectors = np.stack(found["embedding"].to_numpy())
        self.assertTrue(np.array_equal(vectors, on_one_machine(model, sentences())[ids]))

    def test_a_poisoned_row(self):
        df = rows(self.spark)
        text = F.when(F.col("id") == 17, None).when(F.col("id") == 2018, F.unhex(F.lit("61FF")).cast("string")).otherwise(F.col("text"))
        poisoned = df.withColumn("text", text)
        out = clsify.spark.embed(poisoned, "text", model=BERT, on_error="null", key="id").collect()
        self.assertEqual(Counter(row["id"] for row in out), Counter(range(N_ROWS)))
        messages = {row["id"]: row["error"] for row in out if row["error"] is not None}
        self.assertEqual(messages, {17: "expected a sentence, got a missing value", 2018: "expected UTF-8, got byte 0xff at position 1"})
        self.assertEqual([row["id"] for row in out if row["embedding"] is None], [row["id"] for row in out if row["id"] in messages])
        expected = on_one_machine(BERT, sentences())
        self.assertTrue(all(np.array_equal(np.array(row["embedding"], dtype=np.float32), expected[row["id"]]) for row in out if row["id"] not in messages))
        logs = "".join(file.read_text() for file in Path(os.environ["SPARK_WORKER_DIR"]).glob("*/*/stderr"))
        self.assertIn("rows have no result: id 17: expected a sentence", logs)
        self.assertIn("id 2018: expected UTF-8", logs)
        with self.assertRaisesRegex(PySparkException, "id (17|2018): expected"):
            clsify.spark.embed(poisoned, "text", model=BERT, key="id").write.format("noop").mode("overwrite").save()

    def test_another_encoder_is_refused(self):
        out = clsify.spark.embed(rows(self.spark), "text", model=BERT, executor_model=OTHER)
        with self.assertRaisesRegex(PySparkException, "bert_silu: expected the encoder with sha256 [0-9a-f]{12}..., got"):
            out.write.format("noop").mode("overwrite").save()

    def test_an_archive(self):
        import tarfile

        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder, "tiny.tar.gz")
            with tarfile.open(archive, "w:gz") as tar:
                for file in Path(BERT).iterdir():
                    tar.add(file, file.name)
            self.spark.addArtifact(f"{archive}#tiny", archive=True)
            out = clsify.spark.embed(rows(self.spark).where("id < 20"), "text", model=BERT, executor_model="tiny").collect()
        expected = on_one_machine(BERT, sentences()[:20])
        self.assertTrue(all(np.array_equal(np.array(row["embedding"], dtype=np.float32), expected[row["id"]]) for row in out))
        self.assertEqual(len(out), 20)

    def test_labels(self):
        texts = sentences()
        with tempfile.TemporaryDirectory() as folder:
            model = f"{folder}/model"
            classifier = SentenceClassifier(BERT, pooling="mean", abstain_below=0.6, cache=False).fit(texts[:200], [i % 3 for i in range(200)])
            classifier.save(model, bundle_encoder=True)
            out = clsify.spark.predict(rows(self.spark), "text", model=model, probabilities="probabilities", on_error="null").collect()
        labels, probabilities = classifier.predict_with_abstention(texts), classifier.predict_proba(texts)
        self.assertEqual(Counter(row["id"] for row in out), Counter(range(N_ROWS)))
        for row in out:
            label = labels[row["id"]]
            self.assertEqual(row["label"], None if label is None else str(label))
            self.assertEqual(row["probabilities"], probabilities[row["id"]].tolist())
            self.assertEqual(row["probability"], max(row["probabilities"]))

    def test_names_that_are_taken(self):
        with self.assertRaisesRegex(ValueError, "expected new columns, got 'id'"):
            clsify.spark.embed(rows(self.spark), "text", model=BERT, output="id")

    def test_kernels_that_differ(self):
        mixed = self.spark.createDataFrame([("x86_64 avx512 f32",), ("x86_64 avx2 f32",), ("x86_64 avx2 f32",)], "clsify_kernel string")
        with self.assertWarnsRegex(UserWarning, "2 kernels computed these rows.*: x86_64 avx2 f32; x86_64 avx512 f32"):
            self.assertEqual(len(clsify.spark.kernels(mixed)), 2)

    @unittest.skipUnless(REAL, "needs CLSIFY_REAL_ENCODER")
    def test_memory_of_a_worker(self):
        import pyarrow as pa

        step = clsify.arrow.Embed(REAL, kernel="clsify_kernel", on_error="null")

        def measured(batches):
            import sys

            for batch in batches:
                step(batch)
                sizes = {"pid": os.getpid(), "scikit-learn": int("sklearn" in sys.modules), "pandas": int("pandas" in sys.modules)}
                lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
                # Memory that several processes share, such as the code of libraries, counts in parts that add up.
                sizes |= {name: 1024 * int(kilobytes.split()[0]) for name, kilobytes in (line.split(":") for line in lines) if name in ("Rss", "Pss")}
                text = " ".join(f"{name}={size}" for name, size in sizes.items())
                yield pa.RecordBatch.from_arrays([strings([text])], ["sizes"])

        found = rows(self.spark).mapInArrow(measured, "sizes string").collect()
        for row in found:
            sizes = {name: int(size) for name, size in (pair.split("=") for pair in row["sizes"].split())}
            self.assertEqual((sizes["scikit-learn"], sizes["pandas"]), (0, 0), "in a worker")
            self.assertLessEqual(sizes["Pss"], MOST_MEMORY)
        print(f"a worker's memory: {row['sizes']}")


if __name__ == "__main__":
    unittest.main()
