"""Writes `weak_penalty.json`: fits of separable rows with an extremely weak penalty. Oracle: scikit-learn.

    python tools/reference/make_weak_penalty_fixtures.py fixtures/sklearn

Needs the versions of requirements.txt. The input is drawn from a fixed seed, so that a second run writes the same bytes.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

C_VALUES = [1e4, 1e6, 1e8, 1e9, 1e10, 1e12]


def quantised(x, step=1 / 128):
    return np.round(np.asarray(x) / step) * step + 0.0


def objective(X, y, C, coef, intercept):
    """mean loss + |coef|^2 / (2 C n), without cancellation where rows are certain."""
    z = X @ coef.T + intercept
    if coef.shape[0] == 1:
        losses = np.logaddexp(0, -(2 * y - 1) * z[:, 0])
    else:
        others = z - z[np.arange(len(y)), y][:, None]
        others[np.arange(len(y)), y] = -np.inf
        losses = np.logaddexp(0, np.logaddexp.reduce(others, axis=1))
    return float(losses.mean() + (coef**2).sum() / (2 * C * len(y)))


def optimum(X, y, C):
    """The better of two solvers."""
    fits = []
    for solver in ["newton-cholesky", "lbfgs"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=C, solver=solver, tol=1e-14, max_iter=20_000).fit(X, y)
        fits.append((objective(X, y, C, model.coef_, model.intercept_), model))
    return min(fits, key=lambda fit: fit[0])


def main():
    folder = Path(sys.argv[1])
    random = np.random.RandomState(11)
    problems = []
    for name, n, d, n_classes in [("tall", 80, 12, 2), ("wide", 40, 60, 2), ("three classes", 70, 16, 3)]:
        directions = random.standard_normal((d, n_classes))
        X, other = quantised(random.standard_normal((n, d)) * 0.5), quantised(random.standard_normal((30, d)) * 0.5)
        y = (X @ directions).argmax(axis=1)
        fits = []
        for C in C_VALUES:
            least, model = optimum(X, y, C)
            logits = model.decision_function(other).reshape(len(other), -1)
            fits.append({"C": C, "objective": least, "logits": np.round(logits, 6).tolist()})
        scores = []
        for C in C_VALUES:
            folds = StratifiedKFold(5).split(X, y)
            scores.append(float(np.mean([optimum(X[a], y[a], C)[1].score(X[b], y[b]) for a, b in folds])))
        problems.append({
            "name": name, "n_classes": n_classes, "class_ids": "".join(map(str, y)), "features": X.tolist(),
            "other_features": other.tolist(), "fits": fits, "mean_test_scores": scores,
        })
    oracle = f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}"
    cases = ",\n".join(json.dumps(problem, separators=(",", ":")) for problem in problems)
    path = folder / "weak_penalty.json"
    path.write_text(f'{{"oracle":{json.dumps(oracle)},\n"problems":[\n{cases}\n]}}\n', encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
