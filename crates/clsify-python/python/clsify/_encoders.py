"""The encoders and saved classifiers of this process, which are loaded once. Does not import scikit-learn."""

import ctypes
import json
import os

from clsify import _options as options
from clsify._core import Classifier, Encoder

# By process and options: a child process after `fork` loads its own.
_LOADED: dict[tuple[int, str], Encoder] = {}


def loaded_encoder(model, *, pooling, layers, max_length, prompt, dtype, cache=None, threads=None, report=None):
    """The encoder with these options, loaded once per process.

    Parameters
    ----------
    model, pooling, layers, max_length, prompt, dtype, cache, threads
        As for `clsify.SentenceEncoder`.
    report : callable, default=None
        Receives progress and notes.

    Returns
    -------
    clsify._core.Encoder
    """
    threads = options.checked_threads(threads)
    spec = options.encoder(model, pooling=pooling, layers=layers, max_length=max_length, prompt=prompt, dtype=dtype, cache=cache)
    key = (os.getpid(), spec)
    if key not in _LOADED:
        _LOADED[key] = Encoder(spec, threads, report)
        _give_back()
    return _LOADED[key]


def loaded_classifier(folder, *, encoder, dtype, threads=None, report=None):
    """The classifier of a folder, without the training sentences that it may have kept, loaded once per process.

    Parameters
    ----------
    folder, encoder, dtype, threads
        As for `clsify.SentenceClassifier.load`.
    report : callable, default=None
        Receives progress and notes.

    Returns
    -------
    clsify._core.Classifier
    """
    threads = options.checked_threads(threads)
    spec = json.dumps({"encoder": encoder, "dtype": dtype, "cache": None, "without_neighbours": True})
    key = (os.getpid(), os.fspath(folder), spec)
    if key not in _LOADED:
        _LOADED[key] = Classifier.load(os.fspath(folder), spec, threads, report)
        _give_back()
    return _LOADED[key]


def _give_back():
    """Returns the memory that loading needed for a while, 10 MB with all-MiniLM-L6-v2: glibc keeps it otherwise, in every worker."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
