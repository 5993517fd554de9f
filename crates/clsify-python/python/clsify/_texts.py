"""Sentences in the containers in which users have them, as a list of `str`."""

from collections.abc import Mapping

import numpy as np

from clsify._missing import is_missing

# scikit-learn's own sentence, which its users know.
ONE_STRING = "Iterable over raw text documents expected, string object received."


def texts(X, missing="error"):
    """The sentences of a list, tuple, array, or column, or of a frame with one column.

    Parameters
    ----------
    X : iterable of str
        Lists and tuples; NumPy arrays of str, object or StringDType; columns of pandas, polars and pyarrow; frames with one column.
    missing : {"error", "empty"}
        What a missing value (None, NaN, NA) is: an error, or an empty sentence.

    Returns
    -------
    list of str
    """
    if missing not in ("error", "empty"):
        raise ValueError(f"missing: expected 'error' or 'empty', got {missing!r}")
    if isinstance(X, (str, bytes)):
        raise ValueError(ONE_STRING)
    if isinstance(X, (Mapping, set, frozenset)):
        # A dict would give its keys, and a set has no order.
        raise ValueError(f"expected a list, array or column of sentences, got {type(X).__name__}: give its sentences as a list")
    values = _values(X)
    return [_text(value, row, missing) for row, value in enumerate(values)]


def _values(X):
    if isinstance(X, (list, tuple)):
        return X
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2:
        if shape[1] != 1:
            raise ValueError(f"expected one column of sentences, got {shape[1]} columns")
        X = only_column(X)
    elif shape is not None and len(shape) != 1:
        raise ValueError(f"expected one sentence per row, got an array of shape {tuple(shape)}")
    # pyarrow
    if hasattr(X, "to_pylist"):
        return X.to_pylist()
    # polars
    if hasattr(X, "to_list") and not hasattr(X, "iloc"):
        return X.to_list()
    if hasattr(X, "tolist"):
        return X.tolist()
    try:
        return list(X)
    except TypeError:
        raise ValueError(f"expected an iterable of sentences, got {type(X).__name__}") from None


def only_column(frame):
    """The first column of a frame of pandas, polars or pyarrow, or of an array."""
    if hasattr(frame, "iloc"):
        return frame.iloc[:, 0]
    # polars has `to_series`, pyarrow `column`.
    if hasattr(frame, "to_series"):
        return frame.to_series()
    if hasattr(frame, "column"):
        return frame.column(0)
    return np.asarray(frame)[:, 0]


def _text(value, row, missing):
    if isinstance(value, str):
        return check_unicode(value, f"row {row}")
    if is_missing(value):
        if missing == "empty":
            return ""
        raise ValueError(f"row {row}: expected a sentence, got a missing value ({value!r})")
    if isinstance(value, bytes):
        raise ValueError(f"row {row}: expected str, got bytes: decode it first")
    raise ValueError(f"row {row}: expected str, got {type(value).__name__}")


def check_unicode(text, place):
    """The text, if UTF-8 can encode it: half of a surrogate pair is no character."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"{place}: expected Unicode text, got the lone surrogate {text[error.start]!r} at position {error.start}") from None
    return text
