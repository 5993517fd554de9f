"""From explanations to orders of words, the most important first. Standard library only."""

import random
from collections.abc import Sequence

from explaining.measures import Removals


def descending(contributions: Sequence[float]) -> list[int]:
    """Words by signed contribution, the largest first; words of equal contribution stay in the order of the text."""
    return sorted(range(len(contributions)), key=lambda word: -contributions[word])


def with_pairs(contributions: Sequence[float], pairs: Sequence[tuple[int, int, float]]) -> list[int]:
    """Greedy use of the pairs `(word, next word, contribution of both together)`.

    The effect of removing several words is taken to be the sum of their contributions plus, for each pair of neighbours that is removed
    as a whole, its interaction: what the pair contributes beyond its two words. Each step removes the word, or the pair of words, that adds
    most per word to this sum; of a pair, the word with the larger contribution goes first.
    """
    interaction: dict[frozenset[int], float] = {}
    for first, second, both in pairs:
        interaction[frozenset((first, second))] = both - contributions[first] - contributions[second]

    def gain(words: tuple[int, ...], removed: set[int]) -> float:
        added = sum(contributions[word] for word in words)
        after = removed.union(words)
        for word in words:
            for other in (word - 1, word + 1):
                # A pair inside `words` is met from both sides and counted from the left one.
                if other in after and not (other in words and other < word):
                    added += interaction.get(frozenset((word, other)), 0.0)
        return added / len(words)

    order: list[int] = []
    removed: set[int] = set()
    while len(order) < len(contributions):
        left = [word for word in range(len(contributions)) if word not in removed]
        candidates = [(word,) for word in left]
        candidates += [(first, second) for first, second, _ in pairs if first not in removed and second not in removed]
        best = max(candidates, key=lambda words: gain(words, removed))
        order += sorted(best, key=lambda word: -contributions[word])
        removed.update(best)
    return order


def along_path(steps: Sequence[int], contributions: Sequence[float]) -> list[int]:
    """The words of the deletion path, then the others by contribution."""
    return [*steps, *(word for word in descending(contributions) if word not in set(steps))]


def greedy(removals: Removals) -> list[int]:
    """Each step removes the word that lowers the logit most, until none is left."""
    order: list[int] = []
    removed = 0
    while len(order) < removals.n_words:
        left = [word for word in range(removals.n_words) if not removed >> word & 1]
        drops = removals.drops([removed | 1 << word for word in left], "logit")
        best = left[drops.index(max(drops))]
        order.append(best)
        removed |= 1 << best
    return order


def shuffled(n_words: int, count: int, seed: str) -> list[list[int]]:
    generator = random.Random(seed)
    return [generator.sample(range(n_words), n_words) for _ in range(count)]
