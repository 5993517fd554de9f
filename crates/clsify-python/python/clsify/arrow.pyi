from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal, TypeVar

# A pyarrow.RecordBatch or pyarrow.Table; what comes back is of the same type.
_Rows = TypeVar("_Rows")
_Path = str | PathLike[str]
_OnError = Literal["raise", "null"]
_Dtype = Literal["f32", "bf16", "int8", "auto"]

class _Step:
    model: str
    column: str
    threads: int | None
    on_error: _OnError
    key: str | None
    error: str
    kernel: str | None
    sha256: str | None
    def __init__(
        self,
        model: _Path,
        column: str,
        threads: int | None,
        on_error: _OnError,
        key: str | None,
        error: str,
        kernel: str | None,
        sha256: str | None,
    ) -> None: ...
    def __call__(self, batch: _Rows) -> _Rows: ...
    def fields(self) -> Sequence[Any]: ...
    def load(self) -> Any: ...
    def loaded_sha256(self) -> str: ...
    def kernel_name(self) -> str: ...

class Embed(_Step):
    output: str
    options: dict[str, Any]
    def __init__(
        self,
        model: _Path,
        column: str = "text",
        output: str = "embedding",
        *,
        threads: int | None = 1,
        on_error: _OnError = "raise",
        key: str | None = None,
        error: str = "error",
        kernel: str | None = None,
        sha256: str | None = None,
        pooling: str = "auto",
        layers: str | int = "last",
        max_length: int | None = None,
        prompt: str | None = None,
        dtype: _Dtype = "f32",
    ) -> None: ...
    def with_model(self, model: _Path) -> Embed: ...

class Predict(_Step):
    output: str
    probability: str | None
    probabilities: str | None
    options: dict[str, Any]
    def __init__(
        self,
        model: _Path,
        column: str = "text",
        output: str = "label",
        *,
        probability: str | None = "probability",
        probabilities: str | None = None,
        threads: int | None = 1,
        on_error: _OnError = "raise",
        key: str | None = None,
        error: str = "error",
        kernel: str | None = None,
        sha256: str | None = None,
        encoder: _Path | None = None,
        dtype: _Dtype | None = None,
    ) -> None: ...
    def with_model(self, model: _Path) -> Predict: ...
