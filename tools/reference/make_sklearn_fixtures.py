"""Writes the golden files whose oracle is scikit-learn.

    python tools/reference/make_sklearn_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, numpy 2.4, scipy 1.17. Every input is drawn from a fixed seed, so that a second run writes the
same bytes. fixtures/sklearn/README.md describes the content of each file.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.special import softmax
from scipy.stats import binomtest
from sklearn.calibration import CalibratedClassifierCV, _sigmoid_calibration, _TemperatureScaling
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score, train_test_split

SEEDS = [0, 1, 42, 2**32 - 1]
# Bound on the max-norm of the gradient of the mean loss that counts as converged.
GRADIENT_BOUND = 1e-9


def write(folder, name, body):
    """One JSON file: the versions of the oracle, then `body`, one case per line."""
    head = {"oracle": f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, scipy {scipy.__version__}"}
    lines = []
    for key, value in {**head, **body}.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            cases = ",\n".join(json.dumps(case, separators=(",", ":"), allow_nan=False) for case in value)
            lines.append(f"{json.dumps(key)}:[\n{cases}\n]")
        else:
            lines.append(f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'), allow_nan=False)}")
    path = folder / name
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")
    print(f"{name}: {path.stat().st_size} bytes")


def digits(class_ids):
    """Class ids below 10 as a string of digits, which keeps the files small."""
    return "".join(str(int(i)) for i in class_ids)


def drawn_classes(random, n, n_classes, skewed):
    """`n` class ids, at least two of each class if `n` allows it."""
    weights = np.arange(1, n_classes + 1) ** 2 if skewed else np.ones(n_classes)
    class_ids = random.choice(n_classes, size=n, p=weights / weights.sum())
    if n >= 2 * n_classes:
        places = random.permutation(n)[: 2 * n_classes]
        class_ids[places] = np.tile(np.arange(n_classes), 2)
    return class_ids


# ---------------------------------------------------------------- splits


def split_case(class_ids, seed, test_size, stratify):
    kind = "count" if isinstance(test_size, int) else "fraction"
    case = {"n": len(class_ids), "seed": seed, kind: test_size, "stratify": stratify}
    if stratify:
        case["class_ids"] = digits(class_ids)
    try:
        train, test = train_test_split(
            np.arange(len(class_ids)), test_size=test_size, random_state=seed, stratify=class_ids if stratify else None
        )
        case |= {"train": train.tolist(), "test": test.tolist()}
    except ValueError as error:
        case["error"] = str(error)
    return case


def splits(folder):
    random = np.random.RandomState(1)
    cases = []
    for n in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 65, 101]:
        for i, seed in enumerate(SEEDS):
            for test_size in [[0.25, 0.5, 1], [0.25, 0.1, 2], [0.25, 0.33, 3], [0.25, 0.9, 5]][i]:
                cases.append(split_case(np.zeros(n, int), seed, test_size, False))
    for n, seed in [(999, 42), (1025, 2**32 - 1), (2000, 0)]:
        cases.append(split_case(np.zeros(n, int), seed, 0.25, False))
    for n in [4, 5, 6, 9, 13, 24, 37, 60, 101]:
        for n_classes in range(2, 7):
            for i, seed in enumerate(SEEDS):
                class_ids = drawn_classes(random, n, n_classes, skewed=i % 2 == 1)
                test_size = [0.25, 0.5, 0.33, n_classes][(i + n_classes) % 4]
                cases.append(split_case(class_ids, seed, test_size, True))
    # Equal counts: every remainder is a tie, broken by the random numbers.
    for n_classes in range(2, 7):
        for seed in SEEDS + [7, 8, 9]:
            cases.append(split_case(np.repeat(np.arange(n_classes), 7), seed, 0.3, True))
    # Ids that no row has.
    cases.append(split_case(np.array([0, 2, 5] * 7), 42, 0.25, True))
    cases.append(split_case(np.array([3] * 12), 1, 0.25, True))
    for seed in SEEDS:
        cases.append(split_case(drawn_classes(random, 700, 3, skewed=True), seed, 0.25, True))
    # Cases that scikit-learn refuses.
    five, ten = np.array([0, 0, 1, 1, 1]), np.array([0] * 5 + [1] * 5)
    for test_size in [0.0, 1.0, -0.5, 1.5, 0, 10, 11]:
        cases.append(split_case(ten, 0, test_size, False))
        cases.append(split_case(ten, 0, test_size, True))
    cases.append(split_case(five[:3], 0, 0.25, True))  # a class with one member
    cases.append(split_case(five, 0, 1, True))  # fewer test rows than classes
    cases.append(split_case(five, 0, 4, True))  # fewer training rows than classes
    cases.append(split_case(ten[:2], 0, 0.999, False))  # no training row
    write(folder, "splits.json", {"cases": cases})


def stratified_k_fold(folder):
    random = np.random.RandomState(2)
    cases = []

    def add(class_ids, n_splits, seed):
        case = {"class_ids": digits(class_ids), "n_splits": n_splits, "seed": seed}
        splitter = StratifiedKFold(n_splits, shuffle=True, random_state=seed) if seed is not None else None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                splitter = splitter or StratifiedKFold(n_splits)
                folds = list(splitter.split(np.zeros(len(class_ids)), class_ids))
                # The training rows are the ascending rest, here and in the oracle.
                for train, test in folds:
                    assert np.array_equal(train, np.setdiff1d(np.arange(len(class_ids)), test))
                    assert np.all(np.diff(test) > 0)
                case["test"] = [test.tolist() for _, test in folds]
                case["warned"] = bool(caught)
            except ValueError as error:
                case["error"] = str(error)
        cases.append(case)

    for n in [4, 7, 10, 23, 50, 91]:
        for n_classes in range(2, 7):
            for i, seed in enumerate([None, *SEEDS]):
                class_ids = drawn_classes(random, n, n_classes, skewed=i % 2 == 1)
                add(class_ids, [2, 5, 3, 10, 4][(i + n_classes) % 5], seed)
    # The first row's class decides the encoding by appearance; ids that no row has.
    for seed in [None, 0]:
        add(np.array([2, 2, 0, 1, 0, 2, 1, 1, 0, 0, 1]), 3, seed)
        add(np.array([5, 2, 0, 5, 2, 0, 0, 5, 5, 2]), 3, seed)
        add(np.array([4] * 9), 5, seed)
        add(drawn_classes(random, 500, 3, skewed=False), 5, seed)
    for n_splits in [2, 5, 6]:  # every class is smaller than n_splits; more folds than rows
        add(np.array([0, 1, 0, 1, 0]), n_splits, None)
    add(np.array([0, 0, 1, 1, 2, 2]), 3, None)
    write(folder, "stratified_k_fold.json", {"cases": cases})


# ---------------------------------------------------------------- metrics


def metrics(folder):
    random = np.random.RandomState(3)
    cases = []

    def add(y_true, y_pred, n_labels):
        y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # One row per label of the task, also of the absent ones; the averages are over scikit-learn's default
            # labels, the sorted union of y_true and y_pred.
            every = list(range(n_labels))
            per_class = precision_recall_fscore_support(y_true, y_pred, labels=every)
            averages = {
                name: dict(zip(["precision", "recall", "f1"], precision_recall_fscore_support(y_true, y_pred, average=name)))
                for name in ["macro", "weighted"]
            }
        correct, n = int((y_true == y_pred).sum()), len(y_true)
        interval = binomtest(correct, n).proportion_ci(confidence_level=0.95, method="wilson")
        cases.append({
            "n_labels": n_labels,
            "y_true": digits(y_true),
            "y_pred": digits(y_pred),
            "accuracy": float(accuracy_score(y_true, y_pred)),
            "accuracy_ci95": [float(interval.low), float(interval.high)],
            "confusion_matrix": confusion_matrix(y_true, y_pred, labels=every).tolist(),
            "per_class": {k: v.tolist() for k, v in zip(["precision", "recall", "f1"], per_class)}
            | {"support": per_class[3].astype(int).tolist()},
            **{name: {k: float(v) for k, v in scores.items()} for name, scores in averages.items()},
        })

    for n_labels in range(2, 7):
        for n in [1, 2, 3, 7, 25, 120, 500]:
            y_true = random.randint(n_labels, size=n)
            y_pred = np.where(random.rand(n) < 0.6, y_true, random.randint(n_labels, size=n))
            add(y_true, y_pred, n_labels)
    for n_labels in range(2, 7):
        y_true = random.randint(n_labels, size=40)
        add(y_true, np.full(40, n_labels - 1), n_labels)  # one class predicted
        add(y_true, y_true, n_labels)
        add(y_true, (y_true + 1) % n_labels, n_labels)  # nothing correct
        add(np.full(40, 0), random.randint(n_labels, size=40), n_labels)  # one class true
    for present in [[0, 2], [1], [1, 4]]:  # classes in neither y_true nor y_pred
        add(random.choice(present, size=30), random.choice(present, size=30), 5)
    for present, predicted in [([0, 1], [2, 3]), ([0], [4]), ([0, 1, 3], [1, 4])]:  # absent from one of the two
        add(random.choice(present, size=30), random.choice(predicted, size=30), 5)

    intervals = []
    for n in [1, 2, 5, 10, 37, 100, 500, 1821, 10**6]:
        for k in sorted({0, 1, n // 3, n // 2, n - 1, n}):
            interval = binomtest(k, n).proportion_ci(confidence_level=0.95, method="wilson")
            intervals.append({"k": k, "n": n, "ci95": [float(interval.low), float(interval.high)]})
    write(folder, "metrics.json", {"cases": cases, "wilson": intervals})


# ---------------------------------------------------------------- logistic regression


def quantised(x, step=1 / 128):
    """Multiples of `step`, a power of two: exact in float32 and in float64, and short in decimal."""
    x = np.round(np.asarray(x) / step) * step + 0.0
    assert np.array_equal(x, x.astype(np.float32).astype(np.float64))
    return x


def drawn_problem(random, n, d, n_classes, distance, priors=None):
    """Gaussian clouds whose centres lie about `distance` apart."""
    priors = np.full(n_classes, 1 / n_classes) if priors is None else np.asarray(priors)
    y = random.choice(n_classes, size=n, p=priors)
    y[:n_classes] = np.arange(n_classes)
    centres = random.standard_normal((n_classes, d)) * distance / np.sqrt(2 * d)
    return random.standard_normal((n, d)) + centres[y], y


def sample_weights(y, class_weight):
    if class_weight is None:
        return np.ones(len(y))
    counts = np.bincount(y)
    return (len(y) / (len(counts) * counts))[y]


def objective_and_gradient(X, y, C, class_weight, coef, intercept):
    """scikit-learn's objective divided by C times the sum of the weights, and its gradient, in numpy's long double.

    mean_i w_i * loss_i + |coef|^2 / (2 C sum_i w_i); the intercept is not penalised.
    """
    X, coef, intercept = (np.asarray(v, np.longdouble) for v in (X, coef, intercept))
    weights = sample_weights(y, class_weight).astype(np.longdouble)
    total = weights.sum()
    logits = X @ coef.T + intercept
    if coef.shape[0] == 1:
        z = logits[:, 0]
        losses = np.logaddexp(np.longdouble(0), z) - y * z
        residual = (1 / (1 + np.exp(-z)) - y)[:, None]
    else:
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_proba = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        losses = -log_proba[np.arange(len(y)), y]
        residual = np.exp(log_proba) - np.eye(coef.shape[0])[y]
    residual = residual * weights[:, None]
    objective = (weights * losses).sum() / total + (coef**2).sum() / (2 * C * total)
    gradient = np.concatenate([(residual.T @ X / total + coef / (C * total)).ravel(), residual.sum(axis=0) / total])
    return float(objective), float(np.abs(gradient).max())


def converged_fit(X, y, C, class_weight):
    """The fit of the solver that comes closest to the optimum."""
    best = None
    for solver in ["newton-cholesky", "lbfgs", "newton-cg"]:
        for tol in [1e-12, 1e-14]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = LogisticRegression(C=C, class_weight=class_weight, solver=solver, tol=tol, max_iter=1_000_000)
                model.fit(X, y)
            objective, gradient = objective_and_gradient(X, y, C, class_weight, model.coef_, model.intercept_)
            if best is None or gradient < best[3]:
                best = (model, solver, objective, gradient)
    assert best[3] < GRADIENT_BOUND, best
    return best


def logistic_regression(folder):
    random = np.random.RandomState(4)

    def problem(n, d, n_classes, distance, priors=None):
        X, y = drawn_problem(random, n, d, n_classes, distance, priors)
        return quantised(X), y

    def separable(n, d, margin):
        X, y = drawn_problem(random, n, d, 2, 0.0)
        direction = random.standard_normal(d)
        direction /= np.linalg.norm(direction)
        X += np.outer((2 * y - 1) * margin - X @ direction + (2 * y - 1) * np.abs(random.standard_normal(n)), direction)
        return quantised(X), y

    problems = []
    everything = [(c, w) for c in [1e-4, 0.1, 1.0, 100.0] for w in [None, "balanced"]]
    problems.append(("binary balanced", *problem(120, 8, 2, 2.0), everything))
    problems.append(("binary imbalanced", *problem(150, 6, 2, 2.0, [0.88, 0.12]), everything))
    problems.append(("nearly separable", *problem(100, 5, 2, 5.5), everything))
    problems.append(("separable", *separable(60, 4, 0.3), everything))
    X, y = problem(80, 5, 2, 2.0)
    problems.append(("duplicated columns", np.hstack([X, X[:, :3], np.zeros((80, 1))]), y, everything))
    X, y = problem(100, 6, 2, 2.0)
    scales = np.array([1000.0, 1.0, 1 / 64, 16.0, 1 / 1024, 1.0])
    offsets = np.array([5000.0, -300.0, 0.0, 0.0, 0.0, 2.0])
    problems.append(("unscaled columns", quantised(X * scales + offsets, 2**-17), y, everything))
    problems.append(("three classes", *problem(120, 7, 3, 2.0, [0.6, 0.3, 0.1]), everything))
    problems.append(("six classes", *problem(200, 10, 6, 2.5, [0.3, 0.25, 0.2, 0.15, 0.07, 0.03]), everything))
    problems.append(("more features than rows", *problem(30, 40, 2, 2.0), everything))
    problems.append(("three classes, more features than rows", *problem(30, 36, 3, 2.0), everything))
    problems.append(("one wide", *problem(90, 24, 2, 3.0), everything))
    X, y = separable(45, 3, 0.5)
    y = np.where(X[:, 0] > np.quantile(X[:, 0], 0.7), 2, y)
    problems.append(("three classes, three columns", X, y, everything))
    weak = [(c, w) for c in [100.0, 1e4] for w in [None, "balanced"]]
    problems.append(("six classes, nearly separable", *problem(200, 10, 6, 9.0), weak))
    X, y = drawn_problem(random, 60, 300, 3, 4.0)
    problems.append(("five times more features than rows", quantised(X, 1 / 8), y, [(1.0, None), (100.0, "balanced")]))

    cases, worst = [], 0.0
    for name, X, y, settings in problems:
        fits = []
        for C, class_weight in settings:
            model, solver, objective, gradient = converged_fit(X, y, C, class_weight)
            worst = max(worst, gradient)
            # Adding one number to every intercept of a multinomial fit changes no probability: here they sum to 0.
            intercept = model.intercept_ if len(model.intercept_) == 1 else model.intercept_ - model.intercept_.mean()
            fits.append({
                "C": C,
                "class_weight": class_weight,
                "solver": solver,
                "gradient_max_norm": gradient,
                "objective": objective,
                "coef": model.coef_.tolist(),
                "intercept": intercept.tolist(),
                "predict_proba": model.predict_proba(X[:5]).tolist(),
            })
        # Integers are written without ".0".
        rows = [[int(v) if v == int(v) else v for v in row] for row in X.tolist()]
        cases.append({"name": name, "n_classes": int(y.max()) + 1, "features": rows, "class_ids": digits(y), "fits": fits})
    print(f"logistic regression: the largest gradient is {worst:.1e}")
    write(folder, "logistic_regression.json", {"problems": cases})


# ---------------------------------------------------------------- cross-validation and grid search


def scores_at_the_optimum(X, y, c_values):
    """The accuracy of every C and fold, and how far they are from changing.

    The second is the least gap between the two largest logits of a held-out row, relative to the largest logit.
    """
    margin = np.inf
    scores = np.zeros((len(c_values), 5))
    for fold, (train, test) in enumerate(StratifiedKFold(5).split(X, y)):
        for i, C in enumerate(c_values):
            model = converged_fit(X[train], y[train], C, None)[0]
            scores[i, fold] = model.score(X[test], y[test])
            logits = np.atleast_2d(model.decision_function(X[test]).T).T
            if logits.shape[1] == 1:
                logits = np.hstack([np.zeros_like(logits), logits])
            ordered = np.sort(logits, axis=1)
            margin = min(margin, ((ordered[:, -1] - ordered[:, -2]) / np.abs(logits).max()).min())
    return scores, float(margin)


def grid_search(folder):
    random = np.random.RandomState(5)
    cases = []
    for name, n, d, n_classes, distance in [("binary", 150, 20, 2, 2.5), ("three classes", 120, 10, 3, 2.5)]:
        X, y = drawn_problem(random, n, d, n_classes, distance)
        X = quantised(X)
        searches = []
        for c_values in [np.linspace(0.0001, 100, 20), np.array([0.1, 1.0, 10.0])]:
            search = GridSearchCV(LogisticRegression(tol=1e-10, max_iter=100_000), {"C": c_values}, cv=5).fit(X, y)
            results = search.cv_results_
            folds = np.array([results[f"split{i}_test_score"] for i in range(5)]).T
            scores, margin = scores_at_the_optimum(X, y, c_values)
            assert margin > 1e-5 and np.array_equal(scores, folds), margin
            searches.append({
                "c_values": c_values.tolist(),
                "mean_test_score": results["mean_test_score"].tolist(),
                "std_test_score": results["std_test_score"].tolist(),
                "fold_scores": folds.tolist(),
                "best_C": float(search.best_params_["C"]),
                "best_score": float(search.best_score_),
                "smallest_relative_margin": margin,
            })
        model = LogisticRegression(C=1.0, tol=1e-10, max_iter=100_000)
        scores = {"logistic_regression": model, "baseline": DummyClassifier(strategy="prior")}
        scores = {key: cross_val_score(estimator, X, y, cv=5) for key, estimator in scores.items()}
        rows = [[int(v) if v == int(v) else v for v in row] for row in X.tolist()]
        cases.append({
            "name": name,
            "n_classes": n_classes,
            "features": rows,
            "class_ids": digits(y),
            "searches": searches,
            "cross_val_score": {
                key: {"fold_scores": v.tolist(), "mean": float(v.mean()), "std": float(v.std())} for key, v in scores.items()
            },
        })
    write(folder, "grid_search.json", {"problems": cases})


# ---------------------------------------------------------------- calibration


def expected_calibration_error(probabilities, y, n_bins=15):
    """Computed from the definition, because scikit-learn has no such function."""
    top = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == y
    error = 0.0
    for low, high in zip(np.arange(n_bins) / n_bins, np.arange(1, n_bins + 1) / n_bins):
        inside = (top > low) & (top <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - top[inside].mean())
    return float(error)


def calibration(folder):
    random = np.random.RandomState(6)
    cases = []
    for n, n_classes, sharpness in [(150, 2, 6.0), (150, 2, 0.2), (80, 3, 4.0), (90, 6, 1.0), (40, 3, 0.01)]:
        y = random.randint(n_classes, size=n)
        logits = random.standard_normal((n, n_classes)) + 1.2 * np.eye(n_classes)[y]
        logits = quantised(sharpness * logits)
        probabilities = softmax(logits, axis=1)
        # Lowered by 100, so that the oracle does not mistake small numbers for probabilities; no probability changes.
        beta = float(_TemperatureScaling().fit(logits - 100.0, y).beta_)
        cases.append({
            "n_classes": n_classes,
            "y_true": digits(y),
            "logits": logits.tolist(),
            "temperature": 1 / beta,
            "ece": expected_calibration_error(probabilities, y),
            "brier": float(brier_score_loss(y, probabilities, labels=range(n_classes))),
            "log_loss": float(log_loss(y, probabilities, labels=range(n_classes))),
        })
    write(folder, "calibration.json", {"cases": cases})


def calibrated_classifier(folder):
    """Platt's line, and the whole of CalibratedClassifierCV: folds, fit of all rows, calibration of its logits."""
    random = np.random.RandomState(7)
    lines = []
    kinds = [(200, 0.5, 3.0, 0.0), (300, 0.1, 0.3, 2.0), (60, 0.7, 40.0, -5.0), (20, 0.5, 1.0, 0.0)]
    for n, share, stretch, shift in kinds:
        y = (random.random_sample(n) < share).astype(int)
        y[:2] = [0, 1]
        z = quantised(stretch * (random.standard_normal(n) + 1.5 * (2 * y - 1)) + shift)
        a, b = _sigmoid_calibration(z, y)
        lines.append({"is_second": digits(y), "logits": z.tolist(), "a": float(a), "b": float(b)})
    classifiers = []
    for n, n_classes, method in [(120, 2, "sigmoid"), (90, 2, "temperature"), (120, 3, "temperature")]:
        y = random.randint(n_classes, size=n + 10)
        x = quantised(random.standard_normal((n + 10, 4)) + np.eye(4)[y])
        fit = LogisticRegression(C=10.0, solver="newton-cholesky", tol=1e-12, max_iter=1000)
        whole = CalibratedClassifierCV(fit, method=method, cv=5, ensemble=False).fit(x[:n], y[:n])
        classifiers.append({
            "method": method,
            "C": 10.0,
            "n_classes": n_classes,
            "features": x[:n].tolist(),
            "class_ids": digits(y[:n]),
            "other_features": x[n:].tolist(),
            "predict_proba": whole.predict_proba(x[n:]).tolist(),
        })
    write(folder, "calibrated_classifier.json", {"lines": lines, "classifiers": classifiers})


# ---------------------------------------------------------------- decisions


def answered_best(top, right, target):
    """The largest coverage whose answered rows reach the target, by trying every value as the threshold; at least so many
    rows that one of them may be wrong."""
    best = None
    for threshold in np.unique(top):
        answered = top >= threshold
        if answered.sum() * (1 - target) >= 1 - 1e-9 and right[answered].mean() >= target:
            if best is None or answered.mean() > best["coverage"]:
                best = {"coverage": float(answered.mean()), "accuracy": float(right[answered].mean())}
    return best


def decisions(folder):
    random = np.random.RandomState(8)
    abstain, thresholds, costs = [], [], []
    for n, n_classes, sharpness in [(200, 2, 1.5), (150, 3, 1.0), (120, 5, 2.0), (60, 2, 0.01)]:
        y = random.randint(n_classes, size=n)
        logits = quantised(sharpness * (random.standard_normal((n, n_classes)) + 1.5 * np.eye(n_classes)[y]))
        p = softmax(logits, axis=1)
        right = p.argmax(axis=1) == y
        targets = [0.5, 0.8, 0.9, 0.95]
        best = [answered_best(p.max(axis=1), right, target) for target in targets]
        abstain.append({
            "n_classes": n_classes, "y_true": digits(y), "logits": logits.tolist(), "targets": targets, "best": best
        })
        matrix = np.round(random.random_sample((n_classes, n_classes)) * 8) / 4
        np.fill_diagonal(matrix, 0.0)
        predicted = (p @ matrix).argmin(axis=1)
        costs.append({
            "n_classes": n_classes,
            "y_true": digits(y),
            "logits": logits.tolist(),
            "costs": matrix.tolist(),
            "predicted": digits(predicted),
            "mean_cost": float(matrix[y, predicted].mean()),
        })
    for n, share, sharpness in [(200, 0.1, 1.0), (300, 0.3, 2.0), (80, 0.05, 0.5)]:
        y = (random.random_sample(n) < share).astype(int)
        y[:2] = [0, 1]
        logits = quantised(sharpness * (random.standard_normal((n, 2)) + 1.2 * np.eye(2)[y])) - [0.0, 1.0]
        p = softmax(logits, axis=1)[:, 1]
        # Every way in which a threshold can divide the rows, but for none and all.
        scores = [f1_score(y, p >= threshold, average="macro") for threshold in np.unique(p)[1:]]
        thresholds.append({
            "y_true": digits(y),
            "logits": logits.tolist(),
            "f1_macro": float(f1_score(y, p > 0.5, average="macro")),
            "best_f1_macro": float(max(scores)),
        })
    write(folder, "decisions.json", {"abstain": abstain, "costs": costs, "thresholds": thresholds})


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_sklearn_fixtures.py FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    classifiers = [splits, stratified_k_fold, metrics, logistic_regression, grid_search]
    for make in [*classifiers, calibration, calibrated_classifier, decisions]:
        make(folder)


if __name__ == "__main__":
    main()
