"""CPU time per answered query: every server in turn, several rounds, each against its echo.

CPU time and not queries per second, because the load generator shares the machine and because time
that other work takes away does not count. The rest of what noise does is met by taking the ratio to
the echo of the same round, and the median of the rounds.
"""

from __future__ import annotations

import contextlib
import math
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.lists import Lists
from bench.load import Load, ask, free_port, run_load, wait_for_answer
from bench.process import Cores, running, settled_cpu_s
from bench.servers import (
    BLOCKED_ADDRESS,
    ENCRYPTED,
    SERVERS,
    STUB_ADDRESS,
    EncryptedUpstreams,
    Site,
    compile_native,
)
from bench.upstreams import encrypted_upstreams
from bench.workload import (
    Household,
    Workload,
    read_household,
    write_blocked,
    write_fresh,
    write_repeat,
)

PARTS = ("repeat", "blocked", "fresh")
_START_LIMIT_S = 180.0
_NATIVE = Path(__file__).with_name("native")


@dataclass(frozen=True)
class Plan:
    """What to measure: parts, servers, rounds, and queries in each run."""

    parts: tuple[str, ...]
    servers: tuple[str, ...]
    rounds: int
    queries: int
    fresh_queries: int


@dataclass(frozen=True)
class Run:
    """One server, one workload, one round."""

    part: str
    server: str
    round_number: int
    cpu_us: float  # per answered query
    load: Load


@dataclass(frozen=True)
class Contestant:
    """A server that is up."""

    name: str
    port: int
    pid: int


def measure_speed(
    plan: Plan, lists: Lists, source: Path | None, work: Path, tell: Callable[[str], None]
) -> list[Run]:
    """Start every server once, then measure round by round; `tell` hears of each step."""
    cores = Cores.of_this_machine()
    household = read_household(source, lists)
    with stub_resolver(work, cores.load) as stub_port, contextlib.ExitStack() as stack:
        kinds = [ENCRYPTED[name] for name in plan.servers if name in ENCRYPTED]
        encrypted = stack.enter_context(encrypted_upstreams(kinds, stub_port, work, cores.load))
        contestants = []
        for name in plan.servers:
            tell(f"starting {name}")
            contestants.append(
                stack.enter_context(
                    _contestant(name, lists, household, stub_port, encrypted, work, cores)
                )
            )
        return [
            run
            for part in plan.parts
            for round_number in range(1, plan.rounds + 1)
            for run in _round(part, round_number, plan, household, work, contestants, cores, tell)
        ]


@contextlib.contextmanager
def stub_resolver(work: Path, core: int | None) -> Iterator[int]:
    """The upstream of all servers, while the block runs; gives its port."""
    binary = compile_native(_NATIVE / "stub.c", work / "stub.bin")
    port = free_port()
    with running([str(binary), str(port)], work / "stub.log", core):
        if not wait_for_answer(port, "example.org", STUB_ADDRESS, 10):
            raise SystemExit("the stub resolver does not answer")
        yield port


@contextlib.contextmanager
def _contestant(
    name: str, lists: Lists, household: Household, stub_port: int,
    encrypted: EncryptedUpstreams, work: Path, cores: Cores,
) -> Iterator[Contestant]:  # fmt: skip
    folder = work / name.replace(", ", "-").replace(" ", "-")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if name == "echo":
        compile_native(_NATIVE / "echo.c", work / "echo.bin")
    site = Site(folder, free_port(), stub_port, lists, encrypted)
    log = folder / "output.txt"
    with running(SERVERS[name](site), log, cores.server) as child:
        if name == "echo":
            ready = wait_for_answer(site.port, "example.org", "NOERROR", 10)
        else:
            # One after the other, as lists may come into use one after the other.
            ready = all(
                wait_for_answer(site.port, qname, BLOCKED_ADDRESS, _START_LIMIT_S)
                for qname in household.listed[:50]
            ) and _answers_as_it_should(name, site.port, household)
        if not ready:
            raise SystemExit(f"{name} does not answer as it should; its output:\n{_tail(log)}")
        yield Contestant(name, site.port, child.pid)


def _answers_as_it_should(name: str, port: int, household: Household) -> bool:
    """Whether 50 listed names are blocked and 50 others come from the stub: no speed by mistake."""
    expected = dict.fromkeys(household.listed[:50], BLOCKED_ADDRESS)
    expected |= dict.fromkeys(household.unlisted[:50], STUB_ADDRESS)
    for qname, address in expected.items():
        if (answer := ask(port, qname)) != address:
            print(f"{name} answers {answer or 'nothing'} and not {address} for {qname}")
            return False
    return True


def _round(
    part: str, round_number: int, plan: Plan, household: Household, work: Path,
    contestants: list[Contestant], cores: Cores, tell: Callable[[str], None],
) -> Iterator[Run]:  # fmt: skip
    workload = _workload(part, round_number, plan, household, work)
    passes = math.ceil(plan.queries / workload.lines) if workload.repeats else 1
    for contestant in contestants:
        if workload.repeats and contestant.name in ENCRYPTED:
            continue  # what is known here asks nobody
        if workload.repeats:
            run_load(contestant.port, workload.file, 1, cores.load)
        before = settled_cpu_s(contestant.pid)
        load = run_load(contestant.port, workload.file, passes, cores.load)
        used_s = settled_cpu_s(contestant.pid) - before
        run = Run(part, contestant.name, round_number, used_s * 1e6 / max(load.answered, 1), load)
        tell(
            f"{part} {round_number}/{plan.rounds}  {run.server:17} {run.cpu_us:6.2f} µs/query"
            f"  {load.qps:8,.0f} q/s  lost {load.lost}"
        )
        yield run


def _workload(
    part: str, round_number: int, plan: Plan, household: Household, work: Path
) -> Workload:
    if part == "repeat":
        return write_repeat(household, work)
    if part == "blocked":
        return write_blocked(household, work)
    return write_fresh(household, plan.fresh_queries, round_number, work)


def _tail(file: Path) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-20:])
