"""A peer that turns token ids into `[CLS]` vectors: `python -m peers.encode torch|zentorch|onnxruntime|openvino|ctranslate2 DTYPE`.

Batches of 32 sentences, sorted by falling length, so that there is little padding: what a careful user of these
libraries does. Filling the batches is part of the time; tokenizing is not.
"""

import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np

from peers.protocol import serve
from peers.settings import Settings

BATCH = 32
MODULES = {
    "torch": "peers.pytorch",
    "zentorch": "peers.zentorch_backend",
    "onnxruntime": "peers.onnx_runtime",
    "openvino": "peers.open_vino",
    "ctranslate2": "peers.ctranslate",
}


class Peer:
    """One library with one dtype and one encoder."""

    def __init__(self, library: str, dtype: str):
        self.library = importlib.import_module(MODULES[library])
        self.dtype = dtype
        self.settings = self.encode_batch = self.token_ids = None

    def configure(self, encoder: str, models: str, calibration: str, threads: int, purpose: str) -> None:
        sentences = json.loads(Path(calibration).read_text(encoding="utf-8"))
        self.settings = Settings(encoder, self.dtype, threads, purpose, Path(models), sentences)

    def prepare(self, **settings) -> None:
        """Converts the encoder, in a process that is not measured."""
        self.configure(**settings)
        self.library.prepare(self.settings)

    def load(self, token_ids: str, **settings) -> dict:
        self.configure(**settings)
        self.token_ids = json.loads(Path(token_ids).read_text(encoding="utf-8"))
        started = time.perf_counter()
        self.encode_batch = self.library.load(self.settings)
        return {"seconds": time.perf_counter() - started, "version": self.library.VERSION}

    def all_vectors(self) -> list[np.ndarray]:
        ids = self.token_ids
        order = sorted(range(len(ids)), key=lambda sentence: -len(ids[sentence]))
        vectors = [None] * len(ids)
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            input_ids, attention_mask = pad([ids[sentence] for sentence in chosen])
            for sentence, vector in zip(chosen, self.encode_batch(input_ids, attention_mask)):
                vectors[sentence] = np.asarray(vector, np.float32)
        return vectors

    def encode(self) -> dict:
        started = time.perf_counter()
        self.all_vectors()
        return {"seconds": time.perf_counter() - started}

    def vectors(self, path: str) -> None:
        np.save(path, np.stack(self.all_vectors()))

    def latency(self, input_ids: list[int], warm_up: int, repeats: int) -> dict:
        batch = pad([input_ids])
        for _ in range(warm_up):
            self.encode_batch(*batch)
        milliseconds = []
        for _ in range(repeats):
            started = time.perf_counter()
            self.encode_batch(*batch)
            milliseconds.append((time.perf_counter() - started) * 1e3)
        return {"milliseconds": milliseconds}


def pad(sentences: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """`input_ids` and `attention_mask`, `[sentences, longest]`. The mask hides the padding, so that its id does not matter."""
    width = max(map(len, sentences))
    input_ids = np.zeros((len(sentences), width), np.int64)
    attention_mask = np.zeros((len(sentences), width), np.int64)
    for row, ids in enumerate(sentences):
        input_ids[row, : len(ids)] = ids
        attention_mask[row, : len(ids)] = 1
    return input_ids, attention_mask


if __name__ == "__main__":
    peer = Peer(*sys.argv[1:])
    serve({"prepare": peer.prepare, "load": peer.load, "encode": peer.encode, "vectors": peer.vectors, "latency": peer.latency})
