"""Labels in the forms in which users have them: classes, sets of labels, and columns of 0 and 1."""

import numbers

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from clsify._missing import is_missing

# The separators of label sets, of which the first is taken that no label contains.
_SEPARATORS = (";", ",", "|", "\x1f")


class Labels:
    """The form of the labels of a fit, and their names.

    Parameters
    ----------
    kind : {"classes", "sets", "columns"}
        One label per row; a list of labels per row; or a column of 0 and 1 per label.
    classes : ndarray of shape (n_classes,)
        The labels as the user has them.
    """

    def __init__(self, kind, classes):
        self.kind = kind
        self.classes = classes
        self.names = [_name(label) for label in classes.tolist()]
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"expected labels with different texts, got {sorted(self.names)}")
        self.separator = None if kind == "classes" else next(s for s in _SEPARATORS if not any(s in name for name in self.names))

    @classmethod
    def of(cls, y):
        """The form of these labels."""
        if _is_sets(y):
            labels = {label for row in _rows(y) for label in row}
            return cls("sets", _sorted(labels))
        if _n_columns(y) > 1:
            names = getattr(y, "columns", None)
            columns = _columns(y)
            return cls("columns", np.arange(columns.shape[1]) if names is None else np.asarray(list(names), dtype=object))
        y = _one_per_row(y)
        check_classification_targets(y)
        return cls("classes", np.unique(y))

    @property
    def is_multi_label(self):
        """True if a row may have several labels."""
        return self.kind != "classes"

    def rows(self, y):
        """The names of the labels of each row; they may contain others than those of the fit."""
        if self.kind == "classes":
            if _is_sets(y) or _n_columns(y) > 1:
                raise ValueError("y: expected one label per row, as in the fit, got several")
            return [[_name(label)] for label in _one_per_row(y).tolist()]
        if self.kind == "sets":
            if not _is_sets(y):
                raise ValueError("y: expected a list of labels per row, as in the fit")
            return [[_name(label) for label in row] for row in _rows(y)]
        columns = _columns(y)
        if columns.shape[1] != len(self.names):
            raise ValueError(f"y: expected {len(self.names)} columns, as in the fit, got {columns.shape[1]}")
        return [[self.names[place] for place in np.flatnonzero(row)] for row in columns]

    def answers(self, has_label):
        """Label sets of `has_label`, an array of bool of shape (n_rows, n_labels), in the user's form."""
        if self.kind == "columns":
            return has_label.astype(int)
        answers = np.empty(len(has_label), dtype=object)
        for row, places in enumerate(has_label):
            answers[row] = tuple(self.classes[places].tolist())
        return answers


def _name(label):
    if isinstance(label, str):
        if label.strip() != label or not label or "\n" in label or "\r" in label:
            raise ValueError(f"y: expected labels without line breaks and spaces around them, got {label!r}")
        return label
    if is_missing(label):
        raise ValueError(f"y: expected a label, got a missing value ({label!r})")
    return str(label)


def _sorted(labels):
    try:
        labels = sorted(labels)
    except TypeError:
        raise ValueError("y: expected labels of one type") from None
    array = np.empty(len(labels), dtype=object)
    array[:] = labels
    return array


def _plain(y):
    """A column of pandas, polars or pyarrow as an array or a list."""
    if hasattr(y, "to_pylist"):
        return y.to_pylist()
    if hasattr(y, "to_list") and not hasattr(y, "iloc"):
        return y.to_list()
    return y


def _rows(y):
    return list(_plain(y))


def _is_sets(y):
    """True for a list, array or column whose elements are lists, tuples or sets, as far as the first one tells."""
    if _n_columns(y) > 1 or (isinstance(y, np.ndarray) and y.dtype != object):
        return False
    y = _plain(y)
    if not hasattr(y, "__iter__") or isinstance(y, (str, bytes)):
        return False
    first = next(iter(y), None)
    if not isinstance(first, (list, tuple, set, frozenset)) and not (isinstance(first, np.ndarray) and first.ndim == 1):
        return False
    # Rows of 0 and 1 of equal lengths are columns, as scikit-learn reads them.
    return not _is_columns(y)


def _is_columns(y):
    rows = list(y)
    lengths = {len(row) for row in rows}
    is_flag = lambda value: isinstance(value, (bool, numbers.Integral, np.bool_)) and value in (0, 1)
    return len(lengths) == 1 and lengths != {0} and all(is_flag(value) for row in rows for value in row)


def _n_columns(y):
    shape = getattr(y, "shape", None)
    if shape is not None:
        return shape[1] if len(shape) == 2 else 1
    if isinstance(y, (list, tuple)) and y and isinstance(y[0], (list, tuple, np.ndarray)) and _is_columns(y):
        return len(y[0])
    return 1


def _columns(y):
    columns = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if columns.ndim != 2 or not np.isin(columns, (0, 1)).all():
        raise ValueError("y: expected columns of 0 and 1, one per label")
    return columns.astype(bool)


def _one_per_row(y):
    y = _plain(y)
    # An array of texts would spell what is missing.
    for row, label in enumerate(y if isinstance(y, (list, tuple)) or getattr(y, "dtype", None) == object else ()):
        if is_missing(label):
            raise ValueError(f"y: row {row}: expected a label, got a missing value ({label!r})")
    return column_or_1d(y, warn=True)
