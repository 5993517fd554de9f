"""The encoders of this process, which share their weights. Does not import scikit-learn."""

import ctypes
import os

from clsify._core import Encoder

DEFAULT_CACHE_BYTES = 2_000_000_000
MOST_THREADS = 1024

# By process and options: a child process after `fork` loads its own.
_LOADED = {}


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
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads: expected a number from 1 to {MOST_THREADS}, got {threads}")
    cache = None if cache is None else os.fspath(cache)
    key = (os.getpid(), os.fspath(model), pooling, str(layers), max_length, prompt, dtype, cache)
    if key not in _LOADED:
        _LOADED[key] = Encoder(os.fspath(model), pooling=pooling, layers=str(layers), max_length=max_length, prompt=prompt, dtype=dtype,
                               cache_folder=cache, cache_bytes=DEFAULT_CACHE_BYTES, threads=threads, report=report)
        _give_back()
    return _LOADED[key]


def _give_back():
    """Returns the memory that loading needed for a while, 10 MB with all-MiniLM-L6-v2: glibc keeps it otherwise, in every worker."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
