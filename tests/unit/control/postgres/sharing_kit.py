"""Logs that are shared in a database: for the tests of this room."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from log_kit import SHARED, Kit, a_log, batch, blocked, report

from sinkhole.control.database import Database
from sinkhole.control.postgres.server import Server
from sinkhole.control.querylog.logged_query import COLUMNS
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import Batch, Report, Who
from sinkhole.model.verdict import Cause, Outcome, Verdict

MAC = "02:00:5e:10:00:07"
NOW = time.time()
HOUR_S = 3600

__all__ = [
    *("MAC", "NOW", "Kit", "all_of_database", "all_of_file", "batch", "blocked", "questions"),
    *("report", "server_of", "shared"),
]

_KEYS = {
    "total": ("outcome", "sum(count), sum(timed), sum(sum_us)"),
    "latency": ("bucket", "sum(count)"),
    "by_name": ("name", "sum(count), sum(blocked)"),
    "by_day": ("name", "sum(count), sum(blocked)"),
    "by_client": ("client", "sum(count), sum(blocked)"),
    "by_type": ("qtype", "sum(count)"),
    "by_list": ("list", "sum(count)"),
    "by_upstream": ("upstream", "sum(count), sum(sum_us)"),
    "by_transport": ("transport", "sum(count)"),
}
_SAID = {
    "name": "(SELECT text FROM name WHERE id = t.name)",
    "list": "(SELECT source FROM list WHERE id = t.list)",
    "client": "(SELECT text || ' ' || device || ' ' || policy_group FROM client"
    " WHERE id = t.client)",
}
_DAYS = (
    "(SELECT start, name, count, blocked FROM by_day UNION ALL SELECT start / 86400 * 86400, name,"
    " count, blocked FROM by_name WHERE start >= (SELECT value FROM meta WHERE key = 'folded'))"
)
Rows = Callable[[str], Awaitable[list[Any]]]


async def all_of_file(path: Path) -> dict[str, list[Any]]:
    """Every row and every count of a log, in words, so that it can be held against a database."""
    database = await Database.connect(path, read_only=True)
    try:
        return await _everything(database.rows, _DAYS)
    finally:
        await database.close()


async def all_of_database(server: Server) -> dict[str, list[Any]]:
    """The same of a database, of all nodes together."""
    return await _everything(server.rows, "by_day")


async def _everything(rows: Rows, days: str) -> dict[str, list[Any]]:
    queries = await rows(COLUMNS.format(source="FROM query AS q"))
    # Without the numbers of its own, and what the node is called.
    found = {"query": sorted(((*each[:15], *each[17:]) for each in queries), key=repr)}
    for table, (key, sums) in _KEYS.items():
        source, said = (days if table == "by_day" else table), _SAID.get(key, key)
        told = await rows(
            f"SELECT start / 3600 * 3600, {said}, {sums} FROM {source} AS t GROUP BY 1, 2"
            " HAVING sum(count) > 0"
        )
        found[table] = sorted((tuple(map(_number, each)) for each in told), key=repr)
    return found


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value


@asynccontextmanager
async def shared(path: Path, url: str, **settings: Any) -> AsyncIterator[Kit]:
    """A log in a file of its own that is shared at `url`, once it is."""
    token = SHARED.set(url)
    try:
        async with a_log(path, **settings) as kit:
            yield kit
    finally:
        SHARED.reset(token)


@asynccontextmanager
async def server_of(url: str) -> AsyncIterator[Server]:
    """The same database, to look into."""
    server = await Server.connect(url)
    try:
        yield server
    finally:
        await server.close()


def questions() -> list[Batch]:
    """A little of everything that can be told apart, over three hours and eight days back."""
    tablet, laptop = Who("192.0.2.7", MAC, "kids"), Who("192.0.2.9", "", "default")
    address = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([198, 51, 100, 7])
    answered = Report(
        from_text("www.example.org"),
        1,
        0,
        Verdict(Outcome.FORWARDED, upstream="first"),
        answered=address,
    )
    ruled = report(
        "shop.example.net", Outcome.BLOCKED, cause=Cause("Other", 3, rule="||shop.example.net^")
    )
    failed = report("xn--mnchen-3ya.example", Outcome.FAILED, qtype=28, rcode=2, upstream="second")
    return [
        batch([report("old.example.org")], laptop, NOW - 8 * 24 * HOUR_S, 40),
        batch([blocked(), ruled, report()], tablet, NOW - 3 * HOUR_S, 90, "tls"),
        batch([answered, report("a.b.example.org", qtype=28)], tablet, NOW - 2 * HOUR_S, 30_000),
        batch([failed, report("example.org")], laptop, NOW - HOUR_S, 700, "tcp"),
        batch([report(), blocked(), blocked("ads.example.net")], laptop, NOW - 60, 120),
        batch([report()], Who("2001:db8::7", MAC, "kids"), NOW - 30, 100),
    ]
