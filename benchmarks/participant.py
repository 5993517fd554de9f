"""One participant: a process that loads its model, waits, and answers one JSON line with one JSON line."""

import json
import os
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import machine

HERE = Path(__file__).resolve().parent
# Far beyond the time of any job: a participant that takes longer hangs.
PATIENCE_SECONDS = 3600


class ParticipantError(Exception):
    """A participant reported a failure, died, or did not answer."""


@dataclass(frozen=True)
class Entry:
    """A participant, and the command that starts it."""

    name: str
    dtype: str
    command: tuple[str, ...]

    @property
    def label(self) -> str:
        return f"{self.name}-{self.dtype}" if self.dtype else self.name

    @property
    def is_ours(self) -> bool:
        return self.name == "clsify"


@dataclass(frozen=True)
class Turn:
    """An answer, and the disturbance of the machine meanwhile."""

    answer: dict
    wall_seconds: float
    # The processor time in seconds of all other processes; much more than zero has disturbed the participant.
    others_cpu_seconds: float | None


class Participant:
    """A running participant. Between its turns it sleeps."""

    def __init__(self, entry: Entry, threads: int, log: Path):
        self.entry = entry
        environment = dict(os.environ, TOKENIZERS_PARALLELISM="true", **thread_variables(threads))
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as errors:
            self.process = subprocess.Popen(entry.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            cwd=HERE, env=environment)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def ask(self, job: str, **arguments) -> dict:
        """The answer to one job; raises ParticipantError."""
        try:
            self.process.stdin.write(json.dumps({"job": job, **arguments}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.failure(job, "it has ended") from None
        if not self.selector.select(PATIENCE_SECONDS):
            raise self.failure(job, f"no answer within {PATIENCE_SECONDS} s")
        line = self.process.stdout.readline()
        if not line:
            raise self.failure(job, "it ended")
        try:
            answer = json.loads(line)
        except ValueError:
            raise self.failure(job, f"expected JSON, got {line[:200]!r}") from None
        if "error" in answer:
            raise self.failure(job, answer["error"])
        return answer

    def take_turn(self, job: str, **arguments) -> Turn:
        """The answer to one job, with the disturbance meanwhile."""
        before = machine.busy_seconds(), machine.process_seconds(self.process.pid)
        started = time.perf_counter()
        answer = self.ask(job, **arguments)
        wall_seconds = time.perf_counter() - started
        after = machine.busy_seconds(), machine.process_seconds(self.process.pid)
        if None in before or None in after:
            return Turn(answer, wall_seconds, None)
        others = (after[0] - before[0]) - (after[1] - before[1])
        return Turn(answer, wall_seconds, max(0.0, others))

    def failure(self, job: str, message: str) -> ParticipantError:
        return ParticipantError(f"{self.entry.label}: {job}: {message} (its stderr: {self.log})")

    def peak_bytes(self) -> int | None:
        return machine.peak_bytes(self.process.pid)

    def close(self) -> None:
        """Ends the process: closing its stdin should end it; otherwise it is killed."""
        self.selector.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self) -> "Participant":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def thread_variables(threads: int) -> dict[str, str]:
    """The environment variables that set the number of threads of every library."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
