"""Writes `groups.json`: the rows of scikit-learn's GroupShuffleSplit and GroupKFold.

    python tools/reference/make_group_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, numpy 2.4. Every input is drawn from a fixed seed. `values` are the groups as they are in a file; a column of
numbers is an array of numbers, as pandas reads it.
"""

import sys
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from make_sklearn_fixtures import SEEDS, write


def drawn_groups(random, n, n_groups, kind):
    """Group values of `n` rows, some groups far larger than others and many of one size."""
    weights = 1 / np.arange(1, n_groups + 1)
    ids = random.choice(n_groups, size=n, p=weights / weights.sum())
    names = random.permutation(3 * n_groups)[:n_groups]
    if kind == "whole":
        return names[ids] - n_groups
    if kind == "decimal":
        return names[ids] / 4
    return np.array([f"author {name}" for name in names])[ids]


def shuffle_case(values, seed, test_size):
    kind = "count" if isinstance(test_size, int) else "fraction"
    case = {"values": [str(value) for value in values], "seed": seed, kind: test_size}
    try:
        splits = GroupShuffleSplit(n_splits=1, test_size=test_size, random_state=seed)
        train, test = next(splits.split(values, groups=values))
        return case | {"train": train.tolist(), "test": test.tolist()}
    except ValueError as error:
        return case | {"error": str(error)}


def fold_case(values, n_splits):
    case = {"values": [str(value) for value in values], "n_splits": n_splits}
    try:
        folds = GroupKFold(n_splits=n_splits).split(values, groups=values)
        return case | {"tests": [test.tolist() for _, test in folds]}
    except ValueError as error:
        return case | {"error": str(error)}


def main(folder):
    random = np.random.RandomState(7)
    shuffles, folds = [], []
    for n, n_groups in [(4, 1), (6, 2), (9, 3), (20, 5), (40, 40), (90, 12), (150, 30)]:
        for kind in ["whole", "decimal", "text"]:
            values = drawn_groups(random, n, n_groups, kind)
            for seed, test_size in zip(SEEDS, [0.25, 0.5, 2, 0.1]):
                shuffles.append(shuffle_case(values, seed, test_size))
            folds.extend(fold_case(values, n_splits) for n_splits in [2, 3, 5, 10])
    write(folder, "groups.json", {"shuffles": shuffles, "folds": folds})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
