"""Paths and sentences that the tests share."""

import subprocess
import sys
from pathlib import Path

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures"
BERT = str(FIXTURES / "transformers/bert")


def sentences(n):
    return [f"film {i} {'was a quiet bore ' * (i % 5)}" for i in range(n)]


def clsify(*arguments):
    """Runs the installed program, and returns its stdout."""
    command = [sys.executable, "-c", "from clsify._command import main; main()", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stdout
