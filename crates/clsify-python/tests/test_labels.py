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

    def test_types_of_labels_are_kept(self):
        import pandas
        import pyarrow

        for y, expected in [(pandas.Series([1, 0], dtype="Int64"), np.int64), (pandas.Series([1, 0], dtype="Int8"), np.int8),
                            (pandas.array([1, 0], dtype="Int64"), np.int64), (pandas.Index([1, 0], dtype="Int64"), np.int64),
                            (pandas.Series([True, False], dtype="boolean"), bool), (pandas.Series([1.0, 0.0], dtype="Float64"), np.float64),
                            (pandas.Series([1, 0], dtype=pandas.ArrowDtype(pyarrow.int64())), np.int64), (pandas.Series([1, 0]), np.int64),
                            (pandas.Series([1, 0], dtype="category"), np.int64), (pandas.DataFrame({"y": pandas.Series([1, 0], dtype="Int64")}), np.int64),
                            (pyarrow.table({"y": [1, 0]}), np.int64), (np.array([1, 0], dtype=object), np.int64), (["b", "a"], "<U1"),
                            (pandas.Series(["b", "a"], dtype="string"), object), (np.array(["b", "a"], dtype=np.dtypes.StringDType()), object)]:
            with self.subTest(y):
                labels = Labels.of(y)
                self.assertEqual((labels.kind, labels.classes.dtype), ("classes", np.dtype(expected)))
                self.assertEqual(labels.rows(y), [[labels.names[1]], [labels.names[0]]])
        missing = "y: row 1: expected a label, got a missing value"
        for y in (pandas.Series([1, None], dtype="Int64", index=[3, 1]), pandas.Series([True, None], dtype="boolean"),
                  pandas.Series(["a", None], dtype="category"), pandas.Series(["a", None], dtype="string"), pandas.DataFrame({"y": [1.0, None]}),
                  pandas.Series([1, None], dtype=pandas.ArrowDtype(pyarrow.int64())), pyarrow.table({"y": [1, None]})):
            with self.subTest(y), self.assertRaisesRegex(ValueError, missing):
                Labels.of(y)

    def test_columns(self):
        import pandas
        import polars
        import pyarrow
        import scipy.sparse

        columns = [[1, 0], [1, 1], [0, 0]]
        for y in (columns, np.array(columns), np.array(columns, dtype=bool), scipy.sparse.csr_matrix(columns)):
            with self.subTest(type(y)):
                labels = Labels.of(y)
                self.assertEqual(type_of_target(np.asarray(y.toarray() if hasattr(y, "toarray") else y)), "multilabel-indicator")
                self.assertEqual((labels.kind, labels.names, labels.rows(y)), ("columns", ["0", "1"], [["0"], ["0", "1"], []]))
        frame = pandas.DataFrame(columns, columns=["good", "long"])
        table = pyarrow.Table.from_pandas(frame)
        for named in (frame, frame.astype("Int64"), frame.astype("boolean"), polars.from_pandas(frame), table, table.to_batches()[0]):
            with self.subTest(type(named)):
                self.assertEqual((Labels.of(named).kind, Labels.of(named).classes.tolist()), ("columns", ["good", "long"]))
                self.assertEqual(Labels.of(named).rows(named), [["good"], ["good", "long"], []])
        with self.assertRaisesRegex(ValueError, "y: row 1: expected columns of 0 and 1, one per label, got a missing value"):
            Labels.of(pyarrow.table({"good": [1, None], "long": [0, 1]}))
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
                           ([["a"], [1]], "of one type"), (np.array([[1, 2], [0, 1]]), "y: row 0: expected columns of 0 and 1.*got 2"),
                           ([["a"], "b"], "y: row 1: expected a list of labels, as in other rows, got 'b'"),
                           (["b", ["a"]], "y: row 0: expected a list of labels, as in other rows, got 'b'"),
                           ([["a"], None], r"y: row 1: expected a list of labels, as in other rows, got a missing value \(None\)"),
                           ([None, [1]], r"y: row 0: expected a list of labels, as in other rows, got a missing value"),
                           ([["a"], ["b", None]], "y: row 1: expected labels, got a missing value"),
                           ([["a"], [b"b"]], "y: row 1: expected labels that are texts, numbers or booleans"),
                           (["a", 1], "y: row 1: expected labels of one type, got 1 after 'a'"), (iter(["a", "b"]), "y: expected a list, array or column"),
                           ("ab", "y: expected a list, array or column with a label per row, got str"),
                           (np.array([1.0, np.nan]), "y: row 1: expected a label, got a missing value"),
                           (np.array([[0, 1], [np.nan, 0]]), "y: row 1: expected columns of 0 and 1, one per label, got a missing value"),
                           (["a", "\ud800"], "y: expected Unicode text, got the lone surrogate")]:
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
