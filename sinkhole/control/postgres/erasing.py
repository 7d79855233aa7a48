"""Taking out of the database what somebody wants gone: of all nodes, and what counts tell of it.

Values that nothing refers to any more go at once. Who remembers their numbers is told by `erased`
of meta, which who sends holds meanwhile.
"""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from sinkhole.control.postgres.schema import ROLLUPS
from sinkhole.control.postgres.server import Server, Session
from sinkhole.control.querylog.deletion import ALL, CLIENT, CLIENTS, NAME, STATISTICS
from sinkhole.control.querylog.dictionary import client_digest
from sinkhole.control.querylog.outbox import Parcel
from sinkhole.control.stats.rollups import FOREVER
from sinkhole.model.verdict import Outcome

HOUR_S: Final = 3600
DAY_S: Final = 86_400
_BLOCKED: Final = [int(outcome) for outcome in Outcome if outcome.is_block]

_OF_NODE: Final = "(${0}::integer IS NULL OR node = ${0})"
_NEXT: Final = "UPDATE meta SET value = value + 1 WHERE key = 'erased' RETURNING value"
"""Whoever sends has to ask for numbers anew, and waits until this is over."""

_UNCOUNT: Final = """
    WITH gone AS (DELETE FROM query AS q WHERE q.client = ANY($1) AND q.id <= $2
                  AND ($4::integer IS NULL OR q.node = $4)
                  RETURNING q.id / 1000000 AS at, q.node, q.name, q.account),
    erased AS (SELECT at, g.node, g.name, a.outcome = ANY($3::integer[]) AS is_blocked
               FROM gone AS g LEFT JOIN account AS a ON a.id = g.account),
    hours AS (UPDATE by_name AS t SET count = greatest(t.count - e.n, 0),
              blocked = greatest(t.blocked - e.b, 0) FROM (
                  SELECT at / 3600 * 3600 AS start, node, name, count(*) AS n,
                         count(*) FILTER (WHERE is_blocked) AS b FROM erased GROUP BY 1, 2, 3) AS e
              WHERE t.start = e.start AND t.node = e.node AND t.name = e.name)
    UPDATE by_day AS t SET count = greatest(t.count - e.n, 0),
        blocked = greatest(t.blocked - e.b, 0) FROM (
            SELECT at / 86400 * 86400 AS start, node, name, count(*) AS n,
                   count(*) FILTER (WHERE is_blocked) AS b FROM erased GROUP BY 1, 2, 3) AS e
    WHERE t.start = e.start AND t.node = e.node AND t.name = e.name
"""


class Erasure(NamedTuple):
    """What somebody wanted gone at another node, up to a row: one of the kinds of `deletion`."""

    number: int
    kind: str
    value: str
    through: int


async def erasures(server: Server, node: int) -> list[Erasure]:
    """What others have erased, and this node has not done yet, the oldest first; what it has erased
    itself counts as done."""
    found = await server.rows(
        "SELECT e.number, e.kind, e.value, e.through FROM erasure AS e JOIN node AS n ON n.id = $1"
        " WHERE e.number > n.erased AND e.node <> n.id ORDER BY e.number",
        node,
    )
    return [Erasure(*row) for row in found]


async def done(server: Server, node: int, number: int) -> None:
    """A node has done the same as all up to one."""
    await server.rows("UPDATE node SET erased = $1 WHERE id = $2", number, node)


async def erase(session: Session, wish: Parcel, node: int) -> None:
    """Do what is wanted, within a transaction, and have all other nodes do the same. What another
    node wanted is done there; here then only what this one sent since goes."""
    number = await session.value(_NEXT)
    only = node if wish.is_told else None
    if only is None:
        await session.rows(
            "INSERT INTO erasure (number, node, kind, value, through) VALUES ($1, $2, $3, $4, $5)",
            *(number, node, wish.kind, wish.value, wish.through),
        )
    if wish.kind == ALL:
        sql = f"DELETE FROM query WHERE id <= $1 AND {_OF_NODE.format(2)}"
        await session.rows(sql, wish.through, only)
    elif wish.kind == STATISTICS:
        await _reset(session, wish.through // 1_000_000, only)
    elif wish.kind == CLIENT:
        found = await session.rows("SELECT id FROM client WHERE text = $1", wish.value)
        await _erase_clients(session, [each for (each,) in found], wish.through, only)
    elif wish.kind == CLIENTS:
        digests = [client_digest(tuple(key)) for key in json.loads(wish.value)]
        found = await session.rows("SELECT id FROM client WHERE digest = ANY($1)", digests)
        await _erase_clients(session, [each for (each,) in found], wish.through, only)
    else:
        await _erase_names(session, wish, only)
    await session.rows("DELETE FROM by_name WHERE count = 0")
    await session.rows("DELETE FROM by_day WHERE count = 0")
    if wish.kind != STATISTICS:
        await _sweep(session)


async def rename_group(session: Session, names: str) -> None:
    """Have all clients of a group be in one of another name, both as JSON; one that was in such a
    group already stays another entry, with the same in it."""
    old, new = json.loads(names)
    await session.rows(_NEXT)
    for number, text, device in await session.rows(
        "SELECT id, text, device FROM client WHERE policy_group = $1", old
    ):
        digest = client_digest((text, device, new))
        if await session.rows("SELECT 1 FROM client WHERE digest = $1", digest):
            digest = client_digest((text, device, f"{new}\n{number}"))
        await session.rows(
            "UPDATE client SET policy_group = $1, digest = $2 WHERE id = $3", new, digest, number
        )


async def _erase_clients(
    session: Session, numbers: list[int], through: int, only: int | None
) -> None:
    """Rows, what they added to the counts by name, and the counts of the clients."""
    await session.rows(_UNCOUNT, numbers, through, _BLOCKED, only)
    await session.rows(
        f"DELETE FROM by_client WHERE client = ANY($1) AND start <= $2 AND {_OF_NODE.format(3)}",
        *(numbers, through // 1_000_000, only),
    )


async def _erase_names(session: Session, wish: Parcel, only: int | None) -> None:
    below = "" if wish.kind == NAME else " OR right(text, length($1) + 1) = '.' || $1"
    everything = " OR true" if wish.kind != NAME and wish.value == "." else ""
    found = await session.rows(
        f"SELECT id FROM name WHERE text = $1::text{below}{everything}", wish.value
    )
    numbers = [number for (number,) in found]
    await session.rows(
        f"DELETE FROM query WHERE name = ANY($1) AND id <= $2 AND {_OF_NODE.format(3)}",
        *(numbers, wish.through, only),
    )
    for table in ("by_name", "by_day"):
        await session.rows(
            f"DELETE FROM {table} WHERE name = ANY($1) AND start <= $2 AND {_OF_NODE.format(3)}",
            *(numbers, wish.through // 1_000_000, only),
        )


async def _sweep(session: Session) -> None:
    """Delete the values that neither rows nor counts have."""
    for table, rollups in (
        ("name", ("by_name", "by_day")),
        ("client", ("by_client",)),
        ("account", ()),
        ("answer", ()),
    ):
        unused = " AND ".join(
            f"NOT EXISTS (SELECT 1 FROM {each} AS r WHERE r.{table} = v.id)"
            for each in ("query", *rollups)
        )
        await session.rows(f"DELETE FROM {table} AS v WHERE {unused}")


async def _reset(session: Session, now_s: int, only: int | None) -> None:
    """Let statistics begin anew with this hour, for all nodes; or take back what one counted in
    it."""
    hour = now_s // HOUR_S * HOUR_S
    end = FOREVER if only is None else hour + HOUR_S
    for table in ROLLUPS:
        start = hour // DAY_S * DAY_S if table == "by_day" else hour
        await session.rows(
            f"DELETE FROM {table} WHERE start >= $1 AND start < $2 AND {_OF_NODE.format(3)}",
            *(start, end, only),
        )
    if only is None:
        await session.rows("UPDATE meta SET value = $1 WHERE key = 'reset'", hour)
