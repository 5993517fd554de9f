"""The rows that both sides train on. Standard library only."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

Row = tuple[str, str]


def read(file: Path) -> list[Row]:
    """Sentences and labels of a .tsv file without header, or of a .csv file with the columns text and label."""
    with open(file, encoding="utf-8", newline="") as lines:
        if file.suffix == ".csv":
            return [(row["text"], row["label"]) for row in csv.DictReader(lines)]
        rows = [tuple(row) for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise ValueError(f"{file}: line {number}: expected sentence<TAB>label, got {len(row)} columns")
    return rows


def choose(rows: Sequence[Row], count: int | None, seed: int) -> list[Row]:
    """`count` rows in a random order, or all; the rows of a smaller count are the first of a larger one."""
    if count is not None and not 0 < count <= len(rows):
        raise ValueError(f"expected 1 to {len(rows)} rows, got {count}")
    order = list(rows)
    random.Random(seed).shuffle(order)
    return order[:count]


def write(rows: Sequence[Row], file: Path) -> None:
    """Writes a .tsv file without header. Tabs and ends of lines in a sentence become spaces."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w", encoding="utf-8", newline="") as lines:
        for sentence, label in rows:
            lines.write(" ".join(sentence.split()) + f"\t{label}\n")
