"""Complete processes, from start to end: the article's run, one prediction, a long input.

Time and peak memory are the system's, of the process and nothing else. The files that are read have been read before.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from encoder import EncoderFolder
from participant import HERE, ParticipantError, say, thread_variables
from suite import OUR_DTYPES, SETTLE_SECONDS, Suite, round_to

SENTENCE = "a visually stunning rumination on love"
WARM_UP_ROWS = 64


def article(suite: Suite, encoder: EncoderFolder, *, grid_search: bool) -> None:
    """`peers/article.py` against `clsify train`: imports, load, embed, split, fit, score; with or without the grid search."""
    job = "article-grid" if grid_search else "article"
    option = ["--grid-search"] if grid_search else []
    contestants = [("article.py", "f32")] + [("clsify", dtype) for dtype in OUR_DTYPES]

    def command(name: str, dtype: str, limit: int) -> list[str]:
        if name == "clsify":
            return train_command(suite, encoder, dtype, limit) + option
        return [sys.executable, str(HERE / "peers/article.py"), str(encoder.path), str(suite.data), "--limit", str(limit),
                "--threads", str(suite.threads), *option]

    for contestant in contestants:
        launch(suite, command(*contestant, min(WARM_UP_ROWS, suite.limit)))
    for round, (name, dtype) in in_turn(suite.rounds, contestants):
        used, output = launch(suite, command(name, dtype, suite.limit))
        if name == "clsify":
            accuracy = json.loads(report_file(suite, dtype).read_text(encoding="utf-8"))["test"]["accuracy"]
        else:
            accuracy = json.loads(output)["accuracy"]
        note_use(suite, job, encoder, name, dtype, round, used)
        suite.note(job, "accuracy", accuracy, encoder=encoder.name, participant=name, dtype=dtype, round=round)


def cold(suite: Suite, encoder: EncoderFolder) -> None:
    """`clsify predict` of one sentence in a process that has just started."""
    contestants = [("clsify", dtype) for dtype in OUR_DTYPES]
    commands = {}
    for name, dtype in contestants:
        launch(suite, train_command(suite, encoder, dtype, suite.limit))
        commands[dtype] = [str(suite.clsify), "predict", str(model_folder(suite, dtype)), "--quiet",
                           "--threads", str(suite.threads), "-p", SENTENCE]
        launch(suite, commands[dtype])
    for round, (name, dtype) in in_turn(max(suite.rounds, 5), contestants):
        used, _ = launch(suite, commands[dtype])
        note_use(suite, "cold", encoder, name, dtype, round, used)


def memory(suite: Suite, encoder: EncoderFolder, counts: Iterable[int]) -> None:
    """`clsify embed` in int8 of files of these lengths: peak memory, and time per sentence."""
    folder = suite.work / "memory"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for count in counts:
            write_varied(folder / "sentences.txt", [sentence for sentence, _ in suite.rows], count)
            say(f"{encoder.name}: memory: {count} sentences")
            used, _ = launch(suite, [str(suite.clsify), "embed", "--encoder", str(encoder.path), "--dtype", "int8",
                                     "--input", str(folder / "sentences.txt"), "--output", str(folder / "features.npy"),
                                     "--threads", str(suite.threads), "--quiet"])
            # The number of sentences is stored in the column of the round.
            note_use(suite, "memory", encoder, "clsify", "int8", count, used)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_varied(path: Path, sentences: list[str], count: int) -> None:
    """Repeats the sentences with their words rotated by one more each time: other inputs with the same lengths."""
    with open(path, "w", encoding="utf-8") as file:
        for number in range(count):
            words = sentences[number % len(sentences)].split()
            shift = number // len(sentences) % max(len(words), 1)
            file.write(" ".join(words[shift:] + words[:shift]) + "\n")


def train_command(suite: Suite, encoder: EncoderFolder, dtype: str, limit: int) -> list[str]:
    return [str(suite.clsify), "train", "--no-cache", "--encoder", str(encoder.path), "--data", str(suite.data),
            "--format", "tsv", "--header", "absent", "--limit", str(limit), "--dtype", dtype, "--quiet",
            "--features", "article", "--threads", str(suite.threads), "--output", str(model_folder(suite, dtype)),
            "--json", str(report_file(suite, dtype))]


def model_folder(suite: Suite, dtype: str) -> Path:
    return suite.work / f"model-{dtype}"


def report_file(suite: Suite, dtype: str) -> Path:
    return suite.work / f"report-{dtype}.json"


def in_turn(rounds: int, contestants: list[tuple[str, str]]):
    for round in range(rounds):
        for contestant in contestants if round % 2 == 0 else reversed(contestants):
            yield round, contestant


class Place(Protocol):
    """What a process needs: a folder for its output, and a number of threads."""

    work: Path
    threads: int


def launch(suite: Place, command: list[str]) -> tuple[dict, str]:
    """The resources that the process used, and its stdout. It runs in the folder of the benchmarks."""
    time.sleep(SETTLE_SECONDS)
    output, log = suite.work / "stdout", suite.work / "logs" / "processes.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as errors:
        launcher = [sys.executable, "-I", "-S", str(HERE / "launch.py"), str(output), *command]
        done = subprocess.run(launcher, stdout=subprocess.PIPE, stderr=errors, cwd=HERE,
                              env=dict(os.environ, **thread_variables(suite.threads)))
    used = json.loads(done.stdout) if done.returncode == 0 else {"exit_code": "none"}
    if used["exit_code"] != 0:
        raise ParticipantError(f"{' '.join(command)}: exit code {used['exit_code']} (its stderr: {log})")
    return used, output.read_text(encoding="utf-8", errors="replace")


def note_use(suite: Suite, job: str, encoder: EncoderFolder, name: str, dtype: str, round: int, used: dict) -> None:
    for metric in ("seconds", "cpu_seconds", "peak_resident_bytes"):
        suite.note(job, metric, round_to(used[metric], 6) if metric != "peak_resident_bytes" else used[metric],
                   encoder=encoder.name, participant=name, dtype=dtype, round=round)
    say(f"{encoder.name}: {job}: {name} {dtype}: {used['seconds']:.3f} s, {used['peak_resident_bytes'] / 1e6:.0f} MB")
