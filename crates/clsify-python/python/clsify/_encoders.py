"""The encoders of this process, which share their weights. Does not import scikit-learn."""

import os

from clsify import _options as options
from clsify._core import Encoder

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
    return _LOADED[key]
