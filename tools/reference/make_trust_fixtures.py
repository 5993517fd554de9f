"""Writes the golden file of probabilities and thresholds for rows with weights or several labels.

    python tools/reference/make_trust_fixtures.py fixtures/sklearn

Needs what make_sklearn_fixtures.py needs. Every input is drawn from a fixed seed.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import digits, drawn_problem, quantised, write
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_recall_curve,
)
from sklearn.model_selection import KFold, StratifiedKFold

warnings.simplefilter("ignore")
N_BINS = 15


def expected_calibration_error(came_true, said, weights):
    bins = np.clip(np.ceil(said * N_BINS).astype(int), 1, N_BINS)
    gaps = [abs((weights * (came_true - said))[bins == b].sum()) for b in range(1, N_BINS + 1)]
    return float(sum(gaps) / weights.sum())


def drawn_weights(random, n, whole):
    return random.randint(0, 4, size=n).astype(float) if whole else np.round(random.exponential(size=n) + 0.01, 3)


def scores(random):
    """Cases of rows with one class, and of rows with several labels."""
    cases = []
    for n, n_classes, whole in [(60, 2, True), (80, 3, False), (200, 4, True)]:
        y, weights = random.randint(n_classes, size=n), drawn_weights(random, n, whole)
        logits = quantised(2 * (random.standard_normal((n, n_classes)) + np.eye(n_classes)[y]))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        brier = brier_score_loss(y, p[:, 1] if n_classes == 2 else p, sample_weight=weights)
        cases.append({
            "n_classes": n_classes, "y_true": digits(y), "weights": weights.tolist(), "logits": logits.tolist(),
            "ece": expected_calibration_error(p.argmax(axis=1) == y, p.max(axis=1), weights),
            "brier": float(brier), "log_loss": float(log_loss(y, p, sample_weight=weights, labels=range(n_classes))),
        })
    return cases


def label_scores(random):
    cases = []
    for n, n_labels, whole in [(70, 3, None), (90, 4, False)]:
        Y = (random.random_sample((n, n_labels)) < 0.3).astype(int)
        weights = np.ones(n) if whole is None else drawn_weights(random, n, whole)
        P = np.round(np.clip(0.3 + 0.4 * (Y - 0.3) + 0.2 * random.standard_normal((n, n_labels)), 0.01, 0.99), 4)
        of_labels = [
            [expected_calibration_error(Y[:, k], P[:, k], weights), brier_score_loss(Y[:, k], P[:, k], sample_weight=weights),
             log_loss(Y[:, k], P[:, k], sample_weight=weights)] for k in range(n_labels)
        ]
        ece, brier, loss = np.mean(of_labels, axis=0)
        targets = []
        for target in [0.5, 0.7, 0.9, 0.97]:
            for k in range(n_labels):
                precision, recall, _ = precision_recall_curve(Y[:, k], P[:, k], sample_weight=weights)
                thresholds = np.unique(P[:, k])
                given = np.array([((P[:, k] >= t) & (weights > 0)).sum() for t in thresholds])
                fits = np.flatnonzero((precision[:-1] >= target) & (given >= np.ceil(1 / (1 - target) - 1e-9)))
                best = [float(precision[fits[0]]), float(recall[fits[0]])] if len(fits) else None
                targets.append({"label": k, "target": target, "best": best})
        cases.append({
            "labels": [digits(row) for row in Y], "probabilities": P.tolist(), "weights": weights.tolist(),
            "ece": float(ece), "brier": float(brier), "log_loss": float(loss), "targets": targets,
        })
    return cases


def searches(random):
    """Mean scores over folds, with weighted fits and scores, as GridSearchCV computes them with metadata routing."""
    cases = []
    for n, d, whole in [(100, 4, True), (120, 5, False)]:
        X, y = drawn_problem(random, n, d, 3, 1.0)
        X, weights = quantised(X), drawn_weights(random, n, whole)
        Y = np.stack([y == 0, y != 1, X[:, 0] + random.standard_normal(n) > 0], axis=1).astype(int)
        c_values, accuracy, micro_f1 = [0.01, 0.1, 1.0, 10.0], [], []
        for C in c_values:
            fit = lambda rows, y: LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=10_000).fit(
                X[rows], y[rows], sample_weight=weights[rows]
            )
            accuracy.append(np.mean([
                accuracy_score(y[test], fit(train, y).predict(X[test]), sample_weight=weights[test])
                for train, test in StratifiedKFold(5).split(X, y)
            ]))
            micro_f1.append(np.mean([
                f1_score(
                    Y[test], np.stack([fit(train, Y[:, k]).predict(X[test]) for k in range(3)], axis=1),
                    average="micro", sample_weight=weights[test],
                ) for train, test in KFold(5, shuffle=True, random_state=0).split(X)
            ]))
        cases.append({
            "features": X.tolist(), "class_ids": digits(y), "labels": [digits(row) for row in Y],
            "weights": weights.tolist(), "c_values": c_values, "accuracy": accuracy, "micro_f1": micro_f1,
        })
    return cases


def calibrations(random):
    """Each label separately, over the same folds."""
    X, y = drawn_problem(random, 160, 6, 3, 1.0)
    X = quantised(X)
    Y = np.stack([y == 0, y != 1, X[:, 0] + random.standard_normal(160) > 0.5], axis=1).astype(int)
    base = LogisticRegression(C=10.0, solver="newton-cholesky", tol=1e-12, max_iter=10_000)
    of_labels = []
    for k in range(3):
        def fitted(method):
            cv = KFold(20, shuffle=True, random_state=0)
            model = CalibratedClassifierCV(base, method=method, cv=cv, ensemble=False).fit(X, Y[:, k])
            return model.calibrated_classifiers_[0].calibrators[0], model.predict_proba(X)[:, 1].tolist()
        (sigmoid, p_sigmoid), (temperature, p_temperature) = fitted("sigmoid"), fitted("temperature")
        of_labels.append({
            "scale": float(-sigmoid.a_), "offset": float(-sigmoid.b_), 
            # The oracle interprets the logits of two classes as [-z, z], whose softmax is the sigmoid of 2 z.
            "temperature": float(0.5 / temperature.beta_),
            "platt": p_sigmoid, "temperature_scaled": p_temperature,
        })
    return [{"features": X.tolist(), "labels": [digits(row) for row in Y], "C": 10.0, "of_labels": of_labels}]


def average_precisions(random):
    """One label per case, with equal probabilities of several rows in some, and all points where the recall grows."""
    cases = []
    for n, share, decimals in [(40, 0.5, 4), (120, 0.1, 2), (200, 0.3, 1), (30, 0.9, 1), (1, 1.0, 2)]:
        y = (random.random_sample(n) < share).astype(int)
        y[0] = 1
        p = np.round(np.clip(0.4 + 0.3 * y + 0.25 * random.standard_normal(n), 0, 1), decimals)
        precision, recall, _ = precision_recall_curve(y, p)
        # From the highest threshold on; the first point has no threshold.
        points = list(zip(recall[::-1].tolist(), precision[::-1].tolist()))
        grown = [point for before, point in zip(points, points[1:]) if point[0] > before[0]]
        cases.append({
            "y_true": digits(y), "probabilities": p.tolist(), "average_precision": float(average_precision_score(y, p)),
            "points": grown,
        })
    return cases


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_trust_fixtures.py FOLDER")
    random = np.random.RandomState(21)
    body = {
        "scores": scores(random), "label_scores": label_scores(random), "searches": searches(random),
        "calibrations": calibrations(random), "average_precisions": average_precisions(random),
    }
    write(Path(sys.argv[1]), "trust.json", body)


if __name__ == "__main__":
    main()
