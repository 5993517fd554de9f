#!/usr/bin/env python3
"""Measures how many wrong labels `clsify doctor` ranks first.

Flips the labels of some rows at random, has doctor rank all rows, and counts the flipped ones among the first.
Labels that were already wrong count against it, so the true share is higher.

    python3 tools/doctor/label_issues.py sst2/train.tsv --encoder all-mpnet-base-v2
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path


def flipped(labels, share, seed):
    """The labels with this share of them changed to another class, and the changed rows."""
    generator = random.Random(seed)
    classes = sorted(set(labels))
    rows = sorted(generator.sample(range(len(labels)), round(share * len(labels))))
    changed = list(labels)
    for row in rows:
        changed[row] = generator.choice([label for label in classes if label != labels[row]])
    return changed, set(rows)


def ranking(clsify, encoder, file):
    """Line numbers, the most suspect first."""
    output = file.with_suffix(".jsonl")
    command = [clsify, "doctor", "-q", str(file), "--encoder", encoder, "--all", "--output", str(output)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(output, encoding="utf-8") as issues:
        return [json.loads(issue)["line"] for issue in issues]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="TSV without header: sentence, label")
    parser.add_argument("--clsify", default="target/release/clsify")
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--share", type=float, default=0.05, help="share of the labels to flip")
    parser.add_argument("--first", type=float, default=0.08, help="share of the ranking to inspect")
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    with open(args.data, encoding="utf-8") as data:
        rows = [line.rstrip("\r\n").split("\t") for line in data]
    if any(len(row) != 2 for row in rows):
        sys.exit(f"{args.data}: expected two columns in every row")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(args.seeds):
            labels, wrong = flipped([label for _, label in rows], args.share, seed)
            file = Path(folder) / f"{seed}.tsv"
            file.write_text("".join(f"{text}\t{label}\n" for (text, _), label in zip(rows, labels)), encoding="utf-8")
            first = ranking(args.clsify, args.encoder, file)[: round(args.first * len(rows))]
            found.append(sum(line - 1 in wrong for line in first) / len(wrong))
            print(f"seed {seed}: {found[-1]:.1%} of {len(wrong)} flipped labels among the first {len(first)}", flush=True)
    print(f"{args.encoder}: mean {sum(found) / len(found):.1%}, least {min(found):.1%}")


if __name__ == "__main__":
    main()
