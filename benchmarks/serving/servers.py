"""Servers under measurement: how they are started, found to be ready, and stopped."""

import http.client
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from serving import ONNX, OURS

# Loading imports of Python and a warm-up of infinity take up to a minute on a slow machine.
START_SECONDS = 300


class Server:
    """A running server; between its turns it sleeps."""

    def __init__(self, command: list[str], port: int, threads: int, folder: Path, cache: Path, log: Path):
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "CLSIFY_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, str(threads)), "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "HF_HUB_CACHE": str(cache)}
        self.port, self.log = port, log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, env=environment)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}: see {self.log}")
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.2)
            finally:
                connection.close()
        raise SystemExit(f"the server was not ready within {START_SECONDS} s: see {self.log}")

    def resident_bytes(self) -> int:
        """The memory that the server holds now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def start(participant: str, dtype: str, name: str, clsify: Path, infinity: Path, folders: dict[str, Path], threads: int, work: Path) -> Server:
    """A server of the encoder in `folders[dtype]` under this name."""
    port, folder = free_port(), folders[dtype]
    if participant == OURS:
        command = [str(clsify), "serve", "--encoder", str(folder), "--dtype", dtype, "--port", str(port)]
    else:
        engine = "optimum" if participant == ONNX else "torch"
        # infinity looks for the ONNX graph below the path that it was given; it finds that of a local folder only from within.
        command = [str(infinity), "v2", "--model-id", ".", "--served-model-name", name, "--engine", engine, "--device", "cpu", "--pooling-method", "mean",
                   "--host", "127.0.0.1", "--port", str(port)]
    log = work / f"{participant} {dtype}.log".replace(" ", "-")
    return Server(command, port, threads, folder, work / f"cache-{dtype}", log)
