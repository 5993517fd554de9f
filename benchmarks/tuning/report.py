"""The tables of fine-tuning in BENCHMARKS.md. Standard library only."""

from collections.abc import Iterator
from statistics import mean, median

from floors import megabytes, rounds_of
from record import Record, ratios
from tuning import ACCURACY, PEER, TIME
from tuning.floors import jobs_of, split

Section = tuple[str, str, list[str], list[list[str]]]


def sections(record: Record, encoder: str) -> Iterator[Section]:
    """Title, text, header and rows of each table."""
    if rows := accuracies(record, encoder):
        yield ("### Fine-tuning: accuracy",
               "Both sides train on the same rows with the same schedule: batches of 32, AdamW, weight decay 0.01, warm-up over a tenth of the steps, linear decay, "
               "frozen embeddings; the head starts from the logistic regression on frozen features. Each seed selects other rows. clsify holds "
               "some of them out, and keeps the frozen encoder if it is better on these; the table says how many seeds have the tuned one.",
               ["dataset", "rows", "epochs", "learning rate", "participant", "dtype", "frozen, mean", "by seed", "mean", "tuned", "ours - theirs"], rows)
    if rows := times(record, encoder):
        yield ("### Fine-tuning: time",
               "The time of an epoch is that of its steps, without tokenizing; the time of a step is the mean of an epoch. The process is timed from its start to the saved model, with "
               "the logistic regression and the score of a few test rows.",
               ["dataset", "rows", "epochs", "participant", "dtype", "ms per step", "ours / theirs", "s per epoch", "process, s", "ours / theirs", "optimizer's share",
                "share of products", "peak memory"], rows)


def accuracies(record: Record, encoder: str) -> list[list[str]]:
    found = []
    for job in jobs_of(record, encoder, ACCURACY):
        dataset, rows = split(job, ACCURACY)
        fact = lambda metric: record.number(metric, job=job, encoder=encoder, participant="")
        for participant, dtype in record.participants(job, encoder):
            tuned = rounds_of(record, job, "accuracy", encoder, participant, dtype)
            frozen = rounds_of(record, job, "frozen_accuracy", encoder, participant, dtype)
            kept = rounds_of(record, job, "is_tuned", encoder, participant, dtype)
            theirs = rounds_of(record, job, "accuracy", encoder, PEER, dtype) if participant == "clsify" else {}
            differences = [tuned[seed] - theirs[seed] for seed in tuned if seed in theirs]
            found.append([dataset, f"{rows:,}", f"{fact('epochs'):.0f}", f"{fact('learning_rate'):g}", participant, dtype,
                          f"{mean(frozen.values()):.4f}" if frozen else "", ", ".join(f"{value:.4f}" for value in tuned.values()),
                          f"{mean(tuned.values()):.4f}", f"{sum(kept.values()):.0f} of {len(tuned)}", f"{mean(differences):+.4f}" if differences else ""])
    return found


def times(record: Record, encoder: str) -> list[list[str]]:
    found = []
    for job in jobs_of(record, encoder, TIME):
        dataset, rows = split(job, TIME)
        epochs = record.number("epochs", job=job, encoder=encoder, participant="")
        for participant, dtype in record.participants(job, encoder):
            of = lambda metric: rounds_of(record, job, metric, encoder, participant, dtype)
            theirs = lambda metric: rounds_of(record, job, metric, encoder, PEER, dtype) if participant == "clsify" else {}
            middle = lambda values, digits, factor=1: f"{median(values) * factor:.{digits}f}" if values else ""
            found.append([dataset, f"{rows:,}", f"{epochs:.0f}", participant, dtype, middle(of("step_seconds").values(), 1, 1e3),
                          middle(ratios(of("step_seconds"), theirs("step_seconds")), 3), middle(of("epoch_seconds").values(), 1),
                          middle(of("seconds").values(), 1), middle(ratios(of("seconds"), theirs("seconds")), 3),
                          middle(of("optimizer_share").values(), 3), middle(of("product_share").values(), 3),
                          megabytes(max(of("peak_resident_bytes").values()))])
    return found
