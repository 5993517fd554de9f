"""The requirements for fine-tuning, and the checks of a record against them. Standard library only."""

from collections.abc import Iterator
from statistics import mean, median

from floors import Check, megabytes, ratio_check, rounds_of
from record import Record
from tuning import ACCURACY, PEER, TIME
from tuning.settings import MINILM, MPNET

# dataset -> shape -> rows -> mean accuracy over the seeds, at least
ACCURACY_AT_LEAST = {"sst2": {MPNET: {6920: 0.930, 500: 0.915, 128: 0.890}, MINILM: {6920: 0.890, 500: 0.805}}}
# Relative to PyTorch with the same schedule and dtype.
ACCURACY_BEHIND = 0.007
STEP_RATIO = {"bf16": 0.4, "f32": 0.7}
# (shape, rows) -> seconds per epoch; from process start to the saved model
EPOCH_SECONDS = {(MINILM, 6920): 20, (MPNET, 6920): 90}
PROCESS_SECONDS = {(MPNET, 500): 40}
OPTIMIZER_SHARE = 0.20
MEMORY_BYTES = {MINILM: 0.4e9, MPNET: 1.6e9}


def jobs_of(record: Record, encoder: str, kind: str) -> list[str]:
    """The jobs of one kind, in the order in which they were measured."""
    return list(dict.fromkeys(row.job for row in record.select(encoder=encoder) if row.job.startswith(kind)))


def split(job: str, kind: str) -> tuple[str, int]:
    """The dataset and the number of rows of a job."""
    dataset, _, rows = job.removeprefix(kind).rpartition(" ")
    return dataset, int(rows)


def shape_in(record: Record, encoder: str, job: str) -> tuple[int, int]:
    return tuple(int(record.number(metric, job=job, encoder=encoder)) for metric in ("layers", "hidden"))


def checks(record: Record, encoder: str) -> Iterator[Check]:
    """Every floor for which there are measurements."""
    for job in jobs_of(record, encoder, ACCURACY):
        yield from accuracy_checks(record, encoder, job)
    for job in jobs_of(record, encoder, TIME):
        yield from time_checks(record, encoder, job)


def accuracy_checks(record: Record, encoder: str, job: str) -> Iterator[Check]:
    dataset, rows = split(job, ACCURACY)
    floor = ACCURACY_AT_LEAST.get(dataset, {}).get(shape_in(record, encoder, job), {}).get(rows)
    for dtype in STEP_RATIO:
        ours = rounds_of(record, job, "accuracy", encoder, "clsify", dtype)
        theirs = rounds_of(record, job, "accuracy", encoder, PEER, dtype)
        what = f"tuned on {rows:,} rows of {dataset}, {dtype}: accuracy, mean of {len(ours)} seeds"
        if ours and floor is not None:
            yield Check(what, f"{mean(ours.values()):.4f}", "", f"{mean(ours.values()):.4f}", f"at least {floor}", mean(ours.values()) >= floor)
        seeds = ours.keys() & theirs.keys()
        if seeds:
            difference = mean(ours[seed] - theirs[seed] for seed in seeds)
            yield Check(what, f"{mean(ours[seed] for seed in seeds):.4f}", f"{PEER}: {mean(theirs[seed] for seed in seeds):.4f}",
                        f"{difference:+.4f}", f"at least {-ACCURACY_BEHIND:+}", difference >= -ACCURACY_BEHIND)


def time_checks(record: Record, encoder: str, job: str) -> Iterator[Check]:
    dataset, rows = split(job, TIME)
    shape = shape_in(record, encoder, job)
    for dtype, floor in STEP_RATIO.items():
        what = f"tuning on {rows:,} rows of {dataset}, {dtype}"
        yield from ratio_check(record, job, "step_seconds", "s", encoder, dtype, (PEER, dtype), floor, f"{what}: a step")
        # The absolute floors are those of the dtype that users get.
        if dtype != "bf16":
            continue
        ours = lambda metric: rounds_of(record, job, metric, encoder, "clsify", dtype).values()
        seconds = [("epoch_seconds", "an epoch", EPOCH_SECONDS), ("seconds", "process start to saved model", PROCESS_SECONDS)]
        for metric, name, by_shape in seconds:
            most = by_shape.get((shape, rows))
            if most is not None and ours(metric):
                measured = median(ours(metric))
                yield Check(f"{what}: {name}", f"{measured:.1f} s", "", f"{measured:.1f} s", f"at most {most} s", measured <= most)
        if ours("optimizer_share"):
            share = median(ours("optimizer_share"))
            yield Check(f"{what}: optimizer's share of a step", f"{share:.3f}", "", f"{share:.3f}", f"at most {OPTIMIZER_SHARE}",
                        share <= OPTIMIZER_SHARE)
        if ours("peak_resident_bytes") and shape in MEMORY_BYTES:
            peak, most = max(ours("peak_resident_bytes")), MEMORY_BYTES[shape]
            yield Check(f"{what}: peak memory", megabytes(peak), "", megabytes(peak), f"at most {megabytes(most)}", peak <= most)
