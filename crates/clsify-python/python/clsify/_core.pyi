"""The compiled part of clsify."""

from collections.abc import Callable
from typing import final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Encoder", "__version__", "default_threads", "fit_logistic_regression", "run_command"]
__version__: str

# ("start" | "advance" | "finish", stage, number) or ("note", text, 0)
_Report = Callable[[str, str, int], object]

@final
class Encoder:
    def __new__(
        cls,
        model: str,
        *,
        pooling: str,
        layers: str,
        max_length: int | None,
        prompt: str | None,
        dtype: str,
        cache_folder: str | None,
        cache_bytes: int,
        threads: int | None,
        report: _Report | None,
    ) -> Encoder: ...
    def encode(self, /, sentences: list[str], threads: int | None, report: _Report | None) -> NDArray[np.float32]: ...
    def tokens(self, /, sentence: str) -> list[str]: ...
    def file_hashes(self) -> list[tuple[str, str]]: ...
    @property
    def n_features(self) -> int: ...
    @property
    def max_length(self) -> int: ...
    @property
    def folder(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def kernel(self) -> str: ...
    @property
    def dtype(self) -> str: ...

def fit_logistic_regression(
    features: NDArray[np.float32],
    class_ids: NDArray[np.int64],
    n_classes: int,
    sample_weight: NDArray[np.float64] | None,
    c: float,
    balanced: bool,
    tol: float,
    max_iter: int,
    threads: int | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], int, bool]: ...
def default_threads() -> int: ...
def run_command(args: list[str]) -> int: ...
