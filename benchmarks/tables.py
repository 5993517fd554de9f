"""Writes BENCHMARKS.md from records: `python benchmarks/tables.py RECORD.csv [RECORD.csv ...] [BENCHMARKS.md]`.

Every number in it comes from a record. Those of another processor follow under a heading of their own. Standard library only.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import explaining.report
import floors
import packaged.report
import serving.report
import tuning.floors
import tuning.report
from record import Record, ratios

ROOT = Path(__file__).resolve().parent.parent
# Disturbance by anything else on the machine, in cores, above which a turn is worth a warning.
DISTURBED = 0.05


def write(records: Path | list[Path], output: Path) -> None:
    """Writes BENCHMARKS.md through a temporary file and an atomic rename."""
    paths = records if isinstance(records, list) else [records]
    read = [(Record.read(path), source_of(path)) for path in paths]
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        temporary.write_text(render(read), encoding="utf-8")
        os.replace(temporary, output)
    finally:
        temporary.unlink(missing_ok=True)


def source_of(path: Path) -> str:
    """The path as the page shows it."""
    try:
        return path.resolve().relative_to(ROOT).as_posix()
    except ValueError:
        return path.name


def render(records: list[tuple[Record, str]]) -> str:
    """BENCHMARKS.md."""
    sources = " ".join(source for _, source in records)
    blocks = [introduction(sources)]
    for number, (record, _) in enumerate(records):
        if number > 0:
            blocks.append(f"# On another processor: {record.text('name', job='machine')}")
        blocks += [*about(record), *floor_tables(record)]
        for encoder in record.encoders():
            sections = [section for build in (encode, latency, grid, article, cold, memory, package, serve, explain, tune) for section in build(record, encoder)]
            if sections:
                blocks += [f"## {encoder}", *described(record, encoder), *sections]
    blocks.append(repeat(sources))
    return "\n\n".join(blocks) + "\n"


def introduction(sources: str) -> str:
    return f"""# Benchmarks

This page compares clsify with its peers on the same sentences. Every participant is a process that has loaded its model and sleeps until it is
its turn. Every other round runs in the opposite order, so that changes in the speed of the machine affect all participants. A ratio is
ours (clsify) over theirs (the peer) in the same round; the median of the rounds is shown. [benchmarks/](benchmarks/README.md) describes the measurements.

This file is written by `python benchmarks/tables.py {sources}`; every number comes from those records."""


def about(record: Record) -> Iterator[str]:
    """The machine, the versions, and the disturbance by other processes."""
    yield "## The measurement"
    machine = lambda metric: record.text(metric, job="machine")
    commits = sorted({row.commit for row in record.rows})
    dates = sorted({row.date for row in record.rows})
    rows = [
        ["date", ", ".join(dates)], ["clsify, commit", ", ".join(commits)],
        ["processor", machine("name") + "".join(f", {key} {machine(key)}" for key in ("family", "model") if machine(key))],
        ["cores; threads used", f"{machine('cores')}; {machine('threads')}"], ["instructions", machine("instructions")],
        ["system", machine("system")],
        ["sentences", f"the first {machine('rows')} of {machine('data')}" if machine("rows") else ""], ["rounds", rounds(record)],
    ]
    rows += [[row.participant, row.value] for row in record.select(job="version")]
    yield table(["", ""], [row for row in rows if row[1].strip("; ")])
    shares = [(float(row.value), row) for row in record.select(metric="others_cpu_share")]
    if shares:
        worst, row = max(shares, key=lambda share: share[0])
        disturbed = sum(share > DISTURBED for share, _ in shares)
        yield (f"During a turn, all other processes together used at most {worst:.3f} of a core ({row.job}, {row.participant} "
               f"{row.dtype}); in {disturbed} of {len(shares)} turns they used more than {DISTURBED}.")
    operations = "operations_per_second"
    ceilings = [[encoder, dtype, f"{median(values.values()) / 1e9:.0f}"] for encoder in record.encoders() for dtype in ("f32", "bf16", "int8")
                if (values := record.rounds(operations, job="ceiling", encoder=encoder, dtype=dtype))]
    if ceilings:
        yield ("The ceiling is the speed of multiply-adds in registers, measured after each turn of clsify; "
               "a multiply-add counts as two operations.")
        yield table(["encoder", "dtype", "Gop/s"], ceilings)


def rounds(record: Record) -> str:
    """The number of rounds per job."""
    found: dict[str, set[str]] = {}
    for row in record.rows:
        # The memory job stores the file's length in this column.
        if row.round and row.job != "memory":
            found.setdefault(row.job, set()).add(row.round)
    return ", ".join(f"{job} {len(names)}" for job, names in found.items())


def floor_tables(record: Record) -> Iterator[str]:
    yield "## Floors"
    for encoder in record.encoders():
        found = [*floors.checks(record, encoder), *tuning.floors.checks(record, encoder)]
        if found:
            met = sum(check.is_met for check in found)
            yield f"**{encoder}**: {met} of {len(found)} met"
            yield table(["measurement", "ours", "compared with", "measured", "floor", ""],
                        [[*check[:5], "met" if check.is_met else "**not met**"] for check in found])


def described(record: Record, encoder: str) -> Iterator[str]:
    fact = lambda metric: record.number(metric, job="encoder", encoder=encoder)
    if fact("layers"):
        random = "; the weights are random, so only the speeds are meaningful" if fact("random_weights") else ""
        yield (f"{fact('layers'):.0f} layers, hidden size {fact('hidden'):.0f}, {fact('parameters') / 1e6:.1f} million weights{random}. "
               f"{fact('sentences'):,.0f} sentences, {fact('tokens'):,.0f} tokens, the longest sentence {fact('longest_tokens'):.0f} tokens; "
               f"{fact('operations') / 1e12:.3f} tera-operations needed.")


def against(record: Record, job: str, metric: str, encoder: str, participant: str, dtype: str) -> str:
    """Ours over theirs in the same dtype."""
    if participant == "clsify":
        return ""
    found = ratios(floors.rounds_of(record, job, metric, encoder, "clsify", dtype),
                   floors.rounds_of(record, job, metric, encoder, participant, dtype))
    return f"{median(found):.3f}" if found else ""


def encode(record: Record, encoder: str) -> Iterator[str]:
    sentences = record.number("sentences", job="encoder", encoder=encoder)
    rows = []
    for participant, dtype in record.participants("encode", encoder):
        seconds = list(floors.rounds_of(record, "encode", "seconds", encoder, participant, dtype).values())
        if not seconds:
            continue
        who = dict(encoder=encoder, participant=participant, dtype=dtype)
        fidelity = [record.text(metric, job="fidelity", **who) for metric in ("cosine_min", "cosine_mean", "largest_difference", "accuracy")]
        fractions = floors.fractions(record, encoder, dtype) if participant == "clsify" else []
        peak = record.number("peak_resident_bytes", job="encode", **who)
        rows.append([participant, dtype, f"{median(seconds):.3f}", f"{min(seconds):.3f}", f"{sentences / median(seconds):.0f}",
                     against(record, "encode", "seconds", encoder, participant, dtype), f"{median(fractions):.3f}" if fractions else "",
                     *fidelity[:3], f"{float(fidelity[3]):.4f}" if fidelity[3] else "", floors.megabytes(peak) if peak else ""])
    if rows:
        yield "### `[CLS]` vectors"
        yield ("Times exclude tokenizing and loading. Cosine similarity and the largest difference of an element are relative to PyTorch's f32. Accuracy "
               "is that of one classifier on these vectors, the mean over splits.")
        yield table(["participant", "dtype", "s, median", "s, min", "sentences/s", "ours / theirs", "share of ceiling", "cosine, min",
                     "cosine, mean", "difference", "accuracy", "peak memory"], rows)
    tokenizers = [[name, f"{median(values.values()) * 1e3:.1f}"] for name in ("transformers", "clsify")
                  if (values := record.rounds("seconds", job="tokenize", encoder=encoder, participant=name))]
    if tokenizers:
        same = record.number("same_token_ids", job="tokenize", encoder=encoder)
        yield "Tokenizing the same sentences: " + ("the same token ids." if same else "**the token ids differ.**")
        yield table(["participant", "ms, median"], tokenizers)


def latency(record: Record, encoder: str) -> Iterator[str]:
    rows = []
    for participant, dtype in record.participants("latency", encoder):
        middle = floors.rounds_of(record, "latency", "median_ms", encoder, participant, dtype)
        late = floors.rounds_of(record, "latency", "p95_ms", encoder, participant, dtype)
        read = record.rounds("ms", job="read", encoder=encoder, dtype=dtype) if participant == "clsify" else {}
        if middle:
            rows.append([participant, dtype, f"{median(middle.values()):.3f}", f"{min(middle.values()):.3f}", f"{median(late.values()):.3f}",
                         f"{median(read.values()):.3f}" if read else "",
                         against(record, "latency", "median_ms", encoder, participant, dtype)])
    if rows:
        yield "### One sentence of nine tokens, warm"
        yield ("Each weight of the layers is used once, so most of the time is spent reading the weights. \"ms, reading weights\" is the time of a plain loop "
               "over as many bytes with the same threads.")
        yield table(["participant", "dtype", "ms, median", "ms, min of round medians", "ms, 95th percentile", "ms, reading weights", "ours / theirs"],
                    rows)


def grid(record: Record, encoder: str) -> Iterator[str]:
    rows = []
    for participant in ("scikit-learn", "clsify", "reference"):
        columns = dict(job="grid", encoder=encoder, participant=participant)
        seconds = list(record.rounds("seconds", **columns).values())
        if not seconds:
            continue
        agreement = floors.grid_agreement(record, encoder, participant)
        rows.append([participant, f"{median(seconds):.3f}", f"{min(seconds):.3f}", f"{record.number('best_C', **columns):.6g}",
                     record.text("n_not_converged", **columns), f"{agreement[1]:.1e}" if agreement else ""])
    if rows:
        size = [record.number(metric, job="grid", encoder=encoder) for metric in ("rows", "columns")]
        points = len(record.text("scores", job="grid", encoder=encoder, participant="clsify").split())
        yield "### Grid search"
        yield (f"{points} values of C, 5 folds, {size[0]:,.0f} rows of {size[1]:.0f} features; the reference is scikit-learn's "
               "newton-cholesky, run to its optimum.")
        yield table(["participant", "s, median", "s, min", "best C", "fits not converged", "largest difference of a score"], rows)


def article(record: Record, encoder: str) -> Iterator[str]:
    for job, title in (("article", "The article's run, from process start to accuracy"), ("article-grid", "The same with the grid search")):
        rows = []
        for participant, dtype in record.participants(job, encoder):
            seconds = floors.rounds_of(record, job, "seconds", encoder, participant, dtype)
            peak = floors.rounds_of(record, job, "peak_resident_bytes", encoder, participant, dtype)
            found = ratios(seconds, floors.rounds_of(record, job, "seconds", encoder, "article.py", "f32")) if participant == "clsify" else []
            accuracy = record.number("accuracy", job=job, encoder=encoder, participant=participant, dtype=dtype)
            rows.append([participant, dtype, f"{median(seconds.values()):.2f}", f"{min(seconds.values()):.2f}",
                         f"{median(found):.3f}" if found else "", floors.megabytes(max(peak.values())), f"{accuracy:.4f}"])
        if rows:
            yield f"### {title}"
            yield table(["participant", "dtype", "s, median", "s, min", "ours / theirs", "peak memory", "accuracy"], rows)


def cold(record: Record, encoder: str) -> Iterator[str]:
    rows = []
    for participant, dtype in record.participants("cold", encoder):
        seconds = floors.rounds_of(record, "cold", "seconds", encoder, participant, dtype).values()
        peak = floors.rounds_of(record, "cold", "peak_resident_bytes", encoder, participant, dtype).values()
        rows.append([dtype, f"{median(seconds) * 1e3:.0f}", f"{min(seconds) * 1e3:.0f}", floors.megabytes(max(peak))])
    if rows:
        yield "### `clsify predict` of one sentence, from process start"
        yield table(["dtype", "ms, median", "ms, min", "peak memory"], rows)


def memory(record: Record, encoder: str) -> Iterator[str]:
    peak = floors.rounds_of(record, "memory", "peak_resident_bytes", encoder, "clsify", "int8")
    seconds = floors.rounds_of(record, "memory", "seconds", encoder, "clsify", "int8")
    if peak:
        yield "### `clsify embed` of long files, int8"
        yield table(["sentences", "s", "µs per sentence", "peak memory"],
                    [[f"{int(count):,}", f"{seconds[count]:.1f}", f"{seconds[count] / int(count) * 1e6:.0f}", floors.megabytes(peak[count])]
                     for count in sorted(peak, key=int)])


def package(record: Record, encoder: str) -> Iterator[str]:
    yield from with_tables(packaged.report.sections(record, encoder))


def serve(record: Record, encoder: str) -> Iterator[str]:
    yield from with_tables(serving.report.sections(record, encoder))


def explain(record: Record, encoder: str) -> Iterator[str]:
    yield from with_tables(explaining.report.sections(record, encoder))


def tune(record: Record, encoder: str) -> Iterator[str]:
    yield from with_tables(tuning.report.sections(record, encoder))


def with_tables(sections: Iterator[explaining.report.Section]) -> Iterator[str]:
    for title, text, header, rows in sections:
        yield title
        yield text
        yield table(header, rows)


def repeat(source: str) -> str:
    return f"""## To repeat the measurement

```sh
python3 -m venv peers && peers/bin/pip install -r benchmarks/requirements.txt
peers/bin/python benchmarks/run.py --encoder DIR --data FILE.tsv      # measures, writes the record and this file
peers/bin/python benchmarks/explain.py --encoder DIR --data NAME=TRAIN,TEST   # the explanations, into the same record
peers/bin/python benchmarks/tune.py --encoder DIR --data NAME=TRAIN,TEST --rows 500,all   # fine-tuning, likewise
peers/bin/pip install . && peers/bin/python benchmarks/python_package.py --encoder DIR --data FILE.tsv   # the Python package, likewise
peers/bin/python benchmarks/tables.py {source}
```"""


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    line = lambda cells: "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    return "\n".join([line(header), "|" + "---|" * len(header), *map(line, rows)])


if __name__ == "__main__":
    records = [Path(argument) for argument in sys.argv[1:] if argument.endswith(".csv")]
    outputs = [Path(argument) for argument in sys.argv[1:] if not argument.endswith(".csv")]
    if not records or len(outputs) > 1:
        raise SystemExit(__doc__)
    write(records, outputs[0] if outputs else ROOT / "BENCHMARKS.md")
