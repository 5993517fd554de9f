"""The compiled part of clsify."""

from collections.abc import Callable
from typing import Any, TypedDict, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Classifier",
    "Document",
    "Encoder",
    "__version__",
    "advise",
    "compare",
    "default_threads",
    "doctor",
    "example_data",
    "fit_logistic_regression",
    "learning_curve",
    "run_command",
]
__version__: str

# ("start" | "advance" | "finish", stage, number) or ("warning" | "note" | "fetch", text, 0)
_Report = Callable[[str, str, int], object]

class _Rows(TypedDict):
    sentences: list[str]
    labels: list[list[str]]
    separator: str | None
    weights: list[float] | None
    groups: list[int] | None

@final
class Encoder:
    def __new__(cls, options: str, threads: int | None, report: _Report | None) -> Encoder: ...
    def encode(self, /, sentences: list[str], threads: int | None, report: _Report | None) -> NDArray[np.float32]: ...
    def tokens(self, /, sentence: str) -> list[str]: ...
    def file_hashes(self, /) -> list[tuple[str, str]]: ...
    @property
    def n_features(self) -> int: ...
    @property
    def max_length(self) -> int: ...
    @property
    def folder(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def kernel(self) -> str: ...

@final
class Classifier:
    @staticmethod
    def train(
        rows: _Rows | None, encoder: str, options: str, threads: int | None, report: _Report | None
    ) -> tuple[Classifier, str]: ...
    @staticmethod
    def load(folder: Any, options: str, threads: int | None, report: _Report | None) -> Classifier: ...
    @staticmethod
    def from_sklearn(
        file: Any,
        encoder: str,
        labels: list[str] | None,
        separator: str,
        threads: int | None,
        report: _Report | None,
    ) -> Classifier: ...
    @staticmethod
    def from_setfit(
        folder: Any,
        encoder: str,
        labels: list[str] | None,
        separator: str,
        threads: int | None,
        report: _Report | None,
    ) -> Classifier: ...
    def predict(
        self, /, sentences: list[str], threads: int | None, report: _Report | None
    ) -> tuple[list[list[int]], list[bool], NDArray[np.float64]]: ...
    def features(self, /, sentences: list[str], threads: int | None, report: _Report | None) -> NDArray[np.float32]: ...
    def evaluate(self, /, rows: _Rows, title: str, threads: int | None, report: _Report | None) -> Document: ...
    def explain(
        self, /, texts: list[str], label: str | None, path: bool, threads: int | None, report: _Report | None
    ) -> Document: ...
    def save(self, /, folder: Any, bundle_encoder: bool) -> None: ...
    def save_small(self, /, folder: Any) -> None: ...
    def export_onnx(self, /, folder: Any, external_data: bool) -> list[str]: ...
    @property
    def kernel(self) -> str: ...
    @property
    def metadata(self) -> str: ...
    @property
    def classes(self) -> list[str]: ...
    @property
    def is_multi_label(self) -> bool: ...
    @property
    def coef(self) -> NDArray[np.float64]: ...
    @property
    def intercept(self) -> NDArray[np.float64]: ...
    @property
    def has_own_encoder(self) -> bool: ...

@final
class Document:
    @property
    def json(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def charts(self) -> list[tuple[str, str]]: ...
    @property
    def page(self) -> str | None: ...

def doctor(
    rows: _Rows,
    test: _Rows | None,
    encoder: str | None,
    options: str,
    threads: int | None,
    report: _Report | None,
) -> Document: ...
def advise(
    rows: _Rows, encoders: list[str], options: str, threads: int | None, report: _Report | None
) -> Document: ...
def compare(
    a: Classifier,
    b: Classifier,
    rows: _Rows,
    names: tuple[str, str],
    threads: int | None,
    report: _Report | None,
) -> Document: ...
def learning_curve(
    rows: _Rows,
    test: _Rows | None,
    encoder: str,
    options: str,
    threads: int | None,
    report: _Report | None,
) -> Document: ...
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
def example_data() -> tuple[Any, str]: ...
def default_threads() -> int: ...
def run_command(args: list[str]) -> int: ...
