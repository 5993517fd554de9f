"""The tables of explanations in BENCHMARKS.md. Standard library only."""

from collections.abc import Iterator
from statistics import median

import floors
from explaining import JOB, LARGE_BATCHES, REFERENCE
from explaining.measures import FLIP_WITHIN
from explaining.words import PERTURBATIONS
from record import Record

NAMES = {"delete": "words deleted", "mask": "words replaced by [MASK]"}
Section = tuple[str, str, list[str], list[list[str]]]


def sections(record: Record, encoder: str) -> Iterator[Section]:
    """Title, text, header and rows of each table."""
    for job in floors.explain_jobs(record, encoder):
        name = job.removeprefix(JOB)
        yield (f"### Explanations, {name}: cost", introduction(record, job, encoder), ["participant", "evaluations", "ms per sentence, median",
               f"{REFERENCE} over this"], costs(record, job, encoder))
        for perturbation in PERTURBATIONS:
            yield (f"### Explanations, {name}: {NAMES[perturbation]}",
                   "The difference is that of the comprehensiveness from shap with 500 evaluations, with its 95 % interval.",
                   ["participant", "comprehensiveness", "difference", "sufficiency", "comprehensiveness, logit", "sufficiency, logit",
                    "AOPC", "AOPC, logit", *(f"label changes within {within}" for within in FLIP_WITHIN)],
                   faithfulness(record, job, encoder, perturbation))


def introduction(record: Record, job: str, encoder: str) -> str:
    fact = lambda metric: record.number(metric, job=job, encoder=encoder, participant="")
    times = (f"Times are those of the first {fact('timed_sentences'):.0f} sentences, with loaded models; clsify's include the pairs. shap and LIME "
             "call transformers; by default, shap evaluates 5 variants at a time, with large batches 50.") if fact("timed_sentences") else ""
    return (f"{fact('sentences'):.0f} test sentences of 8 to 30 words, {fact('words'):.1f} on average; the explained label is the predicted one. "
            f"Logits of clsify and transformers differ by at most {fact('largest_difference'):.1e}. {times}".rstrip() + "\n\n"
            "The other tables show NAOPC of the label's probability unless they say otherwise: 1 is the best and 0 the worst order of words that "
            "a beam search finds for the same sentence. Comprehensiveness removes the most important words first, so higher is better; sufficiency "
            "removes the least important first, so lower is better. Greedy deletion, and `--path` until the label changes, search for what "
            "comprehensiveness measures, so a lead under deletion is expected. "
            f"Random is the mean of {fact('random_orders'):.0f} orders.")


def costs(record: Record, job: str, encoder: str) -> list[list[str]]:
    rows = []
    reference = floors.rounds_of(record, job, "seconds", encoder, REFERENCE, "")
    for participant, _ in record.participants(job, encoder):
        evaluations = record.number("evaluations", job=job, encoder=encoder, participant=participant.removesuffix(LARGE_BATCHES))
        seconds = floors.rounds_of(record, job, "seconds", encoder, participant, "")
        faster = floors.ratios(reference, seconds)
        if evaluations:
            rows.append([participant, f"{evaluations:.0f}", f"{median(seconds.values()) * 1e3:.1f}" if seconds else "",
                         f"{median(faster):.1f}" if faster else ""])
    return rows


def faithfulness(record: Record, job: str, encoder: str, perturbation: str) -> list[list[str]]:
    rows = []
    for participant, _ in record.participants(job, encoder):
        def number(metric: str) -> float | None:
            return record.number(metric, job=job, encoder=encoder, participant=participant)

        main = f"naopc_comprehensiveness_probability_{perturbation}"
        if number(main) is None:
            continue
        difference = number(f"{main}_difference")
        interval = "" if difference is None else (f"{difference:+.3f} ({number(f'{main}_difference_low'):+.3f} to "
                                                  f"{number(f'{main}_difference_high'):+.3f})")
        others = ("naopc_sufficiency_probability", "naopc_comprehensiveness_logit", "naopc_sufficiency_logit",
                  "aopc_comprehensiveness_probability", "aopc_comprehensiveness_logit")
        rows.append([participant, f"{number(main):.3f}", interval, *(f"{number(f'{metric}_{perturbation}'):.3f}" for metric in others),
                     *(f"{number(f'flipped_within_{within}_{perturbation}'):.1%}" for within in FLIP_WITHIN)])
    return rows
