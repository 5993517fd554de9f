"""The measurements on one dataset: faithfulness on all sentences, time on the first."""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

from explaining import LARGE_BATCHES, LEAVE_ONE_OUT, PATH, REFERENCE, SHAP, WITH_PAIRS
from explaining import command as reports
from explaining import measures, orders, peers, timing, transformer, words
from explaining.command import Command
from explaining.transformer import Transformer
from explaining.words import PERTURBATIONS, Sentence
from participant import say

MAX_EVALS = (50, 100, 200, 500, 1000)
LIME_SAMPLES = (256, 1000)
RANDOM_ORDERS = 20
# shap's default is 5 variants per call of the function; the larger batches are those of a careful user.
LARGE_BATCH = 50
AGREEMENT = 1e-4
# The costs of a sentence are checked with one of this length.
COST_WORDS = 20


class Study:
    """The measurements on one dataset."""

    def __init__(self, name: str, command: Command, model: Path, texts: list[str]):
        self.name, self.command, self.model, self.texts = name, command, model, texts
        self.classes = json.loads((self.model / "clsify.json").read_text(encoding="utf-8"))["classes"]
        self.transformer = Transformer(command.encoder, model, command.threads)

    def faithfulness(self) -> list[dict]:
        """One result per sentence; finished ones are read from the work folder."""
        finished = Finished(self.model)
        explanations = list(self.command.explain_all(self.model, self.texts, path=True))
        missing = sum(explanation not in finished for explanation in explanations)
        started, done, results = time.perf_counter(), 0, []
        for explanation in explanations:
            if explanation not in finished:
                finished.add(explanation, self.measure(explanation))
                done += 1
                left = (time.perf_counter() - started) / done * (missing - done)
                say(f"{self.name}: {done} of {missing} sentences, about {left / 60:.1f} min left")
            results.append(finished.result(explanation))
        return results

    def measure(self, explanation: dict) -> dict:
        sentence = self.transformer.sentence(explanation["text"], reports.spans(explanation))
        cached = Cached(self.transformer, self.classes.index(explanation["label"]))
        difference = largest_difference(explanation, sentence, cached)
        if difference > AGREEMENT:
            raise SystemExit(f"{sentence.text!r}: expected logits of clsify and of transformers within {AGREEMENT}, got {difference:.1e}")
        explained = {name: ([order], evaluations) for name, (order, evaluations) in self.ours(explanation).items()}
        explained |= {name: ([orders.descending(values)], evaluations) for name, (values, evaluations) in self.theirs(sentence, cached)}
        n = len(sentence.spans)

        def without(perturbation: str) -> measures.Removals:
            return measures.Removals(n, lambda masks: cached.of_ids([sentence.without(mask, perturbation) for mask in masks]))

        explained["greedy deletion"] = [orders.greedy(without("delete"))], n * (n + 1) // 2 + 1
        explained["random"] = orders.shuffled(n, RANDOM_ORDERS, sentence.text), 0
        scores = {name: {"evaluations": evaluations} for name, (_, evaluations) in explained.items()}
        for perturbation in PERTURBATIONS:
            removals = without(perturbation)
            every_order = [order for found, _ in explained.values() for order in found]
            # All orders in one batch; the measures below then find their answers known.
            removals.answers([mask for order in every_order for way in (order, order[::-1]) for mask in measures.prefixes(way)])
            found_limits = {scale: measures.limits(removals, every_order, scale) for scale in measures.SCALES}
            for name, (found, _) in explained.items():
                for metric, value in measures.faithfulness(removals, found, found_limits).items():
                    scores[name][f"{metric}_{perturbation}"] = value
        return {"words": n, "difference": difference, "scores": scores}

    def ours(self, explanation: dict) -> dict[str, tuple[list[int], int]]:
        values, n = reports.contributions(explanation), len(explanation["words"])
        steps = [step["word"] for step in explanation["path"]["steps"]]
        return {
            LEAVE_ONE_OUT: (orders.descending(values), n + 1),
            WITH_PAIRS: (orders.with_pairs(values, reports.pairs(explanation)), 2 * n),
            # The command also encodes the pairs, which this order does not use.
            PATH: (orders.along_path(steps, values), explanation["n_encodings"] - (n - 1)),
        }

    def theirs(self, sentence: Sentence, cached: "Cached") -> Iterator[tuple[str, tuple[list[float], int]]]:
        for max_evals in MAX_EVALS:
            yield f"{SHAP}{max_evals}", peers.partition(cached.of_texts, self.transformer.tokenizer, sentence, max_evals)
        for samples in LIME_SAMPLES:
            yield f"lime, {samples}", peers.lime(cached.of_texts, sentence, samples)
        yield "attention", (peers.attention(self.transformer, sentence), 1)

    def times(self, timed: int, rounds: int) -> Iterator[timing.Turn]:
        """The turns on the first sentences. Here nothing is cached."""
        texts = self.texts[:timed]
        explanations = self.command.explain(self.model, texts)
        sentences = [(self.transformer.sentence(found["text"], reports.spans(found)), self.classes.index(found["label"])) for found in explanations]

        def function(label: int):
            return lambda texts: self.transformer.answers(self.transformer.token_ids(texts), label)

        def partition(max_evals: int, batch_size: int | str = "auto"):
            return lambda one: peers.partition(function(one[1]), self.transformer.tokenizer, one[0], max_evals, batch_size)

        def lime(samples: int):
            return lambda one: peers.lime(function(one[1]), one[0], samples)

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


class Cached:
    """The function of one label. Each sequence of token ids is evaluated once."""

    def __init__(self, transformer, label: int):
        self.transformer, self.label = transformer, label
        self.known: dict[tuple[int, ...], measures.Answer] = {}

    def of_ids(self, token_ids: list[tuple[int, ...]]) -> list[measures.Answer]:
        missing = [ids for ids in dict.fromkeys(token_ids) if ids not in self.known]
        if missing:
            self.known.update(zip(missing, self.transformer.answers(missing, self.label), strict=True))
        return [self.known[ids] for ids in token_ids]

    def of_texts(self, texts) -> list[measures.Answer]:
        return self.of_ids(self.transformer.token_ids(texts))


class Finished:
    """The results of finished sentences, one JSON line each, in a file that belongs to one classifier and one state of these sources.

    A result is found by what clsify explained, so that another explanation of the same sentence is measured again.
    """

    def __init__(self, model: Path):
        sources = [Path(module.__file__) for module in (measures, orders, peers, transformer, words)]
        contents = [file.read_bytes() for file in (model / "classifier.safetensors", Path(__file__), *sources)]
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


def largest_difference(explanation: dict, sentence: Sentence, cached: Cached) -> float:
    """Between the logits that clsify reports and those of transformers, for the sentence and all of its variants."""
    theirs = reports.predicted_logits(explanation)
    ours = cached.of_ids([sentence.without(removed, "delete") for removed in theirs])
    return max(abs(answer.logit - logit) for answer, logit in zip(ours, theirs.values(), strict=True))
