"""What copies of the query log cost: a server without any beside one that ships to three targets,
and one two of whose targets have stopped reading, asked in turns."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

from bench.lists import Lists
from bench.load import run_load
from bench.process import Cores, settled_cpu_s
from bench.report import Finding
from bench.servers import Site
from bench.serving import Bench, latencies_of, serving, site_of
from bench.speed import stub_resolver
from bench.workload import Workload

CALM_S: Final = 3.0
"""How long a calm client asks one server before the next has its turn."""
TURNS: Final = 4
"""Of each server in a round."""
MAX_MORE_MS: Final = 0.5
MAX_MORE_CPU_US: Final = 12.0
"""Three forms at 3 µs, and what it takes to send them."""

NONE, READ, STALLED = "no copies", "three targets", "two of them stalled"

_ACCEPT: Final = 1
_CONTENT: Final = b"protobuf:dnstap.Dnstap"
_PIECE: Final = 1 << 16


@dataclass
class Cost:
    """What one server took, round by round, and turn by turn."""

    cpu_us: list[float] = field(default_factory=list)
    median_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)

    @property
    def quietest_ms(self) -> float:
        """The p99 of the turn in which nothing else wanted the core: what else runs on the machine
        can only add to it."""
        return min(self.p99_ms)


@dataclass(frozen=True)
class _Server:
    site: Site
    pid: int


def measure_shipping(
    lists: Lists,
    mix: Workload,
    queries: int,
    rounds: int,
    work: Path,
    tell: Callable[[str], None],
) -> tuple[list[Finding], str]:
    """All findings of this file, and the table of what queries cost."""
    cores = Cores.of_this_machine()
    with stub_resolver(work, cores.load) as stub_port, contextlib.ExitStack() as stack:
        bench = Bench(work, stub_port, mix, tell)
        servers = {
            name: stack.enter_context(_server(bench, lists, name, cores))
            for name in (NONE, READ, STALLED)
        }
        costs = {name: Cost() for name in servers}
        for number in range(1, rounds + 1):
            tell(f"copies of the log, round {number}")
            for name, server in servers.items():
                costs[name].cpu_us.append(_cpu_us(bench, server, queries, cores))
            for _ in range(TURNS):
                for name, server in servers.items():
                    _take_a_turn(bench, server, costs[name])
    return list(_findings(costs)), _table(costs)


@contextlib.contextmanager
def _server(bench: Bench, lists: Lists, name: str, cores: Cores) -> Iterator[_Server]:
    site = site_of(bench, f"shipping-{name.replace(' ', '-')}", lists)
    with contextlib.ExitStack() as stack:
        sections: dict[str, Any] = {}
        if name != NONE:
            reads = name == READ
            syslog = stack.enter_context(_receiver(reads=reads, greets=False))
            dnstap = stack.enter_context(_receiver(reads=reads, greets=True))
            sections["shipping"] = {
                "file": "queries.jsonl",
                "syslog": f"tcp://127.0.0.1:{syslog}",
                "dnstap": f"tcp://127.0.0.1:{dnstap}",
            }
        listed = lists.names[-1]
        server = stack.enter_context(serving(bench, site, listed, sections, cores.server))
        yield _Server(site, server.pid)


def _cpu_us(bench: Bench, server: _Server, queries: int, cores: Cores) -> float:
    passes = math.ceil(queries / bench.mix.lines)
    run_load(server.site.port, bench.mix.file, 1, cores.load)
    before = settled_cpu_s(server.pid)
    load = run_load(server.site.port, bench.mix.file, passes, cores.load)
    return (settled_cpu_s(server.pid) - before) / load.answered * 1e6


def _take_a_turn(bench: Bench, server: _Server, cost: Cost) -> None:
    found = latencies_of(bench, server.site, lambda: time.sleep(CALM_S))
    cost.median_ms.append(median(found))
    cost.p99_ms.append(quantiles(found, n=100)[98])


# -- who the copies go to --------------------------------------------------------------------


@contextlib.contextmanager
def _receiver(*, reads: bool, greets: bool) -> Iterator[int]:
    """The port of a receiver that takes one connection: it reads all, or nothing at all once it
    has greeted, as dnstap wants."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)

        def receive() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        connection.settimeout(0.2)
                        _take(connection, ended, reads=reads, greets=greets)

        thread = threading.Thread(target=receive, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def _take(connection: socket.socket, ended: threading.Event, *, reads: bool, greets: bool) -> None:
    if greets:
        connection.recv(_PIECE)  # that it is ready, whatever it offers
        content = (1).to_bytes(4) + len(_CONTENT).to_bytes(4) + _CONTENT
        accept = _ACCEPT.to_bytes(4) + content
        connection.sendall(bytes(4) + len(accept).to_bytes(4) + accept)
    while not ended.is_set():
        if not reads:
            ended.wait(0.2)
            continue
        with contextlib.suppress(TimeoutError):
            if not connection.recv(_PIECE):
                return


# -- what was found --------------------------------------------------------------------------


def _findings(costs: dict[str, Cost]) -> Iterator[Finding]:
    without = costs[NONE]
    for name in (READ, STALLED):
        more_us = median(costs[name].cpu_us) - median(without.cpu_us)
        yield Finding(
            f"CPU time per query, copies of the log: {name}",
            f"{more_us:+.1f} µs",
            f"≤ {MAX_MORE_CPU_US:.0f} µs more",
            more_us <= MAX_MORE_CPU_US,
        )
        mine, theirs = costs[name].quietest_ms, without.quietest_ms
        yield Finding(
            f"DNS p99 of the quietest turn, copies of the log: {name}",
            f"{mine:.2f} ms (without: {theirs:.2f} ms)",
            f"≤ {MAX_MORE_MS} ms more",
            mine <= theirs + MAX_MORE_MS,
        )


def _table(costs: dict[str, Cost]) -> str:
    lines = [
        "| copies | CPU µs a query | median ms | p99 ms, quietest turn | p99 ms, median of turns |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {median(cost.cpu_us):.2f} | {median(cost.median_ms):.2f} "
        f"| {cost.quietest_ms:.2f} | {median(cost.p99_ms):.2f} |"
        for name, cost in costs.items()
    ]
    return "\n".join(lines)
