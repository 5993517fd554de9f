"""The tokenizer of transformers: `python -m peers.tokenizer`. Its token ids are those that every peer gets."""

import json
import time
from pathlib import Path

import transformers
from transformers import AutoTokenizer

from peers.protocol import serve

MAX_LENGTH = 512


class Tokenizer:
    def __init__(self):
        self.tokenizer = self.sentences = None

    def load(self, encoder: str, sentences: str) -> dict:
        self.tokenizer = AutoTokenizer.from_pretrained(encoder)
        self.sentences = json.loads(Path(sentences).read_text(encoding="utf-8"))
        return {"version": transformers.__version__}

    def ids_of(self, sentences: list[str]) -> list[list[int]]:
        return self.tokenizer(sentences, truncation=True, max_length=MAX_LENGTH)["input_ids"]

    def tokenize(self) -> dict:
        started = time.perf_counter()
        self.ids_of(self.sentences)
        return {"seconds": time.perf_counter() - started}

    def token_ids(self, path: str, sentences: list[str] | None = None) -> None:
        ids = self.ids_of(self.sentences if sentences is None else sentences)
        Path(path).write_text(json.dumps(ids), encoding="utf-8")


if __name__ == "__main__":
    tokenizer = Tokenizer()
    serve({"load": tokenizer.load, "tokenize": tokenizer.tokenize, "token_ids": tokenizer.token_ids})
