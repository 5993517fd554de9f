"""The record of a run: one number per line, in a CSV with everything that the tables need. Standard library only.

| column | what |
|---|---|
| date, commit | when, and of which clsify |
| encoder | the encoder's folder name; empty for what concerns none, such as the machine |
| job | what was measured: `encode`, `latency`, ...; `machine`, `version` and `encoder` describe |
| participant, dtype | who, in which arithmetic |
| round | from 0; empty for what was measured once |
| metric, value | which number; seconds, bytes and milliseconds stand in the metric's name |
"""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    date: str
    commit: str
    encoder: str
    job: str
    participant: str
    dtype: str
    round: str
    metric: str
    value: str


@dataclass
class Record:
    """The rows of a record, and queries for the tables."""

    rows: list[Row] = field(default_factory=list)

    @staticmethod
    def read(path: Path) -> "Record":
        with open(path, newline="", encoding="utf-8") as file:
            lines = csv.reader(file)
            header = next(lines, None)
            if header != list(Row._fields):
                raise ValueError(f"{path}: expected the columns {','.join(Row._fields)}, got {header}")
            rows = []
            for line in lines:
                if len(line) != len(Row._fields):
                    raise ValueError(f"{path}: line {lines.line_num}: expected {len(Row._fields)} columns, got {len(line)}")
                rows.append(Row(*line))
            return Record(rows)

    def write(self, path: Path) -> None:
        """Writes the file through a temporary file and an atomic rename."""
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with open(temporary, "w", newline="", encoding="utf-8") as file:
                lines = csv.writer(file, lineterminator="\n")
                lines.writerow(Row._fields)
                lines.writerows(self.rows)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def replaced_by(self, newer: "Record") -> "Record":
        """Replaces rows that a newer run measured again by those of the newer run."""
        def measured(row: Row) -> tuple[str, ...]:
            # A run of some jobs records the versions of some participants only.
            return (row.encoder, row.job, row.participant if row.job == "version" else "")

        again = {measured(row) for row in newer.rows}
        return Record([row for row in self.rows if measured(row) not in again] + newer.rows)

    def encoders(self) -> list[str]:
        """The names of the encoders, in the order in which they were measured."""
        return list(dict.fromkeys(row.encoder for row in self.rows if row.encoder))

    def select(self, **columns: str) -> Iterator[Row]:
        return (row for row in self.rows if all(getattr(row, name) == value for name, value in columns.items()))

    def text(self, metric: str, **columns: str) -> str:
        """One value; empty if it was not measured."""
        return next((row.value for row in self.select(metric=metric, **columns)), "")

    def number(self, metric: str, **columns: str) -> float | None:
        value = self.text(metric, **columns)
        return float(value) if value else None

    def rounds(self, metric: str, **columns: str) -> dict[str, float]:
        """The values of all rounds by the round's name."""
        return {row.round: float(row.value) for row in self.select(metric=metric, **columns)}

    def participants(self, job: str, encoder: str) -> list[tuple[str, str]]:
        """The participants with their dtypes, in the order of their first line."""
        return list(dict.fromkeys((row.participant, row.dtype) for row in self.select(job=job, encoder=encoder)
                                  if row.participant))


def ratios(ours: dict[str, float], theirs: dict[str, float]) -> list[float]:
    """Ours over theirs, round by round, so that the speed of the machine in a round cancels."""
    return [ours[name] / theirs[name] for name in ours if name in theirs and theirs[name] > 0]
