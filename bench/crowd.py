"""Forty clients that ask at once: native/crowd.c, and what it sends for each of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import dnslib

from bench.process import bound_to_us
from bench.servers import compile_native

CLIENTS = 40
_LIMIT_S = 150
_NATIVE = Path(__file__).with_name("native")


@dataclass(frozen=True)
class Asked:
    """A file of queries of all clients, and how many there are."""

    file: Path
    count: int


def address_of(client: int) -> str:
    """Where a client asks from; the first one is 0."""
    return f"127.0.2.{client + 1}"


def write_asked(lines: Iterable[str], file: Path, shift: int = 0) -> Asked:
    """Deal `name TYPE` lines out to the clients in turn, the first one to client `shift`."""
    wires: dict[str, bytes] = {}
    content, count = bytearray(), 0
    for count, line in enumerate(lines, 1):
        wire = wires.get(line) or wires.setdefault(line, _wire(line))
        content += bytes(((count - 1 + shift) % CLIENTS + 1, len(wire))) + wire
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return Asked(file, count)


def compile_crowd(work: Path) -> Path:
    """The program that asks."""
    return compile_native(_NATIVE / "crowd.c", work / "crowd.bin")


def ask_all(program: Path, port: int, asked: Asked, passes: int, core: int) -> int:
    """Ask everything `passes` times, as fast as it is answered; how many were answered."""
    done = subprocess.run(
        bound_to_us([str(program), str(port), str(asked.file), str(passes)], core),
        capture_output=True, text=True, timeout=_LIMIT_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"crowd failed:\n{done.stderr}")
    sent, answered = map(int, done.stdout.split())
    if sent - answered > sent // 1000:
        raise SystemExit(f"{sent - answered} of {sent} queries were lost")
    return answered


def _wire(line: str) -> bytes:
    wire: bytes = dnslib.DNSRecord.question(*line.split()).pack()
    return wire
