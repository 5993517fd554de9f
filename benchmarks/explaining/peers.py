"""shap's Partition explainer, LIME and attention, each with its contributions added up for clsify's words."""

import importlib.metadata
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import shap
from lime.lime_text import LimeTextExplainer

from explaining.measures import Answer
from explaining.words import Sentence, sum_per_word

VERSIONS = {name: importlib.metadata.version(name) for name in ("shap", "lime", "transformers")}
# The function that is explained: texts to the answers about the predicted label.
Function = Callable[[Sequence[str]], list[Answer]]


def partition(function: Function, tokenizer, sentence: Sentence, max_evals: int, batch_size: int | str = "auto") -> tuple[list[float], int]:
    """Contributions to the logit by shap's default explainer of text, and the number of evaluations.

    The function returns the predicted label alone, so that no evaluation is spent on another label.
    """
    evaluations = 0

    def logits(texts) -> np.ndarray:
        nonlocal evaluations
        evaluations += len(texts)
        return np.array([answer.logit for answer in function([str(text) for text in texts])])

    # The explainer breaks ties by chance.
    np.random.seed(0)
    explainer = shap.Explainer(logits, shap.maskers.Text(tokenizer))
    values = explainer([sentence.text], max_evals=max_evals, batch_size=batch_size, silent=True).values[0]
    return sum_per_word(values, sentence.word_of_piece, len(sentence.spans)), evaluations


def lime(function: Function, sentence: Sentence, samples: int) -> tuple[list[float], int]:
    """Weights of LIME's linear model. It removes words by position, as clsify does; its default is to remove a word everywhere."""
    evaluations = 0

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        nonlocal evaluations
        evaluations += len(texts)
        found = np.array([answer.probability for answer in function(texts)])
        return np.stack([1 - found, found], axis=1)

    explainer = LimeTextExplainer(split_expression=lambda _: sentence.words, bow=False, mask_string="", random_state=0)
    with warnings.catch_warnings():
        # scikit-learn's notes on the linear algebra of few samples.
        warnings.simplefilter("ignore")
        explained = explainer.explain_instance(sentence.text, probabilities, labels=(1,), num_features=len(sentence.spans), num_samples=samples)
    weights = dict(explained.as_map()[1])
    return [float(weights.get(word, 0.0)) for word in range(len(sentence.spans))], evaluations


def attention(transformer, sentence: Sentence) -> list[float]:
    """The last layer's attention of [CLS] to each word; it has no sign and does not depend on the label."""
    return sum_per_word(transformer.attention(sentence), sentence.word_of_piece, len(sentence.spans))
