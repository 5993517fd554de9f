"""Labelled rows in the form that the compiled part takes."""

import numpy as np

from clsify import _checks as checks
from clsify._labels import Labels
from clsify._missing import is_missing


def checked_weights(sample_weight, n_rows):
    """Weights as an array of finite numbers of at least 0, one per row, or None."""
    if sample_weight is None:
        return None
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"sample_weight: expected a number per row, got {checks.shown(sample_weight)}") from None
    if weights.ndim == 0:
        weights = np.full(n_rows, weights)
    if weights.shape != (n_rows,):
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(n_rows,)}!")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight: expected finite numbers of at least 0")
    if n_rows and not weights.any():
        raise ValueError("sample_weight: expected at least one weight above zero, got only zero")
    return weights


def labelled(sentences, names, labels, sample_weight, groups):
    """Labelled rows in the form that the compiled part takes."""
    if len(names) != len(sentences):
        raise ValueError(f"Found input variables with inconsistent numbers of samples: [{len(sentences)}, {len(names)}]")
    if groups is not None:
        groups = _numbered(groups)
        if len(groups) != len(sentences):
            raise ValueError(f"groups: expected {len(sentences)}, one per row, got {len(groups)}")
    weights = checked_weights(sample_weight, len(sentences))
    return {"sentences": sentences, "labels": names, "separator": labels.separator, "weights": None if weights is None else weights.tolist(),
            "groups": None if groups is None else groups.tolist()}


def _numbered(groups):
    """The numbers of groups that are texts or numbers."""
    groups = groups.to_pylist() if hasattr(groups, "to_pylist") else checks.items("groups", groups, "groups, one per row")
    for row, group in enumerate(groups):
        if is_missing(group):
            raise ValueError(f"groups: row {row}: expected a group, got a missing value ({group!r})")
        if isinstance(group, str) != isinstance(groups[0], str):
            raise ValueError(f"groups: row {row}: expected groups of one type, got {group!r} after {groups[0]!r}")
    return np.unique(np.asarray(groups), return_inverse=True)[1].reshape(-1)


def described_labels(descriptions):
    """The labels of descriptions alone, which keep their type."""
    try:
        return Labels.of(list(descriptions))
    except ValueError as error:
        raise ValueError(f"descriptions: {str(error).removeprefix('y: ')}") from None


def described(descriptions):
    """Texts with the labels that they describe."""
    if descriptions is None:
        return None
    if not hasattr(descriptions, "items"):
        raise TypeError(f"descriptions: expected a dict from label to texts, got {checks.shown(descriptions)}")
    if not descriptions:
        raise ValueError("descriptions: expected texts of at least one label, got none")
    return [(checks.text("descriptions", text), str(label)) for label, given in descriptions.items()
            for text in ([given] if isinstance(given, str) else checks.items("descriptions", given, "texts"))]
