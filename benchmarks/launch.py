"""Runs one command and prints its resource use as a JSON object: `python launch.py STDOUT_FILE COMMAND...`.

A process of its own, and a small one: the peak memory that the system reports of a child begins with that of the
process that started it, and the driver is large. Standard library only.
"""

import json
import os
import subprocess
import sys
import time

# `ru_maxrss` is in kibibytes on Linux, in bytes on macOS.
UNIT = 1 if sys.platform == "darwin" else 1024


def main(stdout: str, *command: str) -> None:
    with open(stdout, "wb") as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    print(json.dumps({"seconds": seconds, "cpu_seconds": usage.ru_utime + usage.ru_stime,
                      "peak_resident_bytes": usage.ru_maxrss * UNIT, "exit_code": process.returncode}))


if __name__ == "__main__":
    main(*sys.argv[1:])
