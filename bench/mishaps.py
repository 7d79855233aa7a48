"""What DNS feels of what happens to a process of a server: lost queries, and latency."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from bench.load import run_steady, wait_for_answer
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, Site
from bench.serving import Bench, edit_rules, p99_of

QPS: Final = 20_000
SECONDS: Final = 8.0
STOPPED_S: Final = 5.0
MAX_MORE_MS: Final = 1.0

_BEFORE_S: Final = 3.0
"""How long the load runs before something happens."""


def happenings(
    bench: Bench, site: Site, pid: int, workers: list[int], core: int
) -> Iterator[Finding]:
    """All of it to one server; what happens to workers only where there are any."""
    if workers:
        yield _while_stopped(bench, site, pid, len(workers))
    name = f"workers: {len(workers) or 1}"
    count = partial(_lost, bench, site, core)
    calm = count(lambda: None)
    bench.tell(f"{name}: {calm} queries were lost of {QPS:,} a second while nothing happened")
    edited = count(lambda: _edit(site, pid))
    yield _finding(f"settings are read again (SIGHUP), {name}", edited, calm)
    if workers:
        worker = workers[0]
        killed = count(lambda: os.kill(worker, signal.SIGKILL))
        yield _finding(f"a worker is killed (SIGKILL), {name}", killed, calm)


def _finding(what: str, lost: int, calm: int) -> Finding:
    return Finding(
        f"lost of {QPS:,} queries a second while {what}",
        f"{lost} (while nothing happens: {calm})",
        "0",
        lost == 0,
    )


def _lost(bench: Bench, site: Site, core: int, happen: Callable[[], None]) -> int:
    """How many queries are lost while something happens, and before and behind it."""

    def happen_later() -> None:
        time.sleep(_BEFORE_S)
        happen()

    load = run_steady(site.port, bench.mix.file, QPS, SECONDS, core, happen_later)
    bench.tell(f"{load.sent:,} sent, {load.qps:,.0f} a second, {load.lost} lost")
    return load.lost


def _edit(site: Site, pid: int) -> None:
    name = "edited.example.org"
    edit_rules(site, pid, [f"||{name}^"])
    if not wait_for_answer(site.port, name, BLOCKED_ADDRESS, SECONDS):
        raise SystemExit("an edited rule does not block")


def _while_stopped(bench: Bench, site: Site, pid: int, count: int) -> Finding:
    """The latency while the process that does all but DNS is stopped, as if its disk were stuck."""
    calm_ms = p99_of(bench, site, lambda: time.sleep(STOPPED_S))
    stopped_ms = p99_of(bench, site, lambda: _stop_for_a_while(pid))
    return Finding(
        f"DNS p99 while all but DNS is stopped for {STOPPED_S:.0f} s (SIGSTOP), workers: {count}",
        f"{stopped_ms:.2f} ms (else: {calm_ms:.2f} ms)",
        f"≤ {MAX_MORE_MS:.0f} ms more",
        stopped_ms <= calm_ms + MAX_MORE_MS,
    )


def _stop_for_a_while(pid: int) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(STOPPED_S)
    finally:
        os.kill(pid, signal.SIGCONT)
