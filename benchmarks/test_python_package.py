"""Tests of `python_package.py` without the packages: `python3 -m unittest discover benchmarks`. Standard library only."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from packaged import ARTICLE, IMPORT, OURS, PEER, SEARCH, report
from record import Record, Row


class Tables(unittest.TestCase):
    def test_ratios_are_those_of_imports_and_work_round_by_round(self):
        row = lambda job, who, number, metric, value: Row("2026-01-01", "abc", "mini", job, who, "f32", number, metric, str(value))
        rows = [row(ARTICLE, "", "", "rows", 100), row(ARTICLE, "", "", "threads", 2)]
        for job in (IMPORT, ARTICLE, SEARCH):
            for who, seconds in [(OURS, 1.0), (PEER, 4.0)]:
                for number in ("0", "1", "2"):
                    rows.append(row(job, who, number, "import_seconds", seconds * (1 + int(number))))
                    rows.append(row(job, who, number, "peak_bytes", 100e6))
                    if job != IMPORT:
                        rows += [row(job, who, number, "seconds", seconds), row(job, who, number, "score", 0.75)]
        [(title, text, header, lines)] = report.sections(Record(rows), "mini")
        self.assertEqual(title, "### From Python")
        self.assertIn("read 100 labelled sentences, f32, 2 threads", text)
        self.assertEqual(lines[0], [report.TITLES[IMPORT], OURS, "2.00", "", "4.0", "100", ""])
        self.assertEqual(lines[3], [report.TITLES[ARTICLE], PEER, "8.00", "4.00", "", "100", "0.7500"])
        self.assertTrue(all(len(line) == len(header) for line in lines))

    def test_nothing_without_measurements(self):
        self.assertEqual(list(report.sections(Record([]), "mini")), [])


if __name__ == "__main__":
    unittest.main()
