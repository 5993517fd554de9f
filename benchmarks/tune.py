"""Fine-tunes an encoder with clsify and with PyTorch, in turns and on the same rows; writes the record and the tables.

    python benchmarks/tune.py --encoder DIR --data sst2=TRAIN.tsv,TEST.tsv --rows 500,all

Needs the packages of `benchmarks/requirements.txt`, and a Rust toolchain unless --clsify is given. See `benchmarks/README.md`.
"""

import argparse
import datetime
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import machine
import tables
import tuning.floors
from encoder import EncoderFolder
from explain import dataset, default_record
from jobs.processes import WARM_UP_ROWS, in_turn, launch
from participant import ParticipantError, say
from record import Record, Row
from run import existing, names_of, positive
from suite import CLOCK_SECONDS, build, round_to
from tuning import ACCURACY, PEER, TIME, command, rows
from tuning.command import Result, Run
from tuning.settings import settings_for, timed_epochs

JOBS = ("accuracy", "time")
PARTICIPANTS = ("torch-f32", "torch-bf16", "clsify-f32", "clsify-bf16")
# Test rows of the runs that are timed, so that scoring takes no time beside training.
TIMED_TEST_ROWS = 64


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=existing, required=True, metavar="DIR", help="a checkpoint folder")
    parser.add_argument("--data", type=dataset, required=True, metavar="NAME=TRAIN,TEST",
                        help="training and test file: .tsv without header, or .csv with the columns text and label")
    parser.add_argument("--rows", type=row_counts, default=[None], metavar="N,...", help="train on these numbers of rows, or on all [all]")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[0, 1, 2], metavar="N,...",
                        help="the seeds of the accuracy job; a seed selects rows, batches and dropout [0,1,2]")
    parser.add_argument("--epochs", type=positive, metavar="N", help="the default depends on the encoder and the rows")
    parser.add_argument("--learning-rate", type=float, metavar="RATE", help="the default depends on the encoder and the rows")
    parser.add_argument("--only", type=names_of(JOBS), default=list(JOBS), metavar="JOB,...", help=f"run only these jobs, of {', '.join(JOBS)}")
    parser.add_argument("--participants", type=names_of(PARTICIPANTS), metavar="NAME-DTYPE,...",
                        help="run only these participants [accuracy: those in bf16; time: all]")
    parser.add_argument("--rounds", type=positive, default=3, metavar="N", help="turns of every participant in the time job [3]")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="threads of every participant [2]")
    parser.add_argument("--clsify", type=existing, metavar="FILE", help="the executable; the default is to build it")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/clsify-benchmarks/tune", metavar="DIR",
                        help="the folder for chosen rows and tuned encoders [~/.cache/clsify-benchmarks/tune]")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="the record [the newest of this processor, or a new one]")
    parser.add_argument("--no-tables", action="store_true", help="write the record, leave BENCHMARKS.md as it is")
    return parser.parse_args()


def row_counts(text: str) -> list[int | None]:
    return [None if part == "all" else positive(part) for part in text.split(",")]


@dataclass
class Study:
    """One encoder and one dataset."""

    encoder: EncoderFolder
    name: str
    train: list[rows.Row]
    test: list[rows.Row]
    work: Path
    threads: int
    clsify: Path
    date: str
    commit: str
    found: Record = field(default_factory=Record)
    failures: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        return self.encoder.shape.layers, self.encoder.shape.hidden

    def note(self, job: str, metric: str, value, participant: str = "", dtype: str = "", round: int | str = "") -> None:
        encoder = "" if job == "version" else self.encoder.name
        self.found.rows.append(Row(self.date, self.commit, encoder, job, participant, dtype, str(round), metric, str(value)))

    def describe(self, job: str, run: Run) -> None:
        facts = {"layers": self.shape[0], "hidden": self.shape[1], "epochs": run.epochs, "learning_rate": run.learning_rate,
                 "batch_size": command.BATCH_SIZE, "test_rows": len(self.test)}
        for metric, value in facts.items():
            self.note(job, metric, value)

    def run(self, count: int, seed: int, epochs: int, learning_rate: float, test: list[rows.Row]) -> Run:
        """Writes the rows of a seed; both sides read the same files."""
        folder = self.work / f"{self.name}-{count}-{seed}"
        rows.write(rows.choose(self.train, count, seed), folder / "train.tsv")
        rows.write(test, folder / "test.tsv")
        return Run(self.encoder.path, folder / "train.tsv", folder / "test.tsv", seed, epochs, learning_rate, self.threads, folder / "tuned")

    def tune(self, run: Run, name: str, dtype: str) -> tuple[dict, Result]:
        """The resources that one process used, and its report."""
        shutil.rmtree(run.output, ignore_errors=True)
        run.output.parent.mkdir(parents=True, exist_ok=True)
        try:
            if name == "clsify":
                used, _ = launch(self, command.clsify_command(self.clsify, run, dtype))
                return used, command.clsify_result(json.loads(command.report_file(run).read_text(encoding="utf-8")))
            used, output = launch(self, command.peer_command(run, dtype))
            return used, command.peer_result(output)
        finally:
            shutil.rmtree(run.output, ignore_errors=True)

    def measure(self, job: str, run: Run, name: str, dtype: str, round: int) -> None:
        before = machine.busy_seconds()
        try:
            used, result = self.tune(run, name, dtype)
        except (ParticipantError, KeyError, ValueError) as error:
            say(f"left out: {name} {dtype}: {error}")
            self.failures.append(str(error))
            return
        after = machine.busy_seconds()
        metrics = {"accuracy": result.accuracy, "frozen_accuracy": result.frozen_accuracy, "tuned_rows": result.rows, "is_tuned": int(result.is_tuned),
                   "losses": " ".join(f"{loss:.6g}" for loss in result.losses), "seconds": round_to(used["seconds"], 6), "cpu_seconds": round_to(used["cpu_seconds"], 6),
                   "step_seconds": round_to(result.step_seconds, 6), "epoch_seconds": round_to(median(result.epoch_seconds), 6),
                   "optimizer_share": result.optimizer_share, "product_share": result.product_share, "peak_resident_bytes": used["peak_resident_bytes"]}
        if job.startswith(TIME) and None not in (before, after):
            others = max(0.0, after - before - used["cpu_seconds"] - CLOCK_SECONDS)
            metrics["others_cpu_share"] = round_to(others / used["seconds"])
        for metric, value in metrics.items():
            if value is not None:
                self.note(job, metric, value, name, dtype, round)
        if result.version and not self.found.text("version", job="version", participant=PEER):
            self.note("version", "version", result.version, PEER)
        say(f"{self.encoder.name}: {job}: {round}: {name} {dtype}: accuracy {result.accuracy:.4f}, {result.step_seconds * 1e3:.1f} ms per step, "
            f"{used['seconds']:.1f} s, {used['peak_resident_bytes'] / 1e6:.0f} MB")


def main() -> int:
    chosen = arguments()
    encoder = EncoderFolder(chosen.encoder.resolve())
    clsify = chosen.clsify.resolve() if chosen.clsify else build()[0]
    name, train, test = chosen.data
    date = datetime.date.today().isoformat()
    study = Study(encoder, name, rows.read(train), rows.read(test), chosen.work.resolve() / encoder.identity, chosen.threads, clsify, date,
                  machine.commit())
    path = chosen.record or default_record(date)
    for count in (count or len(study.train) for count in chosen.rows):
        default = settings_for(study.shape, count)
        epochs, rate = chosen.epochs or default.epochs, chosen.learning_rate or default.learning_rate
        for kind in chosen.only:
            study.found = Record()
            if kind == "accuracy":
                accuracy(study, count, epochs, rate, chosen)
            else:
                timed(study, count, chosen.epochs or timed_epochs(default, count), rate, chosen)
            # After every job, so that an interrupted run keeps what it has measured.
            older = Record.read(path) if path.exists() else Record()
            older.replaced_by(study.found).write(path)
    for check in tuning.floors.checks(Record.read(path), encoder.name):
        numbers = "; ".join(text for text in (check.ours, check.theirs, check.measured, check.floor) if text)
        print(f"{'met' if check.is_met else 'NOT MET'}: {check.what}: {numbers}")
    if not chosen.no_tables:
        tables.write(path, machine.ROOT / "BENCHMARKS.md")
    return 1 if study.failures else 0


def accuracy(study: Study, count: int, epochs: int, rate: float, chosen: argparse.Namespace) -> None:
    job = f"{ACCURACY}{study.name} {count}"
    for number, seed in enumerate(chosen.seeds):
        run = study.run(count, seed, epochs, rate, study.test)
        if number == 0:
            study.describe(job, run)
        for participant in chosen.participants or [name for name in PARTICIPANTS if name.endswith("-bf16")]:
            study.measure(job, run, *participant.split("-"), seed)


def timed(study: Study, count: int, epochs: int, rate: float, chosen: argparse.Namespace) -> None:
    job = f"{TIME}{study.name} {count}"
    run = study.run(count, 0, epochs, rate, study.test[:TIMED_TEST_ROWS])
    study.describe(job, run)
    contestants = [tuple(name.split("-")) for name in chosen.participants or PARTICIPANTS]
    warm_up = study.run(min(count, WARM_UP_ROWS), 0, 1, rate, study.test[:TIMED_TEST_ROWS])
    for name, dtype in contestants:
        # One short run without timing, so that the files have been read before.
        try:
            study.tune(warm_up, name, dtype)
        except ParticipantError:
            # The turn reports it.
            pass
    for round, (name, dtype) in in_turn(chosen.rounds, contestants):
        study.measure(job, run, name, dtype, round)


if __name__ == "__main__":
    sys.exit(main())
