"""What groups cost: forty clients in twelve groups with schedules, beside the same without any."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.api import call
from bench.crowd import CLIENTS, Asked, address_of, ask_all, compile_crowd, write_asked
from bench.lists import SEED, Lists, derive_names, write_names
from bench.load import ask, wait_for_answer
from bench.process import Cores, memory_of, settled_cpu_s
from bench.report import Finding
from bench.servers import BLOCKED_ADDRESS, STUB_ADDRESS, Site
from bench.serving import LIMIT_S, Bench, latencies_of, serving, site_of, wait_until_compiled
from bench.speed import stub_resolver
from bench.workload import Household, Workload, write_blocked, write_fresh

GROUPS = 12
FEW_GROUPS, MANY_GROUPS = 1, 101
"""As many more that what differs between two servers anyway does not count."""
EDGE_GROUPS = 40
LISTS, NAMES_A_LIST = 30, 20_000
MAX_RATIO = 1.05
MAX_GROUP_KB = 20.0
MAX_MORE_MS = 1.0

_EDGE_NAME = "edge.example.org"
_AROUND_EDGE_S = 4
_MINUTE = datetime.timedelta(minutes=1)
_OPENINGS = 30

Sections = dict[str, Any]


def measure_groups(
    lists: Lists,
    household: Household,
    mix: Workload,
    queries: int,
    fresh_queries: int,
    rounds: int,
    work: Path,
    tell: Callable[[str], None],
) -> tuple[list[Finding], str]:
    """All findings of this file, and the table of what queries cost."""
    cores = Cores.of_this_machine()
    with stub_resolver(work, cores.load) as stub_port:
        bench = Bench(work, stub_port, mix, tell)
        sites = _Sites(bench, _thirty_lists(bench, lists))
        plan = Plan(household, queries, fresh_queries, rounds)
        costs = _costs(bench, sites, plan, cores)
        found = [*_cost_findings(costs), _memory_of_a_group(bench, sites), *_edges(bench, sites)]
    return found, _table(costs)


@dataclass(frozen=True)
class Plan:
    """What is asked, and how often."""

    household: Household
    queries: int
    fresh_queries: int
    rounds: int


# -- the servers -----------------------------------------------------------------------------


def sections_of(groups: int, lists: Lists, windows: Sequence[str]) -> Sections:
    """The settings of so many groups, each with other lists, and a schedule that is open in
    `windows`; without any, none of the clients is known."""
    if not groups:
        return {}
    names = [file.name for file in lists.files]
    chance = random.Random(SEED)
    return {
        "time_zone": "UTC",
        "schedules": [
            {"name": "bedtime", "windows": [*windows]},
            {"name": "weekend", "windows": ["sat,sun 00:00-24:00"]},
        ],
        "groups": [_group(number, names, chance) for number in range(groups)],
        "clients": [
            {"name": f"Client {number}", "addresses": [address_of(number)],
             "group": f"Group {number % groups}"}
            for number in range(max(CLIENTS, groups) if groups >= GROUPS else groups)
        ],
    }  # fmt: skip


def _group(number: int, names: list[str], chance: random.Random) -> dict[str, Any]:
    """All have the two lists that the queries are about, and some of the others."""
    others = chance.sample(names[2:], chance.randrange(2, 12))
    return {
        "name": f"Group {number}",
        "lists": [*names[:2], *sorted(others)],
        "services": [] if number % 2 else ["tiktok"],
        "safe_search": {"google": number % 3 == 0},
        "schedules": [
            {"when": "weekend", "services": []},
            {"when": "bedtime", "rules": [f"||{_EDGE_NAME}^"]},
        ],
    }


def far_window(now: datetime.datetime) -> str:
    """A window that neither begins nor ends for hours."""
    return (
        f"daily {now + datetime.timedelta(hours=6):%H:%M}-{now - datetime.timedelta(hours=6):%H:%M}"
    )


def _thirty_lists(bench: Bench, lists: Lists) -> Lists:
    """The lists there are, and more that know none of the names that are asked for."""
    names = derive_names(lists.names, len(lists.names) + 200_000)[len(lists.names) :]
    chance = random.Random(SEED)
    more = [
        write_names(
            [f"||{name}^" for name in chance.sample(names, NAMES_A_LIST)],
            bench.work / "lists" / f"group-list-{number:02}.txt",
        )
        for number in range(LISTS - len(lists.files))
    ]
    return dataclasses.replace(lists, files=(*lists.files, *more))


class _Sites:
    """Places for servers of the same lists, which are compiled once."""

    def __init__(self, bench: Bench, lists: Lists) -> None:
        self._bench, self.lists = bench, lists
        first = site_of(bench, "groups-first", lists)
        with serving(bench, first, lists.names[-1]) as server:
            wait_until_compiled(server.pid)
        self._compiled = first.folder / "data" / "lists"
        self.compiled_bytes = sum(file.stat().st_size for file in self._compiled.rglob("*.trie"))

    @contextlib.contextmanager
    def serving(
        self,
        name: str,
        groups: int,
        windows: Sequence[str],
        core: int | None = None,
        *,
        again: bool = False,
    ) -> Iterator[tuple[Site, int]]:
        """A server with so many groups, and its process, while the block runs; `again` is for one
        that has run here before."""
        site = site_of(self._bench, name, self.lists)
        shutil.copytree(self._compiled, site.folder / "data" / "lists")
        sections = sections_of(groups, self.lists, windows)
        if again:
            with serving(self._bench, site, self.lists.names[-1], sections) as server:
                settled_cpu_s(server.pid)
        with serving(self._bench, site, self.lists.names[-1], sections, core) as server:
            yield site, server.pid


# -- a query ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """CPU time per query of one workload, without groups and with them, of each round."""

    what: str
    without_us: list[float] = field(default_factory=list)
    with_us: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as much it costs with groups; the median of the rounds."""
        return median(b / a for a, b in zip(self.without_us, self.with_us, strict=True))


def _costs(bench: Bench, sites: _Sites, plan: Plan, cores: Cores) -> list[Cost]:
    """Both servers in turns, each time the other one first; on one core, as only one is asked."""
    windows = [far_window(datetime.datetime.now(datetime.UTC))]
    program = compile_crowd(bench.work)
    with (
        sites.serving("groups-none", 0, windows, cores.server) as (plain, plain_pid),
        sites.serving("groups-twelve", GROUPS, windows, cores.server) as (grouped, grouped_pid),
    ):
        _check(plain, plan.household)
        _check(grouped, plan.household)
        costs: list[Cost] = []

        def used_us(site: Site, pid: int, asked: Asked, passes: int) -> float:
            before = settled_cpu_s(pid)
            answered = ask_all(program, site.port, asked, passes, cores.load)
            return (settled_cpu_s(pid) - before) * 1e6 / answered

        for what, number, asked, warm in _workloads(bench, plan):
            if not costs or costs[-1].what != what:
                costs.append(Cost(what))
            cost = costs[-1]
            passes = max(1, plan.queries // asked.count) if warm else 1
            turns = [(plain, plain_pid, cost.without_us), (grouped, grouped_pid, cost.with_us)]
            for site, pid, used in turns if number % 2 else reversed(turns):
                if warm:
                    ask_all(program, site.port, asked, 2, cores.load)
                used.append(used_us(site, pid, asked, passes))
            bench.tell(
                f"groups {number + 1}/{plan.rounds}  {what:20} without {cost.without_us[-1]:6.2f}"
                f"  with {cost.with_us[-1]:6.2f} µs/query"
            )
    return costs


def _workloads(bench: Bench, plan: Plan) -> Iterator[tuple[str, int, Asked, bool]]:
    """What is asked in each round, and whether it is known then."""
    mix = bench.mix.file.read_text().splitlines()
    blocked = write_blocked(plan.household, bench.work).file.read_text().splitlines()
    for what, lines in (("repeated names", mix), ("blocked names", blocked)):
        asked = write_asked(lines, bench.work / "crowd" / "known.bin")
        for number in range(plan.rounds):
            yield what, number, asked, True
    others = []
    for number in range(plan.rounds):
        fresh = write_fresh(plan.household, plan.fresh_queries, number + 1, bench.work)
        lines = fresh.file.read_text().splitlines()
        yield "new names", number, write_asked(lines, bench.work / "crowd" / "new.bin"), False
        others.append(write_asked(lines, bench.work / "crowd" / f"other-{number}.bin", 1))
    for number, asked in enumerate(others):
        yield "names new to a group", number, asked, False


def _check(site: Site, household: Household) -> None:
    """The clients get the same answers in any group: a figure about other answers says nothing."""
    for number in range(CLIENTS):
        expected = {household.listed[number]: BLOCKED_ADDRESS}
        expected[household.unlisted[number]] = STUB_ADDRESS
        for name, address in expected.items():
            if (answer := ask(site.port, name, source=address_of(number))) != address:
                raise SystemExit(f"{name} is {answer or 'nothing'} for client {number}")


def _cost_findings(costs: list[Cost]) -> Iterator[Finding]:
    for cost in costs[:2]:
        yield Finding(
            f"{cost.what}, {CLIENTS} clients in {GROUPS} groups with schedules",
            f"{cost.ratio:.2f} × without groups",
            f"≤ {MAX_RATIO} × without",
            cost.ratio <= MAX_RATIO,
        )


def _table(costs: list[Cost]) -> str:
    lines = ["| asked | without, µs | with, µs | ratio |", "|---|---:|---:|---:|"]
    lines += [
        f"| {cost.what} | {median(cost.without_us):.2f} | {median(cost.with_us):.2f}"
        f" | {cost.ratio:.2f} |"
        for cost in costs
    ]
    return "\n".join(lines)


# -- a group ---------------------------------------------------------------------------------


def _memory_of_a_group(bench: Bench, sites: _Sites) -> Finding:
    """What a server holds more with many groups than with one."""
    held = {}
    windows = [far_window(datetime.datetime.now(datetime.UTC))]
    for groups in (FEW_GROUPS, MANY_GROUPS):
        with sites.serving(f"groups-{groups}", groups, windows, again=True) as (site, pid):
            for client in range(MANY_GROUPS):
                ask(site.port, sites.lists.names[0], source=address_of(client))
            settled_cpu_s(pid)
            memory = memory_of(pid)
            if memory is None:
                raise SystemExit("sinkhole ended by itself")
            held[groups] = memory.rss
            bench.tell(f"{groups} groups: {memory.rss / 1e6:.2f} MB RSS")
    more = held[MANY_GROUPS] - held[FEW_GROUPS]
    each_kb = more / (MANY_GROUPS - FEW_GROUPS) / 1000
    return Finding(
        f"memory of a group with a client and lists of its own choice, of {LISTS}"
        f" ({sites.compiled_bytes / 1e6:.1f} MB)",
        f"{each_kb:.1f} kB RSS ({more / 1e6:.2f} MB for {MANY_GROUPS - FEW_GROUPS})",
        f"≤ {MAX_GROUP_KB:.0f} kB",
        each_kb <= MAX_GROUP_KB,
    )


# -- an edge ---------------------------------------------------------------------------------


def _edges(bench: Bench, sites: _Sites) -> Iterator[Finding]:
    """What a client of a group feels when all groups go over to something else."""
    opens = openings(datetime.datetime.now(datetime.UTC))
    windows = [f"daily {at:%H:%M}-{at + _MINUTE:%H:%M}" for at in opens]
    with sites.serving("groups-edges", EDGE_GROUPS, windows) as (site, pid):
        settled_cpu_s(pid)
        took = {
            "nothing happens": latencies_of(bench, site, _calm, address_of(0)),
            "is paused and resumed, group by group": latencies_of(
                bench, site, lambda: _pause_all(site), address_of(0)
            ),
        }
        soon = time.time() + _AROUND_EDGE_S
        opening_s = next(at.timestamp() for at in opens if at.timestamp() > soon)
        time.sleep(opening_s - soon)
        took["goes over to its schedule, all at once"] = latencies_of(
            bench, site, lambda: _await_edge(site), address_of(0)
        )
    calm, *others = (quantiles(each, n=100)[98] for each in took.values())
    for (what, each), p99 in zip(list(took.items())[1:], others, strict=True):
        yield Finding(
            f"DNS p99 of a client while each of {EDGE_GROUPS} groups {what}",
            f"{p99:.2f} ms, at most {max(each):.1f} ms (without: {calm:.2f} ms, at most"
            f" {max(took['nothing happens']):.1f} ms)",
            f"≤ {MAX_MORE_MS:.0f} ms more",
            p99 <= calm + MAX_MORE_MS,
        )


def openings(now: datetime.datetime) -> list[datetime.datetime]:
    """Every other minute from the next one on, for an hour, as nobody knows how long all else
    takes."""
    first = now.replace(second=0, microsecond=0) + _MINUTE
    return [first + 2 * number * _MINUTE for number in range(_OPENINGS)]


def _calm() -> None:
    time.sleep(2 * _AROUND_EDGE_S)


def _pause_all(site: Site) -> None:
    for path in ("/protection/pause", "/protection/resume"):
        for number in range(EDGE_GROUPS):
            call(site, "POST", path, {"scope": "group", "name": f"Group {number}"})
            time.sleep(0.05)


def _await_edge(site: Site) -> None:
    """Until the schedule is open for the last client, and a while longer."""
    if not wait_for_answer(
        site.port, _EDGE_NAME, BLOCKED_ADDRESS, LIMIT_S, address_of(EDGE_GROUPS - 1)
    ):
        raise SystemExit("the schedule does not open")
    time.sleep(_AROUND_EDGE_S)
