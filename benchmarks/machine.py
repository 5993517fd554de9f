"""Properties of the machine: the processor, its name for a folder, the commit, and the processor time of other processes."""

import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cpu() -> dict[str, str]:
    """Name, family and model of the processor and the number of cores, as far as the system reports them."""
    found = {"name": platform.processor() or platform.machine(), "cores": str(os.cpu_count() or 1)}
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return found
    for key, field in (("name", "model name"), ("family", "cpu family"), ("model", "model")):
        match = re.search(rf"^{field}\s*:\s*(.+)$", text, re.MULTILINE)
        if match:
            found[key] = match[1].strip()
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    if flags:
        wanted = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16", "amx_int8", "avx512_fp16")
        present = set(flags[1].split())
        found["instructions"] = " ".join(flag for flag in wanted if flag in present)
    return found


def slug(processor: dict[str, str]) -> str:
    """The processor's name as a folder name: cloud names such as "AMD EPYC" are unique only with family and model."""
    parts = [processor["name"]]
    parts += [f"{key}-{processor[key]}" for key in ("family", "model") if key in processor]
    return re.sub(r"[^a-z0-9]+", "-", " ".join(parts).lower()).strip("-")


def commit() -> str:
    """The measured commit, with `-dirty` if the sources differ from it."""
    def git(*arguments: str) -> str:
        return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, text=True, check=True).stdout.strip()
    try:
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.toml", "Cargo.lock")
        return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def busy_seconds() -> float | None:
    """The processor time in seconds that the machine has used since it started; `None` if the system does not report it."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _iowait, interrupts, soft_interrupts = map(int, first[1:8])
    return (user + nice + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")


def process_seconds(pid: int) -> float | None:
    """The processor time in seconds that a process has used."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_bytes(pid: int) -> int | None:
    """The peak resident memory of a process."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(r"^VmHWM:\s+(\d+) kB$", text, re.MULTILINE)
    return int(match[1]) * 1024 if match else None
