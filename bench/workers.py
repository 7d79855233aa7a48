"""What several workers bring and cost: a server with one beside one with two, asked in turns; and
what DNS feels of what happens to one of its processes."""

from __future__ import annotations

import contextlib
import math
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.lists import Lists, derive_names, write_names
from bench.load import ask, run_load, run_steady
from bench.mishaps import QPS, SECONDS, happenings
from bench.process import (
    Cores,
    bound_to_us,
    clean_environment,
    descendants,
    memory_of,
    own_cpu_s,
    settled_cpu_s,
)
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, STUB_ADDRESS, Site, sinkhole_with
from bench.serving import LIMIT_S, Bench, p99_of, serving, site_of, wait_until_compiled
from bench.speed import stub_resolver
from bench.workload import Household, Workload, write_blocked, write_fresh

COUNTS: Final = (1, 2)
NAMES: Final = 1_000_000
LEAST_GAIN: Final = 1.8
MAX_WORKER_MB: Final = 30.0

_CHECKED: Final = 50


@dataclass(frozen=True)
class Crew:
    """A server that is up, with so many workers; `pid` is the process that started them, or that
    answers by itself."""

    count: int
    site: Site
    pid: int

    @property
    def workers(self) -> list[int]:
        """The processes of its workers; none where it answers by itself."""
        return [each for each in descendants(self.pid) if _is_worker(each)]

    @property
    def processes(self) -> list[int]:
        """All that answer or have a part in it."""
        return [self.pid, *self.workers]


@dataclass
class Cost:
    """What one workload took of one server, round by round."""

    what: str
    count: int
    cpu_us: list[float] = field(default_factory=list)
    busiest_us: list[float] = field(default_factory=list)
    """What the busiest process alone took, by all queries: what it could be at most goes by it."""
    qps: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def possible_qps(self) -> float:
        """Queries a second if each process had a core for itself, and the load came from
        elsewhere."""
        return 1e6 / median(self.busiest_us)


def measure_workers(
    lists: Lists,
    household: Household,
    mix: Workload,
    queries: int,
    fresh_queries: int,
    rounds: int,
    work: Path,
    tell: Callable[[str], None],
) -> tuple[list[Finding], dict[str, str]]:
    """All findings of this file, and its tables by title."""
    cores = Cores.of_this_machine()
    with stub_resolver(work, cores.load) as stub_port, contextlib.ExitStack() as stack:
        bench = Bench(work, stub_port, mix, tell)
        listed = _million(bench, lists)
        crews = []
        for count in COUNTS:
            crew = _crew(stack, bench, listed, count)
            if crew is not None:
                _check(crew, household)
                crews.append(crew)
        load = _Load(bench, household, queries, fresh_queries)
        costs = _costs(bench, load, crews, rounds, cores.load)
        found = [*_gain(costs), *_memory(bench, crews), *_latencies(bench, crews, cores.load)]
        for crew in crews:
            found += happenings(bench, crew.site, crew.pid, crew.workers, cores.load)
    return found, {"What several workers bring and cost": _table(costs)}


# -- the servers -----------------------------------------------------------------------------


def _million(bench: Bench, lists: Lists) -> Lists:
    names = derive_names(lists.names, NAMES)
    file = bench.work / "lists" / "workers.txt"
    write_names([f"||{name}^" for name in names], file)
    return Lists((file,), tuple(names))


def _crew(stack: contextlib.ExitStack, bench: Bench, lists: Lists, count: int) -> Crew | None:
    """A server with so many workers, up as long as `stack`; None, in words, where it can't be."""
    site = site_of(bench, f"workers-{count}", lists)
    sections: dict[str, Any] = {
        "dns": {"listen": [f"127.0.0.1:{site.port}"], "rate_limit": 0, "workers": count},
    }
    if refusal := _refusal(site, sections):
        bench.tell(f"this sinkhole takes no dns.workers ({refusal})")
        if count > 1:
            bench.tell(f"a server with {count} workers is left out")
            return None
        del sections["dns"]["workers"]
    server = stack.enter_context(serving(bench, site, lists.names[-1], sections))
    wait_until_calm(server.pid)
    return Crew(count, site, server.pid)


def wait_until_calm(pid: int) -> None:
    """Until no list is compiled any more, beside workers, which stay."""
    settled_cpu_s(pid, LIMIT_S)
    if not any(map(_is_worker, descendants(pid))):
        wait_until_compiled(pid)


def _refusal(site: Site, sections: dict[str, Any]) -> str:
    """Why the program does not take these settings; "" where it does."""
    program, *_, file = sinkhole_with(site, {"query_log": {"enabled": True}, **sections})
    done = subprocess.run(
        bound_to_us([program, "check-config", file], None), capture_output=True, text=True,
        timeout=LIMIT_S, check=False, env=clean_environment(),
    )  # fmt: skip
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip().splitlines()[0]


def _is_worker(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"sinkhole.dns.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def _check(crew: Crew, household: Household) -> None:
    """Whoever of them is asked answers as it should."""
    expected = dict.fromkeys(household.listed[:_CHECKED], BLOCKED_ADDRESS)
    expected |= dict.fromkeys(household.unlisted[:_CHECKED], STUB_ADDRESS)
    for name, address in expected.items():
        if (answer := ask(crew.site.port, name)) != address:
            raise SystemExit(f"{name} is {answer or 'nothing'} with {crew.count} workers")


# -- a query ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Load:
    """What is asked, and how often."""

    bench: Bench
    household: Household
    queries: int
    fresh_queries: int

    def of_round(self, number: int) -> Iterator[Workload]:
        yield self.bench.mix
        yield write_blocked(self.household, self.bench.work)
        yield write_fresh(self.household, self.fresh_queries, number, self.bench.work)


_TITLES: Final = {"repeat": "known names", "blocked": "blocked names", "fresh": "new names"}


def _costs(bench: Bench, load: _Load, crews: list[Crew], rounds: int, core: int) -> list[Cost]:
    """All servers in turns, each round the other one first."""
    costs: dict[tuple[str, int], Cost] = {}
    for number in range(1, rounds + 1):
        for asked in load.of_round(number):
            what = _TITLES[asked.name.partition("-")[0]]
            passes = math.ceil(load.queries / asked.lines) if asked.repeats else 1
            for crew in crews if number % 2 else reversed(crews):
                cost = costs.setdefault((what, crew.count), Cost(what, crew.count))
                _measure(crew, asked, passes, core, cost)
                bench.tell(
                    f"workers {number}/{rounds}  {what:14} {crew.count}"
                    f"  {cost.cpu_us[-1]:6.2f} µs/query, the busiest {cost.busiest_us[-1]:6.2f}"
                    f"  {cost.qps[-1]:8,.0f} q/s"
                )
    order = list(_TITLES.values())
    return sorted(costs.values(), key=lambda each: (order.index(each.what), each.count))


def _measure(crew: Crew, asked: Workload, passes: int, core: int, cost: Cost) -> None:
    if asked.repeats:
        run_load(crew.site.port, asked.file, 1, core)
    settled_cpu_s(crew.pid)
    before = {pid: own_cpu_s(pid) for pid in crew.processes}
    load = run_load(crew.site.port, asked.file, passes, core)
    settled_cpu_s(crew.pid)
    used_us = [(own_cpu_s(pid) - was) * 1e6 / load.answered for pid, was in before.items()]
    cost.cpu_us.append(sum(used_us))
    cost.busiest_us.append(max(used_us))
    cost.qps.append(load.qps)
    cost.lost += load.lost


def _gain(costs: list[Cost]) -> Iterator[Finding]:
    """What the most workers could answer, beside one."""
    for what in _TITLES.values():
        first, *_, last = [each for each in costs if each.what == what] * 2
        if first.count == last.count or what == "new names":
            continue
        gain = last.possible_qps / first.possible_qps
        yield Finding(
            f"{what}: queries a second that {last.count} workers could answer, a core each",
            f"{gain:.2f} × one ({last.possible_qps:,.0f})",
            f"≥ {LEAST_GAIN} × one",
            gain >= LEAST_GAIN,
        )


def _table(costs: list[Cost]) -> str:
    lines = [
        "| asked | workers | CPU µs/query | the busiest process | queries/s here"
        " | possible, a core each | lost |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.what} | {each.count} | {median(each.cpu_us):.2f} | {median(each.busiest_us):.2f}"
        f" | {median(each.qps):,.0f} | {each.possible_qps:,.0f} | {each.lost} |"
        for each in costs
    ]
    return "\n".join(lines)


# -- memory and latency ----------------------------------------------------------------------


def _memory(bench: Bench, crews: list[Crew]) -> Iterator[Finding]:
    """PSS of each process, after the same queries; a shared page counts by its sharers."""
    for crew in crews:
        held = [memory for pid in crew.processes if (memory := memory_of(pid)) is not None]
        pss_mb = [each.pss / 1e6 for each in held]
        bench.tell(f"{crew.count} workers: PSS {', '.join(f'{each:.1f}' for each in pss_mb)} MB")
        worst = max(pss_mb[1:], default=0.0)
        yield Finding(
            f"memory with {NAMES:,} names, workers: {crew.count}",
            f"{sum(pss_mb):.1f} MB PSS"
            + (f" in {len(held)} processes, a worker at most {worst:.1f} MB" if worst else ""),
            f"≤ {MAX_WORKER_MB:.0f} MB a worker" if worst else "",
            worst <= MAX_WORKER_MB if worst else None,
        )


def _latencies(bench: Bench, crews: list[Crew], core: int) -> Iterator[Finding]:
    """What a calm client feels beside many others."""
    for crew in crews:
        alone = p99_of(bench, crew.site, lambda: time.sleep(SECONDS))
        beside = p99_of(bench, crew.site, partial(_ask_steadily, bench, crew.site, core))
        yield Finding(
            f"DNS p99 beside {QPS:,} queries a second, workers: {crew.count}",
            f"{beside:.2f} ms (alone: {alone:.2f} ms)",
            "",
            None,
        )


def _ask_steadily(bench: Bench, site: Site, core: int) -> None:
    run_steady(site.port, bench.mix.file, QPS, SECONDS, core, lambda: None)
