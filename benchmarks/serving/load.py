"""Requests to a server: many at a time by wrk, or one after another to an idle server."""

import json
import socket
import subprocess
import time
from pathlib import Path

from serving import PATH


def body(model: str, sentence: str) -> str:
    return json.dumps({"model": model, "input": [sentence]})


def together(port: int, connections: int, seconds: int, bodies: Path) -> dict[str, float]:
    """Requests per second and percentiles of the latency, in milliseconds; each connection sends a request as soon as it has its answer."""
    script = Path(__file__).resolve().parent / "requests.lua"
    command = ["wrk", "--threads", "1", "--connections", connections, "--duration", f"{seconds}s", "--timeout", "60s", "--latency",
               "--script", script, f"http://127.0.0.1:{port}", "--", bodies, PATH]
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return {"requests_per_second": found["requests"] / found["seconds"], "failed": found["failed"], "requests": found["requests"],
            "p50_ms": found["p50"] / 1e3, "p99_ms": found["p99"] / 1e3}


def one_by_one(port: int, body: bytes, n: int, pause_seconds: float) -> list[float]:
    """The latencies of requests on one connection, each after a pause, in milliseconds."""
    request = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    latencies = []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(n):
            if pause_seconds:
                time.sleep(pause_seconds)
            started = time.perf_counter()
            connection.sendall(request)
            read_answer(connection)
            latencies.append((time.perf_counter() - started) * 1e3)
    return latencies


def read_answer(connection: socket.socket) -> bytes:
    """The body of an answer with a length."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += receive(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    if status.split(" ")[1] != "200":
        raise SystemExit(f"expected an answer with status 200, got {status}")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:"))
    while len(body) < length:
        body += receive(connection)
    return body


def receive(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise SystemExit("the server closed the connection before its answer was complete")
    return data
