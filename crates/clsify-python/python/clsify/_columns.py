"""Columns of Arrow tables: sentences that are read, vectors and messages that are added.

New columns are made from buffers, because `pyarrow.array` imports pandas, which takes 30 MB of every process.
"""

import logging

import numpy as np
import pyarrow as pa

from clsify.exceptions import ClsifyError, DataError

LOGGER = logging.getLogger("clsify")

# The number of rows that one log message names.
MOST_NAMED = 5


def is_text(kind):
    """Returns true for Arrow's types of strings, and for a column without any value."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    view = getattr(pa.types, "is_string_view", lambda kind: False)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or view(kind) or pa.types.is_null(kind)


def sentences(batch, column):
    """The sentences of a column, and what is wrong with the rows that have none.

    Parameters
    ----------
    batch : pyarrow.RecordBatch or pyarrow.Table
    column : str

    Returns
    -------
    texts : list of str or None
        None for the rows of `errors`.
    errors : dict of int to str
    """
    values = _only(batch, column)
    if not is_text(values.type):
        raise DataError(f"column {column!r}: expected strings, got {values.type}", "convert the column to strings first")
    errors = {}
    try:
        texts = values.to_pylist()
    except UnicodeDecodeError:
        texts = _decoded(values, errors)
    for row, text in enumerate(texts):
        if text is None and row not in errors:
            errors[row] = "expected a sentence, got a missing value"
    return texts, errors


def _only(batch, column):
    places = [place for place, name in enumerate(batch.schema.names) if name == column]
    if len(places) != 1:
        raise DataError(f"expected one column {column!r}, got {len(places)}: the columns are {', '.join(map(repr, batch.schema.names))}",
                        "name the column of the sentences with `column`")
    return batch.column(places[0])


def _decoded(values, errors):
    """Arrow does not check that strings are UTF-8, and engines pass on what they are given."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    texts = []
    for row, value in enumerate(values.cast(pa.large_binary()).to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError as error:
            texts.append(None)
            errors[row] = f"expected UTF-8, got byte {value[error.start]:#04x} at position {error.start}"
    return texts


def named(batch, rows, key):
    """The rows by the values of their key column, otherwise by their numbers within the batch."""
    if key is None:
        return [f"row {row} of its batch" for row in rows]
    values = _only(batch, key)
    return [f"{key} {values[row].as_py()!r}" for row in rows]


def report(batch, errors, key):
    """Logs the rows that have no result, in one message per batch."""
    rows = sorted(errors)
    lines = [f"{name}: {errors[row]}" for name, row in zip(named(batch, rows[:MOST_NAMED], key), rows)]
    rest = f"; and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
    LOGGER.warning("%s of %s rows have no result: %s%s", len(rows), batch.num_rows, "; ".join(lines), rest)


def refuse(batch, errors, key):
    """Raises the error of the first row that has no result."""
    row = min(errors)
    raise DataError(f"{named(batch, [row], key)[0]}: {errors[row]}", "remove the row, or give on_error='null'")


def by_halves(work, texts, rows, errors):
    """Runs `work` on the sentences of these rows, without those about which it raises an error.

    An error that names a sentence concerns that one only: halves are tried until it is alone. Results do not depend on the other sentences.

    Returns
    -------
    list of (rows, result)
    """
    try:
        return [(rows, work([texts[row] for row in rows]))] if rows else []
    except ClsifyError as error:
        if error.sentence is None:
            raise
        if len(rows) == 1:
            errors[rows[0]] = str(error).splitlines()[0]
            return []
    middle = len(rows) // 2
    return by_halves(work, texts, rows[:middle], errors) + by_halves(work, texts, rows[middle:], errors)


def vectors(parts, n_rows, n_features):
    """Rows of float32 as a fixed-size list, over the memory of the matrix if there is one matrix for all rows.

    Parameters
    ----------
    parts : list of (rows, ndarray of shape (len(rows), n_features))
        The rows that occur in no part are null.

    Returns
    -------
    pyarrow.FixedSizeListArray
    """
    valid = None
    if len(parts) == 1 and len(parts[0][0]) == n_rows:
        matrix = np.ascontiguousarray(parts[0][1])
    else:
        matrix, is_valid = np.zeros((n_rows, n_features), dtype=np.float32), np.zeros(n_rows, dtype=bool)
        for rows, part in parts:
            matrix[rows], is_valid[rows] = part, True
        valid = _bits(is_valid)
    values = pa.Array.from_buffers(pa.float32(), matrix.size, [None, pa.py_buffer(matrix)])
    return pa.Array.from_buffers(pa.list_(pa.float32(), n_features), n_rows, [valid], children=[values])


def strings(values):
    """A column of strings of a list of str or None."""
    encoded = [b"" if value is None else value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    is_valid = np.array([value is not None for value in values], dtype=bool)
    return pa.Array.from_buffers(pa.string(), len(values), [_bits(is_valid), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))])


def _bits(is_valid):
    return pa.py_buffer(np.packbits(is_valid, bitorder="little"))


def with_columns(batch, columns):
    """The batch with more columns.

    Parameters
    ----------
    batch : pyarrow.RecordBatch or pyarrow.Table
    columns : list of (pyarrow.Field, pyarrow.Array)

    Returns
    -------
    pyarrow.RecordBatch or pyarrow.Table
        The type of `batch`.
    """
    schema, arrays = batch.schema, list(batch.columns)
    for field, array in columns:
        if field.name in schema.names:
            raise DataError(f"expected a new column, got {field.name!r}, which the rows have", "give the result another name")
        schema = schema.append(field)
        arrays.append(array)
    return type(batch).from_arrays(arrays, schema=schema)
