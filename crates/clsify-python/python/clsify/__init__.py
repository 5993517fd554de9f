"""Text classifiers on BERT-family encoders: sentences to features, features to labels.

>>> from clsify import SentenceEncoder
>>> encoder = SentenceEncoder("all-MiniLM-L6-v2", pooling="mean")
>>> encoder.encode(["a visually stunning rumination on love"]).shape
(1, 384)
"""

import importlib

from clsify._core import __version__

# The estimators import scikit-learn, which takes longer than everything else: they are imported when they are used.
_MODULES = {
    "LogisticRegression": "clsify._logistic_regression",
    "Report": "clsify._report",
    "SentenceClassifier": "clsify._sentence_classifier",
    "SentenceClassifierCV": "clsify._sentence_classifier_cv",
    "SentenceEncoder": "clsify._sentence_encoder",
    "advise": "clsify._studies",
    "compare": "clsify._studies",
    "doctor": "clsify._studies",
    "explain": "clsify._studies",
    "fetch_reviews": "clsify._reviews",
    "learning_curve": "clsify._studies",
}

__all__ = ["__version__", *_MODULES]


def __getattr__(name):
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
