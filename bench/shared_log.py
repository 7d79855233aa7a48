"""What a log in PostgreSQL takes that three sinkholes share: how long the page waits for it, and
whether each row is there once after the database was away and a sinkhole was killed.

`python -m bench --only shared-log` is smaller than what docs/scale.md tells of; `python -m
bench.shared_log 10000000 5000 600` is that: rows of each, a second, and for how long. The database
stays in bench/work/shared-log, and is taken as it is by `again` behind these.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.database import OwnDatabase
from bench.process import bound_to_us, clean_environment
from bench.report import Finding
from bench.shared_rows import NODES, RARE, fill
from sinkhole.control.database import Database
from sinkhole.control.postgres.server import Server
from sinkhole.control.postgres.store import PostgresStore
from sinkhole.control.querylog import Sought, SoughtName
from sinkhole.control.querylog.history import History
from sinkhole.control.stats import Statistics

WORK: Final = Path(__file__).parent / "work"
ROWS: Final = 300_000
RATE: Final = 1_000
SECONDS: Final = 30
ROUNDS: Final = 5
MAX_PAGE_MS: Final = 300.0

Tell = Callable[[str], None]


def measure_shared_log(
    work: Path,
    tell: Tell,
    rows: int = ROWS,
    rate: int = RATE,
    seconds: int = SECONDS,
    *,
    again: bool = False,
) -> tuple[list[Finding], str]:
    """Pages over so many rows of each of three, then so many more a second by each of them."""
    folder = work / "shared-log"
    if not again:
        shutil.rmtree(folder, ignore_errors=True)
    database = OwnDatabase(folder)
    database.start()
    try:
        return asyncio.run(_measure(database, tell, rows, rate, seconds))
    finally:
        database.stop()


async def _measure(
    database: OwnDatabase, tell: Tell, rows: int, rate: int, seconds: int
) -> tuple[list[Finding], str]:
    server = await Server.connect(database.url)
    if not await server.value("SELECT to_regclass('sinkhole.meta') IS NOT NULL"):
        await fill(server, rows, tell)
    quiet = await pages(server, tell)
    await server.close()
    sending = Sending(database, rate, seconds, tell)
    told, busy = await sending.run()
    findings = [
        _page_finding(f"a page of the shared log, {3 * rows:,} rows", quiet),
        _page_finding(f"the same while {3 * rate:,} rows a second come", busy),
        *told,
    ]
    return findings, _table(quiet, busy)


def _page_finding(what: str, took: dict[str, list[float]]) -> Finding:
    slowest = max(took, key=lambda each: median(took[each]))
    worst = median(took[slowest])
    return Finding(
        f"{what}, the slowest of {len(took)}",
        f"{worst:.0f} ms ({slowest})",
        f"≤ {MAX_PAGE_MS:.0f} ms",
        worst <= MAX_PAGE_MS,
    )


def _table(quiet: dict[str, list[float]], busy: dict[str, list[float]]) -> str:
    lines = ["| asked | median ms | slowest ms | while rows come | slowest |"]
    lines.append("|---|---:|---:|---:|---:|")
    for what, took in quiet.items():
        more = busy.get(what, [0.0])
        lines.append(
            f"| {what} | {median(took):.0f} | {max(took):.0f} | {median(more):.0f} |"
            f" {max(more):.0f} |"
        )
    return "\n".join(lines)


# -- pages -----------------------------------------------------------------------------------


async def pages(server: Server, tell: Tell, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Milliseconds of all that the page asks for."""
    store = PostgresStore(server)
    history, statistics = History(store, search_s=60.0), Statistics(store.counts)
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        for period in ("24h", "7d"):
            began = time.perf_counter()
            await statistics.summary(period)
            took.setdefault(f"statistics, {period}", []).append(_ms_since(began))
        for what, sought in SEARCHES.items():
            began = time.perf_counter()
            await history.search(sought, limit=100)
            took.setdefault(what, []).append(_ms_since(began))
    for what, each in took.items():
        tell(f"shared log: {what}: {median(each):.0f} ms")
    return took


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


SEARCHES: Final[dict[str, Sought]] = {
    "the newest": Sought(),
    "a client": Sought(clients=("192.0.2.7",)),
    "a group": Sought(groups=("kids",)),
    "a name": Sought(names=(SoughtName("cdn12.site-3.example.org", "exact"),)),
    "a rare name": Sought(names=(SoughtName(RARE, "exact"),)),
    "a part of most names": Sought(names=(SoughtName("site-"),)),
    "a part of some names": Sought(names=(SoughtName("site-1234"),)),
    "a part of a rare name": Sought(names=(SoughtName("once.rare"),)),
    "a part of no name": Sought(names=(SoughtName("nothing-like-it"),)),
    "a domain and below": Sought(names=(SoughtName("rare.example.org", "below"),)),
    "text": Sought(text="site-77"),
    "blocked": Sought(verdicts=("blocked",)),
    "failed, hardly any": Sought(verdicts=("failed",)),
    "local, none": Sought(verdicts=("local",)),
    "a list": Sought(lists=("List 3",)),
    "blocked of a client": Sought(clients=("192.0.2.7",), verdicts=("blocked",)),
}


# -- rows that come --------------------------------------------------------------------------


class Sending:
    """Three programs that log and share, a database that is away for a fifth of the time, and one
    program that is killed meanwhile and begins anew."""

    def __init__(self, database: OwnDatabase, rate: int, seconds: int, tell: Tell) -> None:
        self._database = database
        self._rate = rate
        self._seconds = seconds
        self._tell = tell
        self._before: dict[str, int] = {}

    async def run(self) -> tuple[list[Finding], dict[str, list[float]]]:
        """What was found, and how long pages took meanwhile."""
        nodes = {name: self._start(name) for name in NODES}
        began = time.monotonic()
        await asyncio.sleep(self._seconds * 0.3)
        server = await Server.connect(self._database.url)
        busy = await pages(server, lambda _: None, 3)
        await server.close()
        self._tell("shared log: the database is stopped, and a sinkhole killed")
        await asyncio.to_thread(self._database.stop, "immediate")
        nodes[NODES[0]].send_signal(signal.SIGKILL)
        nodes[NODES[0]].wait()
        nodes[NODES[0]] = self._start(NODES[0])
        await asyncio.sleep(self._seconds * 0.2)
        await asyncio.to_thread(self._database.start)
        await asyncio.sleep(max(began + self._seconds - time.monotonic(), 0))
        self._tell("shared log: no more rows come")
        ended = time.monotonic()
        said = [await asyncio.to_thread(each.communicate, "") for each in nodes.values()]
        caught_up_s = time.monotonic() - ended
        return await self._compared([out for out, _ in said], caught_up_s), busy

    def _start(self, name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bench.shared_node", str(self._file(name))]
        command += [self._database.url, f"new {name}", str(self._rate)]
        with (self._database.folder / f"{name}.log").open("ab") as errors:
            return subprocess.Popen(
                bound_to_us(command, None), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, env=clean_environment(), text=True,
            )  # fmt: skip

    def _file(self, name: str) -> Path:
        return self._database.folder / f"{name}.db"

    async def _compared(self, said: list[str], caught_up_s: float) -> list[Finding]:
        """Whether the database has what the files have."""
        server = await Server.connect(self._database.url)
        mine, theirs = [], []
        for name in NODES:
            mine.append(await _sums_of_file(self._file(name)))
            (found,) = await server.rows(_SUMS, f"new {name}", timeout_s=600.0)
            theirs.append(tuple(int(each or 0) for each in found))
        await server.close()
        rows = sum(each[0] for each in mine)
        self._tell(f"shared log: {json.dumps([mine, theirs, said])}")
        lost = sum(int(each.split()[2]) for each in said)
        cpu = max(float(each.split()[3]) for each in said)
        return [
            Finding("rows of three sinkholes, each once", f"{rows:,}", "all", mine == theirs),
            Finding("rows that were given up while the database was away", f"{lost:,}", "0",
                    lost == 0),
            Finding("until all was there, when no more came", f"{caught_up_s:.0f} s", "", None),
            Finding("a row, logged and sent", f"{cpu:.1f} µs", "", None),
        ]  # fmt: skip


# How many rows, and which: ids, and how long each took; what is counted in three tables.
_SUMS: Final = """
    WITH n AS (SELECT id FROM node WHERE name = $1)
    SELECT count(*), sum(id % 1000000007), sum(duration_us),
           (SELECT sum(count) FROM total WHERE node = (SELECT id FROM n)),
           (SELECT sum(count) FROM by_name WHERE node = (SELECT id FROM n)),
           (SELECT sum(count) FROM by_client WHERE node = (SELECT id FROM n))
    FROM query WHERE node = (SELECT id FROM n)
"""


async def _sums_of_file(path: Path) -> tuple[int, ...]:
    database = await Database.connect(path, read_only=True)
    try:
        (found,) = await database.rows(
            "SELECT count(*), sum(id % 1000000007), sum(duration_us),"
            " (SELECT sum(count) FROM total), (SELECT sum(count) FROM by_name),"
            " (SELECT sum(count) FROM by_client) FROM query"
        )
    finally:
        await database.close()
    return tuple(int(each or 0) for each in found)


def main(given: list[str]) -> None:
    """Measure as much as is wanted, and print it."""
    wanted: list[Any] = [int(each) for each in given if each.isdecimal()]
    findings, table = measure_shared_log(WORK, print, *wanted, again="again" in given)
    for each in findings:
        print(f"{each.what}: {each.value} (wanted: {each.target or 'nothing'}; {each.met})")
    print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
