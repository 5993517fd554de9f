"""Missing values of Python, NumPy and pandas."""

import numbers


def is_missing(value):
    """True for None, NaN, NA and NaT."""
    # pandas.NA is not equal to itself in any way that bool() takes.
    return value is None or type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, numbers.Real) and value != value)
