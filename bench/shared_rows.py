"""A database as three sinkholes leave it after a month: rows and roll-ups, made in it by SQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final

from bench.lists import SEED
from sinkhole.control.postgres.schema import migrate
from sinkhole.control.postgres.server import Server, Session
from sinkhole.control.postgres.upkeep import Partitions, tidy
from sinkhole.control.querylog.dictionary import client_digest, short_hash

NODES: Final = ("attic", "cellar", "garage")
DAYS: Final = 30
NAMES: Final = 200_000
CLIENTS: Final = 120
ACCOUNTS: Final = 400
ANSWERS: Final = 30_000
RARE: Final = "once.rare.example.org"
DAY_S: Final = 86_400
HOUR_S: Final = 3600

# One name of each hundred thousand rows is a rare one; the n-th name is asked for 1/n as often as
# the first. An account says what became of it: one in four of them is blocked, one fails.
_ROWS: Final = f"""
    INSERT INTO query
    SELECT {{day}}::bigint * 86400000000 + i * 86400000000::bigint / {{rows}}, i % 3 + 1,
           1 + i % 3 * {CLIENTS // 3} + floor(random() * random() * {CLIENTS // 3})::integer,
           floor(exp(random() * ln({NAMES - 1})))::integer,
           1 + floor(random() * random() * {ACCOUNTS})::integer,
           20 + floor(exp(random() * 10))::bigint, (random() < 0.1)::integer * 2,
           floor(random() * {ANSWERS})::integer
    FROM generate_series(0, {{rows}} - 1) AS i
"""
_HOUR: Final = "q.id / 3600000000 * 3600"
_MINUTE: Final = f"CASE WHEN q.id >= $1::bigint THEN q.id / 60000000 * 60 ELSE {_HOUR} END"
_BLOCKED: Final = "count(*) FILTER (WHERE a.outcome = 2)"
_COUNTS: Final = {
    "total": (f"{_MINUTE}, q.node, a.outcome, count(*), count(*), sum(q.duration_us)"),
    "latency": (f"{_MINUTE}, q.node, floor(ln(q.duration_us) * 4)::smallint, count(*)"),
    "by_name": f"{_HOUR}, q.node, q.name, count(*), {_BLOCKED}",
    "by_day": f"q.id / 86400000000 * 86400, q.node, q.name, count(*), {_BLOCKED}",
    "by_client": f"{_HOUR}, q.node, q.client, count(*), {_BLOCKED}",
    "by_type": f"{_HOUR}, q.node, a.qtype, count(*)",
    "by_transport": f"{_HOUR}, q.node, q.transport, count(*)",
    "by_list": f"{_HOUR}, q.node, a.list, count(*)",
    "by_upstream": f"{_HOUR}, q.node, a.upstream, count(*), sum(q.duration_us)",
}
_ONLY: Final = {
    "by_name": "q.id >= $1::bigint - 7 * 86400000000::bigint",
    "by_list": "a.list > 0 AND $1::bigint > 0",
    "by_upstream": "a.upstream <> '' AND $1::bigint > 0",
}


async def fill(server: Server, rows: int, tell: Callable[[str], None]) -> None:
    """So many rows of each node, over a month up to yesterday's end, and all that counts them."""
    await migrate(server)
    today = int(time.time()) // DAY_S
    async with server.transaction() as session:
        await _values(session)
    await Partitions(server).make(d * DAY_S * 1_000_000 for d in range(today - DAYS, today))
    indexes = await _without_indexes(server)
    for day in range(today - DAYS, today):
        if not (day - today) % 10:
            tell(f"shared log: {-(day - today)} days of rows to make")
        await _long(server, _ROWS.format(day=day, rows=rows * len(NODES) // DAYS))
        rare = (day * DAY_S * 1_000_000 + 7, NAMES)
        await server.rows("INSERT INTO query SELECT $1, 1, 1, $2, 1, 100, 0, 0", *rare)
    for sql in indexes:
        tell(f"shared log: {sql}")
        await _long(server, sql)
    minutes = (today - 2) * DAY_S * 1_000_000
    for table, columns in _COUNTS.items():
        tell(f"shared log: counts of {table}")
        where = _ONLY.get(table, "$1::bigint > 0")
        await _long(
            server,
            f"INSERT INTO {table} SELECT {columns} FROM query AS q JOIN account AS a"
            f" ON a.id = q.account WHERE {where} GROUP BY 1, 2, 3",
            minutes,
        )
    await tidy(server, time.time(), 365 * DAY_S, 365 * DAY_S)
    # Within a month no day leaves more than the next one takes.
    await _long(server, "VACUUM FULL by_day")
    await _long(server, "VACUUM ANALYZE")


async def _values(session: Session) -> None:
    chance = random.Random(SEED)
    seen = int(time.time()) // DAY_S * DAY_S
    nodes = [(name, number) for number, name in enumerate(NODES, 1)]
    await session.copy("node", ("name", "stream"), nodes)
    words = ["cdn", "api", "img", "www", "ads", "static", "mail", "track", "edge", "video"]
    names = [
        f"{chance.choice(words)}{n % 977}.site-{n // 7}.example.{chance.choice(['org', 'net'])}"
        for n in range(NAMES - 1)
    ]
    texts = [(short_hash(text), text, seen) for text in dict.fromkeys([*names, RARE])]
    texts += [(n, f"more{n}.example.org", seen) for n in range(NAMES - len(texts))]
    await session.copy("name", ("digest", "text", "seen"), texts)
    keys = [(f"192.0.2.{n}", "", "kids" if n % 4 == 0 else "default") for n in range(CLIENTS)]
    clients = [(client_digest(key), *key, seen) for key in keys]
    await session.copy("client", ("digest", "text", "device", "policy_group", "seen"), clients)
    lists = [(f"=List {n}", f"List {n}", seen) for n in range(8)]
    await session.copy("list", ("source", "name", "seen"), lists)
    columns = "digest qtype rcode outcome list line rule allowed policy_group hop upstream detail"
    accounts = [_account(n, seen) for n in range(ACCOUNTS)]
    await session.copy("account", (*columns.split(), "seen"), accounts)
    answers = [(n, n.to_bytes(4, "big") * 4, None, seen) for n in range(ANSWERS)]
    await session.copy("answer", ("digest", "given", "original", "seen"), answers)


def _account(number: int, seen: int) -> tuple[Any, ...]:
    blocked, failed = number % 4 == 3, number == ACCOUNTS - 1
    outcome = 8 if failed else 2 if blocked else number % 2
    qtype = (1, 28, 65)[number % 3]
    listed = (number % 8 + 1, number, f"||rule{number}^") if blocked else (0, 0, "")
    upstream = "" if blocked else f"192.0.2.{50 + number % 3}:53"
    return (number, qtype, 2 if failed else 0, outcome, *listed, False, "", "", upstream, "", seen)


async def _without_indexes(server: Server) -> list[str]:
    """Drop the indexes of rows; what makes them again."""
    found = await server.rows(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'query'"
        " AND schemaname = 'sinkhole'"
    )
    for name, _ in found:
        await server.rows(f"DROP INDEX {name}")
    return [definition.replace(" ON ONLY ", " ON ") for _, definition in found]


async def _long(server: Server, sql: str, *values: Any) -> None:
    await server.rows(sql, *values, timeout_s=3600.0)
