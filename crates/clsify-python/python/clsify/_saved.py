"""Classifiers in folders and in pickles."""

import json
import tempfile
from pathlib import Path

from clsify import _checks as checks
from clsify import _options as options
from clsify._core import Classifier


def load(folder, encoder, dtype, threads, cache, progress):
    """The classifier of a folder."""
    spec = {"encoder": checks.optional(checks.path, "encoder", encoder), "dtype": checks.optional(checks.text, "dtype", dtype), "cache": options.cache_options(cache)}
    return Classifier.load(checks.path("folder", folder), json.dumps(spec), options.checked_threads(threads), progress)


def files_of(core):
    """The files of a saved classifier, without its encoder and the fingerprints of its training rows."""
    if core.has_own_encoder:
        raise ValueError("a tuned encoder is too large to be pickled: use save(folder), and pickle what load(folder) returns")
    with tempfile.TemporaryDirectory() as folder:
        core.save_small(Path(folder) / "model")
        return {path.name: path.read_bytes() for path in sorted((Path(folder) / "model").iterdir())}


def parameters(core):
    """The parameters with which a fit on the same rows gives this classifier again, and the names of those that the model does not have.

    Returns
    -------
    parameters : dict
    unknown : list of str
    """
    # A classifier that is saved again names the folder from which its encoder was loaded.
    saved = json.loads(files_of(core)["clsify.json"])
    features, encoder = saved["features"], saved["encoder"]
    # What else there is to features comes from the folder of the encoder.
    is_plain = not (features.keys() - {"layers", "poolings", "normalize"} or features["normalize"] or saved.get("lowercase"))
    found = {"model": encoder["folder"], "pooling": "+".join(features["poolings"]) if is_plain else "auto", "layers": features["layers"],
             "max_length": saved["max_length"], "prompt": saved.get("prompt", ""), "dtype": encoder["dtype"]}
    training = saved.get("training")
    if training is None:
        return found, ["C", "class_weight", "calibration"] + ([] if is_plain else ["pooling"])
    found |= {"C": training["C"], "class_weight": _given(training["class_weight"]), "scaling": training["scaling"]}
    is_tuned = training.get("tuned", False)
    if "multi_label" in saved:
        found["calibration"] = _given(training["calibration"])
        rule = training["thresholds"]
        if isinstance(rule, dict) and "costs" in rule:
            found["costs"] = {label: (cost["false_positive"], cost["false_negative"]) for label, cost in rule["costs"].items()}
        elif isinstance(rule, dict):
            found |= rule
        elif rule != "half":
            found["thresholds"] = rule
        return found, ["tune"] * is_tuned
    found["calibration"] = "temperature" if training.get("temperature") is not None else "platt" if training.get("platt") is not None else None
    decision = saved.get("decision", {})
    costs = decision.get("cost_matrix")
    if costs is not None:
        # By label: the matrix is in the order of the texts of the labels, which is not that of numbers.
        costs = {true: dict(zip(core.classes, row)) for true, row in zip(core.classes, costs)}
    found |= {"thresholds": "f1_macro" if "class_thresholds" in decision else None, "costs": costs}
    # One of 0 or more than 1, which was chosen for a target precision, is none that can be given.
    below = decision.get("abstain_below")
    if below is not None and 0 < below < 1:
        found["abstain_below"] = below
    return found, ["tune"] * is_tuned + ["target_precision"] * (below is not None and not 0 < below < 1)


def _given(value):
    return None if value == "none" else value


def restored(files, classifier):
    """The classifier of these files; its encoder must be the one of the training."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return load(folder, None, None, classifier.threads, classifier.cache, None)
