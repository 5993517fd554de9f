"""Epochs and learning rates by the size of the encoder and the number of rows; both sides get the same. Standard library only."""

from typing import NamedTuple


class Settings(NamedTuple):
    epochs: int
    learning_rate: float


# (layers, hidden) -> (most rows, settings), the fewest rows first.
MINILM, MPNET = (6, 384), (12, 768)
BY_ROWS = {
    MINILM: [(1_000, Settings(8, 1e-4)), (None, Settings(3, 1e-4))],
    MPNET: [(200, Settings(8, 4e-5)), (1_000, Settings(5, 4e-5)), (5_000, Settings(3, 4e-5)), (None, Settings(2, 3e-5))],
}
# Above this number of rows, one epoch is enough to measure the time.
LONG_ROWS = 1_000


def settings_for(shape: tuple[int, int], rows: int) -> Settings:
    """The settings of the encoder with the nearest hidden size."""
    nearest = min(BY_ROWS, key=lambda known: abs(known[1] - shape[1]))
    return next(settings for most, settings in BY_ROWS[nearest] if most is None or rows <= most)


def timed_epochs(settings: Settings, rows: int) -> int:
    return settings.epochs if rows <= LONG_ROWS else 1
