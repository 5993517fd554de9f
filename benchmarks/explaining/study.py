"""The measurements on one dataset: faithfulness on all sentences, time on the first."""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from explaining import LARGE_BATCHES, PATH, REFERENCE, SHAP, WITH_PAIRS
from explaining import command as reports
from explaining import measures, one_sentence, orders, peers, timing, transformer, words
from explaining.command import Command
from explaining.one_sentence import LIME_SAMPLES, MAX_EVALS, OneSentence
from participant import say

# shap's default is 5 variants per call of the function; the larger batches are those of a careful user.
LARGE_BATCH = 50
# The costs of a sentence are checked with one of this length.
COST_WORDS = 20


class Study:
    """The measurements on one dataset."""

    def __init__(self, name: str, command: Command, model: Path, texts: list[str]):
        self.name, self.command, self.model, self.texts = name, command, model, texts

    def faithfulness(self) -> list[dict]:
        """One result per sentence; finished ones are read from the work folder.

        The other sentences are divided among processes of one thread: the small batches of one sentence gain little from a second thread, and
        threads that wait for each other lose most of their time if the machine does anything else.
        """
        finished = Finished(self.model)
        explanations = list(self.command.explain_all(self.model, self.texts, path=True))
        missing = [explanation for explanation in explanations if explanation not in finished]
        started, workers = time.perf_counter(), min(self.command.threads, len(missing))
        if missing:
            with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), start_worker, (self.command.encoder, self.model)) as pool:
                running = {pool.submit(measure, explanation): explanation for explanation in missing}
                for done, future in enumerate(as_completed(running), 1):
                    finished.add(running[future], future.result())
                    left = (time.perf_counter() - started) / done * (len(missing) - done)
                    say(f"{self.name}: {done} of {len(missing)} sentences, about {left / 60:.1f} min left")
        return [finished.result(explanation) for explanation in explanations]

    def times(self, timed: int, rounds: int) -> Iterator[timing.Turn]:
        """The turns on the first sentences. Here nothing is cached."""
        if not rounds:
            return
        texts = self.texts[:timed]
        explanations = self.command.explain(self.model, texts)
        one = OneSentence(self.command.encoder, self.model, self.command.threads)
        sentences = [(one.transformer.sentence(found["text"], reports.spans(found)), one.classes.index(found["label"])) for found in explanations]

        def function(label: int):
            return lambda texts: one.transformer.answers(one.transformer.token_ids(texts), label)

        def partition(max_evals: int, batch_size: int | str = "auto"):
            return lambda pair: peers.partition(function(pair[1]), one.transformer.tokenizer, pair[0], max_evals, batch_size)

        def lime(samples: int):
            return lambda pair: peers.lime(function(pair[1]), pair[0], samples)

        participants = {
            WITH_PAIRS: lambda: self.command.seconds_per_sentence(self.model, texts, path=False),
            PATH: lambda: self.command.seconds_per_sentence(self.model, texts, path=True),
        }
        explainers = {f"{SHAP}{max_evals}": partition(max_evals) for max_evals in MAX_EVALS}
        explainers[REFERENCE + LARGE_BATCHES] = partition(500, LARGE_BATCH)
        explainers |= {f"lime, {samples}": lime(samples) for samples in LIME_SAMPLES}
        participants |= {name: timing.per_sentence(explain, sentences) for name, explain in explainers.items()}
        # numba compiles shap's loops at the first call.
        partition(50)(sentences[0])
        yield from timing.turns(participants, rounds)

    def encodings_of_twenty_words(self) -> int:
        some = [word for text in self.texts for word in text.split()][:COST_WORDS]
        return self.command.explain(self.model, [" ".join(some)])[0]["n_encodings"]


def start_worker(encoder: Path, model: Path) -> None:
    global worker
    worker = OneSentence(encoder, model, threads=1)


def measure(explanation: dict) -> dict:
    return worker.measure(explanation)


class Finished:
    """The results of finished sentences, one JSON line each, in a file that belongs to one classifier and one state of these sources.

    A result is found by what clsify explained, so that another explanation of the same sentence is measured again.
    """

    def __init__(self, model: Path):
        sources = [Path(module.__file__) for module in (measures, one_sentence, orders, peers, transformer, words)]
        contents = [file.read_bytes() for file in (model / "classifier.safetensors", *sources)]
        identity = hashlib.sha256(b"".join(contents)).hexdigest()[:12]
        self.path = model.with_name(f"{model.name}-{identity}.jsonl")
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        # The last line is incomplete if a run was interrupted while writing it.
        complete = [line for line in lines if line.endswith("}")]
        self.results = {entry["key"]: entry["result"] for entry in map(json.loads, complete)}

    @staticmethod
    def key(explanation: dict) -> str:
        pairs = [contribution for _, _, contribution in reports.pairs(explanation)]
        rounded = [round(value, 3) for value in reports.contributions(explanation) + pairs]
        steps = [step["word"] for step in explanation["path"]["steps"]]
        return json.dumps([explanation["text"], explanation["label"], rounded, steps])

    def __contains__(self, explanation: dict) -> bool:
        return self.key(explanation) in self.results

    def result(self, explanation: dict) -> dict:
        return self.results[self.key(explanation)]

    def add(self, explanation: dict, result: dict) -> None:
        key = self.key(explanation)
        self.results[key] = result
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "result": result}) + "\n")
