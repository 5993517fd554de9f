"""Sentences to labels, as a classifier of scikit-learn."""

import json
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.validation import check_is_fitted

from clsify import _checks as checks
from clsify import _options as options
from clsify._core import Classifier
from clsify._labels import Labels
from clsify._progress import Progress
from clsify._report import Report
from clsify._rows import checked_weights, described, described_labels, labelled
from clsify._saved import files_of, load, parameters, restored
from clsify._texts import texts

# The logit of a label that is never assigned: its probability is 0 in 64 bits, and unlike that of minus infinity it can be scored.
_NEVER = -1000.0


class SentenceClassifier(ClassifierMixin, BaseEstimator):
    """Logistic regression on the vectors of an encoder of the BERT family.

    By default layers, pooling and `C` are chosen by cross-validation on the rows of the fit, which encodes each sentence once. Giving `pooling`,
    `layers`, `scaling` or `C` fixes all of them.

    Parameters
    ----------
    model : str or path, default="all-MiniLM-L6-v2"
        A folder, a name that `clsify list` shows, or a model hub id.
    features : {None, "auto", "article"}, default=None
        "auto" chooses layers, pooling and `C`, and is an error for too few rows; None does so if there are enough rows, and if none of them is
        given; "article" takes the [CLS] vector of the last layer and `C=1`.
    scoring : {"accuracy", "f1_macro", "f1_micro", "log_loss"}, default=None
        The score by which features are chosen: accuracy, or micro F1 for label sets.
    pooling : str, default=None
        "cls", "mean", "max", several side by side such as "cls+mean", or "auto" for what the folder of a sentence-transformers model asks for,
        which is the default if features are not chosen.
    layers : str, default=None
        "last", one such as "9" (0 is the embeddings), a range such as "9-12", or "all".
    max_length : int, default=None
        The maximum number of tokens; longer sentences are cut off. By default the limit of the encoder.
    prompt : str, default=None
        A text before every sentence, or the name of a prompt of the folder.
    dtype : {"f32", "bf16", "int8", "auto"}, default="f32"
        The data type of the encoder's products; "f32" is exact.
    C : float, default=None
        Inverse of the strength of the penalty; 1 if it is neither given nor chosen.
    class_weight : {None, "balanced"} or dict, default=None
        Weights of the classes; "balanced" gives all classes the same total weight.
    scaling : {None, "none", "standard"}, default=None
        "standard" standardises features before the fit; by default those of other layers than the last.
    tol : float, default=1e-8
        The fit ends when no element of the gradient of the mean loss is larger.
    max_iter : int, default=10_000
        The largest number of steps.
    calibration : {None, "temperature", "platt"}, default=None
        The calibration of probabilities, on out-of-fold predictions.
    thresholds : {None, "f1_macro", "f1"}, default=None
        "f1_macro" chooses a threshold per class with the best macro F1, for label sets "f1" one per label with its best F1, on out-of-fold
        predictions.
    costs : dict, frame or array, default=None
        The costs of mistakes: of true and predicted class, or for label sets a pair (false_positive, false_negative) per label.
    abstain_below : float, default=None
        Abstain if the label's probability is lower; for label sets assign only labels with a higher one.
    target_precision : float, default=None
        Choose that threshold so that this share of the answers is right, on out-of-fold predictions.
    descriptions : dict, default=None
        Texts that describe each label: with few rows, or none, the classifier starts from them.
    keep_neighbours : bool, default=False
        Keep the training sentences, so that `explain` shows those near a text.
    tune : bool or dict, default=False
        Train the encoder too. A dict has options: `epochs`, `learning_rate`, `batch_size`, `weight_decay`, `max_grad_norm`, `warmup`, `dropout`,
        `embeddings`, `dtype`, `save_dtype`.
    random_state : int, default=0
        The seed of tuning; everything else has no random part.
    threads : int, default=None
        The number of threads; by default that of `CLSIFY_NUM_THREADS` or `OMP_NUM_THREADS`, otherwise one per core.
    cache : bool or path, default=True
        Keep features in a folder, so that cross-validation and later runs encode a sentence once: True is the folder of the program.
    missing : {"error", "empty"}, default="error"
        What a missing sentence is in predictions: an error, or an empty sentence.
    verbose : bool, default=False
        Draw progress bars.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        The weights, for unscaled features; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        The intercepts.
    choices_ : dict
        What was chosen: features, `C`, calibration, decision rule, tuning.

    Examples
    --------
    >>> from clsify import SentenceClassifier
    >>> reviews = ["a treat", "a stunning film", "funny and warm", "a bore", "a dull mess", "flat and long"]
    >>> classifier = SentenceClassifier(pooling="auto").fit(reviews, ["good"] * 3 + ["bad"] * 3)
    >>> classifier.predict(["warm and funny"])
    array(['good'], dtype='<U4')
    """

    def __init__(self, model="all-MiniLM-L6-v2", *, features=None, scoring=None, pooling=None, layers=None, max_length=None, prompt=None,
                 dtype="f32", C=None, class_weight=None, scaling=None, tol=1e-8, max_iter=10_000, calibration=None, thresholds=None, costs=None,
                 abstain_below=None, target_precision=None, descriptions=None, keep_neighbours=False, tune=False, random_state=0, threads=None,
                 cache=True, missing="error", verbose=False):
        self.model = model
        self.features = features
        self.scoring = scoring
        self.pooling = pooling
        self.layers = layers
        self.max_length = max_length
        self.prompt = prompt
        self.dtype = dtype
        self.C = C
        self.class_weight = class_weight
        self.scaling = scaling
        self.tol = tol
        self.max_iter = max_iter
        self.calibration = calibration
        self.thresholds = thresholds
        self.costs = costs
        self.abstain_below = abstain_below
        self.target_precision = target_precision
        self.descriptions = descriptions
        self.keep_neighbours = keep_neighbours
        self.tune = tune
        self.random_state = random_state
        self.threads = threads
        self.cache = cache
        self.missing = missing
        self.verbose = verbose

    def fit(self, X=None, y=None, sample_weight=None, groups=None):
        """Fit the classifier on all rows; score it with `evaluate` on others.

        Parameters
        ----------
        X : iterable of str, default=None
            The sentences. Without any, the classifier knows only its `descriptions`.
        y : array-like of shape (n_samples,) or (n_samples, n_labels), default=None
            The label of each sentence. For label sets a list of labels per sentence, or a column of 0 and 1 per label; a label of a column of
            zeros is never assigned, and its probability is 0.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each row.
        groups : array-like of shape (n_samples,), default=None
            The group of each row, such as its author, which no fold divides.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        options.checked_threads(self.threads)
        unknown = getattr(self, "_unknown", None)
        if unknown:
            warnings.warn(f"the loaded model does not tell {', '.join(unknown)}: this fit takes the values of get_params()", UserWarning, stacklevel=2)
        labels, rows = self._rows_to_learn(X, y, sample_weight, groups)
        absent = labels.without_rows(rows["labels"]) if labels.is_multi_label else []
        if absent:
            warnings.warn(f"y: no row has the label {', '.join(absent)}: it is never assigned, and its probability is 0", UserWarning, stacklevel=2)
        with Progress(self.verbose) as progress:
            core, choices = Classifier.train(rows, self._encoder(), json.dumps(self._train_options(labels, absent)), self.threads, progress)
        self._use(core, labels)
        self.choices_ = json.loads(choices)
        if unknown:
            self._unknown = []
        return self

    def predict(self, X):
        """The label of each sentence; if the classifier may abstain, its best guess.

        Parameters
        ----------
        X : iterable of str
            The sentences.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            For label sets a tuple of labels per sentence, or columns of 0 and 1 if the fit had these.
        """
        ids, _, _ = self._predict(X)
        if self._labels.is_multi_label:
            return self._labels.answers(self._has_label(ids))
        return self.classes_[self._places([row[0] for row in ids])]

    def predict_with_abstention(self, X):
        """As `predict`, with None where the classifier abstains.

        Parameters
        ----------
        X : iterable of str
            The sentences.

        Returns
        -------
        ndarray of shape (n_samples,), object
        """
        ids, abstained, _ = self._predict(X)
        if self._labels.is_multi_label:
            return self._labels.answers(self._has_label(ids))
        answers = self.classes_[self._places([row[0] for row in ids])].astype(object)
        answers[np.asarray(abstained, dtype=bool)] = None
        return answers

    def predict_proba(self, X):
        """The probability of each class, in the order of `classes_`; those of label sets do not sum to 1.

        Parameters
        ----------
        X : iterable of str
            The sentences.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return self._of_classes(self._predict(X)[2], 0.0)

    def predict_log_proba(self, X):
        """The logarithm of the probability of each class."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def decision_function(self, X):
        """The logits of the second of two classes, or of every class.

        Parameters
        ----------
        X : iterable of str
            The sentences.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        sentences = self._sentences(X)
        with Progress(self.verbose) as progress:
            vectors = self._core.features(sentences, self.threads, progress)
        logits = vectors.astype(np.float64) @ self.coef_.T + self.intercept_
        return logits[:, 0] if len(self.classes_) == 2 and not self._labels.is_multi_label else logits

    def score(self, X, y, sample_weight=None):
        """The accuracy; for label sets the share of sentences whose set is right.

        Parameters
        ----------
        X : iterable of str
            The sentences.
        y : array-like
            Their labels, in the form of the fit, or the texts of these labels.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each row.

        Returns
        -------
        float
        """
        predicted = self.predict(X)
        if self._labels.kind == "sets":
            right = [set(row) == set(names) for row, names in zip(self._names(predicted), self._labels.rows(y), strict=True)]
            return float(np.average(right, weights=sample_weight))
        names = self._labels.rows(y)
        if self._labels.kind == "columns":
            has_label = [[name in row for name in self._labels.names] for row in names]
            return float(accuracy_score(np.array(has_label, dtype=int), predicted, sample_weight=sample_weight))
        return float(accuracy_score([row[0] for row in names], [self._labels.name(label) for label in predicted.tolist()], sample_weight=sample_weight))

    def evaluate(self, X, y, sample_weight=None, title="these rows"):
        """All scores on rows that were not learned from, with intervals, calibration and the decision rule's effect.

        With `sample_weight`, calibration error, Brier score, log loss and the reliability diagram are weighted. Accuracy, the scores per class and the
        confusion matrix count each row once; the weighted accuracy is `test_weighted_accuracy`, and for label sets `test_weighted` has weighted scores.

        Parameters
        ----------
        X : iterable of str
            The sentences.
        y : array-like
            Their labels, in the form of the fit, or the texts of these labels.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each row.
        title : str, default="these rows"
            What the charts are called.

        Returns
        -------
        Report
        """
        sentences = self._sentences(X)
        rows = labelled(sentences, self._labels.rows(y), self._labels, sample_weight, None)
        title = checks.text("title", title)
        with Progress(self.verbose) as progress:
            return Report(self._core.evaluate(rows, title, self.threads, progress), _per_label)

    def explain(self, X, label=None, path=False):
        """The words that carried the labels of texts: each word is left out, and the change of the label's logit is its contribution.

        Parameters
        ----------
        X : str or iterable of str
            The texts.
        label : object, default=None
            The label to explain; by default the predicted one.
        path : bool, default=False
            Also leave out words one after the other until the answer changes.

        Returns
        -------
        Report
        """
        sentences = self._sentences([X] if isinstance(X, str) else X)
        label, path = None if label is None else checks.text("label", str(label)), checks.flag("path", path)
        with Progress(self.verbose) as progress:
            return Report(self._core.explain(sentences, label, path, self.threads, progress), _words)

    def save(self, folder, bundle_encoder=False):
        """Save the classifier to a folder, for `load` and for the program.

        Parameters
        ----------
        folder : str or path
            The folder, which appears complete or not at all, and replaces an earlier model.
        bundle_encoder : bool, default=False
            Copy the encoder too, so that the folder can be moved. A tuned encoder is always copied.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        self._core.save(checks.path("folder", folder), checks.flag("bundle_encoder", bundle_encoder) or self._core.has_own_encoder)
        return self

    def export_onnx(self, folder, external_data=False):
        """Write a folder for onnxruntime and transformers.js: one graph from token ids to probabilities.

        Warnings say what the graph does not do that the classifier does, such as abstaining.

        Parameters
        ----------
        folder : str or path
            The folder, which appears complete or not at all, and replaces an earlier export.
        external_data : bool, default=False
            Write the weights to a file beside the graph, as is always done above 2 GB.

        Returns
        -------
        self : object
        """
        check_is_fitted(self)
        for note in self._core.export_onnx(checks.path("folder", folder), checks.flag("external_data", external_data)):
            warnings.warn(note, UserWarning, stacklevel=2)
        return self

    @classmethod
    def load(cls, folder, *, encoder=None, dtype=None, threads=None, cache=True, verbose=False):
        """Load a classifier that `save` or the program has saved.

        The folder has the texts of the labels only. If all are texts of whole numbers, such as "2" and "10", the labels are integers, in the order of
        numbers; if all are such as "2.0", floats; "False" and "True" are booleans. So labels have the types of the fit, unless they were texts that
        look like numbers. `score` and `evaluate` take labels and their texts. Label sets are tuples of labels, sorted, also after a fit on columns of 0 and 1, and
        labels that no row had are not in the folder.

        Its parameters are those that the model tells: encoder, layers, pooling, `max_length`, `prompt`, `C`, `class_weight`, `scaling`, calibration and
        decision rule, so that its clone learns the same. The others have their defaults: a dict of class weights, `tol`, `max_iter`, `descriptions`,
        `tune` and `keep_neighbours`; `abstain_below` is the threshold that `target_precision` has chosen.

        Parameters
        ----------
        folder : str or path
            The folder, or the model hub id of what `clsify push` has uploaded.
        encoder : str or path, default=None
            The encoder, if it has moved; its files must be those of the training.
        dtype : {"f32", "bf16", "int8", "auto"}, default=None
            The data type of the encoder's products; by default that of the training.
        threads, cache, verbose
            As for the class.

        Returns
        -------
        SentenceClassifier
        """
        with Progress(verbose) as progress:
            core = load(folder, encoder, dtype, threads, cache, progress)
        return cls._of(core, threads=threads, cache=cache, verbose=verbose)

    @classmethod
    def from_sklearn(cls, file, model, *, labels=None, pooling="auto", layers=None, max_length=None, prompt=None, dtype="f32", threads=None,
                     cache=True, verbose=False):
        """Read a classifier of scikit-learn that was trained on an encoder's vectors. Nothing in the file is executed.

        Parameters
        ----------
        file : str or path
            What joblib, pickle or skops has written.
        model : str or path
            The encoder of the training.
        labels : list of str, default=None
            Names for the labels, in the order of the file.
        pooling, layers, max_length, prompt, dtype, threads, cache, verbose
            As for the class.

        Returns
        -------
        SentenceClassifier
            Its labels have types as in `load`: those of the head, unless they are texts that look like numbers.
        """
        encoder = options.encoder(model, pooling=pooling, layers=layers, max_length=max_length, prompt=prompt, dtype=dtype, cache=cache)
        with Progress(verbose) as progress:
            core = Classifier.from_sklearn(checks.path("file", file), encoder, _names_of(labels), ";", options.checked_threads(threads), progress)
        return cls._of(core, threads=threads, cache=cache, verbose=verbose)

    @classmethod
    def from_setfit(cls, folder, *, labels=None, dtype="f32", threads=None, cache=True, verbose=False):
        """Read a folder of SetFit with a head of scikit-learn. Nothing in it is executed.

        Parameters
        ----------
        folder : str or path
            What SetFit's `save_pretrained` has written.
        labels : list of str, default=None
            Names for the labels, in the order of the file.
        dtype, threads, cache, verbose
            As for the class.

        Returns
        -------
        SentenceClassifier
            Its labels have types as in `load`.
        """
        encoder = options.encoder(folder, pooling="auto", layers=None, max_length=None, prompt=None, dtype=dtype, cache=cache)
        with Progress(verbose) as progress:
            core = Classifier.from_setfit(checks.path("folder", folder), encoder, _names_of(labels), ";", options.checked_threads(threads), progress)
        return cls._of(core, threads=threads, cache=cache, verbose=verbose)

    @classmethod
    def _of(cls, core, *, threads, cache, verbose):
        known, unknown = parameters(core)
        names = cls._get_param_names()
        found = cls(**{name: value for name, value in known.items() if name in names}, threads=threads, cache=cache, verbose=verbose)
        found._unknown = [name for name in unknown if name in names]
        found._use(core, Labels.restored(core.classes, core.is_multi_label))
        return found

    def _use(self, core, labels):
        """Take over a classifier of the compiled part, whose columns are sorted by the text of the labels."""
        place_of = {name: place for place, name in enumerate(core.classes)}
        if not labels.is_multi_label:
            # A class whose rows all have weight 0 is none of the classifier's, as if these rows were left out.
            labels = Labels(labels.kind, labels.classes[[name in place_of for name in labels.names]])
        self.classes_, self._labels = labels.classes, labels
        # A label without a row keeps its column, as in OneVsRestClassifier of scikit-learn, but the compiled part does not have it: -1.
        self._columns = np.array([place_of.get(name, -1) for name in labels.names])
        self._core = core
        coef, intercept = core.coef, core.intercept
        if len(coef) == len(place_of):
            self.coef_, self.intercept_ = self._of_classes(coef.T, 0.0).T, self._of_classes(intercept, _NEVER)
        else:
            # Of two classes, the row is that of the second.
            sign = 1.0 if self._columns[1] == 1 else -1.0
            self.coef_, self.intercept_ = sign * coef, sign * intercept

    def _rows_to_learn(self, X, y, sample_weight, groups):
        if X is None and y is None and described(self.descriptions) is not None:
            return described_labels(self.descriptions), None
        if y is None:
            raise ValueError(f"requires y to be passed, but the target y is None: {type(self).__name__} learns from labelled sentences")
        sentences = texts(X, "error")
        for row, sentence in enumerate(sentences):
            if not sentence.strip():
                raise ValueError(f"row {row}: expected a sentence, got {sentence!r}")
        labels = Labels.of(y)
        if not labels.is_multi_label and len(labels.classes) < 2:
            raise ValueError(f"expected at least 2 classes, got only one class: {labels.classes.tolist()}")
        weights = checked_weights(sample_weight, len(sentences))
        names = labels.rows(y)
        if isinstance(self.class_weight, dict):
            of_class = {str(label): checks.number("class_weight", weight, least=0) for label, weight in self.class_weight.items()}
            unknown = sorted(set(of_class) - set(labels.names))
            if unknown or labels.is_multi_label:
                raise ValueError(f"class_weight: expected classes of y, got {unknown or 'weights for label sets'}")
            by_class = np.array([of_class.get(row[0], 1.0) for row in names])
            weights = by_class if weights is None else weights * by_class
        return labels, labelled(sentences, names, labels, weights, groups)

    def _encoder(self):
        pooling = self.pooling
        if pooling is None and not self._is_choosing() and self.features != "article":
            pooling = "auto"
        return options.encoder(self.model, pooling=pooling, layers=self.layers, max_length=self.max_length, prompt=self.prompt, dtype=self.dtype,
                               cache=self.cache)

    def _given(self):
        """The first parameter that fixes the features or C."""
        return next((name for name in ("pooling", "layers", "scaling", "C") if getattr(self, name) is not None), None)

    def _is_choosing(self):
        options.choice("features", self.features, (None, "auto", "article"))
        given = self._given()
        if self.features == "auto" and given:
            raise ValueError(f"features='auto' chooses {given}: leave it out")
        return self.features != "article" and given is None

    def _train_options(self, labels, absent):
        is_choosing = self._is_choosing()
        if self.scoring is not None and not is_choosing:
            raise ValueError("scoring: it is for the choice of features; leave out pooling, layers, scaling and C")
        choice = {"scoring": self.scoring, "required": self.features == "auto"} if is_choosing else None
        options.choice("scoring", self.scoring, (None, "accuracy", "f1_macro", "f1_micro", "log_loss"))
        options.choice("scaling", self.scaling, (None, "none", "standard"))
        options.choice("calibration", self.calibration, (None, "temperature", "platt"))
        options.choice("thresholds", self.thresholds, (None, "f1" if labels.is_multi_label else "f1_macro"))
        for name in ("abstain_below", "target_precision"):
            checks.optional(checks.number, name, getattr(self, name), above=0, below=1)
        rules = [name for name in ("thresholds", "costs") if getattr(self, name) is not None]
        limits = [name for name in ("abstain_below", "target_precision") if getattr(self, name) is not None]
        for together in (rules, limits, rules + limits if labels.is_multi_label else []):
            if len(together) > 1:
                raise ValueError(f"expected one of {' and '.join(together)}, got both")
        tuned = options.tune(self.tune, self.random_state)
        if tuned is not None and (self._given() or self.features is not None or self.descriptions is not None):
            raise ValueError(f"tune: expected no {self._given() or ('features' if self.features is not None else 'descriptions')} with it")
        is_last = self.layers in (None, "last")
        class_weight = None if isinstance(self.class_weight, dict) else self.class_weight
        return {
            "fit": options.fit(1.0 if self.C is None else self.C, class_weight, self.tol, self.max_iter),
            "scaling": self.scaling or ("none" if is_last else "standard"),
            "choice": choice,
            "search": self._search(),
            "calibration": self.calibration or "none",
            "decision": {"choose_thresholds": self.thresholds is not None, "costs": options.costs_csv(self.costs, labels, absent),
                         "abstain_below": self.abstain_below, "target_precision": self.target_precision},
            "descriptions": described(self.descriptions),
            "keep_neighbours": checks.flag("keep_neighbours", self.keep_neighbours),
            "tune": tuned,
        }

    def _search(self):
        return None

    def _sentences(self, X):
        check_is_fitted(self)
        options.checked_threads(self.threads)
        return texts(X, self.missing)

    def _predict(self, X):
        sentences = self._sentences(X)
        with Progress(self.verbose) as progress:
            return self._core.predict(sentences, self.threads, progress)

    def _of_classes(self, columns, absent):
        """Columns of the compiled part in the order of `classes_`, with this value for labels that it does not have."""
        return np.where(self._columns >= 0, columns[..., self._columns], absent)

    def _places(self, ids):
        """The places in `classes_` of the columns of the compiled part."""
        return np.argsort(self._columns)[np.asarray(ids, dtype=int)]

    def _has_label(self, ids):
        has_label = np.zeros((len(ids), len(self._core.classes)), dtype=bool)
        for row, places in enumerate(ids):
            has_label[row, places] = True
        return self._of_classes(has_label, False)

    def _names(self, answers):
        return [[self._labels.name(label) for label in row] for row in answers]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_core")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def __getstate__(self):
        state = dict(super().__getstate__())
        if "_core" in state:
            state["_core"] = files_of(state["_core"])
            # They are in these files too.
            del state["coef_"], state["intercept_"]
        return state

    def __setstate__(self, state):
        files = state.pop("_core", None) if isinstance(state, dict) else None
        super().__setstate__(state)
        if files is not None:
            self._use(restored(files, self), self._labels)


def _per_label(report):
    scores = report["test"]
    rows = scores.get("per_class") or scores.get("per_label") or {}
    rows = rows.items() if isinstance(rows, dict) else rows
    return [{"label": label, **of_label} for label, of_label in rows]


def _names_of(labels):
    """Names for the labels of a file."""
    return None if labels is None else [checks.text("labels", label) for label in checks.items("labels", labels, "texts")]


def _words(explanations):
    return [{"text": row, "label": one["label"], **word} for row, one in enumerate(explanations) for word in one["words"]]
