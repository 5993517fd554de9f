#!/usr/bin/env python3
"""Checks that two builds of clsify give the same results, bit for bit. Use it for changes that must not change results.

    tools/same_results.py OLD NEW --encoder all-MiniLM-L6-v2 --data sst2=train.tsv,test.tsv --data trec=train.csv,test.csv

OLD and NEW are two `clsify` programs. A data set is a training and a test file, of which `--limit` rows are read. A file of label sets is
made from the last data set. Every command runs with both programs, each with its own cache. Compared are stdout, the
written files (reports, vectors, answers, charts), and the tensors and numbers of saved models, but not times
and versions. It needs only Python.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# Keys of reports whose values differ from run to run.
TIMES = {"seconds", "clsify_version", "sentences_per_second", "estimated_sentences_per_second"}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--encoder", default="all-MiniLM-L6-v2")
    parser.add_argument("--data", action="append", required=True, metavar="NAME=TRAIN,TEST")
    parser.add_argument("--limit", default="400")
    return parser.parse_args()


def head(path, folder, name, n_rows):
    """The first rows of a file, with its header if it has one."""
    lines = Path(path).read_text().splitlines(keepends=True)
    copy = folder / f"{name}{Path(path).suffix}"
    copy.write_text("".join(lines[: n_rows + 1]))
    return str(copy)


def label_sets(train, test, folder):
    """Label sets derived from classes: the class, and properties of the sentence."""
    for source, name in [(train, "sets.csv"), (test, "sets-test.csv")]:
        with open(source, newline="") as lines:
            reader = csv.reader(lines, delimiter="\t" if str(source).endswith(".tsv") else ",")
            rows = [row for row in reader if row != ["text", "label"]]
        with open(folder / name, "w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["text", "label", "weight"])
            for i, (text, label) in enumerate(rows):
                labels = [f"is {label}"] + ["long"] * (len(text) > 50) + ["asks how"] * ("how" in text.lower())
                writer.writerow([text, ";".join([] if i % 17 == 0 else labels), 1 + i % 3])


def commands(name, train, test, encoder, limit, is_sets):
    """The command lines for one data set; {out} is a separate folder."""
    E, L = ["--encoder", encoder], ["--limit", limit]
    sets = ["--multi-label", ";"] if is_sets else []
    model = lambda kind: f"{{out}}/{name}-{kind}"

    def training(kind, *more):
        json_file = ["--json", model(kind) + ".json", "--output", model(kind)]
        return ["train", "--data", train, *E, *L, *sets, *json_file, *more]

    yield training("article", "--features", "article", "--chart", model("article") + ".svg")
    calibration = "platt" if is_sets else "temperature"
    yield training("grid", "--features", "article", "--grid-search", "--stratify", "--calibration", calibration)
    yield training("auto", "--features", "auto", "--seed", "3")
    rule = ["--thresholds", "f1"] if is_sets else ["--class-weight", "balanced"]
    yield training("rule", "--features", "article", *rule)
    yield training("test", "--pooling", "cls+mean", "--layers", "4-5", "--test-data", test)
    if is_sets:
        yield training("weights", "--features", "article", "--weight-column", "weight", "--calibration", "temperature")
    for kind in ["article", "auto", "rule"]:
        written = ["--json", model(kind) + "-scores.json", "--errors", model(kind) + "-errors.csv"]
        yield ["evaluate", model(kind), "--data", test, *L, *written]
        for form in ["text", "tsv", "jsonl", "csv"]:
            yield ["predict", model(kind), "--input", test, "-p", "--output-format", form, "--output", f"{model(kind)}.{form}"]
    yield ["compare", model("article"), model("auto"), "--data", test, *L, "--output", model("differences") + ".jsonl"]
    yield ["compare", model("article"), model("grid"), "--data", test, *L, "--json"]
    yield ["advise", "--data", train, *E, *L, *sets, "--json"]
    yield ["doctor", train, *E, *L, *sets, "--json", "--output", model("issues") + ".jsonl"]
    yield ["doctor", train, *L, *sets, "--text-only"]
    yield ["curve", "--data", train, *E, *L, *sets, "--repeats", "2", "--json", "--chart", model("curve") + ".svg"]
    yield ["embed", *E, "--input", test, "--output", model("auto") + ".npy", "--pooling", "auto"]
    yield ["embed", *E, "--input", test, "--output", model("layers") + ".npy", "--layers", "all", "--pooling", "cls+max"]


def run(program, command, out, cache):
    command = [part.replace("{out}", str(out)) for part in command]
    environment = {**os.environ, "CLSIFY_CACHE": str(cache)}
    done = subprocess.run([program.resolve(), *command, "-q"], capture_output=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"{program} {' '.join(command)}\n{done.stderr.decode()}")
    return done.stdout


def timeless(value):
    if isinstance(value, dict):
        # A run with a test file has no split, which versions report differently.
        no_split = {"seed", "stratified"} if value.get("test_indices") == [] else set()
        return {key: timeless(inner) for key, inner in value.items() if key not in TIMES | no_split}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def comparable(content, name, out, cache):
    """The part of a file or of stdout that must be equal."""
    content = content.replace(str(out).encode(), b"OUT").replace(str(cache).encode(), b"CACHE")
    try:
        return json.dumps(timeless(json.loads(content)), sort_keys=True)
    except ValueError:
        if name.endswith((".npy", ".safetensors")):
            return content
        return re.sub(rb"(?m)^(seconds |.* seconds\b).*$", b"", content)


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        sets = []
        for text in args.data:
            name, files = text.split("=", 1)
            train, test = files.split(",")
            train, test = head(train, work, name, int(args.limit)), head(test, work, f"{name}-test", int(args.limit))
            sets.append((name, train, test, False))
        label_sets(Path(sets[-1][1]), Path(sets[-1][2]), work)
        sets.append(("sets", str(work / "sets.csv"), str(work / "sets-test.csv"), True))
        of = lambda name, train, test, is_sets: commands(name, train, test, args.encoder, args.limit, is_sets)
        all_commands = [command for files in sets for command in of(*files)]
        outputs = []
        for which, program in [("old", args.old), ("new", args.new)]:
            out, cache = work / which, work / f"cache-{which}"
            out.mkdir()
            stdout = []
            for command in all_commands:
                stdout.append(comparable(run(program, command, out, cache), "stdout", out, cache))
                print(f"\r{which}: {len(stdout)} of {len(all_commands)} commands", end="", file=sys.stderr)
            print(file=sys.stderr)
            files = {str(p.relative_to(out)): p for p in sorted(out.rglob("*")) if p.is_file()}
            outputs.append((stdout, {name: comparable(p.read_bytes(), name, out, cache) for name, p in files.items()}))
        (old_stdout, old_files), (new_stdout, new_files) = outputs
        different = [" ".join(c) for c, a, b in zip(all_commands, old_stdout, new_stdout) if a != b]
        different += [name for name in sorted(old_files | new_files) if old_files.get(name) != new_files.get(name)]
        print(f"{len(all_commands)} commands, {len(old_files)} files: {len(different)} differ")
        print("".join(f"  {name}\n" for name in different), end="")
        sys.exit(bool(different))


if __name__ == "__main__":
    main()
