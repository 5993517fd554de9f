"""Wall time per sentence, in turns: every participant explains the same sentences in every round, every other round in the opposite order."""

import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import machine
from participant import say
from suite import CLOCK_SECONDS, SETTLE_SECONDS

# A participant explains all timed sentences and returns the seconds per sentence.
Timed = Callable[[], float]


class Turn(NamedTuple):
    round: int
    participant: str
    seconds: float
    # The share of a core that processes other than this one and its children used meanwhile; None if the system does not report it.
    others_cpu_share: float | None


def per_sentence(explain_one: Callable, sentences: list) -> Timed:
    """A participant of this process, whose model is loaded."""
    def timed() -> float:
        started = time.perf_counter()
        for sentence in sentences:
            explain_one(sentence)
        return (time.perf_counter() - started) / len(sentences)

    return timed


def turns(participants: dict[str, Timed], rounds: int) -> Iterator[Turn]:
    for round in range(rounds):
        names = list(participants)
        for name in names if round % 2 == 0 else reversed(names):
            time.sleep(SETTLE_SECONDS)
            before, started = others_cpu_seconds(), time.perf_counter()
            seconds = participants[name]()
            wall = time.perf_counter() - started
            after = others_cpu_seconds()
            if seconds <= 0:
                raise SystemExit(f"{name}: loading varies by more than the timed sentences take; the machine has to be idle")
            say(f"round {round}: {name} {seconds * 1e3:.1f} ms per sentence")
            share = None if before is None or after is None else max(0.0, after - before - CLOCK_SECONDS) / wall
            yield Turn(round, name, seconds, share)


def others_cpu_seconds() -> float | None:
    """The processor time of all processes but this one and its ended children."""
    busy = machine.busy_seconds()
    return None if busy is None else busy - sum(os.times()[:4])
