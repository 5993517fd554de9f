#!/usr/bin/env python3
"""Accuracy with few rows, with and without descriptions of the labels: the mean of several seeds on a whole test set.

    benchmarks/few_rows.py --clsify target/release/clsify --encoder all-mpnet-base-v2 \
        --train sst2/train.tsv --test sst2/test.tsv --describe docs/few-rows/sst2.tsv

Draws so many rows per class for each seed, runs `clsify train` on them with and without --describe, and prints a row
of the table in docs/few-rows.md for each number of rows, then one for descriptions alone. With --rows the rows are
drawn from all classes together. It needs Python 3.9 and nothing else.
"""

import argparse
import csv
import json
import pathlib
import random
import statistics
import subprocess
import tempfile


def read(path):
    """The sentences and labels of a TSV without a header, or a CSV with one."""
    with open(path, encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            return [(row["text"], row["label"]) for row in csv.DictReader(file)]
        return [tuple(line.rstrip("\n").rsplit("\t", 1)) for line in file]


def draw(rows, per_class, total, seed):
    """So many rows of each class, or of all together."""
    generator = random.Random(seed)
    if total:
        return generator.sample(rows, total)
    chosen = []
    for label in sorted({label for _, label in rows}):
        chosen += generator.sample([row for row in rows if row[1] == label], per_class)
    return chosen


def accuracy(options, folder, rows, describe):
    """The test accuracy and the report of one run of `clsify train`."""
    report = folder / "report.json"
    command = [options.clsify, "-q", "train", "--encoder", options.encoder, "--dtype", options.dtype]
    command += ["--test-data", options.test, "--output", folder / "model", "--json", report]
    if rows:
        data = folder / "rows.csv"
        with open(data, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *rows])
        command += ["--data", data]
    if describe:
        command += ["--describe", options.describe]
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)
    found = json.loads(report.read_text(encoding="utf-8"))
    return 100 * found["test"]["accuracy"], found


def line(name, runs):
    """A row of the table."""
    cells = [name]
    for accuracies in runs:
        own = f"{statistics.mean(accuracies):.1f} ({min(accuracies):.1f} to {max(accuracies):.1f})"
        cells.append(own if accuracies else "")
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clsify", default="clsify")
    parser.add_argument("--encoder", default="all-mpnet-base-v2")
    parser.add_argument("--dtype", default="bf16")
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--describe", type=pathlib.Path)
    parser.add_argument("--per-class", type=int, nargs="*", default=[8, 32, 64])
    parser.add_argument("--rows", type=int, nargs="*", default=[], help="numbers of rows of all classes together")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    rows = read(options.train)
    sizes = [(n, None) for n in options.per_class] + [(None, n) for n in options.rows]
    print("| rows | accuracy | with descriptions |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if options.describe:
            print(f"| none | | {accuracy(options, folder, None, True)[0]:.1f} |", flush=True)
        for per_class, total in sizes:
            runs = [[], []]
            for seed in range(options.seeds):
                drawn = draw(rows, per_class, total, seed)
                for column in range(2 if options.describe else 1):
                    runs[column].append(accuracy(options, folder, drawn, column == 1)[0])
            line(f"{per_class} per class" if per_class else str(total), runs[: 2 if options.describe else 1])


if __name__ == "__main__":
    main()
