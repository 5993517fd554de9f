"""The article's grid search over C: scikit-learn's GridSearchCV against ours, on the same rows and folds.

Both are held to a reference that has really converged: scikit-learn's default stops at a gradient of 1e-4, or after 100
iterations, and by then some predictions are not yet the optimum's.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

from encoder import EncoderFolder
from participant import Participant, say
from suite import Suite

JOB = "grid"
FOLDS = 5


def c_values() -> list[float]:
    return np.linspace(0.0001, 100, 20).tolist()


def run(suite: Suite, encoder: EncoderFolder | None, features: Path | None) -> None:
    """Runs on the given features, otherwise on those of the encoder, computed by PyTorch."""
    name = features.stem if features else encoder.name
    features = features or torch_features(suite, encoder)
    if not len(np.load(features, mmap_mode="r")) == len(suite.class_ids):
        raise SystemExit(f"{features}: expected {len(suite.class_ids)} rows, as --limit takes from the data")
    raw = suite.work / "grid.f32"
    with suite.helper("peers.grid_search") as scikit_learn, suite.start(suite.our_entry("f32")) as ours:
        suite.note_version("scikit-learn", scikit_learn.ask("load")["version"])
        rows = scikit_learn.ask("training_rows", features=str(features), class_ids=suite.class_ids, raw=str(raw))
        arguments = dict(features=str(raw), **rows, c_values=c_values(), folds=FOLDS)
        suite.note(JOB, "rows", rows["rows"], encoder=name)
        suite.note(JOB, "columns", rows["columns"], encoder=name)
        note_answer(suite, name, "reference", "", reference(suite, scikit_learn, raw, arguments))
        ours.ask("grid_search", **arguments)
        for round, participant, turn in suite.turns([scikit_learn, ours], suite.rounds, "grid_search", **arguments):
            who = "clsify" if participant is ours else "scikit-learn"
            note_answer(suite, name, who, round, turn.answer)
            say(f"{name}: {JOB}: round {round}: {who} {turn.answer['seconds']:.3f} s, best C {turn.answer['best_C']:.4g}")


def torch_features(suite: Suite, encoder: EncoderFolder) -> Path:
    """The vectors of PyTorch's f32, computed here unless the encode job has written them."""
    path = suite.work / encoder.identity / "vectors" / "torch-f32.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suite.start(suite.peer_entry("torch", "f32")) as torch:
        torch.ask("load", **suite.peer_settings(encoder, "encode"))
        torch.ask("vectors", path=str(path))
    return path


def reference(suite: Suite, scikit_learn: Participant, raw: Path, arguments: dict) -> dict:
    """The converged reference; it takes longer than all timed runs, and is stored for runs on the same rows."""
    key = hashlib.sha256(raw.read_bytes() + json.dumps(arguments["class_ids"] + arguments["c_values"]).encode()).hexdigest()[:16]
    kept = suite.work / "reference" / f"{key}.json"
    if not kept.exists():
        say(f"{JOB}: computing the converged reference")
        suite.write_json(f"reference/{key}.json", scikit_learn.ask("reference", **arguments))
    return json.loads(kept.read_text(encoding="utf-8"))


def note_answer(suite: Suite, name: str, participant: str, round: int | str, answer: dict) -> None:
    who = dict(encoder=name, participant=participant, round=round)
    for metric in ("seconds", "best_C", "n_not_converged"):
        suite.note(JOB, metric, answer[metric], **who)
    suite.note(JOB, "scores", " ".join(f"{score:.6f}" for score in answer["scores"]), **who)
