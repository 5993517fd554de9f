"""Sentences in every container, and what is refused. Oracle: the list of the same sentences."""

import unittest

import numpy as np

from clsify._texts import ONE_STRING, texts

SENTENCES = ["a treat", "", "\U0001f3ac \u05e9\u05dc\u05d5\u05dd", "a bore"]


def containers():
    yield "list", list(SENTENCES)
    yield "tuple", tuple(SENTENCES)
    yield "object array", np.array(SENTENCES, dtype=object)
    yield "str array", np.array(SENTENCES)
    yield "array with one column", np.array(SENTENCES, dtype=object).reshape(-1, 1)
    if hasattr(np.dtypes, "StringDType"):
        yield "StringDType", np.array(SENTENCES, dtype=np.dtypes.StringDType())
    yield "generator", (text for text in SENTENCES)
    import pandas

    yield "pandas series", pandas.Series(SENTENCES)
    yield "pandas series with another index", pandas.Series(SENTENCES, index=[7, 5, 3, 1])
    yield "pandas string", pandas.Series(SENTENCES, dtype="string")
    yield "pandas categorical", pandas.Series(SENTENCES, dtype="category")
    yield "pandas frame", pandas.DataFrame({"text": SENTENCES})
    import polars

    yield "polars series", polars.Series("text", SENTENCES)
    yield "polars categorical", polars.Series("text", SENTENCES, dtype=polars.Categorical)
    yield "polars frame", polars.DataFrame({"text": SENTENCES})
    import pyarrow

    yield "pyarrow array", pyarrow.array(SENTENCES)
    yield "pyarrow chunked", pyarrow.chunked_array([SENTENCES[:1], SENTENCES[1:]])
    yield "pyarrow dictionary", pyarrow.array(SENTENCES).dictionary_encode()
    yield "pyarrow table", pyarrow.table({"text": SENTENCES})


class Texts(unittest.TestCase):
    def test_every_container(self):
        for name, container in containers():
            with self.subTest(name):
                self.assertEqual(texts(container), SENTENCES)
                self.assertTrue(all(type(text) is str for text in texts(SENTENCES)))

    def test_what_is_refused(self):
        import pandas
        import pyarrow

        for X, message in [
            ("a treat", ONE_STRING),
            (b"a treat", ONE_STRING),
            (5, "expected an iterable of sentences, got int"),
            (["a", 5], "row 1: expected str, got int"),
            (["a", b"b"], "row 1: expected str, got bytes: decode it first"),
            (["a", None], "row 1: expected a sentence, got a missing value (None)"),
            (["a", float("nan")], "row 1: expected a sentence, got a missing value (nan)"),
            (pandas.Series(["a", None], dtype="string"), "row 1: expected a sentence, got a missing value"),
            (pyarrow.array(["a", None]), "row 1: expected a sentence, got a missing value (None)"),
            (["a", "b \ud800"], "row 1: expected Unicode text, got the lone surrogate '\\ud800' at position 2"),
            (np.array([["a", "b"]]), "expected one column of sentences, got 2 columns"),
            (np.zeros((2, 1, 1)), "expected one sentence per row, got an array of shape (2, 1, 1)"),
            (pandas.DataFrame({"a": ["x"], "b": ["y"]}), "expected one column of sentences, got 2 columns"),
        ]:
            with self.subTest(message), self.assertRaises(ValueError) as raised:
                texts(X)
            self.assertIn(message, str(raised.exception))

    def test_missing_values_as_empty_sentences(self):
        import pandas

        for X in (["a", None], np.array(["a", None], dtype=object), pandas.Series(["a", pandas.NA], dtype="string"), ["a", float("nan")]):
            self.assertEqual(texts(X, missing="empty"), ["a", ""])
        with self.assertRaises(ValueError):
            texts(["a"], missing="drop")


if __name__ == "__main__":
    unittest.main()
