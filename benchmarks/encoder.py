"""The properties of an encoder folder: its shape and the size of its weights. Standard library only."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path


@dataclass(frozen=True)
class Shape:
    """The sizes of a post-norm encoder."""

    layers: int
    hidden: int
    heads: int
    intermediate: int


@dataclass(frozen=True)
class EncoderFolder:
    """A checkpoint folder: `config.json` and `model.safetensors`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.resolve().name

    @cached_property
    def config(self) -> dict:
        return json.loads((self.path / "config.json").read_text(encoding="utf-8"))

    @cached_property
    def shape(self) -> Shape:
        """DistilBERT has its own keys for the sizes."""
        config = self.config
        if config.get("model_type") == "distilbert":
            keys = ("n_layers", "dim", "n_heads", "hidden_dim")
        else:
            keys = ("num_hidden_layers", "hidden_size", "num_attention_heads", "intermediate_size")
        return Shape(*(int(config[key]) for key in keys))

    @property
    def has_random_weights(self) -> bool:
        """True if `make_distilbert.py` wrote it: its speed is meaningful, its vectors are not."""
        return bool(self.config.get("random_weights", False))

    @cached_property
    def n_parameters(self) -> int:
        """The number of elements in the weights file, from the safetensors header: 8 bytes of length, then JSON."""
        with open(self.path / "model.safetensors", "rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")

    @cached_property
    def identity(self) -> str:
        """A hash of the folder's content, so that a converted model is never used for other weights."""
        digest = hashlib.sha256()
        for name in ("config.json", "tokenizer.json", "model.safetensors"):
            path = self.path / name
            if path.exists():
                with open(path, "rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
        return f"{self.name}-{digest.hexdigest()[:12]}"
