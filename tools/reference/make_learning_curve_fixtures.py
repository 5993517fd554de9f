"""Writes the golden file of the form of a learning curve, `score = a - b n^-c`.

    python tools/reference/make_learning_curve_fixtures.py fixtures/sklearn

Needs numpy 2.4 and scipy 1.17, and make_sklearn_fixtures.py beside it. scipy's `least_squares` finds the nearest of several
minima and may stop early, so the best of many starts is used.
"""

import sys
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import write
from scipy.optimize import least_squares

LOWER, UPPER = [-np.inf, 0.0, -3.0], [1.0, np.inf, 1.0]


def best_fit(sizes, scores, weights):
    def residuals(p):
        return np.sqrt(weights) * (scores - (p[0] - p[1] * sizes ** -np.exp(p[2])))

    best = None
    for log_c in np.linspace(-2.9, 0.9, 25):
        start = [0.9, 0.5 * sizes[0] ** np.exp(log_c), log_c]
        found = least_squares(residuals, start, bounds=(LOWER, UPPER), x_scale=[1, start[1], 1], xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=5000)
        if best is None or found.cost < best.cost:
            best = found
    a, b, log_c = best.x
    return 2 * best.cost, a - b * (2 * sizes[-1]) ** -np.exp(log_c)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_learning_curve_fixtures.py FOLDER")
    random = np.random.RandomState(8)
    cases = []
    for a, b, c, noise in [(0.9, 2, 0.5, 0), (0.9, 2, 0.5, 0.01), (0.95, 1, 0.3, 0.004), (0.85, 4, 0.9, 0.02), (1.0, 1, 0.5, 0.01)]:
        for n_sizes in [4, 6, 8]:
            sizes = 50.0 * 2 ** np.arange(n_sizes)
            scores = np.minimum(a - b * sizes**-c + noise * random.standard_normal(n_sizes), 1)
            scores = np.round(scores, 6)
            weights = sizes * random.randint(1, 6, size=n_sizes)
            squares, at_twice = best_fit(sizes, scores, weights)
            cases.append({
                "sizes": sizes.tolist(),
                "scores": scores.tolist(),
                "weights": weights.tolist(),
                "sum_of_squares": float(squares),
                "at_twice": float(np.clip(at_twice, 0, 1)),
            })
    write(Path(sys.argv[1]), "learning_curve.json", {"cases": cases})


if __name__ == "__main__":
    main()
