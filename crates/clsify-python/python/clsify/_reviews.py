"""Labelled sentences to try things with."""

import csv

from clsify import _checks as checks
from clsify import _core
from clsify._progress import LOGGER


def fetch_reviews(limit=None):
    """Movie reviews that are positive or negative: the sentences of the article, or if they cannot be fetched others.

    What was fetched once is read from the cache.

    Parameters
    ----------
    limit : int, default=None
        The largest number of reviews.

    Returns
    -------
    X : list of str
        The reviews.
    y : list of str
        "positive" or "negative".
    """
    checks.optional(checks.whole, "limit", limit, 1)
    path, where = _core.example_data()
    LOGGER.info("reviews: %s", where)
    with open(path, encoding="utf-8", newline="") as file:
        rows = [row for row, _ in zip(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), range(limit or 10**9))]
    return [text for text, _ in rows], ["positive" if label == "1" else "negative" for _, label in rows]
