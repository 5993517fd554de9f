"""Classifiers in folders and in pickles."""

import json
import tempfile
from pathlib import Path

from clsify import _options as options
from clsify._core import Classifier


def load(folder, encoder, dtype, threads, cache, progress):
    """The classifier of a folder."""
    spec = {"encoder": None if encoder is None else str(encoder), "dtype": dtype, "cache": options.cache_options(cache)}
    return Classifier.load(folder, json.dumps(spec), options.checked_threads(threads), progress)


def files_of(core):
    """The files of a saved classifier, without its encoder and the fingerprints of its training rows."""
    if core.has_own_encoder:
        raise ValueError("a tuned encoder is too large to be pickled: use save(folder), and pickle what load(folder) returns")
    with tempfile.TemporaryDirectory() as folder:
        core.save_small(Path(folder) / "model")
        return {path.name: path.read_bytes() for path in sorted((Path(folder) / "model").iterdir())}


def restored(files, classifier):
    """The classifier of these files; its encoder must be the one of the training."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return load(folder, None, None, classifier.threads, classifier.cache, None)
