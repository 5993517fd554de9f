"""Parameters that several estimators and functions share, in the form that the compiled part takes: JSON."""

import csv
import io
import json

import numpy as np

from clsify import _checks as checks

DEFAULT_CACHE_BYTES = 2_000_000_000
MOST_THREADS = 1024


def checked_threads(threads):
    """The number of threads, if it is one."""
    return checks.optional(checks.whole, "threads", threads, 1, MOST_THREADS)


def choice(name, value, allowed):
    """The value of a parameter, if it is one of these."""
    if not isinstance(value, (str, type(None))) or value not in allowed:
        raise ValueError(f"{name}: expected {' or '.join(map(repr, allowed))}, got {checks.shown(value)}")
    return value


def encoder(model, *, pooling, layers, max_length, prompt, dtype, cache):
    """The options of an encoder."""
    # A number is the layer of this number.
    layers = str(layers) if isinstance(layers, (int, np.integer)) and not isinstance(layers, bool) else layers
    return json.dumps({"model": checks.path("model", model), "pooling": checks.optional(checks.text, "pooling", pooling),
                       "layers": checks.optional(checks.text, "layers", layers), "max_length": checks.optional(checks.whole, "max_length", max_length, 1),
                       "prompt": checks.optional(checks.text, "prompt", prompt), "dtype": checks.text("dtype", dtype), "cache": cache_options(cache)})


def cache_options(cache):
    """True is the folder of the program, a path another one."""
    if cache is None or cache is False:
        return None
    return {"folder": None if cache is True else checks.path("cache", cache), "max_bytes": DEFAULT_CACHE_BYTES}


def fit(C, class_weight, tol=1e-8, max_iter=10_000):
    """The options of a fit."""
    choice("class_weight", class_weight, (None, "balanced"))
    return {"C": checks.number("C", C, above=0), "class_weight": class_weight or "none", "tol": checks.number("tol", tol, above=0),
            "max_iter": checks.whole("max_iter", max_iter, 1)}


def values_of_C(Cs):
    """The values of a search, or None."""
    if Cs is None:
        return None
    values = [checks.number("Cs", C, above=0) for C in checks.items("Cs", Cs, "numbers above 0")]
    if not values:
        raise ValueError("Cs: expected at least one number, got none")
    return values


def share_or_number(name, value):
    """A share between 0 and 1, or a whole number of rows."""
    if isinstance(value, (int, np.integer)):
        return checks.whole(name, value, 1)
    return checks.number(name, value, above=0, below=1)


def _at_least_0(name, value):
    return checks.number(name, value, least=0)


def _positive(name, value):
    return checks.whole(name, value, 1)


_TUNING = {"epochs": _positive, "learning_rate": _at_least_0, "batch_size": _positive, "weight_decay": _at_least_0, "max_grad_norm": _at_least_0,
           "warmup": _at_least_0, "dropout": checks.flag, "embeddings": checks.flag, "dtype": checks.text, "save_dtype": checks.text}


def tune(options, random_state):
    """The options of tuning: False, True or a dict."""
    seed_of_tuning = seed(random_state)
    if options is None or options is False:
        return None
    if options is not True and not hasattr(options, "items"):
        raise TypeError(f"tune: expected True, False or a dict of options, got {checks.shown(options)}")
    options = {} if options is True else dict(options)
    unknown = sorted(map(str, options.keys() - _TUNING.keys()))
    if unknown:
        raise ValueError(f"tune: expected options among {', '.join(sorted(_TUNING))}, got {', '.join(unknown)}")
    return {**{name: _TUNING[name](f"tune: {name}", value) for name, value in options.items()}, "seed": seed_of_tuning}


def seed(random_state):
    """A seed of a parameter `random_state`."""
    if random_state is None:
        return 0
    return checks.whole("random_state", random_state, 0, 2**32 - 1)


def costs_csv(costs, labels, absent=()):
    """Costs as the text of the file that `clsify train --cost-matrix` reads.

    For classes a dict of dicts, or a frame, of true label and predicted label, or a square array in the order of the sorted labels; for label sets
    a dict of pairs (false_positive, false_negative), of which those of the labels `absent` are left out.
    """
    if costs is None:
        return None
    text = io.StringIO()
    writer = csv.writer(text)
    if labels.is_multi_label:
        if not hasattr(costs, "items"):
            raise TypeError(f"costs: expected a dict from label to (false_positive, false_negative), got {checks.shown(costs)}")
        writer.writerow(["label", "false_positive", "false_negative"])
        for label, pair in costs.items():
            if len(both := checks.items("costs", pair, "false_positive and false_negative")) != 2:
                raise ValueError(f"costs: expected (false_positive, false_negative) for the label {label!r}, got {checks.shown(pair)}")
            row = [str(label), *(checks.number("costs", cost, least=0) for cost in both)]
            if row[0] not in absent:
                writer.writerow(row)
        return text.getvalue()
    if hasattr(costs, "loc"):
        costs = {true: row.to_dict() for true, row in costs.iterrows()}
    if not hasattr(costs, "items"):
        try:
            matrix = np.asarray(costs, dtype=float)
        except (TypeError, ValueError):
            raise TypeError(f"costs: expected a dict of dicts, a frame or a square array of numbers, got {checks.shown(costs)}") from None
        if matrix.shape != (len(labels.names),) * 2:
            raise ValueError(f"costs: expected a cost for each pair of {len(labels.names)} labels, got an array of shape {matrix.shape}")
        costs = {true: dict(zip(labels.names, row.tolist())) for true, row in zip(labels.names, matrix)}
    writer.writerow(["true", *labels.names])
    for true, row in costs.items():
        if not hasattr(row, "items"):
            raise TypeError(f"costs: expected a dict from true label to costs of predicted labels, got {checks.shown(row)} for {true!r}")
        row = {str(label): cost for label, cost in row.items()}
        if set(row) != set(labels.names):
            raise ValueError(f"costs: expected for the true label {true!r} the predicted labels {', '.join(labels.names)}, got {', '.join(row) or 'none'}")
        writer.writerow([str(true), *(checks.number("costs", row[label], least=0) for label in labels.names)])
    if {str(true) for true in costs} != set(labels.names):
        raise ValueError(f"costs: expected the true labels {', '.join(labels.names)}, got {', '.join(map(str, costs)) or 'none'}")
    return text.getvalue()
