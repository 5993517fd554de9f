"""Studies of labelled sentences: what may be wrong with them, what to train on them, and whether more would help."""

import json

from clsify import _checks as checks
from clsify import _options as options
from clsify import _core
from clsify._labels import Labels
from clsify._progress import Progress
from clsify._report import Report
from clsify._rows import labelled
from clsify._sentence_classifier import SentenceClassifier
from clsify._texts import texts


def doctor(X, y, *, X_test=None, y_test=None, model="all-MiniLM-L6-v2", layers=None, pooling="mean", max_length=None, prompt=None, dtype="f32",
           C=0.001, near_duplicate_threshold=0.85, rank_all=False, sample_weight=None, groups=None, threads=None, cache=True, verbose=False):
    """Find mistakes in labelled sentences before training on them.

    Parameters
    ----------
    X : iterable of str
        The sentences.
    y : array-like
        Their labels, as for `SentenceClassifier.fit`.
    X_test, y_test : iterable of str and array-like, default=None
        Test rows, of which those are found that are also, or nearly, among the others.
    model : str or path, default="all-MiniLM-L6-v2"
        The encoder; without one (None), the checks that need an encoder are left out.
    layers : str, default=None
        By default the layer at three quarters of the depth.
    pooling, max_length, prompt, dtype
        As for `SentenceEncoder`.
    C : float, default=0.001
        C of the fits that judge the labels; their features are standardised.
    near_duplicate_threshold : float, default=0.85
        The cosine similarity, from -1 to 1, from which two sentences are near-duplicates.
    rank_all : bool, default=False
        Rank the labels of all rows, not only those that are probably wrong.
    sample_weight, groups
        As for `SentenceClassifier.fit`.
    threads, cache, verbose
        As for `SentenceClassifier`.

    Returns
    -------
    Report
        Its lines are counted from 1; `to_pandas` has the labels that are probably wrong, with rows counted from 0.

    Examples
    --------
    >>> import clsify
    >>> report = clsify.doctor(["a treat", "a bore", "a treat"], ["good", "bad", "bad"], model=None)
    >>> len(report.to_dict()["conflicts"])
    1
    """
    labels = Labels.of(y)
    rows = labelled(texts(X), labels.rows(y), labels, sample_weight, groups)
    test = _test_rows(X_test, y_test, labels)
    encoder = None
    if model is not None:
        encoder = options.encoder(model, pooling=pooling, layers=layers, max_length=max_length, prompt=prompt, dtype=dtype, cache=cache)
    spec = {"C": checks.number("C", C, above=0), "near_duplicate_threshold": checks.number("near_duplicate_threshold", near_duplicate_threshold, least=-1, most=1),
            "rank_all": checks.flag("rank_all", rank_all)}
    with Progress(verbose) as progress:
        document = _core.doctor(rows, test, encoder, json.dumps(spec), options.checked_threads(threads), progress)
    return Report(document, _label_issues)


def advise(X, y, *, models=("all-MiniLM-L6-v2",), scoring=None, class_weight=None, test_size=0.25, random_state=0, tune=False, max_length=None,
           prompt=None, dtype="f32", sample_weight=None, groups=None, threads=None, cache=True, verbose=False):
    """Choose the encoder, layers, pooling and `C` that are worth their cost.

    A part of the rows is held out; everything is chosen by cross-validation on the others.

    Parameters
    ----------
    X : iterable of str
        The sentences.
    y : array-like
        Their labels, as for `SentenceClassifier.fit`.
    models : list of str or path, default=("all-MiniLM-L6-v2",)
        The encoders, at least one.
    scoring, class_weight, max_length, prompt, dtype, sample_weight, groups, threads, cache, verbose
        As for `SentenceClassifier`.
    test_size : float or int, default=0.25
        The share or number of held-out rows.
    random_state : int, default=0
        The seed of the split and of tuning.
    tune : bool or dict, default=False
        Tune each encoder too.

    Returns
    -------
    Report
        The best encoder first; `to_pandas` has all candidates.
    """
    options.choice("scoring", scoring, (None, "accuracy", "f1_macro", "f1_micro", "log_loss"))
    labels = Labels.of(y)
    rows = labelled(texts(X), labels.rows(y), labels, sample_weight, groups)
    encoders = [options.encoder(model, pooling=None, layers=None, max_length=max_length, prompt=prompt, dtype=dtype, cache=cache)
                for model in checks.items("models", models, "encoders", is_needed=True)]
    spec = {"fit": options.fit(1.0, class_weight), "scoring": scoring, "test_size": options.share_or_number("test_size", test_size),
            "seed": options.seed(random_state), "tune": options.tune(tune, random_state)}
    with Progress(verbose) as progress:
        document = _core.advise(rows, encoders, json.dumps(spec), options.checked_threads(threads), progress)
    return Report(document, _candidates)


def learning_curve(X, y, *, X_test=None, y_test=None, model="all-MiniLM-L6-v2", pooling="auto", layers=None, C=None, Cs=None, class_weight=None,
                   scaling=None, sizes=(), n_repeats=5, test_size=0.25, stratify=False, random_state=0, tune=False, max_length=None, prompt=None,
                   dtype="f32", sample_weight=None, groups=None, threads=None, cache=True, verbose=False):
    """Show how the score grows with the number of training rows, and whether more rows would help.

    Parameters
    ----------
    X : iterable of str
        The sentences.
    y : array-like
        Their labels, as for `SentenceClassifier.fit`.
    X_test, y_test : iterable of str and array-like, default=None
        The rows that are scored; by default a part of `X` is held out.
    model, pooling, layers, C, class_weight, scaling, max_length, prompt, dtype, sample_weight, groups, threads, cache, verbose
        As for `SentenceClassifier`.
    Cs : list of float, default=None
        Choose `C` from these for each number of rows; an error beside `C`.
    sizes : list of int, default=()
        The numbers of training rows; by default 50, 100, 200, ...
    n_repeats : int, default=5
        The number of fits per number of rows, each on other rows.
    test_size : float or int, default=0.25
        The share or number of held-out rows.
    stratify : bool, default=False
        Keep the shares of the classes in the held-out rows.
    random_state : int, default=0
        The seed of the split, of the rows of each fit, and of tuning.
    tune : bool or dict, default=False
        Tune the encoder too, once per number of rows.

    Returns
    -------
    Report
        `to_pandas` has a row per number of training rows.
    """
    options.choice("scaling", scaling, (None, "none", "standard"))
    if C is not None and Cs is not None:
        raise ValueError("C: expected one of C and Cs, got both: give the C of all fits, or the Cs to choose from")
    labels = Labels.of(y)
    rows = labelled(texts(X), labels.rows(y), labels, sample_weight, groups)
    test = _test_rows(X_test, y_test, labels)
    encoder = options.encoder(model, pooling=pooling, layers=layers, max_length=max_length, prompt=prompt, dtype=dtype, cache=cache)
    default = "none" if layers in (None, "last") else "standard"
    spec = {"fit": options.fit(1.0 if C is None else C, class_weight), "scaling": scaling or default, "Cs": options.values_of_C(Cs),
            "sizes": [checks.whole("sizes", size, 1) for size in checks.items("sizes", sizes, "numbers of rows")],
            "n_repeats": checks.whole("n_repeats", n_repeats, 1), "test_size": options.share_or_number("test_size", test_size),
            "stratify": checks.flag("stratify", stratify), "seed": options.seed(random_state),
            "tune": options.tune(tune, random_state), "chosen": C is None and Cs is None and scaling is None and layers is None}
    with Progress(verbose) as progress:
        document = _core.learning_curve(rows, test, encoder, json.dumps(spec), options.checked_threads(threads), progress)
    return Report(document, _points)


def compare(a, b, X, y, *, sample_weight=None, names=("A", "B"), threads=None, verbose=False):
    """Compare two classifiers on the same labelled sentences: whose answers are right more often, and is that luck?

    Parameters
    ----------
    a, b : SentenceClassifier or path
        The classifiers, or the folders of saved ones.
    X : iterable of str
        The sentences.
    y : array-like
        Their labels, in the form of `a`'s fit.
    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each row.
    names : pair of str, default=("A", "B")
        What the classifiers are called.
    threads, verbose
        As for `SentenceClassifier`.

    Returns
    -------
    Report
        `to_pandas` has the sentences on which they disagree.
    """
    a, b = (one if isinstance(one, SentenceClassifier) else SentenceClassifier.load(one, threads=threads, verbose=verbose) for one in (a, b))
    both = tuple(checks.text("names", name) for name in checks.items("names", names, "two names"))
    if len(both) != 2:
        raise ValueError(f"names: expected two names, got {checks.shown(names)}")
    sentences = a._sentences(X)
    b._sentences([])
    rows = labelled(sentences, a._labels.rows(y), a._labels, sample_weight, None)
    with Progress(verbose) as progress:
        document = _core.compare(a._core, b._core, rows, both, options.checked_threads(threads), progress)
    return Report(document, _differences)


def explain(classifier, X, label=None, path=False):
    """The words that carried the labels of texts; see `SentenceClassifier.explain`.

    Parameters
    ----------
    classifier : SentenceClassifier or path
        The classifier, or the folder of a saved one.
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
    if not isinstance(classifier, SentenceClassifier):
        classifier = SentenceClassifier.load(classifier)
    return classifier.explain(X, label, path)


def _test_rows(X, y, labels):
    """The rows of `X_test` and `y_test`, if they are given."""
    if X is None and y is None:
        return None
    if X is None or y is None:
        given, other = ("y_test", "X_test") if X is None else ("X_test", "y_test")
        raise ValueError(f"{other}: expected it beside {given}, got None")
    return labelled(texts(X), labels.rows(y), labels, None, None)


# The main tables of reports: functions of the module, because a report is pickled with its own.


def _label_issues(report):
    return [{"row": issue["line"] - 1, **issue} for issue in report["label_issues"]]


def _candidates(found):
    return [{"encoder": advice["encoder"], **candidate} for advice in found for candidate in advice["selection"]["candidates"]]


def _points(curve):
    return curve["points"]


def _differences(report):
    return report["differences"]
