"""The performance requirements ("floors") of clsify, and the checks of a record against them. Standard library only.

A ratio is ours over theirs, taken round by round; the median is used. Floors for one shape of encoder do not apply to
others, whose numbers are shown without them.
"""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from explaining import JOB, LARGE_BATCHES, LEAVE_ONE_OUT, PATH, REFERENCE, WITH_PAIRS
from explaining.words import PERTURBATIONS
from record import Record, ratios

# (layers, hidden)
DISTILBERT, MINILM = (6, 768), (6, 384)
BEST = "best"

# dtype -> peer, or the best of that dtype -> shape -> at most
ENCODE_RATIO = {
    "f32": {BEST: {DISTILBERT: 1 / 1.30, MINILM: 1 / 1.25}},
    "bf16": {"openvino": {DISTILBERT: 1 / 1.30, MINILM: 1 / 1.25}},
    "int8": {"openvino": {DISTILBERT: 1 / 1.25, MINILM: 1 / 1.25}, "onnxruntime": {DISTILBERT: 1 / 1.7, MINILM: 1 / 1.7}},
}
# Relative to the best of these peers in the same dtype.
LATENCY_PEERS = ("openvino", "onnxruntime")
LATENCY_RATIO = {
    "f32": {DISTILBERT: 0.83, MINILM: 0.65},
    "bf16": {DISTILBERT: 0.55, MINILM: 0.5},
    "int8": {DISTILBERT: 0.5, MINILM: 0.55},
}
# Share of the measured ceiling, at least.
FRACTION = {"f32": {DISTILBERT: 0.85}, "bf16": {DISTILBERT: 0.78}, "int8": {DISTILBERT: 0.65}}
LARGEST_DIFFERENCE_F32 = 2e-4
COSINE_MEAN_BF16 = 0.9999
COSINE_MEAN_INT8, COSINE_MIN_INT8 = 0.9995, 0.998
ACCURACY_POINTS = 0.005
ARTICLE_RATIO = {"f32": 1 / 1.8, "int8": 1 / 5}
BYTES_A_WEIGHT = {"f32": 4, "bf16": 2, "int8": 1}
ARTICLE_MEMORY_FACTOR, ARTICLE_MEMORY_BYTES = 1.3, 150e6
GRID_RATIO, GRID_SECONDS = 1 / 100, 0.5
# Scores are shares of a fold's rows: two that agree in six decimal places come from the same counts.
GRID_SCORE_DIFFERENCE = 1e-6
COLD_SECONDS = {MINILM: 0.150}
TOKENIZE_SHARE = {MINILM: 0.03}
# Two runs of the same process differ by some pages.
STREAM_MEMORY_RATIO, STREAM_TIME_RATIO = 1.02, 1.05
# NAOPC comprehensiveness of the probability, beside shap with 500 evaluations.
EXPLAIN_BEHIND, EXPLAIN_TIME_RATIO = 0.02, 1 / 25
# Encodings of a sentence of 20 words with its pairs.
EXPLAIN_ENCODINGS = 45


class Check(NamedTuple):
    """One floor and its measurement, as texts."""

    what: str
    ours: str
    theirs: str
    measured: str
    floor: str
    is_met: bool


def shape_of(record: Record, encoder: str) -> tuple[int, int] | None:
    layers, hidden = (record.number(metric, job="encoder", encoder=encoder) for metric in ("layers", "hidden"))
    return (int(layers), int(hidden)) if layers and hidden else None


def has_random_weights(record: Record, encoder: str) -> bool:
    return record.number("random_weights", job="encoder", encoder=encoder) == 1


def checks(record: Record, encoder: str) -> Iterator[Check]:
    """Every floor of this encoder for which there are measurements."""
    yield from encode_checks(record, encoder)
    yield from fidelity_checks(record, encoder)
    yield from latency_checks(record, encoder)
    yield from fraction_checks(record, encoder)
    yield from grid_checks(record, encoder)
    yield from process_checks(record, encoder)
    yield from explain_checks(record, encoder)


def rounds_of(record: Record, job: str, metric: str, encoder: str, participant: str, dtype: str) -> dict[str, float]:
    return record.rounds(metric, job=job, encoder=encoder, participant=participant, dtype=dtype)


def best_peer(record: Record, job: str, metric: str, encoder: str, dtype: str, among: tuple[str, ...] = ()) -> str | None:
    """The peer with the smallest median in this dtype."""
    medians = {}
    for participant, other in record.participants(job, encoder):
        values = rounds_of(record, job, metric, encoder, participant, dtype)
        if participant != "clsify" and other == dtype and values and (not among or participant in among):
            medians[participant] = median(values.values())
    return min(medians, key=medians.get) if medians else None


def ratio_check(record: Record, job: str, metric: str, unit: str, encoder: str, ours: str, theirs: tuple[str, str], floor: float,
                what: str) -> Iterator[Check]:
    """Compares ours in one dtype with a peer in one, round by round."""
    our_rounds = rounds_of(record, job, metric, encoder, "clsify", ours)
    their_rounds = rounds_of(record, job, metric, encoder, *theirs)
    found = ratios(our_rounds, their_rounds)
    if found:
        ratio = median(found)
        yield Check(what, f"{median(our_rounds.values()):.3g} {unit}", f"{theirs[0]}: {median(their_rounds.values()):.3g} {unit}",
                    f"{ratio:.3f}", f"at most {floor:.3f}", ratio <= floor)


def encode_checks(record: Record, encoder: str) -> Iterator[Check]:
    shape = shape_of(record, encoder)
    for dtype, peers in ENCODE_RATIO.items():
        for peer, floors in peers.items():
            name = best_peer(record, "encode", "seconds", encoder, dtype) if peer == BEST else peer
            if name and shape in floors:
                yield from ratio_check(record, "encode", "seconds", "s", encoder, dtype, (name, dtype), floors[shape],
                                       f"vectors, {dtype}")
    tokenize = record.rounds("seconds", job="tokenize", encoder=encoder, participant="clsify")
    encode = rounds_of(record, "encode", "seconds", encoder, "clsify", "int8")
    if tokenize and encode and shape in TOKENIZE_SHARE:
        share = median(tokenize.values()) / median(encode.values())
        yield Check("tokenizing beside vectors, int8", f"{median(tokenize.values()):.3g} s", f"{median(encode.values()):.3g} s",
                    f"{share:.3f}", f"at most {TOKENIZE_SHARE[shape]}", share <= TOKENIZE_SHARE[shape])


def fidelity_checks(record: Record, encoder: str) -> Iterator[Check]:
    def ours(metric: str, dtype: str) -> float | None:
        return record.number(metric, job="fidelity", encoder=encoder, participant="clsify", dtype=dtype)

    difference = ours("largest_difference", "f32")
    if difference is not None:
        yield Check("fidelity, f32", "largest difference", "torch f32", f"{difference:.1e}", f"at most {LARGEST_DIFFERENCE_F32:.0e}",
                    difference <= LARGEST_DIFFERENCE_F32)
    floors = [("bf16", "cosine_mean", COSINE_MEAN_BF16)]
    if not has_random_weights(record, encoder):
        floors += [("int8", "cosine_mean", COSINE_MEAN_INT8), ("int8", "cosine_min", COSINE_MIN_INT8)]
    for dtype, metric, floor in floors:
        cosine = ours(metric, dtype)
        if cosine is not None:
            yield Check(f"fidelity, {dtype}", metric.replace("_", " "), "torch f32", f"{cosine:.6f}", f"at least {floor}", cosine >= floor)
    exact, coarse = ours("accuracy", "f32"), ours("accuracy", "int8")
    if exact is not None and coarse is not None:
        yield Check("accuracy of the classifier, int8", f"{coarse:.4f}", f"clsify f32: {exact:.4f}", f"{coarse - exact:+.4f}",
                    f"within {ACCURACY_POINTS}", abs(coarse - exact) <= ACCURACY_POINTS)


def latency_checks(record: Record, encoder: str) -> Iterator[Check]:
    shape = shape_of(record, encoder)
    for dtype, floors in LATENCY_RATIO.items():
        peer = best_peer(record, "latency", "median_ms", encoder, dtype, LATENCY_PEERS)
        if peer and shape in floors:
            yield from ratio_check(record, "latency", "median_ms", "ms", encoder, dtype, (peer, dtype), floors[shape],
                                   f"one sentence, {dtype}")


def fractions(record: Record, encoder: str, dtype: str) -> list[float]:
    """The share of the ceiling reached by the needed operations, round by round."""
    operations = record.number("operations", job="encoder", encoder=encoder)
    ceiling = record.rounds("operations_per_second", job="ceiling", encoder=encoder, dtype=dtype)
    seconds = rounds_of(record, "encode", "seconds", encoder, "clsify", dtype)
    return [operations / seconds[name] / ceiling[name] for name in seconds if operations and ceiling.get(name)]


def fraction_checks(record: Record, encoder: str) -> Iterator[Check]:
    shape = shape_of(record, encoder)
    for dtype, floors in FRACTION.items():
        found = fractions(record, encoder, dtype)
        if found and shape in floors:
            ceiling = median(record.rounds("operations_per_second", job="ceiling", encoder=encoder, dtype=dtype).values())
            share = median(found)
            yield Check(f"share of the ceiling, {dtype}", f"{share * ceiling / 1e9:.0f} Gop/s", f"ceiling: {ceiling / 1e9:.0f} Gop/s",
                        f"{share:.3f}", f"at least {floors[shape]}", share >= floors[shape])


def grid_checks(record: Record, encoder: str) -> Iterator[Check]:
    yield from ratio_check(record, "grid", "seconds", "s", encoder, "", ("scikit-learn", ""), GRID_RATIO, "grid search")
    seconds = rounds_of(record, "grid", "seconds", encoder, "clsify", "")
    if seconds:
        middle = median(seconds.values())
        yield Check("grid search", f"{middle:.3g} s", "", f"{middle:.3g} s", f"at most {GRID_SECONDS} s", middle <= GRID_SECONDS)
    agreement = grid_agreement(record, encoder, "clsify")
    if agreement is not None:
        best, difference = agreement
        yield Check("grid search: best C and scores", "best C " + ("the same" if best else "another"), "converged reference",
                    f"{difference:.1e}", "equal", best and difference <= GRID_SCORE_DIFFERENCE)


def grid_agreement(record: Record, encoder: str, participant: str) -> tuple[bool, float] | None:
    """Returns whether the best C equals the reference's, and the largest difference of a mean score."""
    def answer(name: str) -> tuple[str, list[float]]:
        columns = dict(job="grid", encoder=encoder, participant=name)
        return record.text("best_C", **columns), [float(score) for score in record.text("scores", **columns).split()]

    (best, scores), (reference_best, reference_scores) = answer(participant), answer("reference")
    if not scores or len(scores) != len(reference_scores):
        return None
    difference = max(abs(ours - theirs) for ours, theirs in zip(scores, reference_scores))
    return abs(float(best) - float(reference_best)) <= 1e-9 * float(reference_best), difference


def process_checks(record: Record, encoder: str) -> Iterator[Check]:
    for dtype, floor in ARTICLE_RATIO.items():
        yield from ratio_check(record, "article", "seconds", "s", encoder, dtype, ("article.py", "f32"), floor, f"the article's run, {dtype}")
    weights = record.number("parameters", job="encoder", encoder=encoder)
    for dtype, bytes_a_weight in BYTES_A_WEIGHT.items():
        peak = rounds_of(record, "article", "peak_resident_bytes", encoder, "clsify", dtype)
        if peak and weights:
            most = ARTICLE_MEMORY_FACTOR * weights * bytes_a_weight + ARTICLE_MEMORY_BYTES
            highest = max(peak.values())
            yield Check(f"the article's run: peak memory, {dtype}", megabytes(highest), f"weights: {megabytes(weights * bytes_a_weight)}",
                        megabytes(highest), f"at most {megabytes(most)}", highest <= most)
    cold = COLD_SECONDS.get(shape_of(record, encoder))
    for dtype in BYTES_A_WEIGHT:
        seconds = rounds_of(record, "cold", "seconds", encoder, "clsify", dtype)
        if cold and seconds:
            middle = median(seconds.values())
            yield Check(f"one prediction, cold process, {dtype}", f"{middle * 1e3:.0f} ms", "", f"{middle * 1e3:.0f} ms",
                        f"at most {cold * 1e3:.0f} ms", middle <= cold)
    yield from stream_checks(record, encoder)


def stream_checks(record: Record, encoder: str) -> Iterator[Check]:
    """Compares the longest file with the shortest."""
    peak = rounds_of(record, "memory", "peak_resident_bytes", encoder, "clsify", "int8")
    seconds = rounds_of(record, "memory", "seconds", encoder, "clsify", "int8")
    if len(peak) < 2:
        return
    short, long = min(peak, key=int), max(peak, key=int)
    growth = peak[long] / peak[short]
    yield Check(f"embed, int8: peak memory of {int(long):,} sentences", megabytes(peak[long]), f"{int(short):,}: {megabytes(peak[short])}",
                f"{growth:.3f}", f"at most {STREAM_MEMORY_RATIO}", growth <= STREAM_MEMORY_RATIO)
    slower = (seconds[long] / int(long)) / (seconds[short] / int(short))
    yield Check(f"embed, int8: time per sentence of {int(long):,}", f"{seconds[long] / int(long) * 1e6:.0f} µs",
                f"{int(short):,}: {seconds[short] / int(short) * 1e6:.0f} µs", f"{slower:.3f}", f"at most {STREAM_TIME_RATIO}",
                slower <= STREAM_TIME_RATIO)


def explain_jobs(record: Record, encoder: str) -> list[str]:
    return list(dict.fromkeys(row.job for row in record.select(encoder=encoder) if row.job.startswith(JOB)))


def explain_checks(record: Record, encoder: str) -> Iterator[Check]:
    """The faithfulness and time of explanations, under both perturbations."""
    for job in explain_jobs(record, encoder):
        for perturbation in PERTURBATIONS:
            metric = f"naopc_comprehensiveness_probability_{perturbation}"
            yield from faithfulness_check(record, job, encoder, metric, LEAVE_ONE_OUT, -EXPLAIN_BEHIND, "difference",
                                          f"{job}, {perturbation}: leave-one-word-out")
            yield from faithfulness_check(record, job, encoder, metric, PATH, 0.0, "lower end of the difference's 95 % interval",
                                          f"{job}, {perturbation}: --path")
        # The command deletes pairs too, so its time is an upper bound of that of leave-one-word-out.
        ours = rounds_of(record, job, "seconds", encoder, WITH_PAIRS, "")
        for name in (REFERENCE, REFERENCE + LARGE_BATCHES):
            theirs = rounds_of(record, job, "seconds", encoder, name, "")
            if found := ratios(ours, theirs):
                ratio = median(found)
                yield Check(f"{job}: seconds per sentence, with pairs", f"{median(ours.values()) * 1e3:.1f} ms",
                            f"{name}: {median(theirs.values()) * 1e3:.0f} ms", f"{ratio:.3f}", f"at most {EXPLAIN_TIME_RATIO:.3f}",
                            ratio <= EXPLAIN_TIME_RATIO)
        encodings = record.number("encodings_of_20_words", job=job, encoder=encoder)
        if encodings is not None:
            yield Check(f"{job}: encodings of 20 words, with pairs", f"{encodings:.0f}", "", f"{encodings:.0f}", f"at most {EXPLAIN_ENCODINGS}",
                        encodings <= EXPLAIN_ENCODINGS)


def faithfulness_check(record: Record, job: str, encoder: str, metric: str, ours: str, floor: float, of: str, what: str) -> Iterator[Check]:
    """Compares the difference from shap, or the lower end of its interval, with a floor."""
    def number(name: str, participant: str) -> float | None:
        return record.number(name, job=job, encoder=encoder, participant=participant)

    mean, reference = number(metric, ours), number(metric, REFERENCE)
    difference, low = number(f"{metric}_difference", ours), number(f"{metric}_difference_low", ours)
    if None in (mean, reference, difference, low):
        return
    measured, sign = (difference, "at least") if of == "difference" else (low, "above")
    yield Check(what, f"NAOPC {mean:.3f}", f"{REFERENCE}: {reference:.3f}", f"{of} {measured:+.3f}", f"{sign} {floor:+.3f}",
                measured >= floor if of == "difference" else measured > floor)


def megabytes(bytes: float) -> str:
    return f"{bytes / 1e6:.0f} MB"
