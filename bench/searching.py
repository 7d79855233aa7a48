"""How long the first page of a search of the query log takes, over three million rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

from bench.household import (
    END_S,
    LISTS,
    QUIET_DEVICE,
    QUIET_NAME,
    RARE_LIST,
    RARE_NAME,
    RARE_SERVER,
    SERVERS,
    write_log,
)
from bench.report import Finding
from sinkhole.control.database import Reader
from sinkhole.control.querylog import SqliteStore
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.querylog.sought import Sought, SoughtName

ROWS: Final = 3_000_000
ROUNDS: Final = 5
MAX_PAGE_MS: Final = 200.0
_DAY_S = 86_400


def measure_searches(work: Path, tell: Callable[[str], None]) -> tuple[list[Finding], str]:
    """Whether every page came in time, and the table of all; the log is kept for the next run."""
    path = work / "log" / "querylog.db"
    if not path.exists():
        aside = path.with_name("unfinished.db")
        for suffix in ("", "-wal", "-shm"):
            aside.with_name(aside.name + suffix).unlink(missing_ok=True)
        asyncio.run(write_log(aside, ROWS, tell))
        aside.rename(path)
    asyncio.run(_bring_up_to_date(path))
    took_ms = asyncio.run(_pages(path, tell))
    slowest = max(took_ms, key=lambda what: median(took_ms[what]))
    worst = median(took_ms[slowest])
    finding = Finding(
        f"first page of a search, {ROWS:,} rows, the slowest of {len(took_ms)}",
        f"{worst:.0f} ms ({slowest})",
        f"≤ {MAX_PAGE_MS:.0f} ms",
        worst <= MAX_PAGE_MS,
    )
    return [finding], _table(took_ms)


async def _bring_up_to_date(path: Path) -> None:
    database, _ = await open_database(path)
    await database.close()


async def _pages(path: Path, tell: Callable[[str], None]) -> dict[str, list[float]]:
    """Milliseconds of each search, each time after another one, so that nothing is remembered."""
    reader = Reader(path)
    named = {f"192.0.2.{number + 10}": f"Kids tablet {number}" for number in range(0, 20, 3)}
    history = History(SqliteStore(reader), client_name=lambda client, device: named.get(client, ""))
    took_ms: dict[str, list[float]] = {}
    try:
        for what, sought in SEARCHES.items():
            tell(f"searching: {what}")
            for number in range(ROUNDS):
                other = Sought(names=(SoughtName(f"other{number}"),), rcodes=("NOTIMP",))
                await history.search(other)
                started = time.perf_counter()
                page = await history.search(sought)
                took_ms.setdefault(what, []).append((time.perf_counter() - started) * 1000)
                if page["looked_back_to"] is not None:
                    raise SystemExit(f"the search for {what} did not come to its end")
    finally:
        await reader.close()
    return took_ms


def _table(took_ms: dict[str, list[float]]) -> str:
    lines = ["| sought | median ms | slowest ms |", "|---|---:|---:|"]
    lines += [
        f"| {what} | {median(took):.0f} | {max(took):.0f} |" for what, took in took_ms.items()
    ]
    return "\n".join(lines)


def _name(text: str) -> tuple[SoughtName, ...]:
    return (SoughtName(text),)


SEARCHES: Final[dict[str, Sought]] = {
    "nothing in particular": Sought(),
    "a day eighty days ago": Sought(from_s=END_S - 80 * _DAY_S, to_s=END_S - 79 * _DAY_S),
    "a list": Sought(lists=(LISTS[0],)),
    "a list that blocked thrice": Sought(lists=(RARE_LIST,)),
    "a list there is not": Sought(lists=("None",)),
    "an upstream": Sought(upstreams=(SERVERS[0],)),
    "an upstream that answered thrice": Sought(upstreams=(RARE_SERVER,)),
    "a client by address": Sought(clients=("192.0.2.29",)),
    "clients by network": Sought(clients=("192.0.2.0/27",)),
    "clients by name": Sought(clients=("kids tablet",)),
    "a client that asks once an hour": Sought(clients=(QUIET_DEVICE,)),
    "a transport": Sought(transports=("tls",)),
    "a transport never used": Sought(transports=("quic",)),
    "a response code": Sought(rcodes=("NOERROR",)),
    "a rare response code": Sought(rcodes=("SERVFAIL",)),
    "a response code there is not": Sought(rcodes=("NXDOMAIN",)),
    "blocked": Sought(verdicts=("blocked",)),
    "allowed": Sought(verdicts=("allowed",)),
    "failed, thrice": Sought(verdicts=("failed",)),
    "local, none": Sought(verdicts=("local",)),
    "a type": Sought(types=("AAAA",)),
    "a rare type": Sought(types=("TXT",)),
    "a type there is not": Sought(types=("MX",)),
    "a part of most names": Sought(names=_name("site-")),
    "a part of a hundred names": Sought(names=_name("site-399")),
    "a part of a rare name": Sought(names=_name("once.rare")),
    "a part of no name": Sought(names=_name("nothing-like-it")),
    "an international name": Sought(names=_name("münchen-3")),
    "a whole name": Sought(names=(SoughtName(RARE_NAME, "exact"),)),
    "a domain and below": Sought(names=(SoughtName("rare.example.org", "below"),)),
    "text in names": Sought(text="münchen"),
    "text in clients": Sought(text="Kids tablet"),
    "text nowhere": Sought(text="nothing-like-it"),
    "a name and a client, never together": Sought(
        names=_name(QUIET_NAME), clients=("192.0.2.10",)
    ),
    "a client and a type, never together": Sought(clients=(QUIET_DEVICE,), types=("AAAA",)),
    "a client that was never blocked": Sought(clients=(QUIET_DEVICE,), verdicts=("blocked",)),
    "a blocked name, allowed": Sought(names=_name("ads1."), verdicts=("allowed",)),
    "a name and a type, never together": Sought(names=_name(QUIET_NAME), types=("HTTPS",)),
    "a transport and a client, never together": Sought(
        transports=("tls",), clients=("192.0.2.10",)
    ),
    "a list and an upstream, never together": Sought(
        lists=(LISTS[0],), upstreams=(SERVERS[0],)
    ),
    "of everything something": Sought(
        lists=(LISTS[0],), clients=("tablet",), types=("A", "AAAA"), verdicts=("blocked",),
        names=_name("ads"), transports=("udp",),
    ),
}  # fmt: skip
