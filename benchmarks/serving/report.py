"""The tables of the server in BENCHMARKS.md. Standard library only."""

from collections.abc import Iterator
from statistics import median

from explaining.report import Section
from record import Record, ratios
from serving import IDLE, LIBRARY, LOAD, OURS, PARTICIPANTS, SOAK


def sections(record: Record, encoder: str) -> Iterator[Section]:
    """Title, text, header and rows of each table, as far as the server was measured."""
    counts = sorted({int(row.metric.split()[1]) for row in record.select(job=LOAD, encoder=encoder) if row.metric.startswith("requests_per_second")})
    if not counts:
        return
    fact = lambda metric: record.text(metric, job=LOAD, encoder=encoder, participant="")
    yield ("### Served over HTTP",
           (f"`clsify serve` beside infinity {fact('infinity')}, `/embeddings` with float vectors, one of {fact('rows')} texts per request. Servers and client share "
            f"{fact('threads')} cores; each connection sends a request as soon as it has its answer, for {fact('seconds')} s in each round. The ratio is requests per second, "
            f"ours over theirs, of the same round. {float(fact('failed')):.0f} requests failed."),
           ["participant", "dtype", "connections", "requests/s", "ours / theirs", "p50, ms", "p99, ms"],
           [line(record, encoder, participant, dtype, count) for participant, dtype in PARTICIPANTS for count in counts
            if served(record, encoder, participant, dtype, "requests_per_second", count)])
    rows = [beside_library(record, encoder, dtype, counts[-1]) for participant, dtype in PARTICIPANTS if participant == OURS]
    yield ("### What HTTP costs",
           (f"The library encodes the same texts in one call (`clsify bench`, its fastest pass); the server has {counts[-1]} connections of one text per request, and the client runs on the same "
            "cores. Then a sentence of nine tokens again and again, and with pauses of 20 ms before each, in which threads sleep and weights leave the processor's caches; times are medians in ms."),
           ["dtype", "library, sentences/s", "server, requests/s", "overhead", "library", "server", "difference", "library, pauses", "server, pauses", "difference"],
           [row for row in rows if row])
    minutes = record.text("minutes", job=SOAK, encoder=encoder, participant=OURS)
    if minutes:
        fact = lambda metric: record.text(metric, job=SOAK, encoder=encoder, participant=OURS)
        megabytes = lambda metric: f"{float(fact(metric)) / 1e6:.0f}"
        yield (f"### {minutes} minutes at full load",
               "The resident memory of the server, read every ten seconds; the first value is that after the first minute.",
               ["requests", "failed", "memory at first, MB", "least, MB", "most, MB", "at the end, MB"],
               [[f"{float(fact('requests')):,.0f}", f"{float(fact('failed')):.0f}", *(megabytes(f"{name}_bytes") for name in ("first", "least", "most", "last"))]])


def served(record: Record, encoder: str, participant: str, dtype: str, metric: str, count: int) -> dict[str, float]:
    return record.rounds(f"{metric} {count}", job=LOAD, encoder=encoder, participant=participant, dtype=dtype)


def line(record: Record, encoder: str, participant: str, dtype: str, count: int) -> list[str]:
    of = lambda metric: served(record, encoder, participant, dtype, metric, count)
    ratio = ratios(served(record, encoder, OURS, dtype, "requests_per_second", count), of("requests_per_second")) if participant != OURS else []
    middle = lambda metric: f"{median(of(metric).values()):.1f}"
    return [participant, dtype, str(count), middle("requests_per_second"), f"{median(ratio):.2f}" if ratio else "", middle("p50_ms"), middle("p99_ms")]


def beside_library(record: Record, encoder: str, dtype: str, count: int) -> list[str]:
    of = lambda job, metric: record.rounds(metric, job=job, encoder=encoder, participant=OURS, dtype=dtype)
    library = of(LIBRARY, "sentences_per_second")
    server = served(record, encoder, OURS, dtype, "requests_per_second", count)
    if not (library and server and of(IDLE, "p50_ms")):
        return []
    overhead = median(1 - ratio for ratio in ratios(server, library))
    latencies = [latency for ours, theirs in [("one_sentence_ms", "p50_ms"), ("after_pause_ms", "after_pause_p50_ms")]
                 for latency in beside(of(LIBRARY, ours), of(IDLE, theirs))]
    return [dtype, f"{median(library.values()):.0f}", f"{median(server.values()):.0f}", f"{overhead:.1%}", *latencies]


def beside(library: dict[str, float], server: dict[str, float]) -> list[str]:
    """Medians of both, and of their difference round by round."""
    differences = [server[name] - library[name] for name in server.keys() & library.keys()]
    return [f"{median(values):.2f}" for values in (library.values(), server.values(), differences)]
