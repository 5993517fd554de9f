"""Tests of the parts of the suite that need no peer: `python3 -m unittest discover benchmarks`. Standard library only."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import floors
import machine
import tables
from encoder import EncoderFolder, Shape
from operations import operations_needed
from record import Record, Row, ratios


class Operations(unittest.TestCase):
    def test_by_hand(self):
        # Oracle: counted by hand. H = 4, F = 8, 2 heads: a row of a layer takes 4*16 + 2*4*8 = 128 multiply-adds.
        shape = Shape(layers=3, hidden=4, heads=2, intermediate=8)
        # 5 tokens: two full layers of 5 * (128 + 2*5*4) = 840 each, the last 128 + 2*4*5*2 = 208; 1 token: 2 * 136 + 144.
        self.assertEqual(operations_needed(shape, [5]), 2 * (2 * 840 + 208))
        self.assertEqual(operations_needed(shape, [5, 1]), 2 * (2 * 840 + 208) + 2 * (2 * 136 + 144))
        self.assertEqual(operations_needed(shape, []), 0)

    def test_one_layer_is_only_the_last(self):
        self.assertEqual(operations_needed(Shape(1, 4, 2, 8), [5]), 2 * 208)

    def test_distilbert(self):
        # Oracle: 7,077,888 multiply-adds per row of a layer, which is 4*768^2 + 2*768*3072.
        one = operations_needed(Shape(6, 768, 12, 3072), [24])
        self.assertEqual(one, 2 * (5 * 24 * (7_077_888 + 2 * 24 * 768) + 7_077_888 + 2 * 768 * 24 * 12))


class Encoders(unittest.TestCase):
    def folder(self, config: dict) -> EncoderFolder:
        path = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (path / "config.json").write_text(json.dumps(config))
        header = json.dumps({"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                             "b": {"dtype": "F32", "shape": [5], "data_offsets": [24, 44]}}).encode()
        (path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(44))
        return EncoderFolder(path)

    def test_both_spellings(self):
        bert = {"model_type": "bert", "num_hidden_layers": 6, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536}
        distilbert = {"model_type": "distilbert", "n_layers": 6, "dim": 768, "n_heads": 12, "hidden_dim": 3072, "random_weights": True}
        self.assertEqual(self.folder(bert).shape, Shape(6, 384, 12, 1536))
        self.assertEqual(self.folder(distilbert).shape, Shape(6, 768, 12, 3072))
        self.assertFalse(self.folder(bert).has_random_weights)
        self.assertTrue(self.folder(distilbert).has_random_weights)

    def test_parameters_are_those_of_the_header(self):
        self.assertEqual(self.folder({}).n_parameters, 11)

    def test_other_weights_have_another_identity(self):
        one, other = self.folder({}), self.folder({"hidden_size": 1})
        self.assertNotEqual(one.identity.rpartition("-")[2], other.identity.rpartition("-")[2])


def row(job: str, metric: str, value, participant: str = "", dtype: str = "", round="", encoder: str = "tiny") -> Row:
    return Row("2026-01-02", "abc1234", encoder, job, participant, dtype, str(round), metric, str(value))


def small_record() -> Record:
    """Two rounds of an encoder of MiniLM's shape, in the second of which the machine is twice as slow."""
    facts = dict(layers=6, hidden=384, heads=12, intermediate=1536, parameters=1_000_000, random_weights=0, sentences=10, tokens=90,
                 longest_tokens=9, operations=8e11)
    rows = [row("machine", "name", "A processor", encoder=""), row("machine", "threads", 2, encoder="")]
    rows += [row("encoder", metric, value) for metric, value in facts.items()]
    for round, slower in enumerate((1, 2)):
        rows += [row("encode", "seconds", 4.0 * slower, "openvino", "f32", round), row("encode", "seconds", 5.0 * slower, "torch", "f32", round),
                 row("encode", "seconds", 3.0 * slower, "clsify", "f32", round), row("encode", "seconds", 1.0 * slower, "openvino", "int8", round),
                 row("encode", "seconds", 0.9 * slower, "clsify", "int8", round),
                 row("ceiling", "operations_per_second", 4e11 / slower, dtype="f32", round=round)]
    rows += [row("memory", "seconds", 1.0, "clsify", "int8", 100), row("memory", "peak_resident_bytes", 100e6, "clsify", "int8", 100),
             row("memory", "seconds", 10.2, "clsify", "int8", 1000), row("memory", "peak_resident_bytes", 150e6, "clsify", "int8", 1000)]
    rows += [row("grid", "scores", "0.5 0.75", "reference"), row("grid", "best_C", "2.0", "reference"),
             row("grid", "scores", "0.5 0.76", "clsify"), row("grid", "best_C", "2.0", "clsify")]
    return Record(rows)


class Tables(unittest.TestCase):
    def test_ratios_are_taken_round_by_round(self):
        self.assertEqual(ratios({"0": 1.0, "1": 3.0, "2": 9.0}, {"0": 2.0, "1": 2.0}), [0.5, 1.5])

    def test_floors(self):
        checks = {(check.what, check.theirs.split(":")[0]): check for check in floors.checks(small_record(), "tiny")}
        f32 = checks["vectors, f32", "openvino"]
        # 3/4 in each round, though the rounds differ by a factor of two.
        self.assertEqual((f32.measured, f32.floor, f32.is_met), ("0.750", "at most 0.800", True))
        int8 = checks["vectors, int8", "openvino"]
        self.assertEqual((int8.measured, int8.is_met), ("0.900", False))
        memory = checks["embed, int8: peak memory of 1,000 sentences", "100"]
        self.assertEqual((memory.measured, memory.is_met), ("1.500", False))
        self.assertTrue(checks["embed, int8: time per sentence of 1,000", "100"].is_met)
        self.assertFalse(checks["grid search: best C and scores", "converged reference"].is_met)
        # MiniLM's shape has no floor for the share of the ceiling, and latency was not measured.
        self.assertFalse([what for what, _ in checks if what.startswith(("share", "one sentence"))])

    def test_share_of_the_ceiling(self):
        # 8e11 operations in 3 s with a ceiling of 4e11 per second; in the other round both are halved.
        self.assertEqual([round(share, 9) for share in floors.fractions(small_record(), "tiny", "f32")], [0.666666667] * 2)

    def test_file(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        small_record().write(folder / "record" / "day.csv")
        tables.write(folder / "record" / "day.csv", folder / "BENCHMARKS.md")
        text = (folder / "BENCHMARKS.md").read_text(encoding="utf-8")
        self.assertIn("| vectors, f32 | 4.5 s | openvino: 6 s | 0.750 | at most 0.800 | met |", text)
        self.assertIn("| clsify | f32 | 4.500 | 3.000 | 2 |  | 0.667 |", text)
        self.assertIn("A processor", text)
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["BENCHMARKS.md", "record"])

    def test_nothing_measured(self):
        self.assertIn("# Benchmarks", tables.render([(Record(), "none.csv")]))


class Records(unittest.TestCase):
    def test_round_trip_and_bad_files(self):
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        record = Record([row("encode", "note", 'a, "b"', "p", "f32", 0)])
        record.write(folder / "r.csv")
        self.assertEqual(Record.read(folder / "r.csv").rows, record.rows)
        (folder / "bad.csv").write_text("a,b\n")
        with self.assertRaisesRegex(ValueError, "expected the columns date,commit"):
            Record.read(folder / "bad.csv")
        (folder / "bad.csv").write_text(",".join(Row._fields) + "\n1,2\n")
        with self.assertRaisesRegex(ValueError, "line 2: expected 9 columns, got 2"):
            Record.read(folder / "bad.csv")

    def test_a_newer_run_replaces_its_jobs_only(self):
        older = Record([row("encode", "seconds", 1), row("latency", "median_ms", 2), row("encode", "seconds", 3, encoder="other")])
        newer = Record([row("encode", "seconds", 4)])
        self.assertEqual([r.value for r in older.replaced_by(newer).rows], ["2", "3", "4"])

    def test_a_newer_run_keeps_the_versions_of_who_took_no_part(self):
        older = Record([row("version", "version", "1.0", "torch", encoder=""), row("version", "version", "2.0", "openvino", encoder="")])
        newer = Record([row("version", "version", "1.1", "torch", encoder="")])
        self.assertEqual([r.value for r in older.replaced_by(newer).rows], ["2.0", "1.1"])

    def test_slug(self):
        self.assertEqual(machine.slug({"name": "AMD EPYC (R)", "family": "26", "model": "2"}), "amd-epyc-r-family-26-model-2")


if __name__ == "__main__":
    unittest.main()
