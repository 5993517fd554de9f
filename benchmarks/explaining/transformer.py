"""The classified function as a user of shap or LIME writes it: transformers, mean pooling, and the coefficients of clsify's classifier."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer

from explaining.measures import Answer
from explaining.words import Sentence, character_spans, word_of_each_piece

BATCH = 64


class Transformer:
    """Texts or token ids to decision values. It holds the cache of one sentence's variants."""

    def __init__(self, encoder: Path, model: Path, threads: int):
        torch.set_num_threads(threads)
        self.tokenizer = AutoTokenizer.from_pretrained(encoder)
        self.encoder = AutoModel.from_pretrained(encoder, dtype=torch.float32).eval()
        # Only this implementation returns the attention probabilities.
        self.attending = AutoModel.from_pretrained(encoder, dtype=torch.float32, attn_implementation="eager").eval()
        check_features(model)
        tensors = load_file(model / "classifier.safetensors")
        self.coef, self.intercept = (tensors[name].astype(np.float64) for name in ("coef", "intercept"))
        self.coef = self.coef.reshape(len(self.intercept), -1)

    def sentence(self, text: str, byte_spans: Sequence[tuple[int, int]]) -> Sentence:
        """A sentence of clsify's words."""
        tokens = self.tokenizer(text, return_offsets_mapping=True)
        spans = character_spans(text, byte_spans)
        word_of_piece = word_of_each_piece(spans, tokens["offset_mapping"])
        return Sentence(text, tuple(spans), tuple(tokens["input_ids"]), tuple(word_of_piece), self.tokenizer.mask_token_id)

    def token_ids(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        return [tuple(ids) for ids in self.tokenizer(list(texts), truncation=True, max_length=512)["input_ids"]]

    def decisions(self, token_ids: Sequence[Sequence[int]]) -> np.ndarray:
        """Decision values, one row per sentence; batches are sorted by length."""
        vectors = np.empty((len(token_ids), self.coef.shape[1]))
        order = sorted(range(len(token_ids)), key=lambda row: len(token_ids[row]))
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                rows = order[start : start + BATCH]
                lengths = torch.tensor([len(token_ids[row]) for row in rows])
                width = int(lengths.max())
                input_ids = torch.tensor([[*token_ids[row], *[self.tokenizer.pad_token_id] * (width - len(token_ids[row]))] for row in rows])
                attention_mask = (torch.arange(width)[None, :] < lengths[:, None]).long()
                hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
                sums = (hidden * attention_mask[:, :, None]).sum(1)
                vectors[rows] = (sums / lengths[:, None]).numpy()
        return vectors @ self.coef.T + self.intercept

    def answers(self, token_ids: Sequence[Sequence[int]], label: int) -> list[Answer]:
        """The logit of a label's probability, `ln(p / (1 - p))`, and whether the label is predicted."""
        decisions = self.decisions(token_ids)
        if decisions.shape[1] == 1:
            signed = decisions[:, 0] if label == 1 else -decisions[:, 0]
            return [Answer(float(logit), bool(logit > 0 or (logit == 0 and label == 0))) for logit in signed]
        others = np.delete(decisions, label, axis=1)
        most = others.max(1)
        logits = decisions[:, label] - most - np.log(np.exp(others - most[:, None]).sum(1))
        return [Answer(float(logit), bool(row.argmax() == label)) for logit, row in zip(logits, decisions)]

    def attention(self, sentence: Sentence) -> np.ndarray:
        """The last layer's attention of [CLS] to each token, the mean over heads."""
        with torch.inference_mode():
            output = self.attending(input_ids=torch.tensor([sentence.token_ids]), output_attentions=True)
        return output.attentions[-1][0, :, 0, :].mean(0).numpy()


def check_features(model: Path) -> None:
    """This side computes the mean of the last layer only, so it refuses a classifier of other features."""
    features = json.loads((model / "clsify.json").read_text(encoding="utf-8"))["features"]
    expected = {"layers": "last", "poolings": ["mean"], "normalize": False}
    if features != expected:
        raise SystemExit(f"{model}: expected the features {expected}, got {features}")
