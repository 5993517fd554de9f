"""One job of one participant in a process of its own: `work.py JOB PARTICIPANT ENCODER DATA.tsv LIMIT`. Prints JSON.

Needs clsify, sentence-transformers and scikit-learn.
"""

import csv
import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from packaged import ARTICLE, IMPORT, OURS, SEARCH

# The article's grid has 20 values; these are of the sizes that unscaled sentence vectors need.
C_VALUES = [10 ** (exponent / 4) for exponent in range(-8, 12)]


def imported(participant):
    """What the article's run imports."""
    if participant == OURS:
        from clsify import LogisticRegression, SentenceClassifierCV, SentenceEncoder

        return SentenceEncoder, LogisticRegression, SentenceClassifierCV
    from sentence_transformers import SentenceTransformer
    from sklearn.linear_model import LogisticRegression

    return SentenceTransformer, LogisticRegression, None


def article(participant, classes, encoder, X, y):
    """Sentences to vectors, a split, logistic regression, and its accuracy."""
    from sklearn.model_selection import train_test_split

    vectors = encoded(participant, classes, encoder, X)
    train, test, y_train, y_test = train_test_split(vectors, y, random_state=0)
    fit = classes[1]() if participant == OURS else classes[1](max_iter=1000)
    return fit.fit(train, y_train).score(test, y_test)


def search(participant, classes, encoder, X, y):
    """The best C in five folds, from sentences, and its score."""
    if participant == OURS:
        return classes[2](encoder, Cs=C_VALUES, cache=None).fit(X, y).best_score_
    from sklearn.model_selection import GridSearchCV

    vectors = encoded(participant, classes, encoder, X)
    return GridSearchCV(classes[1](max_iter=1000), {"C": C_VALUES}, cv=5).fit(vectors, y).best_score_


def encoded(participant, classes, encoder, X):
    if participant == OURS:
        return classes[0](encoder).transform(X)
    return classes[0](encoder, device="cpu").encode(X, show_progress_bar=False)


def main():
    job, participant, encoder, data, limit = sys.argv[1:]
    with open(data, encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), range(int(limit)))]
    X, y = [text for text, _ in rows], [label for _, label in rows]
    started = time.perf_counter()
    classes = imported(participant)
    seconds, score = {"import_seconds": time.perf_counter() - started}, None
    if job != IMPORT:
        started = time.perf_counter()
        score = {ARTICLE: article, SEARCH: search}[job](participant, classes, encoder, X, y)
        seconds["seconds"] = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**seconds, "peak_bytes": peak, **({} if score is None else {"score": float(score)})}))


if __name__ == "__main__":
    main()
