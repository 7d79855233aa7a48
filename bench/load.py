"""Asking servers: dnsperf for load and latency, one query at a time to see what is answered."""

from __future__ import annotations

import math
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dnslib

from bench.process import bound_to_us, stop

IN_FLIGHT = 100
_TIMEOUT_S = 5
_LIMIT_S = 120
_CLIENTS, _MOST_OUTSTANDING = 8, 60_000

_FIGURES = {
    "sent": re.compile(r"Queries sent:\s+(\d+)"),
    "completed": re.compile(r"Queries completed:\s+(\d+)"),
    "lost": re.compile(r"Queries lost:\s+(\d+)"),
    "qps": re.compile(r"Queries per second:\s+([\d.]+)"),
    "latency_s": re.compile(r"Average Latency \(s\):\s+([\d.]+)"),
}
_ONE_QUERY = re.compile(r"^> (?:T \S+ \w+|\w+ \S+ \w+ ([\d.]+))$", re.MULTILINE)
"""A line of `dnsperf -v`: `> NOERROR example.org A 0.000123`, or `> T example.org A` when lost."""


@dataclass(frozen=True)
class Load:
    """What dnsperf saw of one run."""

    sent: int
    answered: int
    lost: int
    qps: float
    latency_ms: float


def run_load(port: int, file: Path, passes: int, core: int, *more: str) -> Load:
    """Send the queries of `file` `passes` times over, as fast as they are answered.

    `more` are options of dnsperf, such as "-m", "dot" for DNS over TLS.
    """
    command = _dnsperf(port, file, ["-n", str(passes), "-q", str(IN_FLIGHT), *more], _LIMIT_S)
    done = subprocess.run(
        bound_to_us(command, core),
        capture_output=True,
        text=True,
        timeout=_LIMIT_S + 30,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"dnsperf failed:\n{done.stdout}{done.stderr}")
    return _load_of(done.stdout)


def run_steady(
    port: int, file: Path, qps: int, seconds: float, core: int | None, work: Callable[[], None]
) -> Load:
    """Send so many queries a second, whether they are answered or not, and `work` meanwhile; a
    query that is not answered in time is lost, as nobody asks again."""
    pace = ["-Q", str(qps), "-q", str(_MOST_OUTSTANDING), "-c", str(_CLIENTS)]
    command = bound_to_us(_dnsperf(port, file, pace, math.ceil(seconds)), core)
    with tempfile.TemporaryFile("w+") as output:
        asking = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            work()
            asking.wait(seconds + 3 * _TIMEOUT_S)
        finally:
            stop(asking)
        output.seek(0)
        return _load_of(output.read())


def _load_of(output: str) -> Load:
    figures = {key: pattern.search(output) for key, pattern in _FIGURES.items()}
    if any(match is None for match in figures.values()):
        raise SystemExit(f"dnsperf failed:\n{output}")
    value = {key: float(match[1]) for key, match in figures.items() if match is not None}
    return Load(
        int(value["sent"]), int(value["completed"]), int(value["lost"]), value["qps"],
        value["latency_s"] * 1000,
    )  # fmt: skip


def latency_command(port: int, file: Path, qps: int, limit_s: int, source: str = "") -> list[str]:
    """dnsperf at a calm, steady pace, telling the latency of every single query."""
    pace = ["-v", "-Q", str(qps), "-q", "100", *(["-a", source] if source else [])]
    return bound_to_us(_dnsperf(port, file, pace, limit_s), None)


def latencies_ms(output: str) -> list[float]:
    """The latency of each query in the output of `latency_command`; a lost one took the timeout."""
    return [float(match[1] or _TIMEOUT_S) * 1000 for match in _ONE_QUERY.finditer(output)]


def ask(port: int, name: str, timeout_s: float = 1.0, source: str = "") -> str:
    """The address answered for `name`, else the rcode; "" when no answer comes in time. `source` is
    the address to ask from."""
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(timeout_s)
        asking.bind((source, 0))
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(dnslib.DNSRecord.question(name, "A").pack())
            answer = dnslib.DNSRecord.parse(asking.recv(4096))
        except OSError:
            return ""
    addresses = [str(record.rdata) for record in answer.rr if record.rtype == dnslib.QTYPE.A]
    return addresses[0] if addresses else str(dnslib.RCODE[answer.header.rcode])


def wait_for_answer(port: int, name: str, address: str, limit_s: float, source: str = "") -> bool:
    """Ask for `name` until the answer is `address`; False when it is not within the limit."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if ask(port, name, 0.5, source) == address:
            return True
        time.sleep(0.01)
    return False


def free_port() -> int:
    """A port that is free on 127.0.0.1 for UDP and TCP, at this moment."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
    return port


def _dnsperf(port: int, file: Path, pace: list[str], limit_s: int) -> list[str]:
    return [
        "dnsperf", "-s", "127.0.0.1", "-p", str(port), "-d", str(file), "-t", str(_TIMEOUT_S),
        "-l", str(limit_s), *pace,
    ]  # fmt: skip
