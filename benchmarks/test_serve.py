"""Tests of `serve.py` without servers: `python3 -m unittest discover benchmarks`. Standard library only."""

import http.server
import json
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from record import Record, Row
from serving import IDLE, LIBRARY, LOAD, ONNX, OURS, PATH, SOAK, load, report


class Tables(unittest.TestCase):
    def setUp(self):
        row = lambda job, who, dtype, number, metric, value: Row("2026-01-01", "abc", "mini", job, who, dtype, number, metric, str(value))
        self.rows = [row(LOAD, "", "", "", metric, value)
                     for metric, value in [("rows", 100), ("threads", 2), ("seconds", 5), ("failed", 0), ("infinity", "1.0 with X")]]
        for who, speed in [(OURS, 300.0), (ONNX, 100.0)]:
            for number in ("0", "1", "2"):
                # The machine is slower in later rounds, for everybody.
                of_round = speed / (1 + int(number))
                for count in (8, 64):
                    for metric, value in [("requests_per_second", of_round), ("p50_ms", 1.5), ("p99_ms", 2.5), ("failed", 0)]:
                        self.rows.append(row(LOAD, who, "f32", number, f"{metric} {count}", value))
                if who == OURS:
                    for metric, value in [("sentences_per_second", of_round / 0.75), ("one_sentence_ms", 1.0), ("after_pause_ms", 1.25)]:
                        self.rows.append(row(LIBRARY, who, "f32", number, metric, value))
                    self.rows += [row(IDLE, who, "f32", number, metric, value) for metric, value in [("p50_ms", 1.125), ("after_pause_p50_ms", 1.5)]]
        soak = [("minutes", 30), ("requests", 5000), ("failed", 0), ("first_bytes", 1e8), ("least_bytes", 1e8), ("most_bytes", 1.02e8), ("last_bytes", 1.01e8)]
        self.rows += [row(SOAK, OURS, "f32", "", metric, value) for metric, value in soak]

    def test_ratios_and_overheads_are_those_of_each_round(self):
        served, http_costs, soaked = report.sections(Record(self.rows), "mini")
        self.assertIn("infinity 1.0 with X", served[1])
        self.assertEqual(served[3][0], [OURS, "f32", "8", "150.0", "", "1.5", "2.5"])
        self.assertEqual(served[3][-1], [ONNX, "f32", "64", "50.0", "3.00", "1.5", "2.5"])
        self.assertEqual(http_costs[3], [["f32", "200", "150", "25.0%", "1.00", "1.12", "0.12", "1.25", "1.50", "0.25"]])
        self.assertEqual(soaked[3], [["5,000", "0", "100", "100", "102", "101"]])
        for _, _, header, lines in (served, http_costs, soaked):
            self.assertTrue(all(len(line) == len(header) for line in lines))

    def test_nothing_without_measurements(self):
        self.assertEqual(list(report.sections(Record([]), "mini")), [])


class Server(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status, seen = 200, []

    def do_POST(self):
        Server.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        answer = b"x" * 100_000
        self.send_response(Server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class OneByOne(unittest.TestCase):
    def setUp(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Server.status, Server.seen = 200, []

    def test_every_request_is_answered_before_the_next(self):
        sent = load.body("mini", "a \u201cfilm\u201d").encode()
        latencies = load.one_by_one(self.server.server_port, sent, 3, 0.001)
        self.assertEqual(Server.seen, [(PATH, sent)] * 3)
        self.assertEqual(json.loads(sent), {"model": "mini", "input": ["a \u201cfilm\u201d"]})
        self.assertTrue(len(latencies) == 3 and all(latency > 0 for latency in latencies))

    def test_a_refusal_is_no_latency(self):
        Server.status = 404
        with self.assertRaises(SystemExit):
            load.one_by_one(self.server.server_port, b"{}", 1, 0)


if __name__ == "__main__":
    unittest.main()
