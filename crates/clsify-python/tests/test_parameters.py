"""Parameters of wrong types and out of range: a TypeError or ValueError that names the parameter, in one line."""

import unittest

import numpy as np
from sklearn.model_selection import StratifiedKFold

from clsify import LogisticRegression, SentenceClassifier, SentenceClassifierCV
from support import BERT, reviews

X, Y = reviews(20)
SETS = [[label] for label in Y]
NAN, INF = float("nan"), float("inf")


class Refused(unittest.TestCase):
    def refused(self, kind, message, call):
        with self.subTest(message), self.assertRaises(kind) as raised:
            call()
        self.assertIn(message, str(raised.exception))
        self.assertNotRegex(str(raised.exception), "column|\n")

    def test_of_a_classifier(self):
        for parameters, kind, message in [
            ({"C": NAN}, ValueError, "C: expected a number above 0, got nan"),
            ({"C": INF}, ValueError, "C: expected a number above 0, got inf"),
            ({"C": 0}, ValueError, "C: expected a number above 0, got 0"),
            ({"C": "x"}, TypeError, "C: expected a number above 0, got 'x'"),
            ({"C": True}, TypeError, "C: expected a number above 0, got True"),
            ({"tol": NAN}, ValueError, "tol: expected a number above 0, got nan"),
            ({"tol": 0}, ValueError, "tol: expected a number above 0, got 0"),
            ({"max_iter": 2.5}, TypeError, "max_iter: expected a whole number of at least 1, got 2.5"),
            ({"max_iter": 0}, ValueError, "max_iter: expected a whole number of at least 1, got 0"),
            ({"random_state": "x"}, TypeError, "random_state: expected a whole number from 0 to 4294967295, got 'x'"),
            ({"random_state": -1}, ValueError, "random_state: expected a whole number from 0 to 4294967295, got -1"),
            ({"random_state": np.random.RandomState(0)}, TypeError, "random_state: expected"),
            ({"model": None}, TypeError, "model: expected a name or a path, got None"),
            ({"model": 5}, TypeError, "model: expected a name or a path, got 5"),
            ({"prompt": 5}, TypeError, "prompt: expected a text, got 5"),
            ({"max_length": "x"}, TypeError, "max_length: expected a whole number of at least 1, got 'x'"),
            ({"threads": "x"}, TypeError, "threads: expected a whole number from 1 to 1024, got 'x'"),
            ({"threads": 1.5}, TypeError, "threads: expected a whole number from 1 to 1024, got 1.5"),
            ({"abstain_below": "x"}, TypeError, "abstain_below: expected a number between 0 and 1, got 'x'"),
            ({"target_precision": NAN}, ValueError, "target_precision: expected a number between 0 and 1, got nan"),
            ({"class_weight": {"dull": -1}}, ValueError, "class_weight: expected a finite number of at least 0, got -1"),
            ({"class_weight": {"dull": "x"}}, TypeError, "class_weight: expected a finite number of at least 0, got 'x'"),
            ({"class_weight": 5}, ValueError, "class_weight: expected None or 'balanced', got 5"),
            ({"scaling": np.zeros(2)}, ValueError, "scaling: expected None or 'none' or 'standard', got array([0., 0.])"),
            ({"descriptions": 5}, TypeError, "descriptions: expected a dict from label to texts, got 5"),
            ({"descriptions": {"dull": 5}}, TypeError, "descriptions: expected a list of texts, got 5"),
            ({"descriptions": {"dull": [5]}}, TypeError, "descriptions: expected a text, got 5"),
            ({"keep_neighbours": "no"}, TypeError, "keep_neighbours: expected True or False, got 'no'"),
            ({"verbose": 5}, TypeError, "verbose: expected True or False, got 5"),
            ({"descriptions": {"dull": {"a bore"}}}, TypeError, "descriptions: expected a list of texts, got {'a bore'}"),
            ({"costs": "x"}, TypeError, "costs: expected a dict of dicts, a frame or a square array of numbers, got 'x'"),
            ({"costs": [[0, 1, 2]] * 3}, ValueError, "costs: expected a cost for each pair of 2 labels, got an array of shape (3, 3)"),
            ({"costs": {("dull", "fine"): 5}}, TypeError, "costs: expected a dict from true label to costs of predicted labels, got 5"),
            ({"costs": {"dull": {"fine": 5}}}, ValueError, "costs: expected for the true label 'dull' the predicted labels dull, fine, got fine"),
            ({"costs": {"dull": {"dull": 0, "fine": 1}}}, ValueError, "costs: expected the true labels dull, fine, got dull"),
            ({"costs": {label: {"dull": "x", "fine": 1} for label in ("dull", "fine")}}, TypeError, "costs: expected a finite number of at least 0"),
        ]:
            self.refused(kind, message, lambda: SentenceClassifier(**{"model": BERT, "cache": None, "pooling": "mean", **parameters}).fit(X, Y))
        self.refused(TypeError, "descriptions: expected a dict", lambda: SentenceClassifier(BERT, descriptions=5).fit())
        self.refused(ValueError, "descriptions: expected texts of at least one label", lambda: SentenceClassifier(BERT, descriptions={}).fit())
        for costs, kind, message in [([[0, 1]], TypeError, "costs: expected a dict from label to (false_positive, false_negative)"),
                                     ({"dull": 5}, TypeError, "costs: expected a list of false_positive and false_negative, got 5"),
                                     ({"dull": (1, 2, 3)}, ValueError, "costs: expected (false_positive, false_negative) for the label 'dull'"),
                                     ({"dull": (1, NAN)}, ValueError, "costs: expected a finite number of at least 0, got nan")]:
            self.refused(kind, message, lambda: SentenceClassifier(BERT, cache=None, pooling="mean", costs=costs).fit(X, SETS))

    def test_of_tuning(self):
        for tune, kind, message in [("yes", TypeError, "tune: expected True, False or a dict of options, got 'yes'"),
                                    (1, TypeError, "tune: expected True, False or a dict of options, got 1"),
                                    ({"epochs": 0}, ValueError, "tune: epochs: expected a whole number of at least 1, got 0"),
                                    ({"epochs": "x"}, TypeError, "tune: epochs: expected a whole number"),
                                    ({"learning_rate": NAN}, ValueError, "tune: learning_rate: expected a finite number"),
                                    ({"dropout": 1.5}, TypeError, "tune: dropout: expected True or False, got 1.5"),
                                    ({"dtype": 5}, TypeError, "tune: dtype: expected a text, got 5")]:
            self.refused(kind, message, lambda: SentenceClassifier(BERT, cache=None, tune=tune).fit(X, Y))

    def test_of_a_search(self):
        for parameters, kind, message in [({"Cs": 5}, TypeError, "Cs: expected a list of numbers above 0, got 5"),
                                          ({"Cs": []}, ValueError, "Cs: expected at least one number, got none"),
                                          ({"Cs": {1.0: 2.0}}, TypeError, "Cs: expected a list of numbers above 0, got {1.0: 2.0}"),
                                          ({"Cs": [1.0, NAN]}, ValueError, "Cs: expected a number above 0, got nan"),
                                          ({"cv": 1}, ValueError, "cv: expected a whole number of at least 2, got 1"),
                                          ({"cv": 2.5}, TypeError, "cv: expected a whole number of at least 2, got 2.5"),
                                          ({"cv": StratifiedKFold(3)}, TypeError, "cv: expected a number of folds, got StratifiedKFold(n_splits=3"),
                                          ({"cv": [([0], [1])]}, TypeError, "for other folds search C with GridSearchCV")]:
            self.refused(kind, message, lambda: SentenceClassifierCV(BERT, cache=None, **parameters).fit(X, Y))

    def test_of_rows(self):
        classifier = SentenceClassifier(BERT, cache=None, pooling="mean")
        for arguments, kind, message in [({"groups": [None] * 20}, ValueError, "groups: row 0: expected a group, got a missing value (None)"),
                                         ({"groups": ["a"] * 19 + [NAN]}, ValueError, "groups: row 19: expected a group, got a missing value (nan)"),
                                         ({"groups": ["a"] * 19 + [1]}, ValueError, "groups: row 19: expected groups of one type, got 1 after 'a'"),
                                         ({"groups": set(range(20))}, TypeError, "groups: expected a list of groups, one per row, got {0, 1"),
                                         ({"groups": 5}, TypeError, "groups: expected a list of groups, one per row, got 5"),
                                         ({"sample_weight": "x"}, TypeError, "sample_weight: expected a number per row, got 'x'")]:
            self.refused(kind, message, lambda: classifier.fit(X, Y, **arguments))

    def test_of_methods(self):
        found = SentenceClassifier(BERT, cache=None, pooling="mean").fit(X, Y)
        for kind, message, call in [(TypeError, "title: expected a text, got 5", lambda: found.evaluate(X, Y, title=5)),
                                    (TypeError, "path: expected True or False, got 5", lambda: found.explain("a treat", path=5)),
                                    (ValueError, "label: expected Unicode text", lambda: found.explain("a treat", label="\ud800")),
                                    (TypeError, "folder: expected a name or a path, got 5", lambda: found.save(5)),
                                    (TypeError, "bundle_encoder: expected True or False, got 'no'", lambda: found.save("model", bundle_encoder="no")),
                                    (TypeError, "folder: expected a name or a path, got 5", lambda: found.export_onnx(5)),
                                    (TypeError, "folder: expected a name or a path, got 5", lambda: SentenceClassifier.load(5)),
                                    (TypeError, "dtype: expected a text, got 5", lambda: SentenceClassifier.load("model", dtype=5)),
                                    (TypeError, "file: expected a name or a path, got 5", lambda: SentenceClassifier.from_sklearn(5, BERT)),
                                    (TypeError, "labels: expected a list of texts, got 'ab'", lambda: SentenceClassifier.from_sklearn("x", BERT, labels="ab")),
                                    (ValueError, "y: row 1: expected a label, got a missing value", lambda: found.score(X[:2], ["dull", None])),
                                    (ValueError, "y: expected one label per row, as in the fit", lambda: found.score(X[:2], [["dull"], ["fine"]]))]:
            self.refused(kind, message, call)

    def test_of_the_solver(self):
        rows, ids = np.arange(8.0).reshape(4, 2), [0, 0, 1, 1]
        for parameters, kind, message in [({"C": NAN}, ValueError, "C: expected a number above 0, got nan"),
                                          ({"max_iter": 0}, ValueError, "max_iter: expected a whole number of at least 1, got 0"),
                                          ({"max_iter": 2.5}, TypeError, "max_iter: expected a whole number of at least 1, got 2.5"),
                                          ({"tol": "x"}, TypeError, "tol: expected a number above 0, got 'x'"),
                                          ({"threads": 0}, ValueError, "threads: expected a whole number from 1 to 1024, got 0"),
                                          ({"class_weight": {0: -1}}, ValueError, "class_weight: expected a finite number of at least 0, got -1")]:
            self.refused(kind, message, lambda: LogisticRegression(**parameters).fit(rows, ids))

    def test_what_is_accepted(self):
        classifier = SentenceClassifier(BERT, cache=None, pooling="mean", C=np.float32(1.0), max_iter=np.int64(100), random_state=None, layers=np.int64(2))
        self.assertEqual(classifier.fit(X, Y, groups=np.arange(20) % 5).classes_.tolist(), ["dull", "fine"])
        costs = {"fine": {"fine": 0, "dull": 1}, "dull": {"dull": 0, "fine": 2}}
        SentenceClassifier(BERT, cache=None, pooling="mean", costs=costs).fit(X, Y)


if __name__ == "__main__":
    unittest.main()
