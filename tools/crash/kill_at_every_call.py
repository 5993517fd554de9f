#!/usr/bin/env python3
"""Kills `clsify train` at every system call of its save, and checks the model's folder afterwards.

    tools/crash/kill_at_every_call.py target/debug/clsify fixtures/transformers/bert

Each round starts from a folder with an earlier model, lets a second training replace it, and kills the process at the N-th
call of one kind (`strace -e inject=CALL:signal=KILL:when=N`), for every call that can change the file system and every N from
the start of the save to its end. After each kill:

- the folder contains the complete earlier model or the complete new one, byte for byte, after `clsify` has read it once;
- other files in the folder are still there;
- the next training succeeds and leaves no temporary file.

It does so twice: with `renameat2`, and with `renameat2` made to fail as on a file system that cannot exchange folders.
It needs Linux and strace, and fails with a message if they are missing.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CALLS = (
    "openat mkdir rename renameat2 unlink unlinkat rmdir link linkat chmod fchmod fchmodat chown fchown write "
    "fsync fdatasync flock ftruncate copy_file_range sendfile"
).split()
NO_EXCHANGE = ["-e", "inject=renameat2:error=EINVAL"]


def strace(arguments, command, cwd, environment):
    return subprocess.run(
        ["strace", "-f", "-qq", *arguments, *command], cwd=cwd, env=environment, capture_output=True, text=True
    )


def content(folder):
    """The bytes of every file below a folder, or None if the folder is missing."""
    if not folder.is_dir():
        return None
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    program, encoder = (str(Path(argument).resolve()) for argument in sys.argv[1:])
    if not sys.platform.startswith("linux") or shutil.which("strace") is None:
        sys.exit("error: strace is not there: install it (apt-get install strace), on Linux")
    with tempfile.TemporaryDirectory() as work:
        for mode, extra in (("with exchange", []), ("without exchange", NO_EXCHANGE)):
            n_kills = run(Path(work), program, encoder, extra)
            print(f"{mode}: {n_kills} kills, each left the earlier model or the new one")


def run(work, program, encoder, extra):
    environment = {**os.environ, "CLSIFY_CACHE": str(work / "cache"), "HF_HUB_OFFLINE": "1"}
    (work / "data.tsv").write_text("".join(f"film {i} is wonderful\tgood\nfilm {i} bores\tbad\n" for i in range(12)))

    def train(c):
        options = ["--c", c, "--bundle-encoder", "--threads", "1", "-q"]
        return [program, "train", "--encoder", encoder, "--data", "data.tsv", "--output", "model", *options]

    def fresh(of):
        for path in work.glob("*model*"):
            shutil.rmtree(path)
        for path in work.glob(".model*"):
            shutil.rmtree(path)
        shutil.copytree(of, work / "model")

    kept = work / "kept"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name, c in (("old", "1"), ("new", "0.5")):
        shutil.rmtree(work / "model", ignore_errors=True)
        subprocess.run(train(c), cwd=work, env=environment, check=True, capture_output=True)
        (work / "model/notes").mkdir()
        (work / "model/notes/mine.txt").write_text("beside the model")
        shutil.move(work / "model", kept / name)
    old, new = content(kept / "old"), content(kept / "new")
    assert old != new

    # A round without a kill finds the calls of the main thread that belong to the save, counted as strace does.
    fresh(kept / "old")
    log = work / "calls"
    traced = strace([*extra, "-o", str(log), "-e", "trace=" + ",".join(CALLS)], train("0.5"), work, environment)
    assert traced.returncode == 0, traced.stderr
    assert content(work / "model") == new
    lines = [re.match(r"(\d+) +(\w+)\((.*)", line) for line in log.read_text().splitlines()]
    calls = [match.groups() for match in lines if match]
    main_thread = calls[0][0]
    calls = [(call, rest) for thread, call, rest in calls if thread == main_thread]
    # The last three folders: one to check that the place can be written, one for the rehearsal, one for the save.
    folders = [i for i, (call, rest) in enumerate(calls) if call == "mkdir" and re.search(r'\.model\.\w+\.tmp"', rest)]
    start = folders[-3]
    counts, points = {}, []
    for i, (call, _) in enumerate(calls):
        counts[call] = counts.get(call, 0) + 1
        if i >= start:
            points.append((call, counts[call]))
    assert len(points) > 30, points

    n_kills = 0
    for call, n in points:
        fresh(kept / "old")
        error = "error=EINVAL:" if extra and call == "renameat2" else ""
        other = [] if error else extra
        inject = [*other, "-e", f"inject={call}:{error}signal=KILL:when={n}"]
        killed = strace(["-o", "/dev/null", *inject], train("0.5"), work, environment)
        where = f"killed at {call} number {n}"
        if killed.returncode == 0:
            # A thread was faster than in the first round, so the main thread had one call fewer.
            continue
        n_kills += 1
        read = subprocess.run(
            [program, "predict", "-q", "model", "film"], cwd=work, env=environment, capture_output=True, text=True
        )
        assert read.returncode == 0, f"{where}: {read.stderr}"
        found = content(work / "model")
        assert found in (old, new), f"{where}: {found and found.keys()}"
        again = subprocess.run(train("0.5"), cwd=work, env=environment, capture_output=True, text=True)
        assert again.returncode == 0, f"{where}: {again.stderr}"
        assert content(work / "model") == new, where
        left = [path.name for path in work.glob(".*")]
        assert not left, f"{where}: left {left}"
    assert n_kills > len(points) * 0.9, (n_kills, len(points))
    return n_kills


if __name__ == "__main__":
    main()
