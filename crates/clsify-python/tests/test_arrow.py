"""Arrow batches. Oracles: the estimators, whose oracle is the program, to the bit; for Newton's method the solver of `LogisticRegression`."""

import json
import pickle
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import pyarrow as pa

from clsify import LogisticRegression, SentenceClassifier, SentenceEncoder, _columns, _newton
from clsify.arrow import Embed, Predict
from clsify.exceptions import ClsifyError, DataError, EncoderError, ModelError
from support import BERT, sentences

TEXTS = sentences(20)
NOT_UTF8 = pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(np.array([0, 1, 3, 4], dtype=np.int32)), pa.py_buffer(b"aa\xffb")])


def matrix(column):
    """A column of lists as `[n_rows, n_numbers]`."""
    return np.array(column.to_pylist(), dtype=column.type.value_type.to_pandas_dtype())


class Batches(unittest.TestCase):
    def test_vectors_of_the_transformer(self):
        expected = SentenceEncoder(BERT, pooling="mean").transform(TEXTS)
        plain = pa.array(TEXTS)
        embed = Embed(BERT, pooling="mean")
        for texts in (plain, plain.cast(pa.large_string()), plain.dictionary_encode(), pa.chunked_array([plain[:7], plain[7:]])):
            with self.subTest(texts.type):
                found = embed(pa.table({"n": range(20), "text": texts}))
                self.assertIsInstance(found, pa.Table)
                self.assertEqual(found.schema.names, ["n", "text", "embedding"])
                self.assertEqual(found.schema.field("embedding").type, pa.list_(pa.float32(), 32))
                self.assertTrue(np.array_equal(matrix(found["embedding"]), expected))
                found.validate(full=True)
        batch = pa.record_batch({"text": plain})
        found = [embed(batch.slice(start, 9)) for start in range(0, 20, 9)]
        self.assertIsInstance(found[0], pa.RecordBatch)
        self.assertTrue(np.array_equal(np.concatenate([matrix(part["embedding"]) for part in found]), expected))

    def test_no_rows(self):
        for rows in (pa.record_batch({"text": pa.array([], pa.string())}), pa.table({"text": pa.chunked_array([], pa.string())})):
            found = Embed(BERT, on_error="null", kernel="kernel")(rows)
            self.assertEqual((found.num_rows, found.schema.names), (0, ["text", "embedding", "error", "kernel"]))

    def test_vectors_are_not_copied(self):
        rows = np.arange(12, dtype=np.float32).reshape(4, 3)
        column = _columns.vectors([(range(4), rows)], 4, 3, np.float32)
        self.assertEqual(column.values.buffers()[1].address, rows.ctypes.data)
        self.assertEqual(_columns.with_list_sizes(column).values.buffers()[1].address, rows.ctypes.data)

    def test_metadata(self):
        embed = Embed(BERT, pooling="mean", kernel="kernel")
        found = embed(pa.table({"text": TEXTS}))
        metadata = found.schema.field("embedding").metadata
        self.assertEqual(metadata[b"clsify.encoder"].decode(), embed.loaded_sha256())
        self.assertRegex(metadata[b"clsify.kernel"].decode(), f"f32, clsify .*, encoder {embed.loaded_sha256()[:12]}$")
        self.assertEqual(set(found["kernel"].to_pylist()), {metadata[b"clsify.kernel"].decode()})
        with self.assertRaisesRegex(EncoderError, "expected the [a-z]+ with sha256 000000000000..., got"):
            Embed(BERT, sha256="0" * 64)(pa.table({"text": TEXTS}))

    def test_parameters_travel_alone(self):
        embed = Embed(BERT, pooling="mean", key="id")
        embed(pa.table({"text": TEXTS}))
        stored = pickle.dumps(embed)
        self.assertLess(len(stored), 1000)
        self.assertTrue(pickle.loads(stored)(pa.table({"text": TEXTS})).equals(embed(pa.table({"text": TEXTS}))))

    def test_what_is_refused(self):
        rows = pa.table({"text": TEXTS, "n": range(20)})
        for embed, message in [(Embed(BERT, "texts"), "expected one column 'texts', got 0: the columns are 'text', 'n'"),
                               (Embed(BERT, "n"), "column 'n': expected strings, got int64"), (Embed(BERT, output="n"), "expected a new column, got 'n'")]:
            with self.subTest(message), self.assertRaisesRegex(DataError, message):
                embed(rows)
        with self.assertRaisesRegex(ValueError, "on_error: expected 'raise' or 'null', got 'skip'"):
            Embed(BERT, on_error="skip")
        with self.assertRaisesRegex(ValueError, "threads: expected"):
            Embed(BERT, threads=0)(rows)


class Poison(unittest.TestCase):
    def test_rows_without_a_sentence(self):
        rows = pa.table({"id": ["x", "y", "z"], "text": NOT_UTF8})
        with self.assertRaisesRegex(DataError, r"^row 1 of its batch: expected UTF-8, got byte 0xff at position 1"):
            Embed(BERT)(rows)
        with self.assertRaisesRegex(DataError, r"^id 'y': expected UTF-8") as raised:
            Embed(BERT, key="id")(rows)
        self.assertIn("on_error='null'", raised.exception.hint)
        with self.assertLogs("clsify", "WARNING") as logs:
            found = Embed(BERT, on_error="null", key="id", error="problem")(rows)
        self.assertEqual(logs.output, ["WARNING:clsify:1 of 3 rows have no result: id 'y': expected UTF-8, got byte 0xff at position 1"])
        self.assertEqual(found["problem"].to_pylist(), [None, "expected UTF-8, got byte 0xff at position 1", None])
        self.assertIsNone(found["embedding"].to_pylist()[1])
        self.assertTrue(np.array_equal(matrix(found["embedding"].take([0, 2])), SentenceEncoder(BERT).transform(["a", "b"])))

    def test_many_at_once(self):
        with self.assertLogs("clsify", "WARNING") as logs:
            found = Embed(BERT, on_error="null")(pa.table({"text": pa.array([None] * 7, pa.string())}))
        self.assertIn("row 4 of its batch: expected a sentence, got a missing value; and 2 more", logs.output[0])
        self.assertEqual((found["embedding"].null_count, found["error"].null_count), (7, 0))

    def test_sentences_that_cannot_be_encoded(self):
        calls = []

        def work(texts):
            calls.append(len(texts))
            bad = [place for place, text in enumerate(texts) if "bad" in text]
            if bad:
                raise ClsifyError("expected finite numbers\nhint", sentence=bad[0])
            return texts

        texts = ["bad" if row in (3, 11) else str(row) for row in range(16)]
        errors = {}
        parts = _columns.by_halves(work, texts, list(range(16)), errors)
        self.assertEqual(errors, {3: "expected finite numbers", 11: "expected finite numbers"})
        self.assertEqual({row: text for rows, found in parts for row, text in zip(rows, found)}, {row: str(row) for row in range(16) if row not in (3, 11)})
        self.assertLess(len(calls), 16)

        def broken(texts):
            raise ClsifyError("the weights are gone")

        with self.assertRaisesRegex(ClsifyError, "the weights are gone"):
            _columns.by_halves(broken, texts, [0, 1], {})


class Labels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        answers = [["no", "yes", "maybe"][i % 3] for i in range(20)]
        options = {"pooling": "mean", "cache": False}
        cls.classes = f"{cls.folder.name}/classes"
        SentenceClassifier(BERT, abstain_below=0.4, **options).fit(TEXTS, answers).save(cls.classes)
        cls.sets = f"{cls.folder.name}/sets"
        SentenceClassifier(BERT, **options).fit(TEXTS, [[["a", "b"], ["b"], []][i % 3] for i in range(20)]).save(cls.sets)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_labels_of_the_estimator(self):
        expected = SentenceClassifier.load(self.classes, cache=False)
        labels, probabilities = expected.predict_with_abstention(TEXTS), expected.predict_proba(TEXTS)
        self.assertTrue(any(label is None for label in labels) and any(label is not None for label in labels))
        found = Predict(self.classes, probabilities="probabilities")(pa.table({"text": TEXTS}))
        self.assertEqual(found["label"].to_pylist(), labels.tolist())
        self.assertTrue(np.array_equal(matrix(found["probabilities"]), probabilities))
        self.assertEqual(found["probability"].to_pylist(), probabilities.max(axis=1).tolist())
        self.assertEqual(json.loads(found.schema.field("label").metadata[b"clsify.classes"]), expected.classes_.tolist())
        found.validate(full=True)

    def test_label_sets(self):
        expected = SentenceClassifier.load(self.sets, cache=False)
        probabilities = expected.predict_proba(TEXTS)
        found = Predict(self.sets)(pa.table({"text": TEXTS}))
        self.assertEqual([tuple(names) for names in found["label"].to_pylist()], expected.predict(TEXTS).tolist())
        for names, of_names, of_row in zip(found["label"].to_pylist(), found["probability"].to_pylist(), probabilities):
            self.assertEqual(of_names, [of_row[expected.classes_.tolist().index(name)] for name in names])
        found.validate(full=True)

    def test_poison_and_options(self):
        rows = pa.table({"text": ["a treat", None]})
        for folder in (self.classes, self.sets):
            with self.assertLogs("clsify", "WARNING"):
                found = Predict(folder, output="answer", probability=None, probabilities="all", on_error="null", kernel="kernel")(rows)
            self.assertEqual(found.schema.names, ["text", "answer", "all", "error", "kernel"])
            self.assertEqual([found[name].to_pylist()[1] for name in ("answer", "all")], [None, None])
        with self.assertRaisesRegex(ModelError, "expected the [a-z]+ with sha256 000000000000..., got"):
            Predict(self.classes, sha256="0" * 64)(rows)

    def test_what_a_worker_imports(self):
        """scikit-learn and pandas would take 130 MB of every worker."""
        program = """
import sys
import pyarrow as pa
from clsify.arrow import Embed, Predict
rows = pa.ipc.open_stream(sys.stdin.buffer).read_all()
Embed(sys.argv[1], on_error="null", kernel="kernel")(rows)
Predict(sys.argv[2], on_error="null", kernel="kernel", probabilities="all")(rows)
Predict(sys.argv[3], on_error="null")(rows)
print(*(name for name in ("sklearn", "pandas", "scipy", "pyspark") if name in sys.modules))
"""
        rows = pa.record_batch({"text": ["a treat", None]})
        stream = pa.BufferOutputStream()
        with pa.ipc.new_stream(stream, rows.schema) as writer:
            writer.write_batch(rows)
        command = [sys.executable, "-c", program, BERT, self.classes, self.sets]
        done = subprocess.run(command, input=stream.getvalue().to_pybytes(), capture_output=True, check=False)
        self.assertEqual(done.stdout.strip(), b"", done.stderr)
        self.assertEqual(done.returncode, 0, done.stderr)


class Newton(unittest.TestCase):
    def test_optimum_of_the_solver(self):
        rng = np.random.default_rng(0)
        for n_classes in (2, 5):
            X = rng.normal(size=(300, 8)).astype(np.float32)
            # A dead dimension, as encoders have them.
            X[:, 3] = 1e-9
            y = (X[:, :n_classes] + 0.5 * rng.normal(size=(300, n_classes))).argmax(axis=1)
            weight = rng.uniform(0.1, 3.0, size=300)
            shape = _newton.Shape(n_classes, 8)
            for C in (0.01, 1.0, 1e4):
                with self.subTest(n_classes=n_classes, C=C):
                    sums = lambda weights: shape.sums(X[:100], y[:100], weight[:100], weights) + shape.sums(X[100:], y[100:], weight[100:], weights)
                    found, n_iter, converged = _newton.minimise(shape, sums, C=C, total_weight=weight.sum(), tol=1e-12, max_iter=100)
                    local = LogisticRegression(C=C, tol=1e-13).fit(X, y, weight)
                    self.assertTrue(converged)
                    self.assertLess(n_iter, 20)
                    self.assertLessEqual(np.abs(found[:, :-1] - local.coef_).max(), 1e-8)
                    self.assertLessEqual(np.abs(found[:, -1] - local.intercept_).max(), 1e-8)

    def test_derivatives(self):
        """By central differences, whose error is that of their step squared."""
        rng = np.random.default_rng(1)
        X, y, weight = rng.normal(size=(40, 3)), rng.integers(0, 4, size=40), rng.uniform(0.1, 2.0, size=40)
        for n_classes in (2, 4):
            shape = _newton.Shape(n_classes, 3)
            y = y % n_classes
            weights = rng.normal(size=(shape.n_rows, 4))
            at = lambda weights: shape.objective(shape.sums(X, y, weight, weights), weights, 2.0, weight.sum())
            _, gradient, hessian = at(weights)
            for place in range(weights.size):
                step = np.zeros(weights.size)
                step[place] = 1e-5
                step = step.reshape(weights.shape)
                above, below = at(weights + step), at(weights - step)
                self.assertAlmostEqual((above[0] - below[0]) / 2e-5, gradient.ravel()[place], places=8)
                numeric = ((above[1] - below[1]) / 2e-5).ravel()
                if shape.n_rows > 1 and place % 4 == 3:
                    # The term that keeps the sum of the intercepts.
                    numeric[3::4] += 1.0
                self.assertLess(np.abs(numeric - hessian[place]).max(), 1e-8)

    def test_values_that_are_not_finite(self):
        shape = _newton.Shape(2, 1)
        sums = lambda weights: shape.sums(np.array([[np.nan], [1.0]]), np.array([0, 1]), np.ones(2), weights)
        with self.assertRaisesRegex(ValueError, "expected finite features"):
            _newton.minimise(shape, sums, C=1.0, total_weight=2.0, tol=1e-10, max_iter=10)


if __name__ == "__main__":
    unittest.main()
