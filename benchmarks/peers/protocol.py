"""The participant's side of the protocol: one JSON line in, one JSON line out."""

import json
import os
import sys
import traceback
from collections.abc import Callable


def serve(jobs: dict[str, Callable[..., dict | None]]) -> None:
    """Answers jobs until stdin ends; the request's other keys are the job's arguments."""
    # Libraries may print to stdout, so the answers get a separate descriptor, and everything else goes to stderr.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = jobs[request.pop("job")](**request) or {}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
