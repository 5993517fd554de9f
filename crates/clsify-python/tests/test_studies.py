"""The studies as functions. Oracle: the program's own reports on the same rows."""

import json
import pickle
import tempfile
import unittest
from pathlib import Path

import clsify
from clsify import SentenceClassifier
from support import BERT, clsify as program, reviews


class Studies(unittest.TestCase):
    def setUp(self):
        self.X, self.y = reviews(120, noise=0.1)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name) / "data.jsonl"
        self.data.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(self.X, self.y)), encoding="utf-8")
        self.model = Path(folder.name) / "model"

    def same(self, found, *command):
        """Checks that a report is the program's, without the times."""
        expected = json.loads(program(*command, "--json"))
        self.assertEqual(timeless(json.loads(json.dumps(found.to_dict()))), timeless(expected))

    def pickled(self, found):
        copy = pickle.loads(pickle.dumps(found))
        self.assertEqual((copy.to_dict(), str(copy), copy.charts, copy._repr_html_()), (found.to_dict(), str(found), found.charts, found._repr_html_()))
        self.assertTrue(copy.to_pandas().equals(found.to_pandas()))

    def test_doctor(self):
        found = clsify.doctor(self.X, self.y, model=BERT, cache=None)
        self.same(found, "doctor", "--data", self.data, "--encoder", BERT, "--no-cache")
        self.assertEqual(sorted(found.charts), ["class_balance", "lengths"])
        self.pickled(found)
        issues = found.to_pandas()
        self.assertEqual([self.X[row] for row in issues["row"]], list(issues["text"]))
        without = clsify.doctor(self.X, self.y, model=None)
        self.assertEqual(without.to_dict()["label_issues"], [])
        leaks = clsify.doctor(self.X, self.y, X_test=self.X[:3], y_test=self.y[:3], model=None).to_dict()["leakage"]
        self.assertEqual(len(leaks), 3)
        refused = clsify.doctor(["", *self.X], [self.y[0], *self.y], model=None).to_dict()["quoting"]
        self.assertEqual(refused[0]["line"], 1)

    def test_advise(self):
        found = clsify.advise(self.X, self.y, models=[BERT], cache=None)
        expected = json.loads(program("advise", "--data", self.data, "--encoder", BERT, "--no-cache", "--json"))
        for one, other in zip(found.to_dict(), expected, strict=True):
            self.assertEqual(timeless(one["selection"]), timeless(other["selection"]))
        self.assertEqual(len(found.to_pandas()), len(expected[0]["selection"]["candidates"]))
        self.assertIn("SentenceClassifier(", str(found))
        self.pickled(found)

    def test_learning_curve(self):
        found = clsify.learning_curve(self.X, self.y, model=BERT, pooling="mean", sizes=[20, 40], n_repeats=2, cache=None)
        self.same(found, "curve", "--data", self.data, "--encoder", BERT, "--pooling", "mean", "--sizes", "20,40", "--repeats", 2, "--no-cache")
        self.assertEqual(list(found.to_pandas()["n_rows"]), [20, 40, 90])
        self.pickled(found)
        held_out = clsify.learning_curve(self.X[:90], self.y[:90], X_test=self.X[90:], y_test=self.y[90:], model=BERT, sizes=[20], cache=None)
        self.assertEqual(held_out.to_dict()["n_test"], 30)

    def test_compare_and_explain(self):
        a = SentenceClassifier(BERT, pooling="mean", C=10.0, cache=None).fit(self.X[:60], self.y[:60])
        b = SentenceClassifier(BERT, C=0.001, cache=None).fit(self.X[:60], self.y[:60])
        rows = self.X[60:], self.y[60:]
        report = clsify.compare(a, b, *rows, names=("mean", "weak")).to_dict()
        self.assertEqual([report[one]["test"]["accuracy"] for one in "ab"], [a.score(*rows), b.score(*rows)])
        b.save(self.model)
        again = clsify.compare(a, self.model, *rows)
        self.assertEqual(len(again.to_pandas()), sum(a.predict(rows[0]) != b.predict(rows[0])))
        for found in (again, a.evaluate(*rows), a.explain("what a treat")):
            self.pickled(found)
        program_says = json.loads(program("explain", self.model, "what a treat", "--json"))
        self.assertEqual(clsify.explain(self.model, "what a treat").to_dict(), program_says)

    def test_what_is_refused(self):
        for call, message in [(lambda: clsify.doctor(self.X, self.y[1:], model=None), "inconsistent"),
                              (lambda: clsify.advise(self.X, self.y, models=[BERT], scoring="auc"), "scoring: expected"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, test_size=2.5), "test_size: expected a number between 0 and 1"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, Cs=5), "Cs: expected a list"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, sizes=[2.5]), "sizes: expected a whole number"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, n_repeats="x"), "n_repeats: expected a whole number"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, stratify="x"), "stratify: expected True or False"),
                              (lambda: clsify.advise(self.X, self.y, models=BERT), "models: expected a list of encoders"),
                              (lambda: clsify.advise(self.X, self.y, models=[]), "models: expected a list of encoders, got an empty one"),
                              (lambda: clsify.advise(self.X, self.y, models=()), "models: expected a list of encoders, got an empty one"),
                              (lambda: clsify.advise(self.X, self.y, models={BERT}), "models: expected a list of encoders, got {"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, C=1.0, Cs=[1.0]), "C: expected one of C and Cs, got both"),
                              (lambda: clsify.learning_curve(self.X, self.y, X_test=self.X, model=BERT), "y_test: expected it beside X_test, got None"),
                              (lambda: clsify.doctor(self.X, self.y, y_test=self.y, model=None), "X_test: expected it beside y_test, got None"),
                              (lambda: clsify.doctor(self.X, self.y, model=None, near_duplicate_threshold=2), "near_duplicate_threshold: .* from -1 to 1, got 2"),
                              (lambda: clsify.doctor(self.X, self.y, model=None, near_duplicate_threshold=-1.5), "near_duplicate_threshold: .* got -1.5"),
                              (lambda: clsify.doctor(self.X, self.y, model=None, verbose=5), "verbose: expected True or False, got 5"),
                              (lambda: clsify.doctor(dict.fromkeys(self.X), self.y, model=None), "expected a list, array or column of sentences, got dict"),
                              (lambda: clsify.doctor(self.X, set(self.y), model=None), "y: expected a list, array or column with a label per row, got set"),
                              (lambda: clsify.doctor(self.X, self.y, model=None, C=float("nan")), "C: expected a number above 0, got nan"),
                              (lambda: clsify.doctor(self.X, self.y, model=None, near_duplicate_threshold="x"), "near_duplicate_threshold: expected"),
                              (lambda: clsify.learning_curve(self.X, self.y, model=BERT, scaling="minmax"), "scaling: expected"),
                              (lambda: clsify.explain(self.model, "x"), "expected a model folder"),
                              (lambda: clsify.compare(SentenceClassifier(), SentenceClassifier(), self.X, self.y), "not fitted")]:
            with self.subTest(message), self.assertRaisesRegex((ValueError, TypeError, OSError), message):
                call()


def timeless(report):
    """A report without its times and speeds."""
    if isinstance(report, dict):
        timed = ("seconds", "per_second")
        return {key: timeless(value) for key, value in report.items() if not any(word in key for word in timed)}
    return [timeless(value) for value in report] if isinstance(report, list) else report


if __name__ == "__main__":
    unittest.main()
