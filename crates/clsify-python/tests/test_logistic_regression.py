"""The classifier on arrays. Oracle: scikit-learn, whose optimum it shares."""

import unittest
import warnings
from collections import Counter

import numpy as np
from sklearn.linear_model import LogisticRegression as Reference
from sklearn.utils.estimator_checks import check_estimator

from clsify import LogisticRegression


def rows(n_classes, seed=0, n=120, n_features=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features)).astype(np.float32)
    y = np.array([f"class {i}" for i in (X[:, :n_classes] + 0.5 * rng.normal(size=(n, n_classes))).argmax(axis=1)])
    return X, y, rng.uniform(0.1, 3.0, size=n)


class Fits(unittest.TestCase):
    def test_scikit_learns_checks(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = check_estimator(LogisticRegression(), on_fail=None)
        failed = [(result["check_name"], result["exception"]) for result in results if result["status"] == "failed"]
        self.assertEqual(failed, [])
        self.assertEqual(Counter(result["status"] for result in results)["skipped"], 1)

    def test_optimum_of_scikit_learn(self):
        for n_classes in (2, 3, 5):
            X, y, weights = rows(n_classes)
            by_class = {"class 0": 2.0}
            for C, class_weight, sample_weight in [(1.0, None, None), (0.01, "balanced", weights), (100.0, by_class, None), (1.0, by_class, weights)]:
                with self.subTest(n_classes=n_classes, C=C, class_weight=class_weight):
                    reference = Reference(C=C, class_weight=class_weight, tol=1e-12, max_iter=100_000).fit(X.astype(np.float64), y, sample_weight)
                    found = LogisticRegression(C=C, class_weight=class_weight).fit(X, y, sample_weight)
                    self.assertLessEqual(np.abs(found.coef_ - reference.coef_).max(), 1e-6)
                    self.assertLessEqual(np.abs(found.predict_proba(X) - reference.predict_proba(X.astype(np.float64))).max(), 1e-6)
                    self.assertTrue(np.array_equal(found.predict(X), reference.predict(X)))

    def test_threads_change_no_bit(self):
        X, y, _ = rows(4)
        self.assertTrue(np.array_equal(*(LogisticRegression(threads=threads).fit(X, y).coef_ for threads in (1, 2))))

    def test_what_is_refused(self):
        X, y, _ = rows(2)
        for options, message in [({"C": 0}, "expected"), ({"class_weight": "even"}, "class_weight: expected None, 'balanced' or a dict"),
                                 ({"class_weight": {"x": 1}}, "expected classes of y"), ({"threads": -1}, "")]:
            with self.subTest(options), self.assertRaisesRegex((ValueError, OverflowError), message):
                LogisticRegression(**options).fit(X, y)
        with self.assertRaisesRegex(ValueError, "only one class"):
            LogisticRegression().fit(X, ["one"] * len(X))


if __name__ == "__main__":
    unittest.main()
