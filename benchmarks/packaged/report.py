"""The tables of the Python package in BENCHMARKS.md. Standard library only."""

from collections.abc import Iterator
from statistics import median

from explaining.report import Section
from packaged import ARTICLE, IMPORT, OURS, PARTICIPANTS, PEER, SEARCH
from record import Record, ratios

TITLES = {IMPORT: "Imports", ARTICLE: "The article's run: vectors, split, fit, score", SEARCH: "The best of 20 values of C in five folds, from sentences"}


def sections(record: Record, encoder: str) -> Iterator[Section]:
    """Title, text, header and rows of the table, if the package was measured."""
    rows = [line(record, encoder, job, participant) for job in TITLES for participant in PARTICIPANTS
            if record.rounds("import_seconds", job=job, encoder=encoder, participant=participant)]
    if rows:
        fact = lambda metric: record.text(metric, job=ARTICLE, encoder=encoder, participant="")
        text = (f"Processes of Python that read {fact('rows')} labelled sentences, f32, {fact('threads')} threads. Times are medians of the rounds, "
                f"without the start of Python; the ratio is {PEER} over {OURS}, and includes the imports.")
        yield "### From Python", text, ["job", "participant", "imports, s", "work, s", "ratio", "peak memory, MB", "score"], rows


def line(record: Record, encoder: str, job: str, participant: str) -> list[str]:
    rounds = lambda metric, who: record.rounds(metric, job=job, encoder=encoder, participant=who)
    totals = lambda who: {name: seconds + rounds("seconds", who).get(name, 0.0) for name, seconds in rounds("import_seconds", who).items()}
    ratio = median(ratios(totals(PEER), totals(OURS))) if participant == OURS and rounds("import_seconds", PEER) else None
    work, scores = rounds("seconds", participant), rounds("score", participant)
    return [TITLES[job], participant, f"{median(rounds('import_seconds', participant).values()):.2f}", f"{median(work.values()):.2f}" if work else "",
            f"{ratio:.1f}" if ratio else "", f"{median(rounds('peak_bytes', participant).values()) / 1e6:.0f}",
            f"{median(scores.values()):.4f}" if scores else ""]
