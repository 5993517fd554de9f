"""Logistic regression on arrays, with the solver of clsify."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from clsify import _checks as checks
from clsify import _options as options
from clsify._core import fit_logistic_regression


class LogisticRegression(ClassifierMixin, BaseEstimator):
    """L2-regularised logistic regression.

    The optimum is that of `sklearn.linear_model.LogisticRegression` with the same `C`, to the last digits that its tolerance leaves. Features are
    taken as float32, as encoders produce them; weights and steps are float64.

    Parameters
    ----------
    C : float, default=1.0
        Inverse of the strength of the penalty.
    class_weight : {None, "balanced"} or dict, default=None
        Weights of the classes; "balanced" gives all classes the same total weight.
    tol : float, default=1e-10
        The fit ends when no element of the gradient of the mean loss is larger.
    max_iter : int, default=10_000
        The largest number of steps.
    threads : int, default=None
        The number of threads; by default that of `CLSIFY_NUM_THREADS` or `OMP_NUM_THREADS`, otherwise one per core.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The intercepts.
    n_iter_ : ndarray of shape (1,)
        The number of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from clsify import LogisticRegression
    >>> X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    >>> LogisticRegression().fit(X, ["no", "no", "yes", "yes"]).predict([[1.5]])
    array(['yes'], dtype='<U3')
    """

    def __init__(self, C=1.0, *, class_weight=None, tol=1e-10, max_iter=10_000, threads=None):
        self.C = C
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.threads = threads

    def fit(self, X, y, sample_weight=None):
        """Fit the classifier.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.
        y : array-like of shape (n_samples,)
            The class of each row.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each row.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
        self.classes_, class_ids = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"expected at least 2 classes, got only one class: {self.classes_[0]!r}")
        weights = self._weighted_by_class(class_ids, weights)
        self.coef_, self.intercept_, n_iter, converged = fit_logistic_regression(
            np.ascontiguousarray(X, dtype=np.float32), class_ids.astype(np.int64), len(self.classes_), weights, checks.number("C", self.C, above=0),
            self.class_weight == "balanced", checks.number("tol", self.tol, above=0), checks.whole("max_iter", self.max_iter, 1),
            options.checked_threads(self.threads))
        self.n_iter_ = np.array([n_iter])
        if not converged:
            warnings.warn(f"the fit has not converged after {n_iter} steps: increase max_iter, or scale the features", ConvergenceWarning, stacklevel=2)
        return self

    def _weighted_by_class(self, class_ids, weights):
        if self.class_weight is None or self.class_weight == "balanced":
            return weights
        if not isinstance(self.class_weight, dict):
            raise ValueError(f"class_weight: expected None, 'balanced' or a dict, got {self.class_weight!r}")
        unknown = set(self.class_weight) - set(self.classes_.tolist())
        if unknown:
            raise ValueError(f"class_weight: expected classes of y, got {sorted(map(str, unknown))}")
        of_class = np.array([checks.number("class_weight", self.class_weight.get(label, 1.0), least=0) for label in self.classes_.tolist()])
        return of_class[class_ids] * (1.0 if weights is None else weights)

    def decision_function(self, X):
        """The logits of the second of two classes, or of every class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        logits = X.astype(np.float32).astype(np.float64) @ self.coef_.T + self.intercept_
        return logits[:, 0] if len(self.classes_) == 2 else logits

    def predict_proba(self, X):
        """The probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        logits = self.decision_function(X)
        if logits.ndim == 1:
            logits = np.column_stack([np.zeros_like(logits), logits])
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X):
        """The logarithm of the probability of each class."""
        return np.log(self.predict_proba(X))

    def predict(self, X):
        """The most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The features.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        logits = self.decision_function(X)
        places = (logits > 0).astype(int) if logits.ndim == 1 else logits.argmax(axis=1)
        return self.classes_[places]
