"""Writes the golden file of multi-label data, whose oracle is scikit-learn.

    python tools/reference/make_multi_label_fixtures.py fixtures/sklearn

Needs what make_sklearn_fixtures.py needs. Every input is drawn from a fixed seed, so that a second run writes the same
bytes. fixtures/sklearn/README.md describes the content of the file.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    hamming_loss,
    precision_recall_curve,
    precision_recall_fscore_support,
)
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from make_sklearn_fixtures import GRADIENT_BOUND, SEEDS, digits, quantised, write

warnings.simplefilter("ignore")


def rows(Y):
    return [digits(row) for row in Y]


def scores(y_true, y_pred):
    """The scores of scikit-learn for two indicator matrices."""
    names = ["precision", "recall", "f1"]
    found = {
        "subset_accuracy": float(accuracy_score(y_true, y_pred)),
        "hamming_loss": float(hamming_loss(y_true, y_pred)),
    }
    for average in ["micro", "macro", "weighted", "samples"]:
        values = precision_recall_fscore_support(y_true, y_pred, average=average, zero_division=0)
        found[average] = {name: float(value) for name, value in zip(names, values)}
    values = precision_recall_fscore_support(y_true, y_pred, average=None, zero_division=0)
    found["per_label"] = {name: value.tolist() for name, value in zip([*names, "support"], values)}
    return found


def metrics():
    random = np.random.RandomState(11)
    cases = []
    for n, n_labels, share, agreement in [
        (1, 2, 0.5, 0.5), (7, 2, 0.5, 0.7), (40, 3, 0.3, 0.9), (60, 6, 0.1, 0.8), (25, 4, 0.0, 0.5), (30, 5, 0.6, 1.0),
        (50, 9, 0.2, 0.0),
    ]:
        y_true = (random.random_sample((n, n_labels)) < share).astype(int)
        keep = random.random_sample((n, n_labels)) < agreement
        y_pred = np.where(keep, y_true, 1 - y_true)
        if n_labels == 9:
            y_true[:, 4] = 0
            y_pred[:, 4] = 0
        cases.append({"n_labels": n_labels, "y_true": rows(y_true), "y_pred": rows(y_pred), **scores(y_true, y_pred)})
    return cases


def k_fold():
    cases = []
    for n, n_splits in [(2, 2), (7, 3), (23, 5), (100, 10)]:
        for seed in [None, *SEEDS]:
            folds = KFold(n_splits, shuffle=seed is not None, random_state=seed).split(np.zeros((n, 1)))
            cases.append({"n": n, "n_splits": n_splits, "seed": seed, "test": [test.tolist() for _, test in folds]})
    return cases


def drawn(random, n, d, n_labels, shift):
    """Labels that depend on the features, and on one another through them."""
    X = quantised(random.standard_normal((n, d)), 1 / 64)
    logits = 2 * X @ random.standard_normal((d, n_labels)) / np.sqrt(d) + shift
    Y = (random.random_sample((n, n_labels)) < 1 / (1 + np.exp(-logits))).astype(int)
    return X, Y


def gradient_max_norm(X, y, C, weights, coef, intercept):
    X, coef, intercept, weights = (np.asarray(v, np.longdouble) for v in (X, coef, intercept, weights))
    total = weights.sum()
    residual = weights * (1 / (1 + np.exp(-(X @ coef + intercept))) - y)
    gradient = np.append(residual @ X / total + coef / (C * total), residual.sum() / total)
    return float(np.abs(gradient).max())


def of_labels(probabilities, Y):
    """For scikit-learn a single label is a binary problem, with a column for "no" too."""
    return probabilities[:, 1:] if Y.shape[1] == 1 and probabilities.shape[1] == 2 else probabilities


def fit(X, Y, C, class_weight, sample_weight):
    # Newton's method stops when rounding prevents progress.
    one = LogisticRegression(C=C, class_weight=class_weight, solver="newton-cholesky", tol=1e-12, max_iter=100_000)
    if sample_weight is None:
        model = OneVsRestClassifier(one).fit(X, Y)
    else:
        model = MultiOutputClassifier(one).fit(X, Y, sample_weight=sample_weight)
    coef, intercept, constant = [], [], []
    for label, estimator in enumerate(model.estimators_):
        y = Y[:, label]
        if y.min() == y.max():
            constant.append(int(y[0]))
            coef.append([0.0] * X.shape[1])
            intercept.append(0.0)
            continue
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        if class_weight == "balanced":
            weights = len(y) / (2 * np.bincount(y)[y])
        gradient = gradient_max_norm(X, y, C, weights, estimator.coef_[0], estimator.intercept_[0])
        assert gradient < GRADIENT_BOUND, gradient
        constant.append(None)
        coef.append(estimator.coef_[0].tolist())
        intercept.append(float(estimator.intercept_[0]))
    probabilities = model.predict_proba(X[:5])
    if isinstance(probabilities, list):
        probabilities = np.array([p[:, 1] for p in probabilities]).T
    probabilities = of_labels(probabilities, Y)
    return {
        "C": C,
        "class_weight": class_weight,
        "sample_weight": None if sample_weight is None else sample_weight.tolist(),
        "coef": coef,
        "intercept": intercept,
        "constant": constant,
        "predict_proba": probabilities.tolist(),
        "predict": rows(np.asarray(model.predict(X), int).reshape(Y.shape)),
    }


def out_of_fold(X, Y):
    """Probabilities of KFold(5, shuffle=True, random_state=0), and the largest F1 that a threshold reaches on them."""
    model = OneVsRestClassifier(LogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=100_000))
    probabilities = np.zeros(Y.shape)
    for train, test in KFold(5, shuffle=True, random_state=0).split(X):
        probabilities[test] = of_labels(model.fit(X[train], Y[train]).predict_proba(X[test]), Y)
    best = []
    for label in range(Y.shape[1]):
        precision, recall, _ = precision_recall_curve(Y[:, label], probabilities[:, label])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
        best.append(float(f1.max()))
    return {"predict_proba": probabilities.tolist(), "best_f1": best}


def grid_search(X, Y):
    """The micro F1 of each C on each fold of KFold(5, shuffle=True, random_state=0)."""
    c_values = [0.01, 0.3, 3.0, 100.0]
    scores = []
    for C in c_values:
        model = OneVsRestClassifier(LogisticRegression(C=C, solver="newton-cholesky", tol=1e-12, max_iter=100_000))
        folds = KFold(5, shuffle=True, random_state=0).split(X)
        predicted = [(test, model.fit(X[train], Y[train]).predict(X[test])) for train, test in folds]
        scores.append([float(f1_score(Y[test], found, average="micro", zero_division=0)) for test, found in predicted])
    mean = np.mean(scores, axis=1)
    return {
        "c_values": c_values,
        "mean_test_score": mean.tolist(),
        "std_test_score": np.std(scores, axis=1).tolist(),
        "best_C": c_values[int(np.argmax(mean))],
    }


def problems():
    random = np.random.RandomState(12)
    found = []
    settings = [(0.1, None, False), (1.0, None, False), (1.0, "balanced", False), (100.0, None, False), (1.0, None, True)]
    for name, n, d, shift in [
        ("four labels, one rare", 120, 6, [0.0, 1.0, -1.0, -4.0]),
        ("one label", 60, 4, [-1.0]),
        ("more features than rows", 40, 60, [0.0, -1.0, -2.0]),
        ("twelve labels", 150, 8, np.linspace(-4, 2, 12)),
    ]:
        X, Y = drawn(random, n, d, len(shift), np.asarray(shift))
        sample_weight = quantised(random.random_sample(n) * 3, 1 / 8)
        fits = [fit(X, Y, C, w, sample_weight if weighted else None) for C, w, weighted in settings]
        integers = [[int(v) if v == int(v) else v for v in row] for row in X.tolist()]
        found.append({"name": name, "features": integers, "labels": rows(Y), "fits": fits, "out_of_fold": out_of_fold(X, Y)})
        # For scikit-learn one label is a binary problem; a first label that is constant in a fold changes its threshold.
        if Y.shape[1] > 1 and Y[:, 0].mean() > 0.2:
            found[-1]["grid_search"] = grid_search(X, Y)
    # Labels that all rows have, and none. Not the first label, which determines scikit-learn's threshold for all.
    X, Y = drawn(random, 50, 3, 3, np.array([0.0, 0.0, 0.0]))
    Y[:, 1], Y[:, 2] = 1, 0
    found.append({"name": "constant labels", "features": X.tolist(), "labels": rows(Y), "fits": [fit(X, Y, 1.0, None, None)], "out_of_fold": None})
    return found


def baselines(cases):
    """Label sets scored by constant answers: the most frequent value of each label, and every label."""
    found = []
    for case in cases:
        Y = np.array([[int(digit) for digit in row] for row in case["labels"]])
        if Y.shape[1] == 1:  # a binary problem for scikit-learn's scores
            continue
        X = np.zeros((len(Y), 1))
        most = DummyClassifier(strategy="most_frequent").fit(X, Y).predict(X).reshape(Y.shape).astype(int)
        found.append({
            "name": case["name"],
            "most_frequent_values": scores(Y, most),
            "every_label": scores(Y, np.ones_like(Y)),
        })
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_multi_label_fixtures.py FOLDER")
    cases = problems()
    body = {"metrics": metrics(), "k_fold": k_fold(), "problems": cases, "baselines": baselines(cases)}
    write(Path(sys.argv[1]), "multi_label.json", body)


if __name__ == "__main__":
    main()
