"""Runs clsify and its peers side by side on the same sentences, and writes the record and the tables.

    python benchmarks/run.py --encoder DIR [--encoder DIR]... --data FILE.tsv

Needs the packages of `benchmarks/requirements.txt` and a Rust toolchain. See `benchmarks/README.md`.
"""

import argparse
import datetime
import sys
from functools import partial
from pathlib import Path

import machine
import tables
from encoder import EncoderFolder
from participant import ParticipantError, say
from record import Record
from suite import Suite, build

JOBS = ("encode", "latency", "grid", "article", "article-grid", "cold", "memory")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=existing, action="append", required=True, metavar="DIR",
                        help="a checkpoint folder; may be given several times")
    parser.add_argument("--data", type=existing, required=True, metavar="FILE.tsv", help="sentence<TAB>label, no header")
    parser.add_argument("--limit", type=positive, default=2000, metavar="N", help="use the first N rows [2000]")
    parser.add_argument("--rounds", type=positive, default=3, metavar="N", help="turns of every participant [3]")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="threads of every participant [2]")
    parser.add_argument("--only", type=names_of(JOBS), default=list(JOBS), metavar="JOB,...", help=f"run only these jobs, of {', '.join(JOBS)}")
    parser.add_argument("--participants", type=lambda text: frozenset(text.split(",")), default=frozenset(), metavar="NAME-DTYPE,...",
                        help="run only these encoding participants, such as torch-f32,openvino-int8,clsify-int8 [all]")
    parser.add_argument("--features", type=existing, metavar="FILE.npy",
                        help="features for the grid search, one row per row of data; the default is to compute them with PyTorch "
                             "with the widest encoder")
    parser.add_argument("--memory-sentences", type=lambda text: [positive(number) for number in text.split(",")],
                        default=[20_000, 1_000_000], metavar="N,N", help="lengths of the memory job's files [20000,1000000]")
    parser.add_argument("--zentorch-python", metavar="PYTHON", help="the Python of an environment with zentorch")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/clsify-benchmarks", metavar="DIR",
                        help="the folder for converted models and vectors [~/.cache/clsify-benchmarks]")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="the record [benchmarks/record/CPU/DATE.csv]")
    parser.add_argument("--no-tables", action="store_true", help="write the record, leave BENCHMARKS.md as it is")
    return parser.parse_args()


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number of at least 1, got {text}")
    return number


def existing(text: str) -> Path:
    path = Path(text)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"nothing is at {text}")
    return path


def names_of(known: tuple[str, ...]):
    def parse(text: str) -> list[str]:
        unknown = sorted(set(text.split(",")) - set(known))
        if unknown:
            raise argparse.ArgumentTypeError(f"expected names of {', '.join(known)}, got {', '.join(unknown)}")
        return text.split(",")
    return parse


def main() -> int:
    chosen = arguments()
    encoders = [EncoderFolder(path.resolve()) for path in chosen.encoder]
    for encoder in encoders:
        if not (encoder.path / "config.json").exists():
            raise SystemExit(f"{encoder.path}: expected a folder with config.json, model.safetensors and tokenizer.json")
    date = datetime.date.today().isoformat()
    processor = machine.cpu()
    record = chosen.record or machine.ROOT / "benchmarks/record" / machine.slug(processor) / f"{date}.csv"
    clsify, worker = build()
    suite = Suite(chosen.data.resolve(), chosen.limit, chosen.rounds, chosen.threads, chosen.work.resolve(), date,
                  chosen.participants, chosen.zentorch_python, clsify, worker)
    if len(suite.sentences) < chosen.limit:
        say(f"{suite.data}: {len(suite.sentences)} rows, fewer than --limit {chosen.limit}")
    note_machine(suite, processor)
    for job, encoder, call in plan(suite, encoders, chosen):
        try:
            call()
        except ParticipantError as error:
            suite.fail(error)
        # After every job, so that an interrupted run keeps what it has measured.
        older = Record.read(record) if record.exists() else Record()
        older.replaced_by(suite.record).write(record)
        say(f"recorded: {job}{f' of {encoder.name}' if encoder else ''} in {record}")
    if not chosen.no_tables:
        tables.write(record, machine.ROOT / "BENCHMARKS.md")
    for failure in suite.failures:
        say(f"left out: {failure}")
    return 1 if suite.failures else 0


def plan(suite: Suite, encoders: list[EncoderFolder], chosen: argparse.Namespace):
    """The jobs, in order."""
    # Imported here so that --help and a wrong command line need no numpy.
    from jobs import encode, grid, latency, processes

    widest = max(encoders, key=lambda encoder: encoder.shape.hidden)
    narrowest = min(encoders, key=lambda encoder: encoder.shape.hidden)
    of_each_encoder = {
        "encode": encode.run,
        "latency": latency.run,
        "article": partial(processes.article, grid_search=False),
        "article-grid": partial(processes.article, grid_search=True),
        "cold": processes.cold,
    }
    for job in JOBS:
        if job not in chosen.only:
            continue
        if job == "grid":
            features = chosen.features and chosen.features.resolve()
            yield job, None, partial(grid.run, suite, widest, features)
        elif job == "memory":
            yield job, narrowest, partial(processes.memory, suite, narrowest, chosen.memory_sentences)
        else:
            for encoder in encoders:
                yield job, encoder, partial(of_each_encoder[job], suite, encoder)


def note_machine(suite: Suite, processor: dict[str, str]) -> None:
    for metric, value in processor.items():
        suite.note("machine", metric, value)
    suite.note("machine", "system", f"{sys.platform}, Python {sys.version.split()[0]}")
    suite.note("machine", "threads", suite.threads)
    suite.note("machine", "data", suite.data.name)
    suite.note("machine", "rows", len(suite.sentences))


if __name__ == "__main__":
    sys.exit(main())
