"""Newton's method for logistic regression, whose sums over rows somebody else computes. Does not import scikit-learn."""

import numpy as np

# A step that decreases the loss by less than this share of what its slope promises is halved, at most so often.
SUFFICIENT = 1e-4
MOST_HALVINGS = 30
# The rounding error of a mean loss, relative to it.
ROUNDING = 1e-14


class Shape:
    """The layout of the sums of rows: the loss, its gradient, and the blocks of its Hessian on and above the diagonal.

    Weights are `[n_rows, n_features + 1]` with the intercept last: one row for two classes, otherwise one per class.
    """

    def __init__(self, n_classes, n_features):
        self.n_classes = n_classes
        self.n_features = n_features
        self.n_rows = 1 if n_classes == 2 else n_classes
        self.width = n_features + 1
        self.blocks = [(i, j) for i in range(self.n_rows) for j in range(i, self.n_rows)]
        self.n_sums = 1 + self.n_rows * self.width + len(self.blocks) * self.width**2

    @np.errstate(invalid="ignore", over="ignore")
    def sums(self, X, class_ids, sample_weight, weights):
        """The sums of some rows; they are not finite if the features are not.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
        class_ids : ndarray of shape (n,), int
        sample_weight : ndarray of shape (n,), float64
        weights : ndarray of shape (n_rows, n_features + 1), float64

        Returns
        -------
        ndarray of shape (n_sums,), float64
        """
        A = np.ones((len(X), self.width))
        A[:, :-1] = X
        logits = A @ weights.T
        if self.n_rows == 1:
            is_second = class_ids == 1
            logit = logits[:, 0]
            losses = np.logaddexp(0.0, logit) - np.where(is_second, logit, 0.0)
            # exp of a negative number on both branches.
            small = np.exp(-np.abs(logit))
            P = (np.where(logit >= 0, 1.0, small) / (1.0 + small))[:, None]
            targets = is_second[:, None].astype(np.float64)
        else:
            logits -= logits.max(axis=1, keepdims=True)
            exponentials = np.exp(logits)
            totals = exponentials.sum(axis=1)
            losses = np.log(totals) - logits[np.arange(len(X)), class_ids]
            P = exponentials / totals[:, None]
            targets = np.eye(self.n_rows)[class_ids]
        sums = np.empty(self.n_sums)
        sums[0] = sample_weight @ losses
        end = 1 + self.n_rows * self.width
        sums[1:end] = (((P - targets) * sample_weight[:, None]).T @ A).ravel()
        for block, (i, j) in enumerate(self.blocks):
            curvature = sample_weight * P[:, i] * ((1.0 if i == j else 0.0) - P[:, j])
            product = A.T @ (A * curvature[:, None])
            sums[end + block * self.width**2 : end + (block + 1) * self.width**2] = product.ravel()
        return sums

    def objective(self, sums, weights, C, total_weight):
        """The mean loss with the penalty, its gradient and its Hessian.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n_rows, n_features + 1)
        hessian : ndarray of shape (n_rows * (n_features + 1), n_rows * (n_features + 1))
        """
        penalised = np.ones((self.n_rows, self.width))
        penalised[:, -1] = 0.0
        end = 1 + self.n_rows * self.width
        value = sums[0] + (penalised * weights**2).sum() / (2.0 * C)
        gradient = sums[1:end].reshape(weights.shape) + penalised * weights / C
        hessian = np.zeros((self.n_rows, self.width, self.n_rows, self.width))
        for block, (i, j) in enumerate(self.blocks):
            part = sums[end + block * self.width**2 : end + (block + 1) * self.width**2].reshape(self.width, self.width)
            hessian[i, :, j] = part
            hessian[j, :, i] = part.T
        hessian = hessian.reshape(weights.size, weights.size)
        hessian[np.diag_indices(weights.size)] += penalised.ravel() / C
        if self.n_rows > 1:
            # The same number on all intercepts changes nothing: their sum stays 0.
            intercepts = np.arange(self.n_rows) * self.width + self.width - 1
            hessian[np.ix_(intercepts, intercepts)] += total_weight
        return value / total_weight, gradient / total_weight, hessian / total_weight


def minimise(shape, sums_of, *, C, total_weight, tol, max_iter):
    """The minimum of the penalised loss.

    Parameters
    ----------
    shape : Shape
    sums_of : callable
        Maps weights to the sums of all rows.
    C, tol : float
        As for `clsify.LogisticRegression`.
    total_weight : float
        The sum of the sample weights.
    max_iter : int

    Returns
    -------
    weights : ndarray of shape (n_rows, n_features + 1)
    n_iter : int
    converged : bool
    """
    weights = np.zeros((shape.n_rows, shape.width))
    value, gradient, hessian = shape.objective(sums_of(weights), weights, C, total_weight)
    if not np.isfinite(value) or not np.isfinite(gradient).all():
        raise ValueError("expected finite features and sample weights, got NaN or infinity: leave these rows out")
    for n_iter in range(max_iter):
        if np.abs(gradient).max() <= tol:
            return weights, n_iter, True
        # What rounding makes of a Hessian that is almost singular.
        hessian[np.diag_indices(len(hessian))] += ROUNDING * hessian.diagonal().max()
        step = -np.linalg.solve(hessian, gradient.ravel()).reshape(weights.shape)
        slope = (gradient * step).sum()
        size = 1.0
        for _ in range(MOST_HALVINGS):
            tried = weights + size * step
            there = shape.objective(sums_of(tried), tried, C, total_weight)
            # At the optimum losses differ by rounding only, and the gradient tells which point is better.
            same = abs(there[0] - value) <= ROUNDING * abs(value) and np.abs(there[1]).max() < np.abs(gradient).max()
            if there[0] <= value + SUFFICIENT * size * slope or same:
                break
            size /= 2.0
        else:
            return weights, n_iter, False
        weights, (value, gradient, hessian) = tried, there
    return weights, max_iter, bool(np.abs(gradient).max() <= tol)
