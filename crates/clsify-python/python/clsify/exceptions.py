"""The errors of clsify. Each is also the built-in exception that Python code would expect."""

from clsify._spelling import spelled


class ClsifyError(Exception):
    """An error of clsify.

    Attributes
    ----------
    hint : str or None
        What to do about it.
    sentence : int or None
        The position of the sentence that caused it, counted from 0.
    """

    def __init__(self, message, hint=None, sentence=None):
        hint = None if hint is None else spelled(hint)
        super().__init__(spelled(message) if hint is None else f"{spelled(message)}\nhint: {hint}")
        self.hint = hint
        self.sentence = sentence


class ArgumentError(ClsifyError, ValueError):
    """An argument is out of its range."""


class DataError(ClsifyError, ValueError):
    """Data are malformed, or do not contain what a classifier needs."""


class FileError(ClsifyError, OSError):
    """A file or folder could not be read or written."""


class FetchError(ClsifyError, ConnectionError):
    """An encoder could not be fetched."""


class EncoderError(ClsifyError, ValueError):
    """The files of an encoder are missing, malformed or not supported."""


class ModelError(ClsifyError, ValueError):
    """A saved classifier is malformed, of another version, or its encoder has changed."""


class DivergedError(ClsifyError, ArithmeticError):
    """Training has left the range of finite numbers."""
