"""Labels in the forms in which users have them: classes, sets of labels, and columns of 0 and 1."""

import numbers
from collections.abc import Mapping

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from clsify._missing import is_missing
from clsify._texts import check_unicode, only_column

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
        self._name_of = dict(zip(classes.tolist(), self.names))
        self.separator = None if kind == "classes" else next(s for s in _SEPARATORS if not any(s in name for name in self.names))

    @classmethod
    def of(cls, y):
        """The form of these labels."""
        if _is_sets(y):
            labels = {label for row in _rows(y) for label in row}
            return cls("sets", _sorted(labels))
        if _n_columns(y) > 1:
            columns, names = _columns(y), _headers(y)
            return cls("columns", np.arange(columns.shape[1]) if names is None else np.asarray(names, dtype=object))
        y = _one_per_row(y)
        check_classification_targets(y)
        return cls("classes", np.unique(y))

    @classmethod
    def restored(cls, names, is_multi_label):
        """The labels of a saved or imported classifier, which has only their texts, in the order of the labels.

        Texts of whole numbers such as "10" are integers, all ending in ".0" floats, and "False" and "True" booleans; others stay texts.
        """
        values = _typed(names)
        if not is_multi_label:
            return cls("classes", np.asarray(values))
        classes = np.empty(len(values), dtype=object)
        classes[:] = values
        return cls("sets", classes)

    @property
    def is_multi_label(self):
        """True if a row may have several labels."""
        return self.kind != "classes"

    def rows(self, y):
        """The names of the labels of each row; they may contain others than those of the fit."""
        if self.kind == "classes":
            if _is_sets(y) or _n_columns(y) > 1:
                raise ValueError("y: expected one label per row, as in the fit, got several")
            return [[self.name(label)] for label in _one_per_row(y).tolist()]
        # Sets of the labels 0 and 1 look like columns, but not like one per label.
        if self.kind == "sets" and (_is_sets(y) or (isinstance(y, (list, tuple)) and _n_columns(y) != len(self.names) and all(map(_is_set, y)))):
            return [[self.name(label) for label in row] for row in _rows(y)]
        if self.kind == "sets" and _n_columns(y) != len(self.names):
            raise ValueError("y: expected a list of labels per row, as in the fit, or a column of 0 and 1 for each label of classes_")
        columns = _columns(y)
        if columns.shape[1] != len(self.names):
            raise ValueError(f"y: expected {len(self.names)} columns, as in the fit, got {columns.shape[1]}")
        names = self.names
        if self.kind == "sets" and (headers := _headers(y)) is not None:
            # After `load` the labels are sorted, which the columns of the fit need not have been.
            names = [self.name(header) for header in headers]
            if set(names) != set(self.names):
                raise ValueError(f"y: expected columns named {', '.join(self.names)}, got {', '.join(names)}")
        return [[names[place] for place in np.flatnonzero(row)] for row in columns]

    def name(self, label):
        """The text of a label; a label that is equal to one of the fit, as 1.0 and True are equal to 1, has its text."""
        try:
            name = self._name_of.get(label)
        except TypeError:
            name = None
        return _name(label) if name is None else name

    def without_rows(self, names):
        """The names of the labels that are in none of these rows."""
        used = {name for row in names for name in row}
        return [name for name in self.names if name not in used]

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
        return check_unicode(label, "y")
    if is_missing(label):
        raise ValueError(f"y: expected a label, got a missing value ({label!r})")
    return str(label)


def _typed(names):
    """The labels with these texts, sorted."""
    if set(names) == {"False", "True"}:
        return [False, True]
    for kind in (int, float):
        try:
            labels = sorted(map(kind, names))
        except (ValueError, OverflowError):
            continue
        # NumPy has no integers beyond 64 bits; a fit takes no other floats than whole ones.
        if all(-2**63 <= label < 2**63 and label == int(label) for label in labels) and sorted(map(str, labels)) == sorted(names):
            return labels
    return sorted(names)


def _headers(y):
    """The names of the columns of a frame, or None."""
    # In pyarrow `columns` are the data.
    names = getattr(y, "column_names", None) or getattr(y, "columns", None)
    return None if names is None else list(names)


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
    if hasattr(y, "to_list") and not hasattr(y, "isna"):
        return y.to_list()
    return y


def _is_set(row):
    return isinstance(row, (list, tuple, set, frozenset)) or (isinstance(row, np.ndarray) and row.ndim == 1)


def _rows(y):
    """The label sets of all rows."""
    rows = list(_plain(y))
    for row, labels in enumerate(rows):
        if not _is_set(labels):
            got = f"a missing value ({labels!r})" if is_missing(labels) else repr(labels)
            raise ValueError(f"y: row {row}: expected a list of labels, as in other rows, got {got}")
        for label in labels:
            if is_missing(label):
                raise ValueError(f"y: row {row}: expected labels, got a missing value ({label!r})")
            if isinstance(label, bytes) or _is_set(label):
                raise ValueError(f"y: row {row}: expected labels that are texts, numbers or booleans, got {label!r}")
    return rows


def _is_sets(y):
    """True for a list, array or column some of whose elements are lists, tuples or sets."""
    if _n_columns(y) > 1 or (isinstance(y, np.ndarray) and (y.dtype != object or y.ndim != 1)):
        return False
    y = _plain(y)
    if not hasattr(y, "__len__") or isinstance(y, (str, bytes, set, frozenset, Mapping)):
        return False
    # Rows of 0 and 1 of equal lengths are columns, as scikit-learn reads them.
    return any(map(_is_set, y)) and not _is_columns(y)


def _is_columns(y):
    rows = list(y)
    if not all(map(_is_set, rows)):
        return False
    lengths = {len(row) for row in rows}
    is_flag = lambda value: isinstance(value, (bool, numbers.Integral, np.bool_)) and value in (0, 1)
    return len(lengths) == 1 and lengths != {0} and all(is_flag(value) for row in rows for value in row)


def _n_columns(y):
    shape = getattr(y, "shape", None)
    if shape is not None:
        return shape[1] if len(shape) == 2 else 1
    if isinstance(y, (list, tuple)) and y and _is_set(y[0]) and _is_columns(y):
        return len(y[0])
    return 1


def _columns(y):
    if hasattr(y, "column_names"):
        columns = np.column_stack([np.array(column.to_pylist(), dtype=object) for column in y.columns])
    else:
        columns = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
    if columns.ndim != 2:
        raise ValueError(f"y: expected columns of 0 and 1, one per label, got an array of shape {columns.shape}")
    for row, values in enumerate(columns.tolist() if columns.dtype.kind in "Of" else ()):
        if any(map(is_missing, values)):
            raise ValueError(f"y: row {row}: expected columns of 0 and 1, one per label, got a missing value")
    wrong = np.argwhere(~np.isin(columns, (0, 1)))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(f"y: row {row}: expected columns of 0 and 1, one per label, got {columns[row, column]}")
    return columns.astype(bool)


def _one_per_row(y):
    """The labels as an array that has their type."""
    if isinstance(y, (str, bytes, set, frozenset, Mapping)) or not hasattr(y, "__len__"):
        raise ValueError(f"y: expected a list, array or column with a label per row, got {type(y).__name__}")
    if not isinstance(y, (list, tuple, np.ndarray)):
        y = _plain(only_column(y) if len(getattr(y, "shape", ())) == 2 else y)
    if hasattr(y, "isna"):
        _refuse_missing(y, np.asarray(y.isna()))
        kind = getattr(y.dtype, "numpy_dtype", None)
        # Nullable numbers and booleans of pandas would become floats or objects.
        y = np.asarray(y, dtype=kind if kind is not None and kind.kind in "biuf" else None)
    if isinstance(y, (list, tuple)):
        return column_or_1d(_of_one_type(y), warn=True)
    y = column_or_1d(y.astype(object) if y.dtype.kind == "T" else y, warn=True)
    if y.dtype == object:
        # Texts stay objects; numbers and booleans get their type.
        typed = _of_one_type(y.tolist())
        return y if typed.dtype.kind == "U" else typed
    if y.dtype.kind in "fM":
        _refuse_missing(y, y != y)
    return y


def _of_one_type(labels):
    """Labels as an array, which would turn what is missing, and numbers beside texts, into texts."""
    for row, label in enumerate(labels):
        if is_missing(label):
            raise ValueError(f"y: row {row}: expected a label, got a missing value ({label!r})")
        if isinstance(label, str) != isinstance(labels[0], str):
            raise ValueError(f"y: row {row}: expected labels of one type, got {label!r} after {labels[0]!r}")
    return np.asarray(labels)


def _refuse_missing(y, is_missing):
    if is_missing.any():
        row = int(is_missing.argmax())
        raise ValueError(f"y: row {row}: expected a label, got a missing value ({list(y[row:row + 1])[0]!r})")
