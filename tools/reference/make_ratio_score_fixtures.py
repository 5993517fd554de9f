"""Writes the golden file of scores that are ratios of sums over rows, and of their differences.

    python tools/reference/make_ratio_score_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, numpy 2.4, scipy 1.17, and make_sklearn_fixtures.py beside it. The contribution of a row to a score's deviation is
the derivative of scikit-learn's score by the logarithm of the row's weight, in central differences; the intervals are computed
from that by their definition.
"""

import sys
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import digits, write
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.metrics import accuracy_score, f1_score

STEP = 1e-4


def micro_f1(y, p, w):
    return float(f1_score(y, p, average="micro", sample_weight=w, zero_division=0))


def subset_accuracy(y, p, w):
    return float(accuracy_score(y, p, sample_weight=w))


def influence(score, y, p, w):
    """The derivative of the score by the logarithm of each weight."""
    rows = []
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] *= 1 + STEP
        down[i] *= 1 - STEP
        rows.append((score(y, p, up) - score(y, p, down)) / (2 * STEP))
    return np.array(rows)


def wilson(p, n):
    """The two proportions of which `p` is as far away as 95 % of samples of `n` are: Wilson's interval by its definition."""
    z = norm.ppf(0.975)
    far = lambda q: (p - q) ** 2 - z**2 * q * (1 - q) / n
    return float(brentq(far, 0, p, xtol=1e-15)), float(brentq(far, p, 1, xtol=1e-15))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_ratio_score_fixtures.py FOLDER")
    random = np.random.RandomState(11)
    cases = []
    for n, n_labels, weighted in [(40, 3, False), (40, 3, True), (60, 4, True), (90, 6, False), (90, 6, True), (25, 2, True)]:
        y = random.random_sample((n, n_labels)) < np.linspace(0.2, 0.6, n_labels)
        hard = random.random_sample((n, 1)) < 0.3
        predicted = [y ^ (random.random_sample(y.shape) < np.where(hard, 0.4, noise)) for noise in (0.15, 0.08)]
        # A row of weight 0 is ignored.
        w = np.round(random.exponential(size=n), 3) * (random.random_sample(n) < 0.9) if weighted else np.ones(n)
        case = {
            "y_true": [digits(row) for row in y],
            "y_pred": [[digits(row) for row in p] for p in predicted],
            "weights": w.tolist() if weighted else None,
        }
        for name, score in [("micro_f1", micro_f1), ("subset_accuracy", subset_accuracy)]:
            scores = np.array([score(y, p, w) for p in predicted])
            rows = [influence(score, y, p, w) for p in predicted]
            errors = np.array([np.sqrt((r**2).sum()) for r in rows])
            limits = [wilson(s, s * (1 - s) / e**2) for s, e in zip(scores, errors)]
            phi = (rows[0] * rows[1]).sum() / errors.prod()
            (low_a, high_a), (low_b, high_b) = limits
            width = lambda s, t: np.sqrt(s * s - 2 * phi * s * t + t * t)
            difference = scores[1] - scores[0]
            case[name] = {
                "scores": scores.tolist(),
                "standard_errors": errors.tolist(),
                "ci95": limits,
                "difference_ci95": [
                    float(difference - width(scores[1] - low_b, high_a - scores[0])),
                    float(difference + width(high_b - scores[1], scores[0] - low_a)),
                ],
            }
        cases.append(case)
    write(Path(sys.argv[1]), "ratio_scores.json", {"cases": cases})


if __name__ == "__main__":
    main()
