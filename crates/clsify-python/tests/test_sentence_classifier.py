"""The classifier of sentences. Oracles: the program, whose probabilities it has to the bit, and scikit-learn, for its interface and its optimum."""

import os
import pickle
import shutil
import tempfile
import unittest
import warnings
from collections import Counter
from pathlib import Path
from unittest import mock

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted, validate_data

from clsify import SentenceClassifier, SentenceClassifierCV, SentenceEncoder
from clsify.exceptions import FetchError, ModelError
from support import BERT, CHECKS, FIXTURES, clsify, reviews


class Spelled(ClassifierMixin, BaseEstimator):
    """Spells rows of numbers as text, so that scikit-learn's checks can be run on a classifier of texts."""

    def __init__(self, C=1000.0, class_weight=None, tol=1e-10, max_iter=10_000):
        self.C = C
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter

    def fit(self, X, y, sample_weight=None):
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        X, y = validate_data(self, X, y, dtype=np.float64)
        classifier = SentenceClassifier(BERT, pooling="mean", C=self.C, class_weight=self.class_weight, tol=self.tol, max_iter=self.max_iter,
                                        cache=None)
        self.classifier_ = classifier.fit(self.texts(X), y, sample_weight)
        self.classes_ = self.classifier_.classes_
        self.n_iter_ = np.array([self.classifier_.choices_["classifier"]["n_iter"]])
        return self

    def texts(self, X):
        words = "abcdefghijklmnopqrstuvwxyz"
        return [" ".join(words[int(np.clip(round(number * 3), -12, 12)) + 12] for number in row) for row in X]

    def rows(self, X):
        check_is_fitted(self)
        return self.texts(validate_data(self, X, dtype=np.float64, reset=False))

    def predict(self, X):
        rows = self.rows(X)
        return self.classifier_.predict(rows)

    def predict_proba(self, X):
        rows = self.rows(X)
        return self.classifier_.predict_proba(rows)

    def decision_function(self, X):
        rows = self.rows(X)
        return self.classifier_.decision_function(rows)


class Estimator(unittest.TestCase):
    def test_checks_that_need_no_x(self):
        for estimator in (SentenceClassifier(BERT), SentenceClassifierCV(BERT)):
            for name in CHECKS:
                with self.subTest(name, estimator=estimator):
                    getattr(estimator_checks, name)(type(estimator).__name__, estimator)

    def test_scikit_learns_checks_on_numbers_as_text(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = estimator_checks.check_estimator(Spelled(), on_fail=None)
        failed = [(result["check_name"], result["exception"]) for result in results if result["status"] == "failed"]
        self.assertEqual(failed, [])
        self.assertEqual(Counter(result["status"] for result in results)["skipped"], 1)
        self.assertGreater(len(results), 60)

    def test_in_searches_pipelines_and_calibration(self):
        import pandas

        X, y = reviews(80)
        search = GridSearchCV(SentenceClassifier(BERT, cache=None), {"C": [0.1, 10.0], "pooling": ["cls", "mean"]}, cv=2).fit(X, y)
        self.assertGreater(search.best_score_, 0.9)
        self.assertGreater(cross_val_score(search.best_estimator_, X, y, cv=3, n_jobs=2).mean(), 0.9)
        calibrated = CalibratedClassifierCV(SentenceClassifier(BERT, C=1.0, cache=None), cv=2).fit(X, y)
        self.assertEqual(calibrated.predict_proba(X[:3]).shape, (3, 2))
        frame = pandas.DataFrame({"text": X, "n": range(len(X))})
        column = ColumnTransformer([("text", "passthrough", ["text"])])
        pipeline = make_pipeline(column, SentenceClassifier(BERT, C=1.0, cache=None)).fit(frame, y)
        self.assertEqual(pipeline.predict(frame[:3]).shape, (3,))
        self.assertIn("SentenceClassifier", pipeline._repr_html_())

    def test_weights_are_routed(self):
        X, y = reviews(60)
        weights = np.linspace(0.1, 2.0, len(X))
        with config_context(enable_metadata_routing=True):
            pipeline = make_pipeline(SentenceClassifier(BERT, C=1.0, cache=None).set_fit_request(sample_weight=True))
            routed = pipeline.fit(X, y, sample_weight=weights)[-1]
        direct = SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y, weights)
        self.assertTrue(np.array_equal(routed.coef_, direct.coef_))
        self.assertFalse(np.array_equal(direct.coef_, SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y).coef_))


class Fits(unittest.TestCase):
    def test_probabilities_of_the_command(self):
        """A model that the program trains on the same rows, with a test file of its own."""
        X, y = reviews(90, n_classes=3)
        rows = "".join(f"{text}\t{label}\n" for text, label in zip(X, y))
        with tempfile.TemporaryDirectory() as folder:
            data, model = Path(folder) / "data.tsv", Path(folder) / "model"
            data.write_text(rows, encoding="utf-8")
            for given, parameters in [([], {}), (["--pooling", "mean", "--c", 0.5], {"pooling": "mean", "C": 0.5}),
                                      (["--features", "article", "--calibration", "temperature", "--class-weight", "balanced"],
                                       {"features": "article", "calibration": "temperature", "class_weight": "balanced"})]:
                for threads in (1, 2):
                    with self.subTest(given=given, threads=threads):
                        clsify("train", "--data", data, "--test-data", data, "--encoder", BERT, "--output", model, *given)
                        found = SentenceClassifier(BERT, threads=threads, cache=None, **parameters).fit(X, y)
                        loaded = SentenceClassifier.load(model, cache=None)
                        self.assertTrue(np.array_equal(loaded.predict_proba(X), found.predict_proba(X)))

    def test_optimum_of_scikit_learn(self):
        X, y = reviews(120, n_classes=3)
        features = SentenceEncoder(BERT, pooling="mean").transform(X).astype(np.float64)
        reference = Reference(C=2.0, solver="newton-cholesky", tol=1e-12, max_iter=100_000).fit(features, y)
        found = SentenceClassifier(BERT, pooling="mean", C=2.0, tol=1e-10, cache=None).fit(X, y)
        self.assertLessEqual(np.abs(found.coef_ - reference.coef_).max(), 1e-6)
        self.assertLessEqual(np.abs(found.predict_proba(X) - reference.predict_proba(features)).max(), 1e-6)
        self.assertLessEqual(np.abs(found.decision_function(X) - reference.decision_function(features)).max(), 1e-5)

    def test_labels_keep_their_type_and_order(self):
        """As text, 10 comes before 9: the columns follow the numbers, and the logits their second."""
        X, y = reviews(60)
        numbers = np.where(np.asarray(y) == "dull", 9, 10)
        texts, found = (SentenceClassifier(BERT, C=1.0, cache=None).fit(X, labels) for labels in (y, numbers))
        self.assertEqual(found.classes_.tolist(), [9, 10])
        self.assertTrue(np.array_equal(found.predict(X) == 9, texts.predict(X) == "dull"))
        self.assertLess(np.abs(found.predict_proba(X) - texts.predict_proba(X)).max(), 1e-12)
        self.assertLess(np.abs(found.decision_function(X) - texts.decision_function(X)).max(), 1e-12)
        positive = found.decision_function(X) > 0
        self.assertTrue(np.array_equal(found.predict(X), np.where(positive, 10, 9)))

    def test_search_for_c(self):
        X, y = reviews(100, n_classes=3)
        found = SentenceClassifierCV(BERT, pooling="mean", Cs=[0.01, 1.0, 100.0], cv=4, cache=None).fit(X, y)
        reference = GridSearchCV(Reference(tol=1e-10, max_iter=100_000), {"C": [0.01, 1.0, 100.0]}, cv=4)
        reference.fit(SentenceEncoder(BERT, pooling="mean").transform(X).astype(np.float64), y)
        self.assertTrue(np.allclose(found.cv_results_["mean_test_score"], reference.cv_results_["mean_test_score"], atol=1e-12))
        self.assertEqual(found.C_, reference.best_params_["C"])
        self.assertEqual(clone(found).get_params()["Cs"], [0.01, 1.0, 100.0])
        with self.assertRaisesRegex(TypeError, "cv: expected a whole number of at least 2, got .five.$"):
            SentenceClassifierCV(BERT, cv="five").fit(X, y)

    def test_class_weights_by_class(self):
        X, y = reviews(60)
        weights = np.where(np.asarray(y) == "dull", 3.0, 1.0)
        by_class = SentenceClassifier(BERT, C=1.0, class_weight={"dull": 3.0}, cache=None).fit(X, y)
        by_row = SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y, weights)
        self.assertTrue(np.array_equal(by_class.coef_, by_row.coef_))

    def test_groups_stay_together(self):
        """Each sentence occurs twice, with a label at random: only without groups can a fold know the answer."""
        X, y = reviews(40, noise=1.0)
        X, y, groups = [f"{text} {row}" for row, text in enumerate(X)] * 2, y * 2, list(range(40)) * 2
        alone, together = (SentenceClassifierCV(BERT, pooling="mean", Cs=[1e6], cache=None).fit(X, y, groups=of).best_score_ for of in (None, groups))
        self.assertGreater(alone, together + 0.2)

    def test_what_is_refused(self):
        X, y = reviews(20)
        for parameters, message in [({"features": "auto", "C": 1.0}, "features='auto' chooses C"), ({"features": "best"}, "features: expected"),
                                    ({"scoring": "accuracy", "C": 1.0}, "scoring"), ({"calibration": "isotonic"}, "calibration: expected"),
                                    ({"thresholds": "f1"}, "thresholds: expected None or 'f1_macro'"), ({"abstain_below": 1.5}, "abstain_below"),
                                    ({"thresholds": "f1_macro", "costs": {}}, "expected one of thresholds and costs"),
                                    ({"tune": {"epoch": 1}}, "tune: expected options among"), ({"tune": True, "C": 1.0}, "tune: expected no C"),
                                    ({"C": -1.0}, "C"), ({"class_weight": {"x": 2.0}}, "expected classes of y"), ({"layers": "99", "C": 1.0}, "layer"),
                                    ({"random_state": -1, "tune": True}, "random_state"), ({"costs": {"dull": {"fine": 1}}}, "costs")]:
            with self.subTest(parameters), self.assertRaisesRegex(ValueError, message):
                SentenceClassifier(BERT, cache=None, **parameters).fit(X, y)
        for rows, labels, message in [(X, None, "y"), (X, y[1:], "inconsistent numbers of samples"), (X, ["one"] * 20, "only one class"),
                                      (["", *X[1:]], y, "row 0: expected a sentence"), (X, [None, *y[1:]], "row 0: expected a label"),
                                      (X, [" dull", *y[1:]], "without line breaks and spaces"), ("a treat", ["dull"], "Iterable over raw text")]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                SentenceClassifier(BERT, cache=None).fit(rows, labels)
        for weights, message in [([1.0], "sample_weight.shape"), ([0.0] * 20, "above zero"), ([np.nan] * 20, "finite")]:
            with self.subTest(message), self.assertRaisesRegex(ValueError, message):
                SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y, weights)


class Answers(unittest.TestCase):
    def test_label_sets(self):
        X, y = reviews(60, n_classes=3)
        sets = [[label, "film"] if label != "dull" else [] for label in y]
        found = SentenceClassifier(BERT, C=1000.0, cache=None).fit(X, sets)
        self.assertEqual(found.classes_.tolist(), sorted({label for row in sets for label in row}))
        self.assertTrue(all(isinstance(answer, tuple) for answer in found.predict(X)))
        self.assertEqual(found.predict_proba(X).shape, (60, len(found.classes_)))
        exact = np.mean([set(answer) == set(row) for answer, row in zip(found.predict(X), sets)])
        self.assertEqual(found.score(X, sets), exact)
        self.assertGreater(exact, 0.9)

        labels = found.classes_.tolist()
        columns = np.array([[int(label in row) for label in labels] for row in sets])
        as_columns = SentenceClassifier(BERT, C=1000.0, cache=None).fit(X, columns)
        self.assertTrue(np.array_equal(as_columns.predict_proba(X), found.predict_proba(X)))
        answers = as_columns.predict(X)
        self.assertTrue(np.array_equal(answers, [[int(label in answer) for label in labels] for answer in found.predict(X)]))
        self.assertEqual(as_columns.score(X, columns), exact)
        copy = pickle.loads(pickle.dumps(found))
        self.assertTrue(np.array_equal(copy.predict_proba(X), found.predict_proba(X)))

    def test_labels_that_contain_a_separator(self):
        X, y = reviews(40)
        sets = [["a;b", "c,d"] if label == "dull" else ["e|f"] for label in y]
        found = SentenceClassifier(BERT, C=1000.0, cache=None).fit(X, sets)
        self.assertEqual(found.classes_.tolist(), ["a;b", "c,d", "e|f"])

    def test_rules_and_abstention(self):
        X, y = reviews(80, noise=0.3)
        plain = SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y)
        abstains = SentenceClassifier(BERT, C=1.0, abstain_below=0.9, cache=None).fit(X, y)
        answers, sure = abstains.predict_with_abstention(X), abstains.predict_proba(X).max(axis=1) >= 0.9
        self.assertTrue(np.array_equal([answer is not None for answer in answers], sure))
        self.assertTrue(np.array_equal(answers[sure], plain.predict(X)[sure]))
        self.assertTrue(np.array_equal(abstains.predict(X), plain.predict(X)))
        # A wrong "dull" costs nine times as much: Elkan's threshold for it is 0.9.
        costs = {"dull": {"dull": 0, "fine": 1}, "fine": {"dull": 9, "fine": 0}}
        for form in (costs, np.array([[0, 1], [9, 0]])):
            careful = SentenceClassifier(BERT, C=1.0, costs=form, cache=None).fit(X, y)
            dull = plain.predict_proba(X)[:, 0] > 0.9
            self.assertTrue(np.array_equal(careful.predict(X) == "dull", dull))
        for parameters in ({"calibration": "temperature"}, {"calibration": "platt"}, {"thresholds": "f1_macro"}, {"target_precision": 0.75}):
            with self.subTest(parameters):
                found = SentenceClassifier(BERT, C=1.0, cache=None, **parameters).fit(X, y)
                self.assertIsNotNone(found.choices_["calibration" if "calibration" in parameters else "decision"])

    def test_descriptions(self):
        texts = {"fine": ["what a treat", "warm and funny"], "dull": "a bore"}
        found = SentenceClassifier(BERT, descriptions=texts).fit()
        self.assertEqual(found.classes_.tolist(), ["dull", "fine"])
        X, y = reviews(12)
        self.assertEqual(SentenceClassifier(BERT, descriptions=texts, cache=None).fit(X, y).choices_["descriptions"]["n_texts"], 3)

    def test_scores_and_reasons(self):
        X, y = reviews(80)
        found = SentenceClassifier(BERT, C=1.0, cache=None).fit(X[:60], y[:60])
        report = found.evaluate(X[60:], y[60:])
        self.assertEqual(report.to_dict()["test"]["accuracy"], found.score(X[60:], y[60:]))
        self.assertEqual(list(report.to_pandas()["label"]), ["dull", "fine"])
        self.assertEqual(sorted(report.charts), ["class_scores", "confusion", "precision_recall", "reliability"])
        self.assertIn("accuracy", str(report))
        self.assertEqual(report._repr_html_().count("<img"), 4)
        reasons = found.explain(["what a treat <b>", X[0]])
        self.assertEqual([one["text"] for one in reasons.to_dict()], ["what a treat <b>", X[0]])
        self.assertEqual(list(reasons.to_pandas()["text"])[:3], [0, 0, 0])
        self.assertTrue(reasons._repr_html_().startswith("<iframe srcdoc="))
        self.assertNotIn("<b>", reasons._repr_html_())
        # The change of the logit without a word, computed again.
        word = reasons.to_dict()[0]["words"][0]
        logits = found.decision_function(["what a treat <b>", "a treat <b>"])
        sign = 1 if reasons.to_dict()[0]["label"] == "fine" else -1
        self.assertAlmostEqual(word["contribution"], sign * (logits[0] - logits[1]), places=4)


class Kept(unittest.TestCase):
    def test_pickle_and_folder(self):
        X, y = reviews(300)
        found = SentenceClassifier(BERT, C=1.0, abstain_below=0.6, cache=None).fit(X, y)
        stored = pickle.dumps(found)
        self.assertLess(len(stored), 20_000)
        expected = found.predict_proba(X[:5])
        copy = pickle.loads(stored)
        self.assertTrue(np.array_equal(copy.predict_proba(X[:5]), expected))
        self.assertTrue(np.array_equal(copy.coef_, found.coef_))
        self.assertEqual(copy.get_params(), found.get_params())
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model"
            loaded = SentenceClassifier.load(found.save(model, bundle_encoder=True) and model)
            self.assertTrue(np.array_equal(loaded.predict_proba(X[:5]), expected))
            self.assertEqual(loaded.classes_.tolist(), ["dull", "fine"])

    def test_a_clone_of_what_was_loaded_learns_the_same(self):
        X, y = reviews(60, noise=0.2)
        sets = [[label] if row % 5 else [label, "long"] for row, label in enumerate(y)]
        costs = {"dull": (1.0, 2.0), "fine": (1.0, 1.0), "long": (2.0, 1.0)}
        of_classes = [{"C": 0.7, "layers": "1-2", "pooling": "cls+mean", "max_length": 50, "prompt": "x: ", "class_weight": "balanced"},
                      {"pooling": "mean", "calibration": "temperature", "target_precision": 0.6}, {"pooling": "auto", "calibration": "platt"},
                      {"C": 0.1, "thresholds": "f1_macro", "scaling": "standard"}, {"layers": "2", "costs": [[0, 1], [2, 0]]}, {}]
        of_sets = [{"thresholds": "f1"}, {"abstain_below": 0.6}, {"target_precision": 0.6}, {"costs": costs}, {"calibration": "temperature"}]
        for labels, all_given in [(y, of_classes), (sets, of_sets)]:
            for given in all_given:
                with self.subTest(given), tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found = SentenceClassifier(BERT, cache=None, **given).fit(X, labels)
                    found.save(Path(folder) / "model", bundle_encoder=True)
                    loaded = SentenceClassifier.load(Path(folder) / "model", cache=None)
                    self.assertTrue(Path(loaded.model).samefile(Path(folder) / "model" / "encoder"))
                    again = clone(loaded).fit(X, labels)
                    self.assertTrue(np.array_equal(again.predict_proba(X), found.predict_proba(X)))
                    self.assertEqual(again.predict_with_abstention(X).tolist(), found.predict_with_abstention(X).tolist())
                    self.assertIsInstance(SentenceClassifierCV.load(Path(folder) / "model", cache=None), SentenceClassifierCV)

    def test_a_hub_id(self):
        """A model in the hub's cache, as `clsify predict USER/NAME` leaves it there."""
        X, y = reviews(20)
        found = SentenceClassifier(BERT, C=1.0, cache=None).fit(X, y)
        commit = "0123456789" * 4
        with tempfile.TemporaryDirectory() as cache:
            repository = Path(cache) / "models--somebody--reviews"
            (repository / "refs").mkdir(parents=True)
            (repository / "snapshots").mkdir()
            (repository / "refs" / "main").write_text(commit, encoding="utf-8")
            found.save(repository / "snapshots" / commit, bundle_encoder=True)
            with mock.patch.dict(os.environ, {"HF_HUB_CACHE": cache, "HF_HUB_OFFLINE": "1"}):
                loaded = SentenceClassifier.load("somebody/reviews", cache=None)
                with self.assertRaises(FetchError):
                    SentenceClassifier.load("somebody/others", cache=None)
        self.assertEqual(loaded.predict(X).tolist(), found.predict(X).tolist())

    def test_a_changed_encoder_is_refused(self):
        X, y = reviews(20)
        with tempfile.TemporaryDirectory() as folder:
            encoder = Path(folder) / "encoder"
            shutil.copytree(BERT, encoder)
            stored = pickle.dumps(SentenceClassifier(encoder, C=1.0, cache=None).fit(X, y))
            pickle.loads(stored)
            weights = encoder / "model.safetensors"
            content = bytearray(weights.read_bytes())
            content[-1] ^= 1
            weights.write_bytes(content)
            with self.assertRaisesRegex(ModelError, "model.safetensors"):
                pickle.loads(stored)

    def test_a_tuned_encoder(self):
        X, y = reviews(40)
        found = SentenceClassifier(BERT, tune={"epochs": 1, "dropout": False}, cache=None).fit(X, y)
        if not found.choices_["tuning"]["is_kept"]:
            self.fail("the tuned encoder of this fixture is the better one, or as good")
        with self.assertRaisesRegex(ValueError, "tuned encoder"):
            pickle.dumps(found)
        with tempfile.TemporaryDirectory() as folder:
            loaded = SentenceClassifier.load(found.save(Path(folder) / "model") and Path(folder) / "model", cache=None)
            self.assertTrue(np.array_equal(loaded.predict_proba(X), found.predict_proba(X)))
            self.assertEqual(pickle.loads(pickle.dumps(loaded)).predict(X).tolist(), found.predict(X).tolist())
            with self.assertWarnsRegex(UserWarning, "the loaded model does not tell tune"):
                loaded.fit(X, y)

    def test_a_graph(self):
        """The command's own folder; tools/onnx.sh compares such folders with predictions."""
        X, y = reviews(60)
        found = SentenceClassifier(BERT, C=1.0, abstain_below=0.6, cache=None).fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            with self.assertWarnsRegex(UserWarning, "abstain"):
                found.export_onnx(Path(folder) / "python")
            found.save(Path(folder) / "model")
            clsify("export", "onnx", Path(folder) / "model", Path(folder) / "program")
            for name in ("onnx/model.onnx", "tokenizer.json", "config.json"):
                self.assertEqual((Path(folder) / "python" / name).read_bytes(), (Path(folder) / "program" / name).read_bytes())

    def test_heads_of_scikit_learn(self):
        """The golden heads that the library's own tests read: here with the features of an encoder that has as many."""
        import joblib

        X, y = reviews(60, n_classes=3)
        features = SentenceEncoder(BERT, pooling="mean").transform(X)
        head = Reference(C=2.0).fit(features, y)
        with tempfile.TemporaryDirectory() as folder:
            joblib.dump(head, Path(folder) / "head.joblib")
            found = SentenceClassifier.from_sklearn(Path(folder) / "head.joblib", BERT, pooling="mean", cache=None)
        self.assertEqual(found.classes_.tolist(), head.classes_.tolist())
        self.assertLess(np.abs(found.predict_proba(X) - head.predict_proba(features)).max(), 1e-6)

    def test_a_folder_of_setfit(self):
        found = next(iter(sorted((FIXTURES / "heads").glob("*setfit*"))), None)
        if found is None or not found.is_dir():
            import joblib

            X, y = reviews(60)
            with tempfile.TemporaryDirectory() as folder:
                setfit = Path(folder) / "setfit"
                shutil.copytree(BERT, setfit)
                vectors = SentenceEncoder(setfit, pooling="auto").transform(X)
                head = Reference().fit(vectors, np.asarray(y) == "fine")
                joblib.dump(head, setfit / "model_head.pkl")
                (setfit / "config_setfit.json").write_text('{"labels": ["dull", "fine"], "normalize_embeddings": false}', encoding="utf-8")
                classifier = SentenceClassifier.from_setfit(setfit, cache=None)
                self.assertEqual(classifier.classes_.tolist(), ["dull", "fine"])
                self.assertLess(np.abs(classifier.predict_proba(X) - head.predict_proba(vectors)).max(), 1e-6)


if __name__ == "__main__":
    unittest.main()
