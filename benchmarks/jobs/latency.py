"""One sentence of nine tokens, warm: the median and the 95th percentile of many calls, in blocks that take turns.

Behind each turn of ours the time that a plain loop takes to read as many bytes as the layers' weights have.
"""

from statistics import median, quantiles

from encoder import EncoderFolder
from floors import BYTES_A_WEIGHT
from operations import weights_needed
from participant import say
from suite import Suite, round_to

JOB = "latency"
# "a visually stunning rumination on love", in the vocabulary that uncased BERT checkpoints share.
INPUT_IDS = [101, 1037, 17453, 14726, 19379, 12758, 2006, 2293, 102]
WARM_UP, REPEATS = 30, 300
NAMES = frozenset({"torch", "onnxruntime", "openvino", "clsify"})


def run(suite: Suite, encoder: EncoderFolder) -> None:
    with suite.loaded(encoder, JOB, NAMES) as participants:
        arguments = dict(input_ids=INPUT_IDS, warm_up=WARM_UP, repeats=REPEATS)
        for round, participant, turn in suite.turns(participants, suite.rounds, JOB, **arguments):
            milliseconds = turn.answer["milliseconds"]
            middle, late = median(milliseconds), quantiles(milliseconds, n=20)[-1]
            suite.note_turn(JOB, encoder.name, round, participant, turn, median_ms=round_to(middle, 5), p95_ms=round_to(late, 5))
            say(f"{encoder.name}: {JOB}: round {round}: {participant.entry.label} {middle:.3f} ms, 95 % under {late:.3f} ms")
            if participant.entry.is_ours:
                dtype = participant.entry.dtype
                seconds = participant.ask("read", bytes=weights_needed(encoder.shape) * BYTES_A_WEIGHT[dtype])["seconds"]
                suite.note("read", "ms", round_to(1e3 * seconds, 5), encoder=encoder.name, dtype=dtype, round=round)
