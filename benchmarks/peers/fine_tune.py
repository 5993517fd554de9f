"""Fine-tuning with PyTorch and transformers, from the imports to the saved encoder; `clsify train --tune` is compared with it.

    cd benchmarks && python -m peers.fine_tune --encoder DIR --train TRAIN.tsv --test TEST.tsv --learning-rate 1e-4

The head starts from scikit-learn's logistic regression on the frozen encoder's mean-pooled features (LP-FT). The embeddings stay frozen. Prints
one JSON object: the seconds of each step and epoch, the losses, the accuracies and the peak memory.
"""

import time

STARTED = time.perf_counter()

import argparse
import json
import math
import os
import random
import resource
import sys
from pathlib import Path
from statistics import mean, median

os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

import numpy as np
import sklearn
import torch
import transformers
from sklearn.linear_model import LogisticRegression
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from tuning import rows
from tuning.schedule import LearningRate, batches

MAX_TOKENS = 512
TEST_BATCH = 64
# Steps that are not timed, because libraries set themselves up in them.
UNTIMED_STEPS = 3
# `ru_maxrss` is in kibibytes on Linux, in bytes on macOS.
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--train", type=Path, required=True, metavar="FILE", help=".tsv without header, or .csv with text and label")
    parser.add_argument("--test", type=Path, metavar="FILE", help="score on these rows after every epoch [do not score]")
    parser.add_argument("--test-last", action="store_true", help="score after the last epoch only")
    parser.add_argument("--rows", type=int, metavar="N", help="train on N rows, chosen by the seed [all]")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.1, metavar="SHARE", help="share of the steps [0.1]")
    parser.add_argument("--clip", type=float, metavar="NORM", help="clip the norm of all gradients [do not clip]")
    parser.add_argument("--dtype", choices=("bf16", "f32"), default="bf16", help="bf16 is autocast [bf16]")
    parser.add_argument("--parameters", choices=("all", "bitfit"), default="all",
                        help="train all parameters of the blocks and the head, or only biases, LayerNorm and the head [all]")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, metavar="DIR", help="save the encoder and the head to this folder")
    return parser.parse_args()


class Classifier(torch.nn.Module):
    """Logits from the mean of the last layer."""

    def __init__(self, folder: Path):
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.encoder = AutoModel.from_pretrained(folder, dtype=torch.float32)
        self.head = None

    def tokenize(self, sentences: list[str]) -> list[list[int]]:
        return self.tokenizer(sentences, truncation=True, max_length=MAX_TOKENS)["input_ids"]

    def pooled(self, ids: list[list[int]]) -> torch.Tensor:
        width = max(map(len, ids))
        pad = self.tokenizer.pad_token_id
        input_ids = torch.tensor([row + [pad] * (width - len(row)) for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids])
        hidden = self.encoder(input_ids=input_ids, attention_mask=mask)[0].float()
        return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)

    def forward(self, ids: list[list[int]]) -> torch.Tensor:
        return self.head(self.pooled(ids))

    @torch.inference_mode()
    def in_order_of_length(self, ids: list[list[int]], function) -> np.ndarray:
        """The function's result for each sentence, in evaluation mode."""
        self.eval()
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        parts = [function([ids[row] for row in order[start : start + TEST_BATCH]]).float().numpy() for start in range(0, len(order), TEST_BATCH)]
        found = np.concatenate(parts)
        result = np.empty_like(found)
        result[order] = found
        return result

    def start_head(self, features: np.ndarray, class_ids: np.ndarray) -> None:
        """Sets the head to the logistic regression on frozen features."""
        fitted = LogisticRegression(C=1.0, max_iter=1000).fit(features, class_ids)
        coef, intercept = fitted.coef_, fitted.intercept_
        if len(coef) == 1:
            # The softmax of these two logits is the sigmoid of the one.
            coef, intercept = np.concatenate([-coef, coef]) / 2, np.concatenate([-intercept, intercept]) / 2
        self.head = torch.nn.Linear(coef.shape[1], len(coef))
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(coef))
            self.head.bias.copy_(torch.from_numpy(intercept))


def parameter_groups(model: Classifier, which: str, weight_decay: float) -> list[dict]:
    """Freezes what is not trained. Weights decay, but not biases, LayerNorm and MPNet's relative attention bias."""
    decayed, others = [], []
    for name, parameter in model.named_parameters():
        # As in transformers' `Trainer`, the name decides: the relative attention bias is a matrix.
        is_bias = parameter.dim() == 1 or "bias" in name
        is_head = name.startswith("head.")
        frozen = ".embeddings." in name or ".pooler." in name or (which == "bitfit" and not is_head and not is_bias)
        parameter.requires_grad_(not frozen)
        if not frozen:
            (others if is_bias else decayed).append(parameter)
    return [dict(params=decayed, weight_decay=weight_decay), dict(params=others, weight_decay=0.0)]


class Training:
    """The optimizer, its schedule and its times."""

    def __init__(self, model: Classifier, ids: list[list[int]], class_ids: np.ndarray, chosen: argparse.Namespace):
        self.model, self.ids, self.chosen = model, ids, chosen
        groups = parameter_groups(model, chosen.parameters, chosen.weight_decay)
        self.trained = [parameter for group in groups for parameter in group["params"]]
        self.optimizer = torch.optim.AdamW(groups, lr=chosen.learning_rate, fused=True)
        self.rate = LearningRate.of(chosen.learning_rate, chosen.warmup, chosen.epochs * math.ceil(len(ids) / chosen.batch_size))
        self.generator = random.Random(chosen.seed)
        self.lengths = [len(row) for row in ids]
        self.targets = torch.from_numpy(class_ids)
        self.step_seconds, self.optimizer_seconds = [], []

    def epoch(self, autocast) -> float:
        """The mean loss of the batches."""
        self.model.train()
        return mean(self.step(batch, autocast) for batch in batches(self.lengths, self.chosen.batch_size, self.generator))

    def step(self, batch: list[int], autocast) -> float:
        started = time.perf_counter()
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate.at(len(self.step_seconds))
        with autocast():
            logits = self.model([self.ids[row] for row in batch])
        loss = functional.cross_entropy(logits.float(), self.targets[batch])
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.chosen.clip is not None:
            torch.nn.utils.clip_grad_norm_(self.trained, self.chosen.clip)
        updating = time.perf_counter()
        self.optimizer.step()
        ended = time.perf_counter()
        self.step_seconds.append(ended - started)
        self.optimizer_seconds.append(ended - updating)
        return loss.item()


def main() -> None:
    chosen = arguments()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(chosen.seed)
    train = rows.choose(rows.read(chosen.train), chosen.rows, chosen.seed) if chosen.rows else rows.read(chosen.train)
    test = rows.read(chosen.test) if chosen.test else []
    classes = sorted({label for _, label in train})
    class_ids = np.array([classes.index(label) for _, label in train])
    test_labels = np.array([classes.index(label) if label in classes else -1 for _, label in test])

    started = time.perf_counter()
    seconds = {"import": started - STARTED}
    model = Classifier(chosen.encoder)
    ids = model.tokenize([sentence for sentence, _ in train])
    test_ids = model.tokenize([sentence for sentence, _ in test]) if test else []
    seconds["load"] = time.perf_counter() - started

    def autocast():
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=chosen.dtype == "bf16")

    def accuracy() -> float:
        with autocast():
            return float((model.in_order_of_length(test_ids, model).argmax(1) == test_labels).mean())

    started = time.perf_counter()
    with autocast():
        features = model.in_order_of_length(ids, model.pooled)
    model.start_head(features, class_ids)
    seconds["start"] = time.perf_counter() - started
    frozen_accuracy = accuracy() if test else None

    training = Training(model, ids, class_ids, chosen)
    epochs = []
    for epoch in range(chosen.epochs):
        started = time.perf_counter()
        done = {"loss": training.epoch(autocast), "seconds": time.perf_counter() - started}
        if test and (epoch + 1 == chosen.epochs or not chosen.test_last):
            done["accuracy"] = accuracy()
        epochs.append(done)
        print(json.dumps({"epoch": epoch + 1} | done), file=sys.stderr, flush=True)
    if chosen.output:
        model.encoder.save_pretrained(chosen.output)
        model.tokenizer.save_pretrained(chosen.output)
        torch.save(model.head.state_dict(), chosen.output / "head.pt")
    timed = slice(UNTIMED_STEPS if len(training.step_seconds) > UNTIMED_STEPS else 0, None)
    print(json.dumps({
        "version": f"torch {torch.__version__}, transformers {transformers.__version__}, scikit-learn {sklearn.__version__}",
        "rows": len(train),
        "tokens": sum(training.lengths),
        "steps": len(training.step_seconds),
        "trained_parameters": sum(parameter.numel() for parameter in training.trained),
        "frozen_accuracy": frozen_accuracy,
        "accuracy": epochs[-1].get("accuracy"),
        "step_seconds": median(training.step_seconds[timed]),
        "optimizer_share": sum(training.optimizer_seconds[timed]) / sum(training.step_seconds[timed]),
        "epochs": epochs,
        "seconds": seconds | {"total": time.perf_counter() - STARTED},
        "peak_resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAXRSS_UNIT,
    }))


if __name__ == "__main__":
    main()
