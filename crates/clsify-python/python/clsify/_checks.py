"""Checks of parameters. An error names the parameter: a TypeError if it is of another type, a ValueError if it is out of range."""

import math
import numbers
import os
from collections.abc import Mapping

import numpy as np

from clsify._texts import check_unicode


def number(name, value, *, above=None, least=None, below=None, most=None):
    """A finite number within these limits, as a float."""
    expected = "a finite number"
    if above is not None:
        expected = f"a number above {above}" if below is None else f"a number between {above} and {below}"
    elif least is not None:
        expected = f"a finite number of at least {least}" if most is None else f"a number from {least} to {most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: expected {expected}, got {shown(value)}")
    value = float(value)
    is_within = (above is None or value > above) and (least is None or value >= least) and (below is None or value < below)
    is_within = is_within and (most is None or value <= most)
    if not (math.isfinite(value) and is_within):
        raise ValueError(f"{name}: expected {expected}, got {value:g}")
    return value


def whole(name, value, least, most=None):
    """A whole number within these limits, as an int."""
    expected = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: expected {expected}, got {shown(value)}")
    if value < least or (most is not None and value > most):
        raise ValueError(f"{name}: expected {expected}, got {value}")
    return int(value)


def flag(name, value):
    """A bool; also 0 or 1, as scikit-learn's `verbose` has it."""
    is_number = isinstance(value, numbers.Integral) and value in (0, 1)
    if not (isinstance(value, (bool, np.bool_)) or is_number):
        raise TypeError(f"{name}: expected True or False, got {shown(value)}")
    return bool(value)


def text(name, value):
    """A str."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: expected a text, got {shown(value)}")
    return check_unicode(value, name)


def path(name, value):
    """A path as a str."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name}: expected a name or a path, got {shown(value)}")
    return text(name, os.fspath(value))


def items(name, value, what, is_needed=False):
    """The elements of a list, tuple or array; those of a text, a dict or a set have another meaning, or no order."""
    if isinstance(value, (str, bytes, set, frozenset, Mapping)) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}: expected a list of {what}, got {shown(value)}")
    value = list(value)
    if is_needed and not value:
        raise ValueError(f"{name}: expected a list of {what}, got an empty one")
    return value


def optional(check, name, value, *limits, **named):
    """None, or what the check returns."""
    return None if value is None else check(name, value, *limits, **named)


def shown(value):
    """A value for a message, in one line."""
    line = " ".join(repr(value).split())
    return line if len(line) <= 80 else f"{line[:77]}..."
