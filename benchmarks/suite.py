"""Common code of all jobs: the settings of a run, the participants, and turns in which the machine's drift cancels."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import machine
from encoder import EncoderFolder
from participant import Entry, Participant, ParticipantError, Turn, say
from record import Record, Row

# After a turn the threads of some libraries spin for a moment before they sleep.
SETTLE_SECONDS = 0.3
CALIBRATION_SENTENCES = 200
# The system counts processor time in hundredths of a second, for the machine and for the process.
CLOCK_SECONDS = 0.03
PEERS = (
    ("torch", "f32"), ("torch", "bf16"),
    ("onnxruntime", "f32"), ("onnxruntime", "int8"),
    ("openvino", "f32"), ("openvino", "bf16"), ("openvino", "int8"),
    ("ctranslate2", "f32"), ("ctranslate2", "int8"),
)
# Participants that run a converted form of the encoder.
CONVERTING = ("onnxruntime", "openvino", "ctranslate2")
OUR_DTYPES = ("f32", "bf16", "int8")


@dataclass
class Suite:
    """One run of the suite."""

    data: Path
    limit: int
    rounds: int
    threads: int
    work: Path
    date: str
    # Labels such as `torch-f32`; empty means all.
    chosen: frozenset[str]
    zentorch_python: str | None
    clsify: Path
    benchmark_worker: Path
    record: Record = field(default_factory=Record)
    failures: list[str] = field(default_factory=list)

    @cached_property
    def commit(self) -> str:
        return machine.commit()

    @cached_property
    def rows(self) -> list[tuple[str, str]]:
        """Every sentence and label of the data, `sentence<TAB>label`, no header."""
        with open(self.data, encoding="utf-8", newline="") as file:
            rows = [tuple(row[:2]) for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
        for number, row in enumerate(rows, 1):
            if len(row) != 2:
                raise SystemExit(f"{self.data}: line {number}: expected sentence<TAB>label")
        return rows

    @cached_property
    def sentences(self) -> list[str]:
        return [sentence for sentence, _ in self.rows[: self.limit]]

    @cached_property
    def class_ids(self) -> list[int]:
        labels = [label for _, label in self.rows[: self.limit]]
        classes = sorted(set(labels))
        return [classes.index(label) for label in labels]

    @cached_property
    def sentences_file(self) -> Path:
        return self.write_json("sentences.json", self.sentences)

    def calibration_sentences(self) -> list[str]:
        """Sentences that follow the measured ones, so that static quantization is not calibrated on the test sentences."""
        behind = [sentence for sentence, _ in self.rows[self.limit : self.limit + CALIBRATION_SENTENCES]]
        return behind or self.sentences[:CALIBRATION_SENTENCES]

    def write_json(self, name: str, value) -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def note(self, job: str, metric: str, value, *, encoder: str = "", participant: str = "", dtype: str = "",
             round: int | str = "") -> None:
        """Adds a number to the record."""
        self.record.rows.append(Row(self.date, self.commit, encoder, job, participant, dtype, str(round), metric, str(value)))

    def fail(self, error: Exception) -> None:
        """A participant that fails is left out; the run goes on and ends with exit code 1."""
        say(f"left out: {error}")
        self.failures.append(str(error))

    def entries(self) -> list[Entry]:
        """The encoding participants, the reference first, clsify last."""
        entries = [self.peer_entry(name, dtype) for name, dtype in PEERS]
        if self.zentorch_python:
            entries += [self.peer_entry("zentorch", dtype, self.zentorch_python) for dtype in ("f32", "bf16")]
        entries += [self.our_entry(dtype) for dtype in OUR_DTYPES]
        return [entry for entry in entries if not self.chosen or entry.label in self.chosen]

    def peer_entry(self, name: str, dtype: str, python: str = sys.executable) -> Entry:
        return Entry(name, dtype, (python, "-m", "peers.encode", name, dtype))

    def our_entry(self, dtype: str) -> Entry:
        return Entry("clsify", dtype, (str(self.benchmark_worker),))

    def start(self, entry: Entry) -> Participant:
        return Participant(entry, self.threads, self.work / "logs" / f"{entry.label}.log")

    @contextmanager
    def helper(self, module: str) -> Iterator[Participant]:
        """A Python process other than the encoders: the tokenizer, scikit-learn."""
        with self.start(Entry(module.removeprefix("peers."), "", (sys.executable, "-m", module))) as participant:
            yield participant

    @contextmanager
    def loaded(self, encoder: EncoderFolder, purpose: str, names: frozenset[str] | None = None) -> Iterator[list[Participant]]:
        """Every participant, with its model loaded, sleeping."""
        settings = self.peer_settings(encoder, purpose)
        with ExitStack() as stack:
            participants = []
            for entry in self.entries():
                if names is not None and entry.name not in names:
                    continue
                say(f"{encoder.name}: {purpose}: loading {entry.label}")
                try:
                    if entry.name in CONVERTING:
                        # In a separate process that is not measured, because converting takes memory.
                        with self.start(entry) as converter:
                            converter.ask("prepare", **{key: settings[key] for key in settings if key != "token_ids"})
                    participant = stack.enter_context(self.start(entry))
                    loaded = self.load(participant, encoder, settings)
                except ParticipantError as error:
                    self.fail(error)
                    continue
                self.note(purpose, "load_seconds", loaded["seconds"], encoder=encoder.name, participant=entry.name,
                          dtype=entry.dtype)
                self.note_version(entry.name, loaded["version"])
                participants.append(participant)
            yield participants

    def load(self, participant: Participant, encoder: EncoderFolder, settings: dict) -> dict:
        if participant.entry.is_ours:
            return participant.ask("load", encoder=str(encoder.path), dtype=participant.entry.dtype,
                                   sentences=str(self.sentences_file))
        return participant.ask("load", **settings)

    def note_version(self, participant: str, version: str) -> None:
        if not self.record.text("version", job="version", participant=participant):
            self.note("version", "version", version, participant=participant)

    def peer_settings(self, encoder: EncoderFolder, purpose: str) -> dict:
        """The settings for every peer; the token ids are those of the reference's tokenizer."""
        folder = self.work / encoder.identity
        token_ids, calibration = folder / "token_ids.json", folder / "calibration.json"
        folder.mkdir(parents=True, exist_ok=True)
        with self.helper("peers.tokenizer") as tokenizer:
            tokenizer.ask("load", encoder=str(encoder.path), sentences=str(self.sentences_file))
            tokenizer.ask("token_ids", path=str(token_ids))
            tokenizer.ask("token_ids", path=str(calibration), sentences=self.calibration_sentences())
        return {"encoder": str(encoder.path), "models": str(folder / "models"), "calibration": str(calibration),
                "token_ids": str(token_ids), "threads": self.threads, "purpose": purpose}

    def turns(self, participants: list[Participant], rounds: int, job: str, **arguments) -> Iterator[tuple[int, Participant, Turn]]:
        """Asks all participants in turn, round after round, every other round in the opposite order."""
        failed = []
        for round in range(rounds):
            for participant in participants if round % 2 == 0 else reversed(participants):
                if participant in failed:
                    continue
                time.sleep(SETTLE_SECONDS)
                try:
                    turn = participant.take_turn(job, **arguments)
                except ParticipantError as error:
                    self.fail(error)
                    failed.append(participant)
                    continue
                yield round, participant, turn

    def note_turn(self, job: str, encoder: str, round: int, participant: Participant, turn: Turn, **metrics) -> None:
        """Records the numbers of a turn, and the share of a core that other processes used meanwhile."""
        who = dict(encoder=encoder, participant=participant.entry.name, dtype=participant.entry.dtype, round=round)
        for metric, value in metrics.items():
            self.note(job, metric, value, **who)
        if turn.others_cpu_seconds is not None:
            others = max(0.0, turn.others_cpu_seconds - CLOCK_SECONDS)
            self.note(job, "others_cpu_share", round_to(others / max(turn.wall_seconds, 1e-9)), **who)


def round_to(value: float, digits: int = 4) -> float:
    return float(f"{value:.{digits}g}")


def build() -> tuple[Path, Path]:
    """Builds the command line and the worker as users build them; their paths."""
    command = ["cargo", "build", "--release", "-p", "clsify-cli", "-p", "clsify", "--bin", "clsify",
               "--example", "benchmark_worker", "--message-format=json"]
    try:
        done = subprocess.run(command, cwd=machine.ROOT, stdout=subprocess.PIPE, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"cargo build --release failed: {error}") from None
    messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]
    found = {message["target"]["name"]: Path(message["executable"]) for message in messages if message.get("executable")}
    return found["clsify"], found["benchmark_worker"]
