from os import PathLike
from typing import Any, Literal, TypeVar

from clsify import LogisticRegression

__all__ = ["embed", "fit_logistic", "kernels", "predict"]

# A DataFrame of Spark, or of Spark Connect.
_Frame = TypeVar("_Frame")
_Path = str | PathLike[str]
_OnError = Literal["raise", "null"]

KERNEL: str

def embed(
    df: _Frame,
    column: str,
    *,
    model: _Path,
    executor_model: _Path | None = None,
    output: str = "embedding",
    threads: int | None = 1,
    on_error: _OnError = "raise",
    key: str | None = None,
    error: str = "error",
    kernel: str | None = ...,
    **options: Any,
) -> _Frame: ...
def predict(
    df: _Frame,
    column: str,
    *,
    model: _Path,
    executor_model: _Path | None = None,
    output: str = "label",
    probability: str | None = "probability",
    probabilities: str | None = None,
    threads: int | None = 1,
    on_error: _OnError = "raise",
    key: str | None = None,
    error: str = "error",
    kernel: str | None = ...,
    **options: Any,
) -> _Frame: ...
def kernels(df: Any, column: str = ...) -> list[str]: ...
def fit_logistic(
    df: Any,
    features: str,
    label: str,
    *,
    C: float = 1.0,
    weight: str | None = None,
    tol: float = 1e-10,
    max_iter: int = 100,
) -> LogisticRegression: ...
