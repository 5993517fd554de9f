"""Faithfulness of an order of words: AOPC, its limits for the sentence, label flips, and intervals. Standard library only.

A set of removed words is an integer whose bit `i` is set if word `i` is removed. A `Removals` answers for many such sets at once, because an
encoder is fast in batches only.

AOPC (area over the perturbation curve; Samek et al. 2017, DeYoung et al. 2020) is the mean drop of the label's score over all numbers of
removed words. Comprehensiveness removes the most important words first (higher is better), sufficiency the least important first (lower is
better). NAOPC (Edin et al. 2024) rescales it to the lowest and highest AOPC that a beam search over orders finds for the same sentence.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

BEAM_WIDTH = 5
FLIP_WITHIN = (1, 2, 3)
SCALES = ("probability", "logit")
MEASURES = ("comprehensiveness", "sufficiency")


class Answer(NamedTuple):
    """The logit of the explained label for one variant of a sentence, and whether it is still the predicted label."""

    logit: float
    keeps_label: bool

    @property
    def probability(self) -> float:
        # Both branches are the logistic function; neither overflows.
        if self.logit >= 0:
            return 1 / (1 + math.exp(-self.logit))
        return math.exp(self.logit) / (1 + math.exp(self.logit))

    def score(self, scale: str) -> float:
        return self.logit if scale == "logit" else self.probability


class Removals:
    """The answers of one sentence without some of its words; each set of words is evaluated once."""

    def __init__(self, n_words: int, evaluate: Callable[[list[int]], list[Answer]]):
        self.n_words = n_words
        self.evaluate = evaluate
        self.known: dict[int, Answer] = {}

    def answers(self, removed: Sequence[int]) -> list[Answer]:
        missing = [words for words in dict.fromkeys(removed) if words not in self.known]
        if missing:
            self.known.update(zip(missing, self.evaluate(missing), strict=True))
        return [self.known[words] for words in removed]

    def drops(self, removed: Sequence[int], scale: str) -> list[float]:
        whole, *others = self.answers([0, *removed])
        return [whole.score(scale) - other.score(scale) for other in others]


def prefixes(order: Iterable[int]) -> list[int]:
    """The sets of the first word, of the first two words, ... of an order."""
    removed, found = 0, []
    for word in order:
        removed |= 1 << word
        found.append(removed)
    return found


def aopc(removals: Removals, order: Sequence[int], scale: str) -> float:
    """The mean drop of the score over the first 1, 2, ... n words of an order."""
    drops = removals.drops(prefixes(order), scale)
    return sum(drops) / len(drops)


def beam_limit(removals: Removals, scale: str, sign: int, width: int = BEAM_WIDTH) -> float:
    """The highest (`sign` 1) or lowest (`sign` -1) AOPC that a beam search over orders finds."""
    # The best sum of drops with which each set was reached.
    beam = {0: 0.0}
    for _ in range(removals.n_words):
        children = [(words, words | 1 << word) for words in beam for word in range(removals.n_words) if not words >> word & 1]
        drops = removals.drops([child for _, child in children], scale)
        reached: dict[int, float] = {}
        for (words, child), drop in zip(children, drops, strict=True):
            total = beam[words] + drop
            if child not in reached or sign * total > sign * reached[child]:
                reached[child] = total
        beam = dict(sorted(reached.items(), key=lambda item: (-sign * item[1], item[0]))[:width])
    return max(beam.values(), key=lambda total: sign * total) / removals.n_words


def limits(removals: Removals, orders: Iterable[Sequence[int]], scale: str) -> tuple[float, float]:
    """The lowest and highest AOPC: those of the beam search, or of a measured order (either way round) that is more extreme."""
    found = [beam_limit(removals, scale, sign) for sign in (-1, 1)]
    for order in orders:
        found += [aopc(removals, order, scale), aopc(removals, order[::-1], scale)]
    return min(found), max(found)


def normalised(value: float, limits: tuple[float, float]) -> float:
    """AOPC to NAOPC. If all orders are equally good, there is nothing to be better at, and the result is 0.5."""
    lowest, highest = limits
    return (value - lowest) / (highest - lowest) if highest > lowest else 0.5


def flips(removals: Removals, order: Sequence[int]) -> list[float]:
    """For 1, 2 and 3 words: 1.0 if removing at most that many of the first words changes the label."""
    answers = removals.answers(prefixes(order[: max(FLIP_WITHIN)]))
    return [float(any(not answer.keeps_label for answer in answers[:within])) for within in FLIP_WITHIN]


def faithfulness(removals: Removals, orders: Sequence[Sequence[int]], found_limits: dict[str, tuple[float, float]]) -> dict[str, float]:
    """All measures of one participant for one sentence: the mean over its orders, of which only the random one has several."""
    found: dict[str, float] = {}
    for scale in SCALES:
        for measure in MEASURES:
            ways = orders if measure == "comprehensiveness" else [order[::-1] for order in orders]
            value = mean([aopc(removals, order, scale) for order in ways])
            found[f"aopc_{measure}_{scale}"] = value
            found[f"naopc_{measure}_{scale}"] = normalised(value, found_limits[scale])
    for within, share in zip(FLIP_WITHIN, zip(*(flips(removals, order) for order in orders))):
        found[f"flipped_within_{within}"] = mean(share)
    return found


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def bootstrap(differences: Sequence[float], resamples: int = 10_000, seed: int = 0) -> tuple[float, float, float]:
    """The mean of paired differences, one per sentence, and its 95 % percentile interval over resampled sentences."""
    generator, n = random.Random(seed), len(differences)
    means = sorted(sum(generator.choices(differences, k=n)) / n for _ in range(resamples))
    return mean(differences), means[round(0.025 * (resamples - 1))], means[round(0.975 * (resamples - 1))]
