"""Wall time per sentence, in turns: every participant explains the same sentences in every round, every other round in the opposite order."""

import time
from collections.abc import Callable, Iterator

from participant import say
from suite import SETTLE_SECONDS

# A participant explains all timed sentences and returns the seconds per sentence.
Timed = Callable[[], float]


def per_sentence(explain_one: Callable, sentences: list) -> Timed:
    """A participant of this process, whose model is loaded."""
    def timed() -> float:
        started = time.perf_counter()
        for sentence in sentences:
            explain_one(sentence)
        return (time.perf_counter() - started) / len(sentences)

    return timed


def turns(participants: dict[str, Timed], rounds: int) -> Iterator[tuple[int, str, float]]:
    for round in range(rounds):
        names = list(participants)
        for name in names if round % 2 == 0 else reversed(names):
            time.sleep(SETTLE_SECONDS)
            seconds = participants[name]()
            say(f"round {round}: {name} {seconds * 1e3:.1f} ms per sentence")
            yield round, name, seconds
