"""Writes the golden file of rows with sample weights.

    python tools/reference/make_weight_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, numpy 2.4, scipy 1.17, and make_sklearn_fixtures.py beside it.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import digits, drawn_problem, quantised, write
from sklearn.calibration import _TemperatureScaling
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import StandardScaler


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_weight_fixtures.py FOLDER")
    random = np.random.RandomState(9)
    problems = []
    for n, d, n_classes, whole in [(80, 5, 2, True), (90, 6, 2, False), (120, 5, 3, False)]:
        X, y = drawn_problem(random, n, d, n_classes, 2.0)
        X = quantised(X)
        weights = random.randint(0, 4, size=n).astype(float) if whole else np.round(random.exponential(size=n), 3)
        fits = []
        for C, class_weight in [(0.1, None), (1.0, None), (1.0, "balanced"), (10.0, "balanced")]:
            model = LogisticRegression(C=C, class_weight=class_weight, solver="newton-cholesky", tol=1e-13, max_iter=10_000)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(X, y, sample_weight=weights)
            # With more than two classes the optimum determines the intercepts only up to one number added to all of them.
            intercept = model.intercept_ - (model.intercept_.mean() if n_classes > 2 else 0)
            fits.append({"C": C, "class_weight": class_weight, "coef": model.coef_.tolist(), "intercept": intercept.tolist()})
        scaler = StandardScaler().fit(X, sample_weight=weights)
        baseline = DummyClassifier(strategy="prior").fit(X, y, sample_weight=weights)
        logits = quantised(3 * (random.standard_normal((n, n_classes)) + np.eye(n_classes)[y]))
        # Lowered by 100, so that the oracle does not mistake small numbers for probabilities; no probability changes.
        beta = float(_TemperatureScaling().fit(logits - 100.0, y, sample_weight=weights).beta_)
        problems.append({
            "n_classes": n_classes,
            "features": X.tolist(),
            "class_ids": digits(y),
            "weights": weights.tolist(),
            "fits": fits,
            "scaler_mean": scaler.mean_.tolist(),
            "scaler_scale": scaler.scale_.tolist(),
            "baseline_prior": baseline.class_prior_.tolist(),
            "logits": logits.tolist(),
            "temperature": 1 / beta,
            "predicted": digits(logits.argmax(axis=1)),
            "accuracy": float(accuracy_score(y, logits.argmax(axis=1), sample_weight=weights)),
        })
    write(Path(sys.argv[1]), "sample_weight.json", {"problems": problems})


if __name__ == "__main__":
    main()
