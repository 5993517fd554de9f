"""Tests of `tune.py` without the peers: `python3 -m unittest discover benchmarks`. Standard library only."""

import io
import json
import random
import stat
import sys
import tempfile
import textwrap
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))

import tables
import tune
import tuning.floors
from record import Record, Row
from tuning import ACCURACY, TIME, command, rows
from tuning.schedule import POOL_BATCHES, LearningRate, batches
from tuning.settings import MINILM, MPNET, Settings, settings_for, timed_epochs


class Batches(unittest.TestCase):
    def test_every_row_occurs_once(self):
        generator = random.Random(3)
        lengths = [generator.randrange(3, 60) for _ in range(1003)]
        found = batches(lengths, 4, random.Random(0))
        self.assertEqual(sorted(row for batch in found for row in batch), list(range(1003)))
        # 1003 rows are 5 pools of 200 and one of 3.
        self.assertEqual(sorted(map(len, found)), [3] + [4] * 250)

    def test_lengths_of_a_batch_are_neighbours_in_their_pool(self):
        lengths = list(range(POOL_BATCHES * 4))
        found = batches(lengths, 4, random.Random(0))
        self.assertEqual(sorted(found), [[row, row + 1, row + 2, row + 3] for row in range(0, len(lengths), 4)])
        self.assertNotEqual(found, sorted(found))

    def test_an_epoch_continues_the_generator(self):
        generator = random.Random(0)
        first, second = batches([5] * 64, 8, generator), batches([5] * 64, 8, generator)
        self.assertNotEqual(first, second)
        self.assertEqual(first, batches([5] * 64, 8, random.Random(0)))


class Rates(unittest.TestCase):
    def test_linear_warm_up_and_decay(self):
        # Oracle: transformers 5.23.0, get_linear_schedule_with_warmup(optimizer, 2, 6) with lr 1.
        rate = LearningRate(1.0, 2, 6)
        self.assertEqual([rate.at(step) for step in range(6)], [0.0, 0.5, 1.0, 0.75, 0.5, 0.25])

    def test_the_share_of_warm_up_is_rounded_up(self):
        self.assertEqual(LearningRate.of(1e-4, 0.1, 128).warmup_steps, 13)
        self.assertEqual(LearningRate.of(1e-4, 0.0, 128).at(0), 1e-4)

    def test_nothing_but_warm_up(self):
        self.assertEqual([LearningRate(1.0, 1, 1).at(0)], [0.0])


class Rows(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_smaller_counts_are_prefixes(self):
        known = [(f"sentence {number}", str(number % 2)) for number in range(50)]
        self.assertEqual(rows.choose(known, 8, 1), rows.choose(known, 20, 1)[:8])
        self.assertNotEqual(rows.choose(known, 8, 1), rows.choose(known, 8, 2))
        self.assertEqual(sorted(rows.choose(known, None, 1)), sorted(known))
        with self.assertRaisesRegex(ValueError, "expected 1 to 50 rows, got 51"):
            rows.choose(known, 51, 1)

    def test_files(self):
        rows.write([('a "quoted" film', "1"), ("two\twords\n", "0")], self.folder / "new" / "rows.tsv")
        self.assertEqual(rows.read(self.folder / "new" / "rows.tsv"), [('a "quoted" film', "1"), ("two words", "0")])
        (self.folder / "rows.csv").write_text('text,label\n"who, and why ?",HUM\n', encoding="utf-8")
        self.assertEqual(rows.read(self.folder / "rows.csv"), [("who, and why ?", "HUM")])
        (self.folder / "bad.tsv").write_text("a\tb\nc\n")
        with self.assertRaisesRegex(ValueError, "line 2: expected sentence<TAB>label, got 1 columns"):
            rows.read(self.folder / "bad.tsv")


class Defaults(unittest.TestCase):
    def test_settings(self):
        self.assertEqual(settings_for(MPNET, 128), Settings(8, 4e-5))
        self.assertEqual(settings_for(MPNET, 500), Settings(5, 4e-5))
        self.assertEqual(settings_for(MINILM, 6920), Settings(3, 1e-4))
        # Another encoder of hidden size 384.
        self.assertEqual(settings_for((12, 384), 500), Settings(8, 1e-4))
        self.assertEqual([timed_epochs(Settings(5, 1e-4), count) for count in (500, 6920)], [5, 1])

    def test_both_sides_get_the_same_schedule(self):
        run = command.Run(Path("/e"), Path("/a.tsv"), Path("/b.tsv"), 7, 5, 4e-5, 2, Path("/out"))
        ours, theirs = command.clsify_command(Path("/clsify"), run, "bf16"), command.peer_command(run, "bf16")
        for option in ("--seed", "--epochs", "--learning-rate", "--batch-size", "--weight-decay", "--warmup", "--threads", "--dtype", "--encoder"):
            self.assertEqual(ours[ours.index(option) + 1], theirs[theirs.index(option) + 1], option)


def small_record() -> Record:
    """Two seeds and two rounds on 500 rows with an encoder of mpnet's shape."""
    def row(job, metric, value, participant="", dtype="", round=""):
        return Row("2026-11-25", "abc", "mpnet", job, participant, dtype, str(round), metric, str(value))

    found = []
    for job in (f"{ACCURACY}sst2 500", f"{TIME}sst2 500"):
        found += [row(job, "layers", 12), row(job, "hidden", 768), row(job, "epochs", 5), row(job, "learning_rate", 4e-5)]
    for name, values in (("torch", (0.92, 0.93)), ("clsify", (0.91, 0.92))):
        for seed, value in enumerate(values):
            found += [row(f"{ACCURACY}sst2 500", "accuracy", value, name, "bf16", seed),
                      row(f"{ACCURACY}sst2 500", "frozen_accuracy", 0.88, name, "bf16", seed),
                      row(f"{ACCURACY}sst2 500", "is_tuned", seed, name, "bf16", seed)]
    for name, dtype, step, optimizer in (("torch", "bf16", 0.5, 0.2), ("clsify", "bf16", 0.15, 0.1), ("torch", "f32", 1.0, 0.1), ("clsify", "f32", 0.9, 0.1)):
        for round, slower in enumerate((1, 2)):
            values = {"step_seconds": step * slower, "epoch_seconds": 16 * step * slower, "seconds": 80 * step * slower + 2,
                      "optimizer_share": optimizer, "peak_resident_bytes": 1.5e9}
            found += [row(f"{TIME}sst2 500", metric, value, name, dtype, round) for metric, value in values.items()]
    return Record(found)


class Report(unittest.TestCase):
    def test_step_is_the_mean_of_an_epoch(self):
        # 65 rows are three batches of at most 32; the first epoch is slow.
        self.assertAlmostEqual(command.Result(0.9, 65, [9.0, 3.0, 3.3], [0.5] * 3).step_seconds, 1.1)

    def test_floors(self):
        found = {check.what: check for check in tuning.floors.checks(small_record(), "mpnet")}
        step = found["tuning on 500 rows of sst2, bf16: a step"]
        # 0.3 in each round, though the rounds differ by a factor of two.
        self.assertEqual((step.measured, step.is_met), ("0.300", True))
        self.assertFalse(found["tuning on 500 rows of sst2, f32: a step"].is_met)
        process = found["tuning on 500 rows of sst2, bf16: process start to saved model"]
        # The median of 80 * 0.15 + 2 and 80 * 0.3 + 2 seconds.
        self.assertEqual((process.measured, process.is_met), ("20.0 s", True))
        self.assertTrue(found["tuning on 500 rows of sst2, bf16: optimizer's share of a step"].is_met)
        self.assertTrue(found["tuning on 500 rows of sst2, bf16: peak memory"].is_met)
        # An epoch has a floor for all rows only.
        self.assertFalse([what for what in found if "an epoch" in what])

    def test_accuracy_has_a_floor_and_a_peer(self):
        floor, peer = tuning.floors.accuracy_checks(small_record(), "mpnet", f"{ACCURACY}sst2 500")
        self.assertEqual((floor.measured, floor.floor, floor.is_met), ("0.9150", "at least 0.915", True))
        self.assertEqual((peer.measured, peer.floor, peer.is_met), ("-0.0100", "at least -0.007", False))

    def test_tables(self):
        text = tables.render([(small_record(), "record.csv")])
        self.assertIn("| sst2 | 500 | 5 | 4e-05 | clsify | bf16 | 0.8800 | 0.9100, 0.9200 | 0.9150 | 1 of 2 | -0.0100 |", text)
        self.assertIn("| sst2 | 500 | 5 | clsify | bf16 | 225.0 | 0.300 | 3.6 | 20.0 |", text)


# Stands in for `clsify train --tune`: the seed decides the accuracy, the number of rows the time.
FAKE = """\
    #!{python}
    import json, pathlib, sys
    given = dict(zip(sys.argv[1:], sys.argv[2:]))
    assert sys.argv[1:3] == ["train", "--tune"], sys.argv
    n_rows = len(pathlib.Path(given["--data"]).read_text().splitlines())
    if given["--seed"] == "9":
        sys.exit("no such seed")
    epochs = [{{"seconds": n_rows / 10, "loss": 0.5, "product_share": 0.7, "optimizer_share": 0.1}}] * int(given["--epochs"])
    pathlib.Path(given["--json"]).write_text(json.dumps({{"test": {{"accuracy": 0.9 + int(given["--seed"]) / 100}},
        "tuning": {{"n_rows": n_rows, "is_kept": True, "epochs_done": epochs}}}}))
"""


class Driver(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        encoder = self.folder / "encoder"
        encoder.mkdir()
        (encoder / "config.json").write_text(json.dumps(
            {"num_hidden_layers": 6, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}))
        self.clsify = self.folder / "clsify"
        self.clsify.write_text(textwrap.dedent(FAKE).format(python=sys.executable))
        self.clsify.chmod(self.clsify.stat().st_mode | stat.S_IXUSR)
        rows.write([(f"sentence {number}", str(number % 2)) for number in range(40)], self.folder / "train.tsv")
        rows.write([("a film", "1")], self.folder / "test.tsv")

    def drive(self, *options: str) -> tuple[int, Record]:
        record = self.folder / "record.csv"
        arguments = ["tune.py", "--encoder", str(self.folder / "encoder"), "--data", f"toy={self.folder}/train.tsv,{self.folder}/test.tsv",
                     "--clsify", str(self.clsify), "--work", str(self.folder / "work"), "--record", str(record), "--no-tables", *options]
        with mock.patch.object(sys, "argv", arguments), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
            code = tune.main()
        return code, Record.read(record)

    def test_both_jobs(self):
        code, record = self.drive("--rows", "8,all", "--participants", "clsify-bf16", "--rounds", "2")
        self.assertEqual(code, 0)
        job = f"{ACCURACY}toy 8"
        accuracies = record.rounds("accuracy", job=job, encoder="encoder", participant="clsify", dtype="bf16")
        self.assertEqual(accuracies, {"0": 0.9, "1": 0.91, "2": 0.92})
        self.assertEqual(record.number("epochs", job=job), 8)
        # The fake's epochs take a tenth of a second per row of the file that it was given.
        shares = record.rounds("optimizer_share", job=f"{TIME}toy 40", participant="clsify", dtype="bf16")
        self.assertTrue(shares and all(abs(share - 0.1) < 1e-9 for share in shares.values()))
        epochs = record.rounds("epoch_seconds", job=f"{TIME}toy 40", participant="clsify", dtype="bf16")
        self.assertEqual(epochs, {"0": 4.0, "1": 4.0})
        self.assertIn("toy | 40 | 8 | clsify | bf16 | 2000.0 |", tables.render([(record, "record.csv")]))

    def test_a_failure_leaves_out_one_run(self):
        code, record = self.drive("--rows", "8", "--participants", "clsify-bf16", "--only", "accuracy", "--seeds", "9,1")
        self.assertEqual(code, 1)
        self.assertEqual(list(record.rounds("accuracy", job=f"{ACCURACY}toy 8")), ["1"])


if __name__ == "__main__":
    unittest.main()
