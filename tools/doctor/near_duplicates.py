#!/usr/bin/env python3
"""Measures which cosine threshold separates slightly edited sentences from distinct ones.

Edits some sentences of a file, in five ways, and has doctor find the nearest sentence of the file to each. For comparison,
it does the same for the file's distinct sentences, among the sentences before each. A good threshold is one that most
edits reach and few distinct sentences do.

    python3 tools/doctor/near_duplicates.py sst2/train.tsv --encoder all-mpnet-base-v2
"""

import argparse
import csv
import json
import random
import subprocess
import tempfile
from pathlib import Path

THRESHOLDS = [0.75, 0.8, 0.85, 0.9, 0.95]


def swap_letters(text, _, generator):
    places = [i for i in range(len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha() and text[i] != text[i + 1]]
    i = generator.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def change_end(text, _, generator):
    bare = text.rstrip(" .?!")
    return generator.choice([end for end in (bare, bare + " .", bare + " !", bare + " ...") if end != text])


def drop_word(text, _, generator):
    words = text.split()
    del words[generator.randrange(len(words))]
    return " ".join(words)


def replace_word(text, texts, generator):
    words = text.split()
    words[generator.randrange(len(words))] = generator.choice(generator.choice(texts).split())
    return " ".join(words)


def move_word(text, _, generator):
    words = text.split()
    words.insert(generator.randrange(len(words)), words.pop(generator.randrange(len(words))))
    return " ".join(words)


EDITS = [swap_letters, change_end, drop_word, replace_word, move_word]


def read(file):
    """Sentences and labels of a TSV without or a CSV with a header."""
    with open(file, encoding="utf-8", newline="") as data:
        if Path(file).suffix == ".csv":
            return list(csv.reader(data))[1:]
        return [line.rstrip("\r\n").split("\t") for line in data]


def write(file, rows):
    with open(file, "w", encoding="utf-8") as out:
        for text, label in rows:
            text = " ".join(text.split())
            out.write(f"{text}\t{label}\n")


def shares(cosines):
    return " ".join(f"{sum(c >= t for c in cosines) / len(cosines):7.1%}" for t in THRESHOLDS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="TSV without or CSV with a header: sentence, label")
    parser.add_argument("--clsify", default="target/release/clsify")
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--pooling", default="mean")
    parser.add_argument("--layers", help="the layers [doctor's default]")
    parser.add_argument("--n", type=int, default=400, help="the number of sentences to edit")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    generator = random.Random(args.seed)
    rows = [row for row in read(args.data) if row[0].strip()]
    texts = [row[0] for row in rows]
    long = [row for row in rows if len(row[0].split()) >= 5]
    edited = []
    for edit in EDITS:
        edited += [(edit.__name__, edit(text, texts, generator), label) for text, label in generator.sample(long, args.n)]
    with tempfile.TemporaryDirectory() as folder:
        data, test = Path(folder) / "data.tsv", Path(folder) / "edited.tsv"
        write(data, rows)
        write(test, [(text, label) for _, text, label in edited])
        command = [args.clsify, "doctor", "-q", str(data), "--encoder", args.encoder, "--test-data", str(test)]
        command += ["--pooling", args.pooling, "--near-duplicate-threshold=-1", "--json"]
        command += ["--layers", args.layers] if args.layers else []
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    print(f"{args.encoder}, {args.pooling}, {len(rows)} sentences; share with a cosine of at least")
    print(" " * 40 + " ".join(f"{t:7}" for t in THRESHOLDS))
    near = [found["cosine"] for found in report["near_duplicates"]]
    print(f"{'distinct sentences':40}{shares(near)}")
    # Edits that only change case or spaces are found without a vector, so they are not informative here.
    cosine_of = {found["test_line"]: found["cosine"] for found in report["leakage"] if not found["exact"]}
    for edit in EDITS:
        lines = [i + 1 for i, (name, _, _) in enumerate(edited) if name == edit.__name__]
        print(f"{edit.__name__.replace('_', ' '):40}{shares([cosine_of[line] for line in lines if line in cosine_of])}")


if __name__ == "__main__":
    main()
