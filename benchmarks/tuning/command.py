"""The command lines of both sides, and what their reports say. Standard library only.

The options of `clsify train --tune` and the names in its report occur in this file only.
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

BATCH_SIZE, WEIGHT_DECAY, WARMUP = 32, 0.01, 0.1


@dataclass(frozen=True)
class Run:
    """One fine-tuning, the same for both sides."""

    encoder: Path
    # .tsv files without header.
    train: Path
    test: Path
    seed: int
    epochs: int
    learning_rate: float
    threads: int
    # The folder for the tuned encoder; it is replaced.
    output: Path


@dataclass(frozen=True)
class Result:
    """What a side reports."""

    accuracy: float
    # The number of rows that the encoder learned from: clsify holds some out.
    rows: int
    epoch_seconds: list[float]
    losses: list[float]
    # On the test rows; clsify compares on held-out training rows instead.
    frozen_accuracy: float | None = None
    # Shares of the time of the steps; `product_share` is that of the matrix products.
    optimizer_share: float | None = None
    product_share: float | None = None
    # False if clsify's held-out rows decided for the frozen encoder; the accuracy is then that one's.
    is_tuned: bool = True
    version: str = ""

    @property
    def step_seconds(self) -> float:
        """The mean of an epoch's steps; the median of the epochs, because libraries set themselves up in the first."""
        return median(self.epoch_seconds) / math.ceil(self.rows / BATCH_SIZE)


def peer_command(run: Run, dtype: str) -> list[str]:
    """`peers/fine_tune.py`, to be run in this folder's parent."""
    return [sys.executable, "-m", "peers.fine_tune", "--encoder", str(run.encoder), "--train", str(run.train), "--test", str(run.test),
            "--test-last", "--dtype", dtype, *schedule(run), "--output", str(run.output)]


def clsify_command(clsify: Path, run: Run, dtype: str) -> list[str]:
    return [str(clsify), "train", "--tune", "--no-cache", "--quiet", "--encoder", str(run.encoder), "--data", str(run.train),
            "--test-data", str(run.test), "--format", "tsv", "--header", "absent", "--dtype", dtype, "--tune-dtype", dtype, *schedule(run),
            "--output", str(run.output), "--json", str(report_file(run))]


def schedule(run: Run) -> list[str]:
    """Options with the same names on both sides."""
    return ["--seed", str(run.seed), "--epochs", str(run.epochs), "--learning-rate", repr(run.learning_rate), "--batch-size", str(BATCH_SIZE),
            "--weight-decay", str(WEIGHT_DECAY), "--warmup", str(WARMUP), "--threads", str(run.threads)]


def report_file(run: Run) -> Path:
    return run.output.with_suffix(".json")


def peer_result(stdout: str) -> Result:
    report = json.loads(stdout)
    return Result(report["accuracy"], report["rows"], *of_epochs(report["epochs"]), report["frozen_accuracy"], report["optimizer_share"],
                  version=report["version"])


def clsify_result(report: dict) -> Result:
    tuning = report["tuning"]
    epochs = tuning["epochs_done"]
    optimizer, products = (mean(epoch[name] for epoch in epochs) for name in ("optimizer_share", "product_share"))
    return Result(report["test"]["accuracy"], tuning["n_rows"], *of_epochs(epochs), optimizer_share=optimizer, product_share=products,
                  is_tuned=tuning["is_kept"])


def of_epochs(epochs: list[dict]) -> tuple[list[float], list[float]]:
    return [epoch["seconds"] for epoch in epochs], [epoch["loss"] for epoch in epochs]
