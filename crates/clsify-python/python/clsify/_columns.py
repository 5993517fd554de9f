"""Columns of Arrow tables: sentences that are read, vectors, labels and messages that are added.

New columns are made from buffers, because `pyarrow.array` and `pyarrow.scalar` import pandas, which takes 30 MB of every process.
"""

import numpy as np
import pyarrow as pa

from clsify.exceptions import ClsifyError, DataError

_KINDS = {np.dtype(np.float32): pa.float32(), np.dtype(np.float64): pa.float64()}


def is_text(kind):
    """Returns true for Arrow's types of strings, and for a column without any value."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind)


def only(batch, column):
    """The column of this name."""
    names = batch.schema.names
    places = [place for place, name in enumerate(names) if name == column]
    if len(places) != 1:
        raise DataError(f"expected one column {column!r}, got {len(places)}: the columns are {', '.join(map(repr, names))}", "name the column")
    return batch.column(places[0])


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
    values = only(batch, column)
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


def by_halves(work, texts, rows, errors):
    """Runs `work` on the sentences of these rows, without those about which it raises an error.

    An error that names a sentence concerns that one only: halves are tried until it is alone. Results do not depend on the other sentences.

    Parameters
    ----------
    work : callable
        Maps a list of str to a result.
    texts : list of str
    rows : list of int
    errors : dict of int to str
        Receives the errors.

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


def vectors(parts, n_rows, n_numbers, dtype):
    """Rows of numbers as a fixed-size list, over the memory of the matrix if one matrix has all rows.

    Parameters
    ----------
    parts : list of (rows, ndarray of shape (len(rows), n_numbers))
        The rows that occur in no part are null.
    n_rows, n_numbers : int
    dtype : numpy.dtype

    Returns
    -------
    pyarrow.FixedSizeListArray
    """
    valid = None
    if len(parts) == 1 and len(parts[0][0]) == n_rows:
        matrix = np.ascontiguousarray(parts[0][1], dtype=dtype)
    else:
        matrix, is_valid = np.zeros((n_rows, n_numbers), dtype=dtype), np.zeros(n_rows, dtype=bool)
        for rows, part in parts:
            matrix[rows], is_valid[rows] = part, True
        valid = _bits(is_valid)
    values = _numbers(matrix)
    return pa.Array.from_buffers(pa.list_(values.type, n_numbers), n_rows, [valid], children=[values])


def numbers(values):
    """A column of a list of float or None, as float64."""
    is_valid = np.array([value is not None for value in values], dtype=bool)
    return _numbers(np.array([0.0 if value is None else value for value in values], dtype=np.float64), _bits(is_valid))


def strings(values):
    """A column of a list of str or None."""
    encoded = [b"" if value is None else value.encode() for value in values]
    is_valid = np.array([value is not None for value in values], dtype=bool)
    return pa.Array.from_buffers(pa.string(), len(values), [_bits(is_valid), _offsets(encoded), pa.py_buffer(b"".join(encoded))])


def lists(values, column):
    """A column of lists, null for None, whose elements `column` makes a column of."""
    elements = column([element for value in values if value is not None for element in value])
    is_valid = np.array([value is not None for value in values], dtype=bool)
    offsets = _offsets([() if value is None else value for value in values])
    return pa.Array.from_buffers(pa.list_(elements.type), len(values), [_bits(is_valid), offsets], children=[elements])


def with_list_sizes(array):
    """A fixed-size list as a list, for engines that read no others. The values are not copied."""
    size = array.type.list_size
    offsets = pa.py_buffer(np.arange(0, size * len(array) + 1, size, dtype=np.int32))
    return pa.Array.from_buffers(pa.list_(array.type.value_type), len(array), [array.buffers()[0], offsets], children=[array.values])


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


def _numbers(array, valid=None):
    return pa.Array.from_buffers(_KINDS[array.dtype], array.size, [valid, pa.py_buffer(array)])


def _offsets(values):
    return pa.py_buffer(np.cumsum([0, *map(len, values)], dtype=np.int32))


def _bits(is_valid):
    return pa.py_buffer(np.packbits(is_valid, bitorder="little"))
