"""What goes together within an hour, noted once the hour is over: the index of searches.

The roll-ups tell which hours have a name, a client or a transport. That is not enough where two
things are sought that are both common and never come together, and for what is no roll-up at all: a
list, an upstream, a response code. So from the rows of each hour that is over it is noted

- in `by_account`, which accounts it has, and of each the clients that had it;
- in `by_name`, of each name the clients and the types;
- in `by_client`, of each client the transports.

Clients, types and transports are bits of a number, several of them sharing one where there are
many; so a search may look into an hour in vain, and never passes one over. 0 stands for not known.
What is written into an hour that was noted (the clock was set back) makes it be noted again
(`stats/rollups`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sinkhole.control.database import Database

HOUR_S: Final = 3600
HOUR_US: Final = HOUR_S * 1_000_000

SETTLED_S: Final = 60
"""How long after its end an hour is taken to be complete."""

MOST_ROWS: Final = 100_000
"""Of an hour with more rows nothing is noted but the account ANY: it is always read."""

ANY: Final = 0
"""Stands for all accounts; no row has it."""

_CLIENT_BITS: Final = 62
_CLIENTS: Final = f"sum(DISTINCT 1 << (q.client % {_CLIENT_BITS}))"
_TYPES: Final = (
    "sum(DISTINCT CASE a.qtype WHEN 1 THEN 1 WHEN 28 THEN 2 WHEN 65 THEN 4"
    " ELSE 8 << (a.qtype % 4) END)"
)
_TYPE_BITS: Final = {1: 1, 28: 2, 65: 4}


def client_bits(clients: Iterable[int]) -> int:
    """The bits of clients, by the log's numbers."""
    bits = 0
    for client in clients:
        bits |= 1 << (client % _CLIENT_BITS)
    return bits


def type_bits(types: Iterable[int]) -> int:
    """The bits of types; few of them, so that most entries need a single byte."""
    bits = 0
    for qtype in types:
        bits |= _TYPE_BITS.get(qtype) or 8 << (qtype % 4)
    return bits


def transport_bits(transports: Iterable[int]) -> int:
    """The bits of transports, by their places in TRANSPORTS."""
    return sum({1 << transport for transport in transports})


async def index_hour(database: Database, now_s: float) -> bool:
    """Note what the next hour has that is over; whether there was one.

    `now_s` is what is trusted to be past. To be called within a transaction.
    """
    mark = await database.value("SELECT value FROM meta WHERE key = 'indexed'")
    first = await database.value("SELECT min(id) FROM query WHERE id >= ?", [mark * 1_000_000])
    if first is None:
        return False
    start = first // HOUR_US
    if (start + 1) * HOUR_S + SETTLED_S > now_s:
        return False
    within = [start * HOUR_US, (start + 1) * HOUR_US]
    await database.rows("DELETE FROM by_account WHERE start = ?", [start * HOUR_S])
    many = "SELECT 1 FROM query WHERE id >= ? AND id < ? LIMIT 1 OFFSET ?"
    if await database.value(many, [*within, MOST_ROWS]):
        await database.rows("INSERT INTO by_account VALUES (?, ?, 0)", [start * HOUR_S, ANY])
    else:
        await _note(database, start * HOUR_S, within)
    await database.rows("UPDATE meta SET value = ? WHERE key = 'indexed'", [(start + 1) * HOUR_S])
    return True


async def _note(database: Database, start: int, within: list[int]) -> None:
    await database.rows(
        f"INSERT INTO by_account SELECT ?, q.account, {_CLIENTS} FROM query AS q"
        " WHERE q.id >= ? AND q.id < ? AND q.account <> 0 GROUP BY q.account",
        [start, *within],
    )
    await database.rows(
        "UPDATE by_name SET clients = f.clients, types = coalesce(f.types, 0) FROM"
        f" (SELECT q.name, {_CLIENTS} AS clients, {_TYPES} AS types FROM query AS q"
        " LEFT JOIN account AS a ON a.id = q.account WHERE q.id >= ? AND q.id < ? GROUP BY q.name)"
        " AS f WHERE by_name.start = ? AND by_name.name = f.name",
        [*within, start],
    )
    await database.rows(
        "UPDATE by_client SET transports = f.transports FROM"
        " (SELECT q.client, sum(DISTINCT 1 << q.transport) AS transports FROM query AS q"
        " WHERE q.id >= ? AND q.id < ? GROUP BY q.client)"
        " AS f WHERE by_client.start = ? AND by_client.client = f.client",
        [*within, start],
    )
