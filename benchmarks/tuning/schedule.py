"""The order of the batches and the learning rate of each step. Standard library only."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

# Batches that are sorted by length together.
POOL_BATCHES = 50


def batches(lengths: Sequence[int], batch_size: int, generator: random.Random) -> list[list[int]]:
    """The rows of each batch of one epoch, so that the sentences of a batch have similar lengths.

    Rows are shuffled and cut into pools of 50 batches; each pool is sorted by length and cut into batches; the batches of all pools are shuffled.
    """
    rows = list(range(len(lengths)))
    generator.shuffle(rows)
    found = []
    for start in range(0, len(rows), POOL_BATCHES * batch_size):
        pool = sorted(rows[start : start + POOL_BATCHES * batch_size], key=lengths.__getitem__)
        found += [pool[begin : begin + batch_size] for begin in range(0, len(pool), batch_size)]
    generator.shuffle(found)
    return found


@dataclass(frozen=True)
class LearningRate:
    """Linear warm-up from zero, then linear decay to zero: transformers' `get_linear_schedule_with_warmup`."""

    peak: float
    warmup_steps: int
    n_steps: int

    @staticmethod
    def of(peak: float, warmup: float, n_steps: int) -> "LearningRate":
        """`warmup` is a share of the steps, rounded up as the `Trainer` of transformers does."""
        return LearningRate(peak, math.ceil(warmup * n_steps), n_steps)

    def at(self, step: int) -> float:
        """The rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.peak * step / self.warmup_steps
        return self.peak * (self.n_steps - step) / max(1, self.n_steps - self.warmup_steps)
