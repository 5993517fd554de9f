"""Text classifiers on BERT-family encoders: sentences to features, features to labels."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin

__all__ = [
    "LogisticRegression",
    "Report",
    "SentenceClassifier",
    "SentenceClassifierCV",
    "SentenceEncoder",
    "__version__",
    "advise",
    "compare",
    "doctor",
    "explain",
    "fetch_reviews",
    "learning_curve",
]
__version__: str

_Path = str | os.PathLike[str]
# A list, a tuple, an array, a column of pandas, polars or pyarrow, or a frame with one column.
_Sentences = Any

class LogisticRegression(ClassifierMixin, BaseEstimator):
    classes_: NDArray[Any]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    n_iter_: NDArray[np.int64]
    def __init__(
        self,
        C: float = ...,
        *,
        class_weight: Literal["balanced"] | dict[Any, float] | None = ...,
        tol: float = ...,
        max_iter: int = ...,
        threads: int | None = ...,
    ) -> None: ...
    def fit(self, X: ArrayLike, y: Any, sample_weight: ArrayLike | None = ...) -> Self: ...
    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]: ...
    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]: ...
    def predict_log_proba(self, X: ArrayLike) -> NDArray[np.float64]: ...
    def predict(self, X: ArrayLike) -> NDArray[Any]: ...

class SentenceClassifier(ClassifierMixin, BaseEstimator):
    classes_: NDArray[Any]
    coef_: NDArray[np.float64]
    intercept_: NDArray[np.float64]
    choices_: dict[str, Any]
    def __init__(
        self,
        model: _Path = ...,
        *,
        features: Literal["auto", "article"] | None = ...,
        scoring: str | None = ...,
        pooling: str | None = ...,
        layers: str | None = ...,
        max_length: int | None = ...,
        prompt: str | None = ...,
        dtype: str = ...,
        C: float | None = ...,
        class_weight: Literal["balanced"] | dict[Any, float] | None = ...,
        scaling: Literal["none", "standard"] | None = ...,
        tol: float = ...,
        max_iter: int = ...,
        calibration: Literal["temperature", "platt"] | None = ...,
        thresholds: Literal["f1_macro", "f1"] | None = ...,
        costs: Any = ...,
        abstain_below: float | None = ...,
        target_precision: float | None = ...,
        descriptions: Mapping[Any, str | Iterable[str]] | None = ...,
        keep_neighbours: bool = ...,
        tune: bool | Mapping[str, Any] = ...,
        random_state: int = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        missing: Literal["error", "empty"] = ...,
        verbose: bool = ...,
    ) -> None: ...
    def fit(
        self,
        X: _Sentences | None = ...,
        y: Any = ...,
        sample_weight: ArrayLike | None = ...,
        groups: ArrayLike | None = ...,
    ) -> Self: ...
    def predict(self, X: _Sentences) -> NDArray[Any]: ...
    def predict_with_abstention(self, X: _Sentences) -> NDArray[Any]: ...
    def predict_proba(self, X: _Sentences) -> NDArray[np.float64]: ...
    def predict_log_proba(self, X: _Sentences) -> NDArray[np.float64]: ...
    def decision_function(self, X: _Sentences) -> NDArray[np.float64]: ...
    def score(self, X: _Sentences, y: Any, sample_weight: ArrayLike | None = ...) -> float: ...
    def evaluate(
        self,
        X: _Sentences,
        y: Any,
        sample_weight: ArrayLike | None = ...,
        title: str = ...,
    ) -> Report: ...
    def explain(self, X: str | _Sentences, label: Any = ..., path: bool = ...) -> Report: ...
    def save(self, folder: _Path, bundle_encoder: bool = ...) -> Self: ...
    def export_onnx(self, folder: _Path, external_data: bool = ...) -> Self: ...
    @classmethod
    def load(
        cls,
        folder: _Path,
        *,
        encoder: _Path | None = ...,
        dtype: str | None = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        verbose: bool = ...,
    ) -> Self: ...
    @classmethod
    def from_sklearn(
        cls,
        file: _Path,
        model: _Path,
        *,
        labels: list[str] | None = ...,
        pooling: str | None = ...,
        layers: str | None = ...,
        max_length: int | None = ...,
        prompt: str | None = ...,
        dtype: str = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        verbose: bool = ...,
    ) -> Self: ...
    @classmethod
    def from_setfit(
        cls,
        folder: _Path,
        *,
        labels: list[str] | None = ...,
        dtype: str = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        verbose: bool = ...,
    ) -> Self: ...

class SentenceClassifierCV(SentenceClassifier):
    C_: float
    best_score_: float
    cv_results_: dict[str, NDArray[np.float64]]
    def __init__(
        self,
        model: _Path = ...,
        *,
        Cs: Iterable[float] | None = ...,
        cv: int = ...,
        pooling: str | None = ...,
        layers: str | None = ...,
        max_length: int | None = ...,
        prompt: str | None = ...,
        dtype: str = ...,
        class_weight: Literal["balanced"] | dict[Any, float] | None = ...,
        scaling: Literal["none", "standard"] | None = ...,
        tol: float = ...,
        max_iter: int = ...,
        calibration: Literal["temperature", "platt"] | None = ...,
        thresholds: Literal["f1_macro", "f1"] | None = ...,
        costs: Any = ...,
        abstain_below: float | None = ...,
        target_precision: float | None = ...,
        keep_neighbours: bool = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        missing: Literal["error", "empty"] = ...,
        verbose: bool = ...,
    ) -> None: ...
    def fit(
        self,
        X: _Sentences = ...,
        y: Any = ...,
        sample_weight: ArrayLike | None = ...,
        groups: ArrayLike | None = ...,
    ) -> Self: ...

class SentenceEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    def __init__(
        self,
        model: _Path = ...,
        *,
        pooling: str = ...,
        layers: str = ...,
        max_length: int | None = ...,
        prompt: str | None = ...,
        dtype: str = ...,
        threads: int | None = ...,
        cache: bool | _Path | None = ...,
        missing: Literal["error", "empty"] = ...,
        verbose: bool = ...,
    ) -> None: ...
    def fit(self, X: Any = ..., y: Any = ...) -> Self: ...
    def transform(self, X: _Sentences) -> Any: ...
    def encode(
        self,
        inputs: str | _Sentences,
        prompt_name: str | None = ...,
        prompt: str | None = ...,
        batch_size: int | None = ...,
        show_progress_bar: bool | None = ...,
        output_value: str = ...,
        precision: str = ...,
        convert_to_numpy: bool = ...,
        convert_to_tensor: bool = ...,
        device: Any = ...,
        normalize_embeddings: bool = ...,
        truncate_dim: int | None = ...,
        pool: None = ...,
        chunk_size: int | None = ...,
    ) -> Any: ...
    def encode_query(
        self, inputs: str | _Sentences, prompt_name: str | None = ..., prompt: str | None = ..., **arguments: Any
    ) -> Any: ...
    def encode_document(
        self, inputs: str | _Sentences, prompt_name: str | None = ..., prompt: str | None = ..., **arguments: Any
    ) -> Any: ...
    def tokenize(self, X: _Sentences) -> list[list[str]]: ...
    @property
    def n_features(self) -> int: ...
    @property
    def max_seq_length(self) -> int: ...
    def get_embedding_dimension(self) -> int: ...
    def get_sentence_embedding_dimension(self) -> int: ...

class Report:
    charts: dict[str, str]
    def __init__(self, document: Any, table: Any) -> None: ...
    def to_dict(self) -> Any: ...
    def to_pandas(self) -> Any: ...
    def _repr_html_(self) -> str: ...

def advise(
    X: _Sentences,
    y: Any,
    *,
    models: Iterable[_Path] = ...,
    scoring: str | None = ...,
    class_weight: Literal["balanced"] | dict[Any, float] | None = ...,
    test_size: float = ...,
    random_state: int = ...,
    tune: bool | Mapping[str, Any] = ...,
    max_length: int | None = ...,
    prompt: str | None = ...,
    dtype: str = ...,
    sample_weight: ArrayLike | None = ...,
    groups: ArrayLike | None = ...,
    threads: int | None = ...,
    cache: bool | _Path | None = ...,
    verbose: bool = ...,
) -> Report: ...
def compare(
    a: SentenceClassifier | _Path,
    b: SentenceClassifier | _Path,
    X: _Sentences,
    y: Any,
    *,
    sample_weight: ArrayLike | None = ...,
    names: tuple[str, str] = ...,
    threads: int | None = ...,
    verbose: bool = ...,
) -> Report: ...
def doctor(
    X: _Sentences,
    y: Any,
    *,
    X_test: _Sentences | None = ...,
    y_test: Any = ...,
    model: _Path = ...,
    layers: str | None = ...,
    pooling: str | None = ...,
    max_length: int | None = ...,
    prompt: str | None = ...,
    dtype: str = ...,
    C: float | None = ...,
    near_duplicate_threshold: float = ...,
    rank_all: bool = ...,
    sample_weight: ArrayLike | None = ...,
    groups: ArrayLike | None = ...,
    threads: int | None = ...,
    cache: bool | _Path | None = ...,
    verbose: bool = ...,
) -> Report: ...
def explain(
    classifier: SentenceClassifier | _Path,
    X: str | _Sentences,
    label: Any = ...,
    path: bool = ...,
) -> Report: ...
def fetch_reviews(limit: int | None = ...) -> tuple[list[str], list[str]]: ...
def learning_curve(
    X: _Sentences,
    y: Any,
    *,
    X_test: _Sentences | None = ...,
    y_test: Any = ...,
    model: _Path = ...,
    pooling: str | None = ...,
    layers: str | None = ...,
    C: float | None = ...,
    Cs: Iterable[float] | None = ...,
    class_weight: Literal["balanced"] | dict[Any, float] | None = ...,
    scaling: Literal["none", "standard"] | None = ...,
    sizes: Iterable[int] = ...,
    n_repeats: int = ...,
    test_size: float = ...,
    stratify: bool = ...,
    random_state: int = ...,
    tune: bool | Mapping[str, Any] = ...,
    max_length: int | None = ...,
    prompt: str | None = ...,
    dtype: str = ...,
    sample_weight: ArrayLike | None = ...,
    groups: ArrayLike | None = ...,
    threads: int | None = ...,
    cache: bool | _Path | None = ...,
    verbose: bool = ...,
) -> Report: ...
