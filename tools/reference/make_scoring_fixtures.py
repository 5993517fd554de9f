"""Writes the golden file of the scores for comparing choices, with weights and without.

    python tools/reference/make_scoring_fixtures.py fixtures/sklearn

Needs scikit-learn 1.9.1, numpy 2.4, scipy 1.17, and make_sklearn_fixtures.py beside it.
"""

import sys
from pathlib import Path

import numpy as np
from make_sklearn_fixtures import digits, quantised, write
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, f1_score, log_loss


def scores(truth, predicted, loss, weights):
    f1 = {average: float(f1_score(truth, predicted, average=average, sample_weight=weights, zero_division=0)) for average in ["macro", "micro"]}
    return {
        "accuracy": float(accuracy_score(truth, predicted, sample_weight=weights)),
        "f1_macro": f1["macro"],
        "f1_micro": f1["micro"],
        "log_loss": float(loss(weights)),
    }


def case(truth, logits, predicted, loss, weights):
    return {
        "y_true": truth,
        "logits": logits.tolist(),
        "weights": weights.tolist(),
        "plain": scores(*predicted, loss, None),
        "weighted": scores(*predicted, loss, weights),
    }


def drawn_weights(random, n, whole):
    return random.randint(1, 5, size=n).astype(float) if whole else np.round(random.exponential(size=n) + 0.01, 3)


def classes(random, n, n_classes, whole):
    y = random.choice(n_classes, size=n, p=np.arange(1, n_classes + 1) / np.arange(1, n_classes + 1).sum())
    logits = quantised(1.5 * random.standard_normal((n, n_classes)) + np.eye(n_classes)[y])
    loss = lambda weights: log_loss(y, softmax(logits, axis=1), sample_weight=weights, labels=range(n_classes))
    return case(digits(y), logits, (y, logits.argmax(axis=1)), loss, drawn_weights(random, n, whole))


def label_sets(random, n, n_labels, whole):
    Y = (random.random_sample((n, n_labels)) < np.linspace(0.05, 0.6, n_labels)).astype(int)
    logits = quantised(1.5 * random.standard_normal((n, n_labels)) + 2 * Y - 1)
    Y[:, -1] = 0  # neither true nor predicted anywhere
    logits[:, -1] = -3
    # The mean over labels of each label's loss.
    loss = lambda weights: np.mean([
        log_loss(Y[:, k], expit(logits[:, k]), sample_weight=weights, labels=[0, 1]) for k in range(n_labels)
    ])
    found = case([digits(row) for row in Y], logits, (Y, (logits > 0).astype(int)), loss, drawn_weights(random, n, whole))
    return found


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_scoring_fixtures.py FOLDER")
    random = np.random.RandomState(17)
    write(Path(sys.argv[1]), "scoring.json", {
        "classes": [classes(random, n, k, whole) for n, k, whole in [(40, 2, True), (60, 3, False), (50, 6, True)]],
        "label_sets": [label_sets(random, n, k, whole) for n, k, whole in [(40, 3, True), (60, 5, False)]],
    })


if __name__ == "__main__":
    main()
