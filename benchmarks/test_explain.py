"""Tests of `explain.py` without the peers: `python3 -m unittest discover benchmarks`. Standard library only."""

import argparse
import itertools
import math
import random
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import explain
import floors
import tables
from explaining import JOB, LARGE_BATCHES, LEAVE_ONE_OUT, PATH, REFERENCE, WITH_PAIRS, command, measures, orders, timing, words
from explaining.measures import Answer, Removals
from record import Record, Row


def removals(n_words: int, logit) -> Removals:
    """A toy function: the logit by the set of removed words; the label stays while the logit is positive."""
    return Removals(n_words, lambda masks: [Answer(logit(mask), logit(mask) > 0) for mask in masks])


def additive(weights: list[float], whole: float) -> Removals:
    return removals(len(weights), lambda mask: whole - sum(weight for word, weight in enumerate(weights) if mask >> word & 1))


def interacting(n_words: int, seed: int) -> Removals:
    """A function without structure."""
    generator = random.Random(seed)
    logits = [generator.gauss(0, 2) for _ in range(1 << n_words)]
    return removals(n_words, logits.__getitem__)


class Aopc(unittest.TestCase):
    def test_by_hand(self):
        # Oracle: by hand. Without word 1, then 0, then 2 the logit falls from 4 by 3, by 3 + 2, by 3 + 2 + 1.
        toy = additive([2.0, 3.0, 1.0], 4.0)
        self.assertAlmostEqual(measures.aopc(toy, [1, 0, 2], "logit"), (3 + 5 + 6) / 3)
        self.assertAlmostEqual(measures.aopc(toy, [2, 0, 1], "logit"), (1 + 3 + 6) / 3)
        sigmoid = lambda logit: 1 / (1 + math.exp(-logit))
        expected = sigmoid(4) - (sigmoid(1) + sigmoid(-1) + sigmoid(-2)) / 3
        self.assertAlmostEqual(measures.aopc(toy, [1, 0, 2], "probability"), expected)

    def test_sufficiency_is_that_of_the_reversed_order(self):
        toy = additive([2.0, 3.0, 1.0], 4.0)
        found = measures.faithfulness(toy, [[1, 0, 2]], {"logit": (10 / 3, 14 / 3), "probability": (0, 1)})
        self.assertAlmostEqual(found["aopc_sufficiency_logit"], 10 / 3)
        self.assertAlmostEqual(found["naopc_sufficiency_logit"], 0)
        self.assertAlmostEqual(found["naopc_comprehensiveness_logit"], 1)
        self.assertEqual([found[f"flipped_within_{within}"] for within in (1, 2, 3)], [0, 1, 1])

    def test_several_orders_are_averaged(self):
        toy = additive([2.0, 3.0, 1.0], 4.0)
        found = measures.faithfulness(toy, [[1, 0, 2], [2, 0, 1]], {"logit": (0, 1), "probability": (0, 1)})
        self.assertAlmostEqual(found["aopc_comprehensiveness_logit"], 4)
        self.assertEqual([found[f"flipped_within_{within}"] for within in (1, 2, 3)], [0, 0.5, 1])

    def test_each_set_of_words_is_evaluated_once(self):
        asked = []
        toy = Removals(3, lambda masks: [asked.append(mask) or Answer(float(mask), True) for mask in masks])
        toy.answers([1, 2, 1])
        toy.answers([2, 3])
        self.assertEqual(asked, [1, 2, 3])

    def test_extreme_logits(self):
        self.assertEqual([Answer(logit, True).probability for logit in (-1000.0, 0.0, 1000.0)], [0.0, 0.5, 1.0])


class Limits(unittest.TestCase):
    def test_a_wide_beam_is_exhaustive(self):
        for seed in range(5):
            toy = interacting(5, seed)
            for scale in measures.SCALES:
                every = [measures.aopc(toy, order, scale) for order in itertools.permutations(range(5))]
                self.assertAlmostEqual(measures.beam_limit(toy, scale, 1, width=32), max(every))
                self.assertAlmostEqual(measures.beam_limit(toy, scale, -1, width=32), min(every))

    def test_beam_of_five_is_exact_for_an_additive_function(self):
        weights = [0.5, -2.0, 3.0, 0.1, 1.0, -0.3]
        toy = additive(weights, 1.0)
        best = orders.descending(weights)
        self.assertAlmostEqual(measures.beam_limit(toy, "logit", 1), measures.aopc(toy, best, "logit"))
        self.assertAlmostEqual(measures.beam_limit(toy, "logit", -1), measures.aopc(toy, best[::-1], "logit"))

    def test_limits_enclose_every_measured_order(self):
        # A beam of width 5 misses the best order of some of these functions, so the measured orders have to widen the limits.
        missed = 0
        for seed in range(40):
            toy = interacting(7, seed)
            measured = [max(itertools.permutations(range(7), 7), key=lambda order: measures.aopc(toy, order, "logit"))] if seed < 3 else []
            measured += [tuple(order) for order in orders.shuffled(7, 200, str(seed))]
            lowest, highest = measures.limits(toy, measured, "logit")
            for order in measured:
                for way in (order, order[::-1]):
                    self.assertTrue(0 <= measures.normalised(measures.aopc(toy, way, "logit"), (lowest, highest)) <= 1)
            missed += highest > measures.beam_limit(toy, "logit", 1) or lowest < measures.beam_limit(toy, "logit", -1)
        self.assertGreater(missed, 0)

    def test_equal_orders(self):
        self.assertEqual(measures.normalised(0.25, (0.25, 0.25)), 0.5)


class Bootstrap(unittest.TestCase):
    def test_constant_differences(self):
        self.assertEqual(measures.bootstrap([0.25] * 30), (0.25, 0.25, 0.25))

    def test_against_the_normal_interval(self):
        # Oracle: the mean of n values with standard deviation s has a 95 % interval of 1.96 s / sqrt(n) on each side.
        generator = random.Random(1)
        values = [generator.gauss(0.1, 1) for _ in range(400)]
        middle = sum(values) / 400
        deviation = math.sqrt(sum((value - middle) ** 2 for value in values) / 400)
        found, low, high = measures.bootstrap(values)
        self.assertAlmostEqual(found, middle)
        self.assertAlmostEqual(low, middle - 1.96 * deviation / 20, delta=0.005)
        self.assertAlmostEqual(high, middle + 1.96 * deviation / 20, delta=0.005)

    def test_it_is_repeatable(self):
        self.assertEqual(measures.bootstrap([0.0, 1.0, 3.0], 100), measures.bootstrap([0.0, 1.0, 3.0], 100))


class Orders(unittest.TestCase):
    def test_descending_is_signed_and_stable(self):
        self.assertEqual(orders.descending([0.5, -3.0, 0.5, 2.0]), [3, 0, 2, 1])

    def test_pairs_bring_forward_words_that_hide_each_other(self):
        # Each of words 0 and 1 alone changes nothing, both together 4; per word more than word 2 with 1.5.
        self.assertEqual(orders.with_pairs([0.0, 0.1, 1.5], [(0, 1, 4.0), (1, 2, 1.6)]), [1, 0, 2])

    def test_a_shared_effect_is_counted_once(self):
        # Words 0 and 1 carry 2 each, but together also only 2: after one of them, word 2 is worth more.
        self.assertEqual(orders.with_pairs([2.0, 2.0, 1.0], [(0, 1, 2.0), (1, 2, 3.0)]), [0, 2, 1])

    def test_without_interactions_pairs_change_nothing(self):
        values = [0.3, -0.2, 1.0, 0.7]
        pairs = [(word, word + 1, values[word] + values[word + 1]) for word in range(3)]
        self.assertEqual(orders.with_pairs(values, pairs), orders.descending(values))

    def test_the_path_comes_first(self):
        self.assertEqual(orders.along_path([2, 0], [0.1, 0.9, 0.0, 0.5]), [2, 0, 1, 3])

    def test_greedy_looks_at_what_is_left(self):
        # Words 0 and 1 say the same: either may go without effect. Without both the logit falls by 4, without word 2 by 1.
        toy = removals(3, lambda mask: 5.0 - (4.0 if mask & 3 == 3 else 0.0) - (1.0 if mask & 4 else 0.0))
        self.assertEqual(orders.greedy(toy), [2, 0, 1])
        weights = [0.5, -2.0, 3.0, 0.1]
        self.assertEqual(orders.greedy(additive(weights, 1.0)), orders.descending(weights))

    def test_random_orders_are_permutations_and_repeatable(self):
        found = orders.shuffled(6, 20, "a")
        self.assertTrue(all(sorted(order) == list(range(6)) for order in found))
        self.assertEqual(found, orders.shuffled(6, 20, "a"))
        self.assertNotEqual(found, orders.shuffled(6, 20, "b"))


class Words(unittest.TestCase):
    def sentence(self) -> words.Sentence:
        # [CLS] na ##ive films , [SEP]; the comma belongs to the second word.
        text = "naïve films,"
        spans = words.character_spans(text, [(0, 6), (7, 13)])
        pieces = [(0, 0), (0, 2), (2, 5), (6, 11), (11, 12), (0, 0)]
        return words.Sentence(text, tuple(spans), (101, 1, 2, 3, 4, 102), tuple(words.word_of_each_piece(spans, pieces)), 103)

    def test_pieces_belong_to_words(self):
        sentence = self.sentence()
        self.assertEqual(sentence.words, ["naïve", "films,"])
        self.assertEqual(sentence.word_of_piece, (None, 0, 0, 1, 1, None))
        self.assertEqual(words.sum_per_word([9, 1, 2, 4, 8, 9], sentence.word_of_piece, 2), [3, 12])

    def test_a_piece_across_words_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "the word piece at 1..3 in one word"):
            words.word_of_each_piece([(0, 2), (2, 4)], [(1, 3)])

    def test_every_token_needs_a_value(self):
        with self.assertRaisesRegex(ValueError, "got 1 for 2 tokens"):
            words.sum_per_word([1.0], [None, 0], 1)

    def test_perturbations(self):
        sentence = self.sentence()
        self.assertEqual(sentence.without(0b01, "delete"), (101, 3, 4, 102))
        self.assertEqual(sentence.without(0b01, "mask"), (101, 103, 103, 3, 4, 102))
        self.assertEqual(sentence.without(0b11, "delete"), (101, 102))
        self.assertEqual(sentence.without(0, "mask"), sentence.token_ids)


class Turns(unittest.TestCase):
    def test_every_other_round_runs_in_the_opposite_order(self):
        found = list(timing.turns({"a": lambda: 0.5, "b": lambda: 0.25}, 2))
        self.assertEqual([turn[:3] for turn in found], [(0, "a", 0.5), (0, "b", 0.25), (1, "b", 0.25), (1, "a", 0.5)])

    def test_seconds_per_sentence(self):
        explained = []
        seconds = timing.per_sentence(lambda sentence: explained.append(sentence) or time.sleep(0.01), [1, 2, 3])()
        self.assertEqual(explained, [1, 2, 3])
        self.assertTrue(0.01 <= seconds < 0.5)


EXPLANATION = {
    "logit": 2.0, "words": [{"contribution": 0.5, "start": 0, "end": 1}, {"contribution": 1.0, "start": 2, "end": 3}],
    "pairs": [{"words": [0, 1], "contribution": 3.0}], "path": {"steps": [{"word": 1, "logit": 1.0}, {"word": 0, "logit": -1.0}]},
}


class Command(unittest.TestCase):
    def test_loading_is_excluded(self):
        # A process of n texts takes 3 + n / 4 seconds on this clock.
        clock = itertools.accumulate([0, 3 + 1 / 4, 0, 3 + 20 / 4])
        with mock.patch.object(command.Command, "explain") as explained, mock.patch.object(command.time, "perf_counter", clock.__next__):
            seconds = command.Command(Path("clsify"), Path("encoder"), 1).seconds_per_sentence(Path("model"), ["a", "b", "c", "d"], path=False)
        self.assertEqual([len(call.args[1]) for call in explained.call_args_list], [1, 20])
        self.assertAlmostEqual(seconds, 1 / 4)

    def test_logits_of_the_variants(self):
        self.assertEqual(command.predicted_logits(EXPLANATION), {0: 2.0, 1: 1.5, 2: 1.0, 3: -1.0})

    def test_selection_of_a_small_run_begins_that_of_a_large_one(self):
        texts = [" ".join(["word"] * length) + f" {length}" for length in range(1, 60)]
        large = explain.select(texts, 200, 0)
        self.assertEqual(sorted(len(text.split()) for text in large), list(range(8, 31)))
        self.assertEqual(explain.select(texts, 5, 0), large[:5])

    def test_datasets(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        (folder / "a.csv").write_text('text,label\n"Modesto , California",LOC\n')
        (folder / "a.tsv").write_text('a "quoted word\t1\n')
        self.assertEqual(explain.read_texts(folder / "a.csv"), ["Modesto , California"])
        self.assertEqual(explain.read_texts(folder / "a.tsv"), ['a "quoted word'])
        named = explain.dataset(f"sst2={folder}/a.tsv,{folder}/a.csv")
        self.assertEqual(named, ("sst2", folder / "a.tsv", folder / "a.csv"))
        with self.assertRaisesRegex(argparse.ArgumentTypeError, "nothing is at"):
            explain.dataset(f"sst2={folder}/a.tsv,{folder}/b.tsv")


def results(ours: float, path: float, shap: float) -> list[dict]:
    """Two sentences, of which the second is worse for all by the same amount."""
    metrics = [f"{kind}_{measure}_{scale}" for kind in ("aopc", "naopc") for measure in measures.MEASURES for scale in measures.SCALES]
    metrics += [f"flipped_within_{within}" for within in measures.FLIP_WITHIN]

    def scores(value: float) -> dict:
        return {"evaluations": 20, **{f"{metric}_{perturbation}": value for metric in metrics for perturbation in words.PERTURBATIONS}}

    means = {LEAVE_ONE_OUT: ours, PATH: path, REFERENCE: shap}
    return [{"scores": {name: scores(value - worse) for name, value in means.items()}} for worse in (0.0, 0.25)]


def record(ours: float, path: float, shap: float, seconds: float) -> Record:
    def row(metric: str, value, participant: str = "", round="") -> Row:
        return Row("2026-01-02", "abc1234", "tiny", f"{JOB}toy", participant, "", str(round), metric, str(value))

    facts = {"sentences": 2, "words": 9.5, "largest_difference": 2e-6, "timed_sentences": 2, "random_orders": 20, "encodings_of_20_words": 40}
    rows = [row(metric, value) for metric, value in facts.items()]
    rows += [row(metric, value, participant) for participant, metric, value in explain.summary(results(ours, path, shap))]
    for round, slower in enumerate((1, 2)):
        rows += [row("seconds", seconds * slower, WITH_PAIRS, round), row("seconds", 1.0 * slower, REFERENCE, round),
                 row("seconds", 0.5 * slower, REFERENCE + LARGE_BATCHES, round)]
    return Record(rows)


class Report(unittest.TestCase):
    def met(self, *numbers: float) -> dict[str, list[bool]]:
        found: dict[str, list[bool]] = {}
        for check in floors.checks(record(*numbers), "tiny"):
            found.setdefault(check.what.removeprefix(f"{JOB}toy").lstrip(":, "), []).append(check.is_met)
        return found

    def test_floors(self):
        good = self.met(0.72, 0.9, 0.73, 0.019)
        self.assertEqual(good, {"delete: leave-one-word-out": [True], "delete: --path": [True], "mask: leave-one-word-out": [True],
                                "mask: --path": [True], "seconds per sentence, with pairs": [True, True],
                                "encodings of 20 words, with pairs": [True]})
        bad = self.met(0.70, 0.73, 0.73, 0.03)
        # 0.03 s is at most 1/25 of one second, but not of half a second; no difference is not above 0.
        self.assertEqual(bad["seconds per sentence, with pairs"], [True, False])
        self.assertEqual([bad[name] for name in ("delete: leave-one-word-out", "mask: --path")], [[False], [False]])

    def test_tables(self):
        text = tables.render([(record(0.72, 0.9, 0.73, 0.02), "toy.csv")])
        self.assertIn("### Explanations, toy: words deleted", text)
        self.assertIn("| clsify, --path | 0.775 | +0.170 (+0.170 to +0.170) |", text)
        self.assertIn("| shap, 500 | 20 | 1500.0 | 1.0 |", text)
        self.assertIn("2 test sentences of 8 to 30 words, 9.5 on average", text)


if __name__ == "__main__":
    unittest.main()
