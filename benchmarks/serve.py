"""Measures `clsify serve` beside infinity on the same sentences; writes the record and the tables.

    python benchmarks/serve.py --encoder DIR --data FILE.tsv --infinity ENVIRONMENT/bin/infinity_emb

Needs a release build of clsify, wrk, and infinity-emb with optimum in an environment of its own. See `benchmarks/README.md`.
"""

import argparse
import datetime
import json
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import machine
import tables
from participant import say
from record import Record, Row
from run import existing, positive
from serving import IDLE, LIBRARY, LOAD, ONNX, OURS, PARTICIPANTS, SOAK
from serving.folders import prepare
from serving.load import body, one_by_one, together
from serving.servers import Server, start
from suite import round_to

# The sentence of `clsify bench` for the latency.
ONE_SENTENCE = "a visually stunning rumination on love"
IDLE_REQUESTS = 300
# As long as the pause of `clsify bench` before a run.
PAUSE_SECONDS = 0.02
# Unmeasured requests before a turn: a server that has slept wakes up.
WARM_UP_SECONDS = 1
SOAK_CONNECTIONS, SOAK_SECONDS = 64, 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=existing, required=True, metavar="DIR", help="the folder of a sentence-transformers model with mean pooling")
    parser.add_argument("--data", type=existing, required=True, metavar="FILE.tsv", help="sentences in the first column, without a header")
    parser.add_argument("--infinity", type=existing, metavar="FILE", help="the program infinity_emb; without it clsify is measured alone")
    parser.add_argument("--clsify", type=existing, default=str(machine.ROOT / "target/release/clsify"), metavar="FILE", help="a release build [target/release/clsify]")
    parser.add_argument("--limit", type=positive, default=2000, metavar="N", help="the first N sentences [2000]")
    parser.add_argument("--connections", type=lambda text: [positive(number) for number in text.split(",")], default=[1, 8, 64], metavar="N,...",
                        help="numbers of connections [1,8,64]")
    parser.add_argument("--rounds", type=positive, default=5, metavar="N", help="turns of every participant [5]")
    parser.add_argument("--seconds", type=positive, default=5, metavar="N", help="the length of a turn [5]")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="threads of every participant [2]")
    parser.add_argument("--soak", type=positive, metavar="MINUTES", help="instead of all this, load clsify for so long and watch its memory")
    parser.add_argument("--work", type=Path, default=Path.home() / ".cache/clsify-benchmarks/serve", metavar="DIR",
                        help="the folder for converted models and logs [~/.cache/clsify-benchmarks/serve]")
    parser.add_argument("--record", type=Path, metavar="FILE.csv", help="the record [the newest of this processor, or a new one]")
    parser.add_argument("--no-tables", action="store_true", help="write the record, leave BENCHMARKS.md as it is")
    return parser.parse_args()


class Run:
    """The settings of a run, and its rows of the record."""

    def __init__(self, args: argparse.Namespace):
        self.args, self.rows = args, []
        self.today, self.commit = datetime.date.today().isoformat(), machine.commit()
        self.encoder, self.infinity = args.encoder.resolve(), args.infinity and args.infinity.absolute()
        args.work.mkdir(parents=True, exist_ok=True)
        with open(args.data, encoding="utf-8") as file:
            sentences = [line.rstrip("\n").split("\t")[0] for line, _ in zip(file, range(args.limit))]
        self.sentences = args.work / "sentences.txt"
        self.sentences.write_text("".join(sentence + "\n" for sentence in sentences), encoding="utf-8")
        self.bodies = args.work / "bodies.jsonl"
        self.bodies.write_text("".join(body(self.encoder.name, sentence) + "\n" for sentence in sentences), encoding="utf-8")
        self.n_sentences = len(sentences)
        self.folders = prepare(self.encoder, self.infinity, args.work) if self.infinity else dict.fromkeys(("f32", "int8"), self.encoder)

    def note(self, job: str, participant: str, dtype: str, number: int | str, **found: float) -> None:
        say(f"{job}, {participant} {dtype}: " + ", ".join(f"{name} {round_to(value)}" for name, value in found.items()))
        for metric, value in found.items():
            self.row(job, participant, dtype, number, metric, round_to(value, 6))

    def row(self, job: str, participant: str, dtype: str, number: int | str, metric: str, value: object) -> None:
        self.rows.append(Row(self.today, self.commit, self.encoder.name, job, participant, dtype, str(number), metric, str(value)))

    def start(self, participant: str, dtype: str) -> Server:
        say(f"starting {participant} {dtype}")
        folders = dict.fromkeys(self.folders, self.encoder) if participant == OURS else self.folders
        return start(participant, dtype, self.encoder.name, self.args.clsify.resolve(), self.infinity, folders, self.args.threads, self.args.work)

    def measure(self) -> None:
        """All participants in turns; every other round runs in the opposite order."""
        chosen = [(participant, dtype) for participant, dtype in PARTICIPANTS if participant == OURS or self.infinity]
        with ExitStack() as running:
            servers = {}
            for who in chosen:
                servers[who] = self.start(*who)
                running.callback(servers[who].stop)
            for number in range(self.args.rounds):
                for who in chosen if number % 2 == 0 else chosen[::-1]:
                    self.turn(servers[who], *who, number)
        failed = sum(float(row.value) for row in self.rows if row.metric.startswith("failed"))
        for metric, value in (("rows", self.n_sentences), ("threads", self.args.threads), ("seconds", self.args.seconds), ("failed", round_to(failed)),
                              ("infinity", self.version())):
            self.row(LOAD, "", "", "", metric, value)

    def turn(self, server: Server, participant: str, dtype: str, number: int) -> None:
        together(server.port, self.args.connections[-1], WARM_UP_SECONDS, self.bodies)
        for connections in self.args.connections:
            found = together(server.port, connections, self.args.seconds, self.bodies)
            del found["requests"]
            self.note(LOAD, participant, dtype, number, **{f"{name} {connections}": value for name, value in found.items()})
        one = body(self.encoder.name, ONE_SENTENCE).encode()
        latency = lambda pause_seconds: median(one_by_one(server.port, one, IDLE_REQUESTS, pause_seconds))
        self.note(IDLE, participant, dtype, number, p50_ms=latency(0), after_pause_p50_ms=latency(PAUSE_SECONDS))
        if participant == OURS:
            self.note(LIBRARY, participant, dtype, number, **self.library(dtype))

    def library(self, dtype: str) -> dict[str, float]:
        """The speed of the library without a server."""
        command = [self.args.clsify, "bench", "--encoder", self.encoder, "--input", self.sentences, "--dtype", dtype, "--pooling", "mean",
                   "--threads", self.args.threads, "--json", "--quiet"]
        done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
        found = json.loads(done.stdout)[dtype]
        seconds = found["tokenize_seconds"] + found["encode_seconds"]
        return {"sentences_per_second": found["n_sentences"] / seconds, "one_sentence_ms": found["one_sentence"]["median_ms"],
                "after_pause_ms": found["one_sentence_after_pause"]["median_ms"]}

    def version(self) -> str:
        if not self.infinity:
            return ""
        script = "import importlib.metadata as m; print(m.version('infinity_emb'), 'with ONNX Runtime', m.version('onnxruntime'), 'and PyTorch', m.version('torch'))"
        return subprocess.run([self.infinity.with_name("python"), "-c", script], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    def soak(self) -> None:
        """Full load for minutes; the memory of the server meanwhile."""
        server, memory, requests, failed = self.start(OURS, "f32"), [], 0.0, 0.0
        try:
            until = time.monotonic() + 60 * self.args.soak
            while time.monotonic() < until:
                found = together(server.port, SOAK_CONNECTIONS, SOAK_SECONDS, self.bodies)
                requests, failed = requests + found["requests"], failed + found["failed"]
                memory.append(server.resident_bytes())
        finally:
            server.stop()
        # The first minute fills the pools of memory of all threads.
        memory = memory[60 // SOAK_SECONDS - 1:]
        self.row(SOAK, OURS, "f32", "", "minutes", self.args.soak)
        self.note(SOAK, OURS, "f32", "", requests=requests, failed=failed, first_bytes=memory[0], least_bytes=min(memory), most_bytes=max(memory), last_bytes=memory[-1])


def main() -> None:
    args = arguments()
    folder = machine.ROOT / "benchmarks" / "record" / machine.slug(machine.cpu())
    run = Run(args)
    path = args.record or max(folder.glob("*.csv"), default=folder / f"{run.today}.csv")
    if args.soak:
        run.soak()
    else:
        run.measure()
    record = Record.read(path) if path.exists() else Record()
    record.replaced_by(Record(run.rows)).write(path)
    say(f"record: {path}")
    if not args.no_tables:
        tables.write(path, machine.ROOT / "BENCHMARKS.md")


if __name__ == "__main__":
    main()
