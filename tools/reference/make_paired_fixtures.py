"""Writes the golden file of two classifiers on the same rows.

    python tools/reference/make_paired_fixtures.py fixtures/sklearn

Needs numpy 2.4 and scipy 1.17, and make_sklearn_fixtures.py beside it. No package has Newcombe's method 10: the interval is
computed here from its definition, with scipy's Wilson intervals and numpy's correlation of the rows themselves.
"""

import sys
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import write
from scipy.stats import binomtest


def difference_interval(a, b):
    """Newcombe (1998), paired data, method 10: the interval of `mean(b) - mean(a)` for rows of zeros and ones."""
    n = len(a)
    limits = [binomtest(int(rows.sum()), n).proportion_ci(method="wilson") for rows in (a, b)]
    constant = a.min() == a.max() or b.min() == b.max()
    phi = 0.0 if constant else np.corrcoef(a, b)[0, 1]
    both, neither = (a & b).sum(), ((1 - a) & (1 - b)).sum()
    product = both * neither - (a & (1 - b)).sum() * ((1 - a) & b).sum()
    if product > 0:
        phi *= max(product - n / 2, 0) / product
    correlation = np.array([[1, phi], [phi, 1]])
    difference = b.mean() - a.mean()
    down = np.array([b.mean() - limits[1].low, -(limits[0].high - a.mean())])
    up = np.array([limits[1].high - b.mean(), -(a.mean() - limits[0].low)])
    return [float(difference - np.sqrt(down @ correlation @ down)), float(difference + np.sqrt(up @ correlation @ up))]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_paired_fixtures.py FOLDER")
    random = np.random.RandomState(7)
    # The published examples: Fagerland, Lydersen, Laake (2014), and Newcombe's own; then some of every size.
    tables = [(1, 7, 1, 12), (36, 2, 12, 0), (36, 0, 14, 0), (212, 256, 144, 707), (1, 0, 0, 0), (0, 0, 0, 1), (0, 0, 9, 0)]
    tables += [(5, 0, 0, 5), (0, 3, 0, 0), (2, 1, 1, 2), (1600, 12, 31, 178), (100_000, 900, 1_100, 8_000)]
    tables += [tuple(int(x) for x in random.randint(1 + 10 ** random.randint(1, 4), size=4)) for _ in range(40)]
    cases = []
    for both, only_a, only_b, neither in tables:
        a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither])
        b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither])
        test = binomtest(only_a, only_a + only_b, 0.5).pvalue if only_a + only_b else 1.0
        cases.append({
            "counts": [both, only_a, only_b, neither],
            "difference": float(b.mean() - a.mean()),
            "difference_ci95": difference_interval(a, b),
            "mcnemar_exact": float(test),
        })
    write(Path(sys.argv[1]), "paired.json", {"cases": cases})


if __name__ == "__main__":
    main()
