"""The transformer. Oracles: `clsify embed` for vectors, which are equal to the bit, and scikit-learn for its interface."""

import io
import json
import pickle
import shutil
import tempfile
import unittest
import warnings
from pathlib import Path

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from clsify import SentenceEncoder
from support import BERT, CHECKS, FIXTURES, clsify, sentences


class Vectors(unittest.TestCase):
    def test_bits_of_the_command(self):
        texts = sentences(2000)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "sentences.txt"
            file.write_text("\n".join(texts) + "\n", encoding="utf-8")
            for dtype in ("f32", "bf16", "int8"):
                embed = ["embed", "-q", "--encoder", BERT, "--pooling", "mean", "--dtype", dtype, "--input", file, "--output", "-"]
                expected = np.load(io.BytesIO(clsify(*embed)))
                for threads in (1, 2):
                    with self.subTest(dtype=dtype, threads=threads), warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        found = SentenceEncoder(BERT, pooling="mean", dtype=dtype, threads=threads).transform(texts)
                        self.assertEqual(found.dtype, np.float32)
                        self.assertTrue(np.array_equal(found, expected))

    def test_arguments_of_sentence_transformers(self):
        encoder = SentenceEncoder(BERT, pooling="mean")
        one, several = encoder.encode("a treat"), encoder.encode(["a treat", "a bore"], batch_size=1)
        self.assertEqual((one.shape, several.shape), ((32,), (2, 32)))
        self.assertTrue(np.array_equal(one, several[0]))
        normalized = encoder.encode(["a treat"], normalize_embeddings=True, truncate_dim=8)
        self.assertEqual(normalized.shape, (1, 8))
        self.assertAlmostEqual(float(np.linalg.norm(normalized)), 1.0, places=6)
        self.assertTrue(np.array_equal(encoder.encode("treat", prompt="a "), one))
        self.assertEqual(encoder.encode([]).shape, (0, 32))
        self.assertTrue(np.array_equal(encoder.encode(["a treat"], pool=None, chunk_size=10), several[:1]))
        self.assertEqual(encoder.get_sentence_embedding_dimension(), 32)
        for arguments, message in [({"pool": {}}, "pool: expected None, got {}: one process computes"), ({"truncate_dim": 0}, "truncate_dim: expected .* at least 1, got 0"),
                                   ({"truncate_dim": -1}, "truncate_dim: expected .* at least 1, got -1"), ({"device": "cuda"}, "device: expected None or 'cpu', got 'cuda'"),
                                   ({"precision": "int8"}, "precision: expected 'float32', got 'int8'"),
                                   ({"output_value": "token_embeddings"}, "output_value")]:
            with self.assertRaisesRegex(ValueError, message):
                encoder.encode(["a"], **arguments)
        for name in ("show_progress_bar", "normalize_embeddings", "convert_to_numpy", "convert_to_tensor"):
            for value in ("no", 2):
                with self.assertRaisesRegex(TypeError, f"{name}: expected True or False, got {value!r}"):
                    encoder.encode(["a"], **{name: value})
        self.assertTrue(np.array_equal(encoder.encode("a treat", show_progress_bar=False, normalize_embeddings=np.False_), one))
        for inputs in ({"text": "good film"}, {"good film"}, frozenset(["good film"])):
            for call in (encoder.encode, encoder.encode_query, encoder.transform, encoder.tokenize):
                with self.assertRaisesRegex(ValueError, f"expected a list, array or column of sentences, got {type(inputs).__name__}"):
                    call(inputs)

    def test_queries_and_documents(self):
        """Oracle: `encode` with the prompt that sentence-transformers 6.2 takes."""
        for prompts, default, query, document in [({}, None, "", ""), ({"query": "ask ", "passage": "tell "}, None, "ask ", ""),
                                                  ({"document": "d ", "corpus": "c "}, "corpus", "", "d ")]:
            with self.subTest(prompts), tempfile.TemporaryDirectory() as folder:
                model = Path(folder) / "model"
                shutil.copytree(BERT, model)
                settings = {"prompts": prompts, "default_prompt_name": default}
                (model / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
                encoder = SentenceEncoder(model, pooling="mean")
                self.assertTrue(np.array_equal(encoder.encode_query("a treat"), encoder.encode("a treat", prompt=query)))
                self.assertTrue(np.array_equal(encoder.encode_document(["a treat"]), encoder.encode(["a treat"], prompt=document)))
                self.assertTrue(np.array_equal(encoder.encode_query("a treat", prompt="x "), encoder.encode("a treat", prompt="x ")))
        own = SentenceEncoder(BERT, pooling="mean", prompt="x ")
        self.assertTrue(np.array_equal(own.encode_query("a treat", truncate_dim=3), own.encode("a treat")[:3]))

    def test_features_of_the_reference(self):
        """transformers' [CLS] vectors of the fixture, by 2e-4 as in the library's own test."""
        from safetensors.numpy import load_file

        texts = json.loads((FIXTURES / "transformers/sentences.json").read_text(encoding="utf-8"))
        expected = load_file(f"{BERT}/expected.safetensors")
        name = "cls" if "cls" in expected else next(name for name in expected if "cls" in name)
        found = SentenceEncoder(BERT, pooling="cls").transform(texts)
        self.assertLess(np.abs(found - expected[name].reshape(found.shape)).max(), 2e-4)


class Estimator(unittest.TestCase):
    def test_checks_that_need_no_x(self):
        for name in CHECKS:
            with self.subTest(name):
                getattr(estimator_checks, name)("SentenceEncoder", SentenceEncoder(BERT))

    def test_clone_and_pickle(self):
        encoder = SentenceEncoder(BERT, pooling="mean", threads=1).fit()
        expected = encoder.transform(["a treat"])
        stored = pickle.dumps(encoder)
        self.assertLess(len(stored), 1000)
        for copy in (clone(encoder), pickle.loads(stored)):
            self.assertEqual(copy.get_params(), encoder.get_params())
            self.assertTrue(np.array_equal(copy.transform(["a treat"]), expected))

    def test_in_a_pipeline(self):
        texts, labels = ["a treat", "a bore", "what a treat", "what a bore"] * 6, [1, 0, 1, 0] * 6
        pipeline = make_pipeline(SentenceEncoder(BERT, pooling="mean"), Reference())
        search = GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(texts, labels)
        self.assertGreater(search.best_score_, 0.9)

    def test_columns_and_frames(self):
        import pandas
        import polars

        frame = pandas.DataFrame({"text": ["a treat", "a bore"], "n": [1, 2]})
        expected = SentenceEncoder(BERT).transform(["a treat", "a bore"])
        for column in ("text", ["text"]):
            found = ColumnTransformer([("sentences", SentenceEncoder(BERT), column)]).fit_transform(frame)
            self.assertTrue(np.array_equal(found, expected))
        for name, module in (("pandas", pandas), ("polars", polars)):
            found = SentenceEncoder(BERT).set_output(transform=name).fit_transform(["a treat"])
            self.assertIsInstance(found, module.DataFrame)
            self.assertEqual(list(found.columns)[:2], ["sentenceencoder0", "sentenceencoder1"])

    def test_errors(self):
        from clsify.exceptions import ArgumentError, ClsifyError, FetchError

        for arguments, kind in [({"pooling": "median"}, ArgumentError), ({"layers": "x"}, ArgumentError), ({"dtype": "f64"}, ArgumentError),
                                ({"max_length": 10_000}, ClsifyError), ({"threads": 0}, ValueError)]:
            with self.subTest(arguments), self.assertRaises(kind) as raised:
                SentenceEncoder(BERT, **arguments).fit()
            self.assertIn("expected", str(raised.exception))
        for arguments, kind, message in [({"model": 5}, TypeError, "model: expected a name or a path, got 5"), ({"model": None}, TypeError, "model: expected"),
                                         ({"max_length": "x"}, TypeError, "max_length: expected a whole number of at least 1, got 'x'"),
                                         ({"max_length": 1.5}, TypeError, "max_length: .* got 1.5"), ({"max_length": 0}, ValueError, "max_length: .* got 0"),
                                         ({"prompt": 5}, TypeError, "prompt: expected a text, got 5"), ({"dtype": 5}, TypeError, "dtype: expected a text"),
                                         ({"prompt": "\ud800 "}, ValueError, "prompt: expected Unicode text"), ({"pooling": 5}, TypeError, "pooling: expected"),
                                         ({"layers": 1.5}, TypeError, "layers: expected a text, got 1.5"),
                                         ({"verbose": 5}, TypeError, "verbose: expected True or False, got 5"), ({"cache": 5}, TypeError, "cache: expected"),
                                         ({"threads": "x"}, TypeError, "threads: expected a whole number from 1 to 1024, got 'x'"),
                                         ({"threads": 1.5}, TypeError, "threads: expected a whole number from 1 to 1024, got 1.5")]:
            with self.subTest(arguments), self.assertRaisesRegex(kind, message):
                SentenceEncoder(**{"model": BERT, **arguments}).fit()
        self.assertEqual(SentenceEncoder(BERT, layers=3).n_features, 32)
        with self.assertRaises(FetchError) as raised:
            SentenceEncoder("/no/such/encoder").fit()
        self.assertIsNotNone(raised.exception.hint)


if __name__ == "__main__":
    unittest.main()
