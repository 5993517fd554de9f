"""Labels in the forms in which users have them. Oracle for the form of an array: scikit-learn's `type_of_target`."""

import unittest

import numpy as np
from sklearn.utils.multiclass import type_of_target

from clsify._labels import Labels


class Forms(unittest.TestCase):
    def test_one_per_row(self):
        import pandas
        import polars
        import pyarrow

        for y in (["b", "a"], ("b", "a"), np.array(["b", "a"]), np.array(["b", "a"], dtype=object), pandas.Series(["b", "a"]),
                  pandas.Series(["b", "a"], dtype="category"), polars.Series(["b", "a"]), pyarrow.chunked_array([["b"], ["a"]])):
            with self.subTest(type(y)):
                labels = Labels.of(y)
                self.assertEqual((labels.kind, labels.classes.tolist(), labels.rows(y)), ("classes", ["a", "b"], [["b"], ["a"]]))
        for y, names in [([10, 9], ["9", "10"]), ([True, False], ["False", "True"]), (np.array([1, 2]), ["1", "2"])]:
            with self.subTest(y):
                self.assertEqual(Labels.of(y).names, names)

    def test_columns(self):
        import pandas
        import scipy.sparse

        columns = [[1, 0], [1, 1], [0, 0]]
        for y in (columns, np.array(columns), np.array(columns, dtype=bool), scipy.sparse.csr_matrix(columns)):
            with self.subTest(type(y)):
                labels = Labels.of(y)
                self.assertEqual(type_of_target(np.asarray(y.toarray() if hasattr(y, "toarray") else y)), "multilabel-indicator")
                self.assertEqual((labels.kind, labels.names, labels.rows(y)), ("columns", ["0", "1"], [["0"], ["0", "1"], []]))
        frame = pandas.DataFrame(columns, columns=["good", "long"])
        self.assertEqual(Labels.of(frame).classes.tolist(), ["good", "long"])
        self.assertEqual(Labels.of(frame).answers(np.array([[True, False]])).tolist(), [[1, 0]])

    def test_sets(self):
        import polars
        import pyarrow

        sets = [["b", "a"], [], ["c"]]
        for y in (sets, [set(row) for row in sets], [tuple(row) for row in sets], np.array(sets, dtype=object), polars.Series(sets), pyarrow.array(sets)):
            with self.subTest(type(y)):
                labels = Labels.of(y)
                self.assertEqual((labels.kind, labels.classes.tolist(), labels.separator), ("sets", ["a", "b", "c"], ";"))
                self.assertEqual([sorted(row) for row in labels.rows(y)], [["a", "b"], [], ["c"]])
        self.assertEqual(Labels.of(sets).answers(np.array([[True, False, True]])).tolist(), [("a", "c")])

    def test_what_is_refused(self):
        for y, message in [(["a", None], "row 1: expected a label"), (["a", float("nan")], "missing|NaN|nan"), ([1.5, 2.5, 3.25], "continuous"),
                           (["a", ""], "without line breaks"), (["a", "b\n"], "without line breaks"), (np.array([1, "1"], dtype=object), "texts|type|same"),
                           ([["a"], [1]], "of one type"), (np.array([[1, 2], [0, 1]]), "columns of 0 and 1")]:
            with self.subTest(y), self.assertRaisesRegex((ValueError, TypeError), message):
                labels = Labels.of(y)
                labels.rows(y)
        labels = Labels.of(["a", "b"])
        with self.assertRaisesRegex(ValueError, "one label per row, as in the fit"):
            labels.rows([["a"], ["b"]])
        with self.assertRaisesRegex(ValueError, "expected 2 columns, as in the fit, got 3"):
            Labels.of([[1, 0], [0, 1]]).rows([[1, 0, 1]])


if __name__ == "__main__":
    unittest.main()
