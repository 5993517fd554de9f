"""`[CLS]` vectors of all sentences: seconds, fidelity to PyTorch's f32, tokenizing, and the share of the ceiling."""

import json
from pathlib import Path

import numpy as np

from encoder import EncoderFolder
from operations import operations_needed
from participant import Entry, Participant, ParticipantError, say
from suite import Suite, round_to

JOB = "encode"
ACCURACY_SEEDS = 10


def run(suite: Suite, encoder: EncoderFolder) -> None:
    with suite.loaded(encoder, JOB) as participants:
        describe(suite, encoder)
        vectors = {}
        for participant in list(participants):
            # One complete run without timing compiles shapes and fills the caches.
            say(f"{encoder.name}: {JOB}: warming up {participant.entry.label}")
            try:
                vectors[participant.entry] = write_vectors(suite, encoder, participant)
            except ParticipantError as error:
                suite.fail(error)
                participants.remove(participant)
        fidelity(suite, encoder, vectors)
        tokenizing(suite, encoder, participants)
        measure(suite, encoder, participants)
        for participant in participants:
            peak = participant.peak_bytes()
            if peak is not None:
                suite.note(JOB, "peak_resident_bytes", peak, encoder=encoder.name, participant=participant.entry.name,
                           dtype=participant.entry.dtype)
    accuracy(suite, encoder, vectors)


def measure(suite: Suite, encoder: EncoderFolder, participants: list[Participant]) -> None:
    """The rounds. The ceiling is measured after each turn of clsify, so that the share compares two close moments."""
    for round, participant, turn in suite.turns(participants, suite.rounds, JOB):
        entry, seconds = participant.entry, turn.answer["seconds"]
        suite.note_turn(JOB, encoder.name, round, participant, turn, seconds=seconds)
        say(f"{encoder.name}: {JOB}: round {round}: {entry.label} {seconds:.3f} s")
        if entry.is_ours:
            ceiling = participant.ask("ceiling")["ceiling"].get(entry.dtype)
            if ceiling is not None:
                suite.note("ceiling", "operations_per_second", round_to(ceiling), encoder=encoder.name, dtype=entry.dtype, round=round)


def describe(suite: Suite, encoder: EncoderFolder) -> None:
    """Records the encoded sentences, and the operations that they need."""
    ids = json.loads((suite.work / encoder.identity / "token_ids.json").read_text(encoding="utf-8"))
    lengths = [len(sentence) for sentence in ids]
    shape = encoder.shape
    facts = {
        "layers": shape.layers, "hidden": shape.hidden, "heads": shape.heads, "intermediate": shape.intermediate,
        "parameters": encoder.n_parameters, "random_weights": int(encoder.has_random_weights),
        "sentences": len(lengths), "tokens": sum(lengths), "longest_tokens": max(lengths),
        "operations": operations_needed(shape, lengths),
    }
    for metric, value in facts.items():
        suite.note("encoder", metric, value, encoder=encoder.name)


def write_vectors(suite: Suite, encoder: EncoderFolder, participant: Participant) -> Path:
    folder = suite.work / encoder.identity / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{participant.entry.label}.npy"
    participant.ask("vectors", path=str(path))
    return path


def fidelity(suite: Suite, encoder: EncoderFolder, vectors: dict[Entry, Path]) -> None:
    """Cosine and largest difference of an element to PyTorch's f32."""
    reference = next((path for entry, path in vectors.items() if entry.label == "torch-f32"), None)
    if reference is None:
        return
    u = np.load(reference).astype(np.float64)
    for entry, path in vectors.items():
        v = np.load(path).astype(np.float64)
        cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
        who = dict(encoder=encoder.name, participant=entry.name, dtype=entry.dtype)
        suite.note("fidelity", "cosine_min", f"{cosine.min():.7f}", **who)
        suite.note("fidelity", "cosine_mean", f"{cosine.mean():.7f}", **who)
        suite.note("fidelity", "largest_difference", f"{np.abs(u - v).max():.3e}", **who)


def tokenizing(suite: Suite, encoder: EncoderFolder, participants: list[Participant]) -> None:
    """Times tokenizing with clsify and transformers in turn, and compares the token ids."""
    ours = next((p for p in participants if p.entry.is_ours), None)
    if ours is None:
        return
    folder = suite.work / encoder.identity
    with suite.helper("peers.tokenizer") as theirs:
        suite.note_version("transformers", theirs.ask("load", encoder=str(encoder.path), sentences=str(suite.sentences_file))["version"])
        theirs.ask("tokenize")
        ours.ask("tokenize")
        for round, participant, turn in suite.turns([theirs, ours], suite.rounds, "tokenize"):
            name = "transformers" if participant is theirs else "clsify"
            suite.note("tokenize", "seconds", turn.answer["seconds"], encoder=encoder.name, participant=name, round=round)
    ours.ask("token_ids", path=str(folder / "our_token_ids.json"))
    same = json.loads((folder / "our_token_ids.json").read_bytes()) == json.loads((folder / "token_ids.json").read_bytes())
    suite.note("tokenize", "same_token_ids", int(same), encoder=encoder.name, participant="clsify")


def accuracy(suite: Suite, encoder: EncoderFolder, vectors: dict[Entry, Path]) -> None:
    """The accuracy of the same classifier on the vectors of each participant: the cost of lower precision."""
    if encoder.has_random_weights:
        return
    with suite.helper("peers.grid_search") as scikit_learn:
        suite.note_version("scikit-learn", scikit_learn.ask("load")["version"])
        for entry, path in vectors.items():
            if entry.is_ours or entry.label == "torch-f32":
                answer = scikit_learn.ask("accuracy", features=str(path), class_ids=suite.class_ids, seeds=ACCURACY_SEEDS)
                suite.note("fidelity", "accuracy", answer["accuracy"], encoder=encoder.name, participant=entry.name, dtype=entry.dtype)
