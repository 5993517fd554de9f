"""The faithfulness of all participants on one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

from explaining import LEAVE_ONE_OUT, PATH, SHAP, WITH_PAIRS
from explaining import command as reports
from explaining import measures, orders, peers
from explaining.transformer import Transformer
from explaining.words import PERTURBATIONS, Sentence

MAX_EVALS = (50, 100, 200, 500, 1000)
LIME_SAMPLES = (256, 1000)
RANDOM_ORDERS = 20
AGREEMENT = 1e-4


class OneSentence:
    """Measures sentences of one dataset, one after the other."""

    def __init__(self, encoder: Path, model: Path, threads: int):
        self.classes = json.loads((model / "clsify.json").read_text(encoding="utf-8"))["classes"]
        self.transformer = Transformer(encoder, model, threads)

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


def largest_difference(explanation: dict, sentence: Sentence, cached: Cached) -> float:
    """Between the logits that clsify reports and those of transformers, for the sentence and all of its variants."""
    theirs = reports.predicted_logits(explanation)
    ours = cached.of_ids([sentence.without(removed, "delete") for removed in theirs])
    return max(abs(answer.logit - logit) for answer, logit in zip(ours, theirs.values(), strict=True))
