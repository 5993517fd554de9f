"""A classifier of sentences whose C is chosen by cross-validation."""

import numpy as np

from clsify import _checks as checks
from clsify import _options as options
from clsify._sentence_classifier import SentenceClassifier


class SentenceClassifierCV(SentenceClassifier):
    """`SentenceClassifier` with `C` chosen by cross-validation.

    Each sentence is encoded once, and the fits of all folds and values of `C` go on together.

    Parameters
    ----------
    Cs : list of float, default=None
        The values of `C`. By default 20, from 0.0001 to 100 or for standardised features from 0.00001 to 0.56.
    cv : int, default=5
        The number of folds, which are stratified, or follow the groups. Folds of a splitter such as `StratifiedKFold` are an error: with them, search `C`
        by `GridSearchCV`.
    model, pooling, layers, max_length, prompt, dtype, class_weight, scaling, tol, max_iter, calibration, thresholds, costs, abstain_below, \
target_precision, keep_neighbours, threads, cache, missing, verbose
        As for `SentenceClassifier`.

    Attributes
    ----------
    C_ : float
        The best `C`; of equally good ones the first.
    best_score_ : float
        Its mean score over the folds: accuracy, for label sets micro F1.
    cv_results_ : dict of ndarray
        `param_C`, `mean_test_score` and `std_test_score`.

    Examples
    --------
    >>> from clsify import SentenceClassifierCV
    >>> reviews = ["a treat", "a stunning film", "funny and warm", "a bore", "a dull mess", "flat and long"]
    >>> classifier = SentenceClassifierCV(Cs=[0.1, 1.0], cv=3).fit(reviews, ["good"] * 3 + ["bad"] * 3)
    >>> classifier.cv_results_["param_C"]
    array([0.1, 1. ])
    """

    def __init__(self, model="all-MiniLM-L6-v2", *, Cs=None, cv=5, pooling="auto", layers=None, max_length=None, prompt=None, dtype="f32",
                 class_weight=None, scaling=None, tol=1e-8, max_iter=10_000, calibration=None, thresholds=None, costs=None, abstain_below=None,
                 target_precision=None, keep_neighbours=False, threads=None, cache=True, missing="error", verbose=False):
        self.model = model
        self.Cs = Cs
        self.cv = cv
        self.pooling = pooling
        self.layers = layers
        self.max_length = max_length
        self.prompt = prompt
        self.dtype = dtype
        self.class_weight = class_weight
        self.scaling = scaling
        self.tol = tol
        self.max_iter = max_iter
        self.calibration = calibration
        self.thresholds = thresholds
        self.costs = costs
        self.abstain_below = abstain_below
        self.target_precision = target_precision
        self.keep_neighbours = keep_neighbours
        self.threads = threads
        self.cache = cache
        self.missing = missing
        self.verbose = verbose

    # Parameters of the other class, which have one value here.
    features = None
    scoring = None
    C = None
    descriptions = None
    tune = False
    random_state = 0

    def fit(self, X=None, y=None, sample_weight=None, groups=None):
        """Choose `C`, and fit the classifier with it on all rows.

        Parameters
        ----------
        X, y, sample_weight, groups
            As for `SentenceClassifier.fit`.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        super().fit(X, y, sample_weight, groups)
        search = self.choices_["grid_search"]
        self.C_, self.best_score_ = search["best_C"], search["best_score"]
        self.cv_results_ = {name: np.array([point[key] for point in search["points"]])
                            for name, key in [("param_C", "C"), ("mean_test_score",) * 2, ("std_test_score",) * 2]}
        return self

    def _is_choosing(self):
        return False

    def _search(self):
        if not isinstance(self.cv, str) and (hasattr(self.cv, "split") or hasattr(self.cv, "__iter__")):
            raise TypeError(f"cv: expected a number of folds, got {checks.shown(self.cv)}: folds are stratified, or follow the groups that fit gets; "
                            "for other folds search C with GridSearchCV(SentenceClassifier(C=1.0), {'C': [...]}, cv=...)")
        return {"Cs": options.values_of_C(self.Cs), "n_splits": checks.whole("cv", self.cv, 2)}
