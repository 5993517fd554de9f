"""Measures the Python package beside sentence-transformers with scikit-learn; writes the record and the tables.

    python benchmarks/python_package.py --encoder DIR --data FILE.tsv

Needs clsify (`pip install .`), and the packages of `benchmarks/requirements.txt`. See `benchmarks/README.md`.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

import machine
import tables
from packaged import ARTICLE, JOBS, PARTICIPANTS
from participant import say
from record import Record, Row
from run import existing, positive
from suite import round_to


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=existing, required=True, metavar="DIR", help="the folder of a sentence-transformers model")
    parser.add_argument("--data", type=existing, required=True, metavar="FILE.tsv", help="sentences and labels, without a header")
    parser.add_argument("--limit", type=positive, default=2000, metavar="N", help="the first N rows [2000]")
    parser.add_argument("--rounds", type=positive, default=5, metavar="N", help="turns of every participant [5]")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="threads of every participant [2]")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="the record [the newest of this processor, or a new one]")
    parser.add_argument("--no-tables", action="store_true", help="write the record, leave BENCHMARKS.md as it is")
    return parser.parse_args()


def turn(job: str, participant: str, args: argparse.Namespace) -> dict[str, float]:
    """The numbers of one process."""
    work = Path(__file__).resolve().parent / "packaged" / "work.py"
    threads = {name: str(args.threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CLSIFY_NUM_THREADS")}
    environment = {**os.environ, **threads, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
    command = [sys.executable, work, job, participant, args.encoder.resolve(), args.data.resolve(), str(args.limit)]
    done = subprocess.run([str(part) for part in command], env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    args = arguments()
    folder = machine.ROOT / "benchmarks" / "record" / machine.slug(machine.cpu())
    today = datetime.date.today().isoformat()
    path = args.record or max(folder.glob("*.csv"), default=folder / f"{today}.csv")
    commit, encoder = machine.commit(), args.encoder.name
    row = lambda job, participant, number, metric, value: Row(today, commit, encoder, job, participant, "f32" if participant else "", str(number),
                                                              metric, str(value))
    rows = [row(ARTICLE, "", "", "rows", args.limit), row(ARTICLE, "", "", "threads", args.threads)]
    for number in range(args.rounds):
        order = PARTICIPANTS if number % 2 == 0 else PARTICIPANTS[::-1]
        for job in JOBS:
            for participant in order:
                found = turn(job, participant, args)
                say(f"{job}, {participant}: " + ", ".join(f"{name} {round_to(value)}" for name, value in found.items()))
                rows += [row(job, participant, number, metric, round_to(value, 6)) for metric, value in found.items()]
    record = Record.read(path) if path.exists() else Record()
    record.replaced_by(Record(rows)).write(path)
    say(f"record: {path}")
    if not args.no_tables:
        tables.write(path, machine.ROOT / "BENCHMARKS.md")


if __name__ == "__main__":
    main()
