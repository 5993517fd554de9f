"""Measures how faithful and how fast the explanations of clsify, shap and LIME are; writes the record and the tables.

    python benchmarks/explain.py --encoder DIR --data sst2=TRAIN.tsv,TEST.tsv --data trec=TRAIN.csv,TEST.csv

Needs the packages of `benchmarks/requirements.txt`, and a Rust toolchain unless --clsify is given. See `benchmarks/README.md`.
"""

import argparse
import csv
import datetime
import random
import sys
from pathlib import Path

import floors
import machine
import tables
from encoder import EncoderFolder
from explaining import JOB, REFERENCE, measures
from explaining.command import Command
from participant import say
from record import Record, Row
from run import existing, positive
from suite import build, round_to

# The lengths of the sentences.
WORDS = range(8, 31)
# The metrics of a measurement of time.
TIMES = ("timed_sentences", "seconds", "others_cpu_share")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=existing, required=True, metavar="DIR", help="a checkpoint folder of a BERT encoder")
    parser.add_argument("--data", type=dataset, action="append", required=True, metavar="NAME=TRAIN,TEST",
                        help="training and test file: .tsv without header, or .csv with the columns text and label; may be given several times")
    parser.add_argument("--limit", type=positive, default=200, metavar="N", help="explain N sentences of each test file [200]")
    parser.add_argument("--timed", type=positive, default=10, metavar="N", help="measure the time on the first N of them [10]")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="turns of every timed participant; 0 keeps the times that the record has [3]")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="threads of every participant [2]")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the seed that selects the sentences [0]")
    parser.add_argument("--clsify", type=existing, metavar="FILE", help="the executable; the default is to build it")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/clsify-benchmarks/explain", metavar="DIR",
                        help="the folder for models and finished sentences, which are not measured again [~/.cache/clsify-benchmarks/explain]")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="the record [the newest of this processor, or a new one]")
    parser.add_argument("--no-tables", action="store_true", help="write the record, leave BENCHMARKS.md as it is")
    return parser.parse_args()


def dataset(text: str) -> tuple[str, Path, Path]:
    name, _, files = text.partition("=")
    train, _, test = files.partition(",")
    if not (name and train and test):
        raise argparse.ArgumentTypeError(f"expected NAME=TRAIN,TEST, got {text}")
    return name, existing(train).resolve(), existing(test).resolve()


def read_texts(file: Path) -> list[str]:
    with open(file, encoding="utf-8", newline="") as lines:
        if file.suffix == ".csv":
            return [row["text"] for row in csv.DictReader(lines)]
        return [row[0] for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def select(texts: list[str], limit: int, seed: int) -> list[str]:
    """Distinct sentences of 8 to 30 words in a random order, so that the sentences of a small run are the first of a large one."""
    suitable = [text for text in dict.fromkeys(texts) if len(text.split()) in WORDS]
    random.Random(seed).shuffle(suitable)
    return suitable[:limit]


def summary(results: list[dict]):
    """`(participant, metric, value)` for the record: means over sentences, and differences from shap with their intervals."""
    for participant in results[0]["scores"]:
        for metric in results[0]["scores"][participant]:
            values = [result["scores"][participant][metric] for result in results]
            yield participant, metric, measures.mean(values)
            if metric.startswith("naopc") and participant != REFERENCE:
                differences = [value - result["scores"][REFERENCE][metric] for value, result in zip(values, results)]
                for end, value in zip(("", "_low", "_high"), measures.bootstrap(differences)):
                    yield participant, f"{metric}_difference{end}", value


def main() -> int:
    chosen = arguments()
    chosen.work.mkdir(parents=True, exist_ok=True)
    encoder = EncoderFolder(chosen.encoder.resolve())
    clsify = chosen.clsify.resolve() if chosen.clsify else build()[0]
    # Imported here so that --help and a wrong command line need no packages.
    from explaining.peers import VERSIONS
    from explaining.one_sentence import RANDOM_ORDERS
    from explaining.study import Study

    date, commit = datetime.date.today().isoformat(), machine.commit()
    path = chosen.record or default_record(date)
    command = Command(clsify, encoder.path, chosen.threads)
    about = [*machine.cpu().items(), ("system", f"{sys.platform}, Python {sys.version.split()[0]}"), ("threads", chosen.threads)]
    about = [Row(date, commit, "", "machine", "", "", "", metric, str(value)) for metric, value in about]
    for name, train, test in chosen.data:
        model = chosen.work.resolve() / f"{name}-{encoder.identity}"
        command.train(train, model)
        study = Study(name, command, model, select(read_texts(test), chosen.limit, chosen.seed))
        rows = []

        def note(metric: str, value, participant: str = "", round="") -> None:
            rows.append(Row(date, commit, encoder.name, JOB + name, participant, "", str(round), metric, str(value)))

        results = study.faithfulness()
        facts = {"sentences": len(results), "words": measures.mean([result["words"] for result in results]),
                 "largest_difference": max(result["difference"] for result in results),
                 "encodings_of_20_words": study.encodings_of_twenty_words(), "random_orders": RANDOM_ORDERS}
        for metric, value in facts.items():
            note(metric, value)
        for participant, metric, value in summary(results):
            note(metric, round_to(value, 6), participant)
        older = Record.read(path) if path.exists() else Record(about)
        if chosen.rounds:
            note("timed_sentences", min(chosen.timed, len(results)))
        else:
            rows += [row for row in older.select(encoder=encoder.name, job=JOB + name) if row.metric in TIMES]
        for turn in study.times(chosen.timed, chosen.rounds):
            note("seconds", turn.seconds, turn.participant, turn.round)
            if turn.others_cpu_share is not None:
                note("others_cpu_share", round_to(turn.others_cpu_share), turn.participant, turn.round)
        rows += [Row(date, commit, "", "version", package, "", "", "version", version) for package, version in VERSIONS.items()]
        # After every dataset, so that an interrupted run keeps what it has measured.
        older.replaced_by(Record(rows)).write(path)
        say(f"recorded: {name} in {path}")
    for check in floors.explain_checks(Record.read(path), encoder.name):
        numbers = "; ".join(text for text in (check.ours, check.theirs, check.measured, check.floor) if text)
        print(f"{'met' if check.is_met else 'NOT MET'}: {check.what}: {numbers}")
    if not chosen.no_tables:
        tables.write(path, machine.ROOT / "BENCHMARKS.md")
    return 0


def default_record(date: str) -> Path:
    """The newest record of this processor, because BENCHMARKS.md is written from one record."""
    folder = machine.ROOT / "benchmarks/record" / machine.slug(machine.cpu())
    return max(folder.glob("*.csv"), default=folder / f"{date}.csv")


if __name__ == "__main__":
    sys.exit(main())
