"""Paths and sentences that the tests share."""

import random
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


# The checks of scikit-learn that need no X: the others cannot be run on sentences.
CHECKS = ["check_valid_tag_types", "check_mixin_order", "check_no_attributes_set_in_init", "check_do_not_raise_errors_in_init_or_set_params",
          "check_parameters_default_constructible", "check_get_params_invariance", "check_set_params", "check_estimator_repr",
          "check_estimator_tags_renamed", "check_estimator_cloneable"]


def reviews(n, n_classes=2, noise=0.0):
    """Sentences and labels that a classifier can learn; of a share of the rows the label is another one."""
    kinds = [("dull", "a bore"), ("fine", "what a treat"), ("odd", "a strange thing")][:n_classes]
    rng = random.Random(n)
    X, y = [], []
    for row in range(n):
        label, words = kinds[row % n_classes]
        X.append(f"{words} , film {rng.randrange(1000)} of {rng.randrange(1000)}")
        y.append(label if rng.random() >= noise else rng.choice(kinds)[0])
    return X, y
