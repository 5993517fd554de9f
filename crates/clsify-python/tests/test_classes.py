"""The classes of classifiers: columns without a row, and the types and order of loaded and imported labels. Oracle: scikit-learn."""

import pickle
import tempfile
import unittest
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from clsify import SentenceClassifier, SentenceEncoder
from clsify._labels import Labels
from support import BERT, reviews

X, Y = reviews(60)
FINE = np.asarray(Y) == "fine"
# Only rows of the last third have the label of the middle column.
COLUMNS = np.column_stack([FINE, np.arange(60) >= 50, ~FINE]).astype(int)


def classifier(**parameters):
    return SentenceClassifier(BERT, pooling="mean", C=1000.0, cache=None, **parameters)


class Quiet(unittest.TestCase):
    """Without the warnings of few rows, and of scores on the rows of the fit."""

    def setUp(self):
        context = warnings.catch_warnings()
        context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        warnings.simplefilter("ignore")


class WithoutRows(Quiet):
    """As scikit-learn's OneVsRestClassifier: the label keeps its column, has probability 0, and is never assigned."""

    def test_a_column_of_zeros(self):
        import pandas

        y = COLUMNS.copy()
        y[:, 1] = 0
        vectors = SentenceEncoder(BERT, pooling="mean").transform(X).astype(np.float64)
        reference = OneVsRestClassifier(Reference(C=1000.0, tol=1e-10, max_iter=100_000)).fit(vectors, y)
        for of_fit, classes in [(y, [0, 1, 2]), (pandas.DataFrame(y, columns=["z", "rare", "a"]), ["z", "rare", "a"])]:
            with self.subTest(classes):
                found = classifier().fit(X, of_fit)
                self.assertEqual(found.classes_.tolist(), classes)
                probabilities = found.predict_proba(X)
                self.assertEqual((probabilities[:, 1].max(), reference.predict_proba(vectors)[:, 1].max()), (0.0, 0.0))
                self.assertLess(np.abs(probabilities - reference.predict_proba(vectors)).max(), 1e-3)
                self.assertTrue(np.array_equal(found.predict(X), reference.predict(vectors)))
                logits = found.decision_function(X)
                self.assertEqual((logits.shape, found.coef_.shape, found.intercept_.shape), ((60, 3), (3, 32), (3,)))
                self.assertTrue(np.isfinite(logits).all())
                # The logits are rounded with the features to 32 bits.
                self.assertLess(np.abs(1 / (1 + np.exp(-logits)) - probabilities).max(), 1e-4)
                self.assertEqual(found.score(X, of_fit), reference.score(vectors, y))
                self.assertEqual(found.evaluate(X, of_fit).to_dict()["test"]["subset_accuracy"], found.score(X, of_fit))
                # Rows that have the label count as wrong.
                self.assertEqual(found.score(X, COLUMNS), reference.score(vectors, COLUMNS))
                copy = pickle.loads(pickle.dumps(found))
                self.assertTrue(np.array_equal(copy.predict_proba(X), probabilities))
                with tempfile.TemporaryDirectory() as folder:
                    found.save(Path(folder) / "model")
                    loaded = SentenceClassifier.load(Path(folder) / "model", cache=None)
                self.assertEqual(loaded.classes_.tolist(), sorted(set(classes) - {classes[1]}))

    def test_a_label_that_a_fold_lacks(self):
        folds = KFold(3)
        vectors = SentenceEncoder(BERT, pooling="mean").transform(X).astype(np.float64)
        reference = OneVsRestClassifier(Reference(C=1000.0, tol=1e-10, max_iter=100_000))
        self.assertFalse(COLUMNS[:40, 1].any())
        expected = cross_val_score(reference, vectors, COLUMNS, cv=folds)
        self.assertEqual(cross_val_score(classifier(), X, COLUMNS, cv=folds, error_score="raise").tolist(), expected.tolist())
        self.assertEqual(cross_val_predict(classifier(), X, COLUMNS, cv=folds, method="predict_proba").shape, (60, 3))
        search = GridSearchCV(classifier(), {"C": [1000.0]}, cv=folds, scoring="f1_macro", error_score="raise").fit(X, COLUMNS)
        self.assertTrue(np.isfinite(search.best_score_))

    def test_costs_and_a_warning(self):
        y = COLUMNS.copy()
        y[:, 1] = 0
        with self.assertWarnsRegex(UserWarning, "y: no row has the label 1: it is never assigned, and its probability is 0"):
            found = classifier(costs={0: (1, 2), 1: (1, 2), 2: (1, 3)}).fit(X, y)
        self.assertEqual(found.predict(X).shape, (60, 3))


class Typed(Quiet):
    def test_of_texts(self):
        for names, expected in [(["10", "2"], [2, 10]), (["-1", "0", "1"], [-1, 0, 1]), (["10.0", "2.0"], [2.0, 10.0]), (["False", "True"], [False, True]),
                                (["1", "a"], ["1", "a"]), (["01", "1"], ["01", "1"]), (["1", "1.0"], ["1", "1.0"]), (["1.5", "2.5"], ["1.5", "2.5"]),
                                (["1", "٢"], ["1", "٢"]), (["False", "No", "True"], ["False", "No", "True"]), (["inf", "nan"], ["inf", "nan"]),
                                (["1", "1_0"], ["1", "1_0"]), (["1", str(2**63)], ["1", str(2**63)]), (["-0", "1"], ["-0", "1"])]:
            for is_multi_label in (False, True):
                with self.subTest(names):
                    found = Labels.restored(names, is_multi_label).classes.tolist()
                    self.assertEqual((found, list(map(type, found))), (expected, list(map(type, expected))))

    def test_after_save_and_load(self):
        costs = [[0, 3], [1, 0]]
        for labels in ([2, 10], [2.0, 10.0], [False, True], ["b", "c"]):
            with self.subTest(labels), tempfile.TemporaryDirectory() as folder:
                y = [labels[int(is_fine)] for is_fine in FINE]
                found = classifier(costs=costs).fit(X, y)
                found.save(Path(folder) / "model")
                loaded = SentenceClassifier.load(Path(folder) / "model", cache=None)
                self.assertEqual((loaded.classes_.tolist(), loaded.classes_.dtype), (found.classes_.tolist(), found.classes_.dtype))
                self.assertTrue(np.array_equal(loaded.predict_proba(X), found.predict_proba(X)))
                self.assertTrue(np.array_equal(loaded.decision_function(X), found.decision_function(X)))
                self.assertTrue(np.array_equal(loaded.predict(X), found.predict(X)))
                for form in (y, np.asarray(y), list(map(str, y))):
                    for one in (found, loaded):
                        self.assertEqual(one.score(X, form), found.score(X, y))
                        self.assertEqual(one.evaluate(X, form).to_dict()["test"]["accuracy"], found.score(X, y))
                again = SentenceClassifier(**loaded.get_params()).fit(X, y)
                self.assertTrue(np.array_equal(again.predict(X), found.predict(X)))

    def test_label_sets_after_load(self):
        y = np.zeros((60, 12), dtype=int)
        y[np.arange(60), np.arange(60) % 12] = 1
        y[2:, 3] |= FINE[2:]
        found = classifier().fit(X, y)
        with tempfile.TemporaryDirectory() as folder:
            found.save(Path(folder) / "model")
            loaded = SentenceClassifier.load(Path(folder) / "model", cache=None)
        self.assertEqual(loaded.classes_.tolist(), list(range(12)))
        self.assertTrue(np.array_equal(loaded.predict_proba(X), found.predict_proba(X)))
        sets = [np.flatnonzero(row).tolist() for row in y]
        for form in (y, sets, [list(map(str, row)) for row in sets]):
            self.assertEqual(loaded.score(X, form), found.score(X, y))
            self.assertEqual(loaded.evaluate(X, form).to_dict()["test"]["subset_accuracy"], found.score(X, y))
        # The first rows have the labels 0 and 1, and look like one column.
        self.assertEqual(loaded.score(X[:2], [[0], [1]]), found.score(X[:2], y[:2]))
        with self.assertRaisesRegex(ValueError, "y: expected a list of labels per row, as in the fit, or a column of 0 and 1 for each label"):
            loaded.score(X, y[:, :5])

    def test_columns_are_found_by_their_names(self):
        """After `load` the labels are sorted, which the columns of the frame were not."""
        import pandas

        frame = pandas.DataFrame(COLUMNS, columns=["z", "m", "a"])
        found = classifier().fit(X, frame)
        with tempfile.TemporaryDirectory() as folder:
            found.save(Path(folder) / "model")
            loaded = SentenceClassifier.load(Path(folder) / "model", cache=None)
        self.assertEqual(loaded.classes_.tolist(), ["a", "m", "z"])
        self.assertEqual(loaded.score(X, frame), found.score(X, frame))
        self.assertEqual(loaded.evaluate(X, frame).to_dict()["test"], found.evaluate(X, frame).to_dict()["test"])
        with self.assertRaisesRegex(ValueError, "y: expected columns named a, m, z, got b, m, a"):
            loaded.score(X, frame.rename(columns={"z": "b"}))

    def test_heads_of_scikit_learn(self):
        vectors = SentenceEncoder(BERT, pooling="mean").transform(X)
        y, sets = np.arange(60) % 12, np.eye(12, dtype=int)[np.arange(60) % 12]
        with tempfile.TemporaryDirectory() as folder:
            for head, labels in [(Reference(), y), (Reference(), y.astype(float)), (Reference(), FINE), (Reference(), np.where(FINE, 10, 2)),
                                 (OneVsRestClassifier(Reference()), sets), (MultiOutputClassifier(Reference()), sets)]:
                with self.subTest(head):
                    head.fit(vectors, labels)
                    joblib.dump(head, Path(folder) / "head.joblib")
                    found = SentenceClassifier.from_sklearn(Path(folder) / "head.joblib", BERT, pooling="mean", cache=None)
                    expected = head.predict_proba(vectors)
                    if isinstance(expected, list):
                        expected = np.column_stack([of_label[:, 1] for of_label in expected])
                    else:
                        self.assertEqual(found.classes_.tolist(), head.classes_.tolist())
                    self.assertLess(np.abs(found.predict_proba(X) - expected).max(), 1e-6)
                    self.assertEqual(found.score(X, labels), head.score(vectors, labels))

    def test_descriptions_alone(self):
        for labels in ([1, 0], [10, 2], [True, False], ["b", "a"]):
            with self.subTest(labels):
                texts = {labels[0]: ["what a treat", "warm and funny"], labels[1]: ["a bore", "dull and long"]}
                found = SentenceClassifier(BERT, cache=None, descriptions=texts).fit()
                self.assertEqual((found.classes_.tolist(), type(found.classes_.tolist()[0])), (sorted(labels), type(labels[0])))
                self.assertEqual(found.predict(["what a treat"]).tolist(), [labels[0]])
        with self.assertRaisesRegex(ValueError, "descriptions: row 1: expected a label|descriptions: .*of one type"):
            SentenceClassifier(BERT, cache=None, descriptions={"a": ["x"], 1: ["y"]}).fit()


if __name__ == "__main__":
    unittest.main()
