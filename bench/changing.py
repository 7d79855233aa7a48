"""How soon other settings count: from the request of a program to what DNS answers by them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from bench.api import call
from bench.lists import Lists, derive_names, write_names
from bench.load import ask
from bench.process import Cores
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, Site
from bench.serving import Bench, p99_of, serving, site_of
from bench.speed import stub_resolver
from bench.workload import Workload

NAMES = 1_000_000
ROUNDS = 15
MAX_CHANGE_MS = 50.0
MAX_P99_MS = 5.0
_CALM_S = 0.1

Change = dict[str, Any]


def measure_changing(
    lists: Lists, mix: Workload, work: Path, tell: Callable[[str], None]
) -> list[Finding]:
    """Changes of every kind on a server with a million names, one after the other."""
    names = derive_names(lists.names, NAMES)
    with stub_resolver(work, Cores.of_this_machine().load) as stub_port:
        bench = Bench(work, stub_port, mix, tell)
        file = write_names([f"||{name}^" for name in names], bench.work / "lists" / "changing.txt")
        site = site_of(bench, "changing", Lists((file,), tuple(names)))
        with serving(bench, site, names[-1]):
            took_ms: dict[str, list[float]] = {}
            p99 = p99_of(bench, site, lambda: _change_all(site, took_ms))
    return [*_findings(took_ms), _p99(p99)]


def _findings(took_ms: dict[str, list[float]]) -> Iterator[Finding]:
    target = f"≤ {MAX_CHANGE_MS:.0f} ms"
    for what, times in took_ms.items():
        value = f"{median(times):.1f} ms (slowest of {len(times)}: {max(times):.1f} ms)"
        name = f"settings change until it counts, {NAMES:,} names: {what}"
        yield Finding(name, value, target, median(times) <= MAX_CHANGE_MS)


def _p99(p99: float) -> Finding:
    met = p99 <= MAX_P99_MS
    return Finding("DNS p99 while settings change", f"{p99:.2f} ms", f"≤ {MAX_P99_MS:.0f} ms", met)


def _change_all(site: Site, took_ms: dict[str, list[float]]) -> None:
    for number in range(ROUNDS):
        for what, change, name in _changes(number):
            started = time.monotonic()
            call(site, "PATCH", "/settings", {"changes": [change]})
            while name and ask(site.port, name) != BLOCKED_ADDRESS:
                time.sleep(0.001)
            took_ms.setdefault(what, []).append((time.monotonic() - started) * 1000)
            time.sleep(_CALM_S)


def _changes(number: int) -> Iterator[tuple[str, Change, str]]:
    """What changes, how, and the name that is blocked by it, "" where the answer tells."""
    is_odd = number % 2 == 1
    rule, name = f"||changed-{number}.example.org^", f"changed-{number}.example.org"
    yield "own rule", {"key": "filtering.rules", "item": rule, "value": rule}, name
    record = [f"192.0.2.{number + 1}"]
    yield "local record", {"key": "local.records", "item": f"n{number}.home", "value": record}, ""
    yield "blocking", _set("filtering.blocking.ttl", f"{20 + number}s"), ""
    yield "cache", _set("cache.size", "16MiB" if is_odd else "24MiB"), ""
    yield "upstreams", _set("upstream.timeout", f"{number + 2}00ms"), ""
    yield "listeners", _set("dns.tls", []) if is_odd else _set("dns.names", [f"n{number}.home"]), ""
    yield "log", _set("query_log.keep", f"{number + 10}d"), ""
    yield "page", _set("web.hosts", [f"n{number}.home"]), ""


def _set(key: str, value: Any) -> Change:
    return {"key": key, "value": value}
