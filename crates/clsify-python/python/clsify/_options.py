"""Parameters that several estimators and functions share, in the form that the compiled part takes: JSON."""

import csv
import io
import json
import os

import numpy as np

DEFAULT_CACHE_BYTES = 2_000_000_000
MOST_THREADS = 1024


def checked_threads(threads):
    """The number of threads, if it is one."""
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise ValueError(f"threads: expected a number from 1 to {MOST_THREADS}, got {threads}")
    return threads


def choice(name, value, allowed):
    """The value of a parameter, if it is one of these."""
    if value not in allowed:
        raise ValueError(f"{name}: expected {' or '.join(map(repr, allowed))}, got {value!r}")
    return value


def encoder(model, *, pooling, layers, max_length, prompt, dtype, cache):
    """The options of an encoder."""
    return json.dumps({"model": os.fspath(model), "pooling": pooling, "layers": None if layers is None else str(layers), "max_length": max_length,
                       "prompt": prompt, "dtype": dtype, "cache": cache_options(cache)})


def cache_options(cache):
    """True is the folder of the program, a path another one."""
    if cache is None or cache is False:
        return None
    return {"folder": None if cache is True else os.fspath(cache), "max_bytes": DEFAULT_CACHE_BYTES}


def fit(C, class_weight, tol=1e-8, max_iter=10_000):
    """The options of a fit."""
    choice("class_weight", class_weight, (None, "balanced"))
    return {"C": float(C), "class_weight": class_weight or "none", "tol": float(tol), "max_iter": int(max_iter)}


def tune(options, random_state):
    """The options of tuning: False, True or a dict."""
    if options is None or options is False:
        return None
    known = {"epochs", "learning_rate", "batch_size", "weight_decay", "max_grad_norm", "warmup", "dropout", "embeddings", "dtype", "save_dtype"}
    options = {} if options is True else dict(options)
    unknown = sorted(set(options) - known)
    if unknown:
        raise ValueError(f"tune: expected options among {', '.join(sorted(known))}, got {', '.join(unknown)}")
    return {**options, "seed": seed(random_state)}


def seed(random_state):
    """A seed of a parameter `random_state`."""
    if random_state is None:
        return 0
    if isinstance(random_state, (int, np.integer)) and 0 <= random_state < 2**32:
        return int(random_state)
    raise ValueError(f"random_state: expected a whole number of at least 0, got {random_state!r}")


def costs_csv(costs, labels):
    """Costs as the text of the file that `clsify train --cost-matrix` reads.

    For classes a dict of dicts, or a frame, of true label and predicted label, or a square array in the order of the sorted labels; for label sets
    a dict of pairs (false_positive, false_negative).
    """
    if costs is None:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    if labels.is_multi_label:
        if not hasattr(costs, "items"):
            raise ValueError("costs: expected a dict from label to (false_positive, false_negative)")
        writer.writerow(["label", "false_positive", "false_negative"])
        for label, pair in costs.items():
            writer.writerow([str(label), *pair])
        return text.getvalue()
    if hasattr(costs, "loc"):
        costs = {true: row.to_dict() for true, row in costs.iterrows()}
    if not hasattr(costs, "items"):
        matrix = np.asarray(costs, dtype=float)
        if matrix.shape != (len(labels.names),) * 2:
            raise ValueError(f"costs: expected a cost for each pair of {len(labels.names)} labels, got an array of shape {matrix.shape}")
        costs = {true: dict(zip(labels.names, row.tolist())) for true, row in zip(labels.names, matrix)}
    predicted = [str(label) for label in next(iter(costs.values()), {})]
    writer.writerow(["true", *predicted])
    for true, row in costs.items():
        row = {str(label): cost for label, cost in row.items()}
        missing = [label for label in predicted if label not in row]
        if missing or len(row) != len(predicted):
            raise ValueError(f"costs: expected the same predicted labels for every true label, got others for {true!r}")
        writer.writerow([str(true), *(row[label] for label in predicted)])
    return text.getvalue()
