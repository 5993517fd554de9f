"""scikit-learn's side of the classifier's jobs: `python -m peers.grid_search`.

The grid search is the article's call, with its defaults (lbfgs to a gradient of 1e-4, at most 100 iterations, features as
they are). The reference is another solver run to the optimum: where the default stops decides some of its scores.
"""

import time
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split

from peers.protocol import serve


def load() -> dict:
    return {"version": sklearn.__version__}


def training_rows(features: str, class_ids: list[int], raw: str) -> dict:
    """The rows that the article trains on, as raw f32 for participants that read no .npy."""
    matrix = np.load(features).astype(np.float32)
    train, _, y_train, _ = train_test_split(matrix, np.array(class_ids), random_state=0)
    np.ascontiguousarray(train).astype("<f4").tofile(raw)
    return {"rows": train.shape[0], "columns": train.shape[1], "class_ids": y_train.tolist()}


def grid_search(features: str, rows: int, columns: int, class_ids: list[int], c_values: list[float], folds: int) -> dict:
    return search(LogisticRegression(), features, rows, columns, class_ids, c_values, folds)


def reference(features: str, rows: int, columns: int, class_ids: list[int], c_values: list[float], folds: int) -> dict:
    classifier = LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=10_000)
    # In f64 the features have the same values, and the tolerance of 1e-10 can be reached.
    return search(classifier, features, rows, columns, class_ids, c_values, folds, dtype=np.float64)


def search(classifier, features, rows, columns, class_ids, c_values, folds, dtype=np.float32) -> dict:
    x = np.fromfile(features, "<f4").reshape(rows, columns).astype(dtype)
    started = time.perf_counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = GridSearchCV(classifier, {"C": c_values}, cv=folds).fit(x, class_ids)
    # One warning per fit; the final refit with the best C is counted too.
    stopped = sum(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    return {"seconds": time.perf_counter() - started, "best_C": float(found.best_params_["C"]),
            "scores": found.cv_results_["mean_test_score"].tolist(), "n_not_converged": stopped}


def accuracy(features: str, class_ids: list[int], seeds: int) -> dict:
    """Mean test accuracy of scikit-learn's default classifier over splits by seeds 0, 1, ..."""
    matrix, y = np.load(features), np.array(class_ids)
    scores = []
    for seed in range(seeds):
        train, test, y_train, y_test = train_test_split(matrix, y, random_state=seed)
        scores.append(LogisticRegression(max_iter=1000).fit(train, y_train).score(test, y_test))
    return {"accuracy": float(np.mean(scores))}


if __name__ == "__main__":
    serve({"load": load, "training_rows": training_rows, "grid_search": grid_search, "reference": reference,
           "accuracy": accuracy})
