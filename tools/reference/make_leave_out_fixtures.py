"""Writes the golden file of predictions of ridge regression for rows that are left out.

    python tools/reference/make_leave_out_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, and make_sklearn_fixtures.py beside it. The predictions are those of `Ridge`, fitted again
without each row, or without each group of rows; the best penalty of a case without groups is that of
`RidgeClassifierCV`.
"""

import sys
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import write
from sklearn.linear_model import Ridge, RidgeClassifierCV

PENALTIES = [0.1, 1.0, 10.0, 100.0, 1000.0]


def left_out(x, y, weights, parts, penalty):
    predictions = np.empty_like(y)
    for part in np.unique(parts):
        own = parts == part
        ridge = Ridge(alpha=penalty, solver="cholesky", tol=1e-12).fit(x[~own], y[~own], sample_weight=weights[~own])
        predictions[own] = ridge.predict(x[own]).reshape(y[own].shape)
    return predictions


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_leave_out_fixtures.py FOLDER")
    random = np.random.RandomState(14)
    cases = []
    for n, d, k, weighted, grouped in [(12, 5, 2, False, False), (15, 40, 3, False, False), (20, 6, 3, True, False), (24, 30, 2, True, True)]:
        class_ids = np.arange(n) % k
        x = (random.randn(n, d) + 0.7 * class_ids[:, None]).astype(np.float32)
        x -= x.mean(axis=0)
        y = np.where(class_ids[:, None] == np.arange(k), 1.0, -1.0)
        weights = random.choice([0.5, 1.0, 3.0], n) if weighted else np.ones(n)
        parts = np.arange(n) // 3 if grouped else np.arange(n)
        predictions = [left_out(x.astype(np.float64), y, weights, parts, penalty) for penalty in PENALTIES]
        best = None if grouped else RidgeClassifierCV(alphas=PENALTIES).fit(x.astype(np.float64), class_ids, sample_weight=weights).alpha_
        cases.append(
            {
                "features": x.astype(np.float64).tolist(),
                "class_ids": class_ids.tolist(),
                "weights": weights.tolist() if weighted else None,
                "groups": parts.tolist() if grouped else None,
                "penalties": PENALTIES,
                "predictions": [p.tolist() for p in predictions],
                "best_penalty": best,
            }
        )
    write(Path(sys.argv[1]), "leave_out.json", {"cases": cases})


if __name__ == "__main__":
    main()
