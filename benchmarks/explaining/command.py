"""clsify as its users run it: `clsify train` and `clsify explain --json`. Standard library only."""

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from participant import say

# Texts per process: few enough for progress, many enough that loading the model does not matter.
CHUNK = 20
REPEATS = 5


@dataclass(frozen=True)
class Command:
    clsify: Path
    encoder: Path
    threads: int

    def train(self, data: Path, model: Path) -> None:
        """Trains the classifier that is explained, with features that transformers computes as easily; an existing one is kept."""
        if not (model / "clsify.json").exists():
            say(f"training {model} on {data}")
            self.run("train", "--encoder", str(self.encoder), "--pooling", "mean", "--data", str(data), "--output", str(model))

    def explain(self, model: Path, texts: Sequence[str], path: bool = False) -> list[dict]:
        flags = ["--path"] if path else []
        # After `--` a text may begin with a dash.
        return json.loads(self.run("explain", "--json", "--dtype", "f32", *flags, str(model), "--", *texts))

    def explain_all(self, model: Path, texts: Sequence[str], path: bool) -> Iterator[dict]:
        for start in range(0, len(texts), CHUNK):
            yield from self.explain(model, texts[start : start + CHUNK], path)
            say(f"clsify explain: {min(start + CHUNK, len(texts))} of {len(texts)} sentences")

    def seconds_per_sentence(self, model: Path, texts: Sequence[str], path: bool) -> float:
        """The time per sentence of a process that has loaded its model: that of all texts minus that of a process with the first alone.

        The texts are repeated so that the time of loading, which varies, is small beside theirs; clsify explains each of them anew.
        """
        def seconds(texts: Sequence[str]) -> float:
            started = time.perf_counter()
            self.explain(model, texts, path)
            return time.perf_counter() - started

        first = seconds(texts[:1])
        every = [*texts] * REPEATS
        return (seconds(every) - first) / (len(every) - 1)

    def run(self, *arguments: str) -> str:
        command = [str(self.clsify), "--threads", str(self.threads), "--quiet", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"clsify {arguments[0]} failed: {done.stderr.strip()}")
        return done.stdout


def contributions(explanation: dict) -> list[float]:
    return [word["contribution"] for word in explanation["words"]]


def pairs(explanation: dict) -> list[tuple[int, int, float]]:
    return [(*pair["words"], pair["contribution"]) for pair in explanation["pairs"]]


def spans(explanation: dict) -> list[tuple[int, int]]:
    return [(word["start"], word["end"]) for word in explanation["words"]]


def predicted_logits(explanation: dict) -> dict[int, float]:
    """The logit of the label without each set of words that clsify encoded, by the bits of the removed words."""
    whole = explanation["logit"]
    found = {0: whole}
    found.update({1 << word: whole - value for word, value in enumerate(contributions(explanation))})
    found.update({1 << first | 1 << second: whole - value for first, second, value in pairs(explanation)})
    removed = 0
    for step in explanation["path"]["steps"] if explanation.get("path") else []:
        removed |= 1 << step["word"]
        found[removed] = step["logit"]
    return found
