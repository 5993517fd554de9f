"""Long work beside the interpreter: signals, forks, other threads, progress."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
from sklearn.exceptions import NotFittedError

from clsify import LogisticRegression, SentenceClassifier, SentenceEncoder
from clsify._core import default_threads
from support import BERT, reviews, sentences


def encode_in_child(queue):
    queue.put(SentenceEncoder(BERT, pooling="mean", threads=2).transform(sentences(50)))


class Work(unittest.TestCase):
    def interrupted_after(self, work, seconds=0.5):
        """The time from a signal to the exception."""
        # A shell starts background jobs with this signal ignored.
        self.addCleanup(signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler))
        sent = []

        def send():
            time.sleep(seconds)
            sent.append(time.perf_counter())
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=send)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            work()
        waited = time.perf_counter() - sent[0]
        thread.join()
        return waited

    def test_an_interrupt_ends_encoding(self):
        encoder, texts = SentenceEncoder(BERT, threads=1).fit(), sentences(400_000)
        self.assertLess(self.interrupted_after(lambda: encoder.transform(texts), seconds=1.5), 0.5)
        self.assertEqual(encoder.transform(["a treat"]).shape, (1, 32))

    def test_an_interrupt_ends_a_fit(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(80_000, 500)).astype(np.float32), rng.integers(0, 12, size=80_000)
        fit = LogisticRegression(C=1e4, threads=1)
        self.assertLess(self.interrupted_after(lambda: fit.fit(X, y), seconds=0.8), 0.5)

    def test_an_interrupt_ends_the_fit_of_a_classifier(self):
        X = [text * 20 for text in sentences(20_000)]
        fit = SentenceClassifier(BERT, pooling="mean", threads=1, cache=None)
        self.assertLess(self.interrupted_after(lambda: fit.fit(X, np.arange(len(X)) % 2), seconds=2), 0.5)
        with self.assertRaises(NotFittedError):
            fit.predict(["a treat"])

    def test_an_interrupt_ends_tuning(self):
        X, y = reviews(3000)
        tuned = SentenceClassifier(BERT, tune={"epochs": 500}, threads=1, cache=None)
        before = set(Path(tempfile.gettempdir()).glob("clsify-tuned-*"))
        self.assertLess(self.interrupted_after(lambda: tuned.fit(X, y), seconds=3), 0.5)
        self.assertEqual(set(Path(tempfile.gettempdir()).glob("clsify-tuned-*")), before)

    def test_other_threads_go_on(self):
        texts, count, is_over = sentences(60_000), 0, threading.Event()
        encoder = SentenceEncoder(BERT, threads=1).fit()

        def work():
            encoder.transform(texts)
            is_over.set()

        thread = threading.Thread(target=work)
        thread.start()
        while not is_over.wait(0.002):
            count += 1
        thread.join()
        self.assertGreater(count, 50)

    def test_after_a_fork(self):
        expected = SentenceEncoder(BERT, pooling="mean", threads=2).transform(sentences(50))
        context = multiprocessing.get_context("fork")
        queue = context.Queue()
        child = context.Process(target=encode_in_child, args=(queue,))
        child.start()
        found = queue.get(timeout=60)
        child.join(timeout=60)
        self.assertEqual(child.exitcode, 0)
        self.assertTrue(np.array_equal(found, expected))

    def test_threads_of_the_environment(self):
        for variables, expected in [({"OMP_NUM_THREADS": "3"}, "3"), ({"OMP_NUM_THREADS": "3", "CLSIFY_NUM_THREADS": "2"}, "2"),
                                    ({"OMP_NUM_THREADS": "many"}, None)]:
            code = "from clsify._core import default_threads; print(default_threads())"
            kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
            printed = subprocess.run([sys.executable, "-c", code], env={**kept, **variables}, capture_output=True, text=True, check=True).stdout.strip()
            self.assertEqual(printed, expected or str(len(os.sched_getaffinity(0))))
        self.assertGreaterEqual(default_threads(), 1)
        for value in ["many", "0", "1025", "-1"]:
            with mock.patch.dict(os.environ, {"CLSIFY_NUM_THREADS": value}):
                with self.assertRaisesRegex(ValueError, "CLSIFY_NUM_THREADS: expected a number from 1 to 1024"):
                    SentenceEncoder(BERT, pooling="mean").transform(["good"])
        with mock.patch.dict(os.environ, {"CLSIFY_NUM_THREADS": ""}):
            self.assertGreaterEqual(default_threads(), 1)

    def test_progress_and_a_callable_that_fails(self):
        encoder = SentenceEncoder(BERT, threads=1).fit()._encoder()
        seen = []
        encoder.encode(sentences(500), 1, lambda *event: seen.append(event))
        self.assertEqual([event[:2] for event in seen if event[0] == "start"], [("start", "tokenize"), ("start", "embed")])
        done = [number for what, stage, number in seen if (what, stage) == ("advance", "embed")]
        self.assertEqual(done, sorted(done))
        self.assertEqual(done[-1], next(number for what, stage, number in seen if (what, stage) == ("start", "embed")))

        def fails(*_):
            raise RuntimeError("enough")

        with self.assertRaisesRegex(RuntimeError, "enough"):
            encoder.encode(sentences(500), 1, fails)

    def test_the_import_is_light(self):
        code = "import sys, clsify; sys.exit('sklearn' in sys.modules or 'numpy' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare = time.perf_counter() - started
        best = min(self.seconds_of_an_import() for _ in range(5))
        self.assertLess(best - bare, 0.15)

    @staticmethod
    def seconds_of_an_import():
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import clsify"], check=True)
        return time.perf_counter() - started


if __name__ == "__main__":
    unittest.main()
