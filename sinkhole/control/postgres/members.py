"""The table of the nodes that share a database: each says how it does, and reads of the others.

A row is a process of a node's. By `box`, which stays over restarts, one that begins anew takes
away the row it had before; two that go on to write under one name are two sinkholes. Times are the
clock of the database's alone.
"""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

from sinkhole.control.postgres.server import AwayError, Server
from sinkhole.model.nodes import AWAY_S, LONGEST_TEXT, NodeReport, Wish, read_report

TIMEOUT_S: Final = 5.0
"""How long each statement may take: they are about a few rows."""

_ELSE: Final = "name = $1 AND process <> $2"
_SAY: Final = """
    INSERT INTO member AS m (name, process, box, said) VALUES ($1, $2, $3, $4::jsonb)
    ON CONFLICT (process) DO UPDATE SET name = excluded.name, box = excluded.box,
        said = excluded.said, seen = now()
"""
# What was asked of it is taken away with being read, as it is done now.
_TAKE: Final = """
    UPDATE member AS m SET wants_drain = NULL, wanted_by = ''
    FROM (SELECT process, wants_drain, wanted_by FROM member WHERE process = $1 FOR UPDATE) AS old
    WHERE m.process = old.process AND old.wants_drain IS NOT NULL
    RETURNING old.wants_drain, old.wanted_by
"""
_ALL: Final = """
    SELECT name, process, extract(epoch FROM now() - seen)::float8, said::text, wants_drain
    FROM member ORDER BY name, process LIMIT 1000
"""


class Member(NamedTuple):
    """A row: `silent_s` is how long ago it was written."""

    name: str
    process: str
    silent_s: float
    report: NodeReport
    wants_drain: bool | None

    @property
    def is_away(self) -> bool:
        """Whether it was not heard of for too long."""
        return self.silent_s > AWAY_S


class Members:
    """The table, as the node `name` sees it, which is this `process`. StorageError from all
    methods, AwayError where the database can't be reached."""

    def __init__(self, server: Server, name: str, process: str) -> None:
        self._server = server
        self._name = name
        self._process = process
        self._box = 0

    async def say(self, report: NodeReport, box: int) -> Wish | None:
        """Say how it does; what somebody asked of it since.

        `box` is 0 while it is not known.
        """
        if box and box != self._box:  # a row of this very box is of the process before this one
            await self._rows(f"DELETE FROM member WHERE {_ELSE} AND box = $3", *self._me, box)
            self._box = box
        old = f"seen < now() - interval '{AWAY_S} s'"
        await self._rows(f"DELETE FROM member WHERE {_ELSE} AND {old}", *self._me)
        await self._rows(_SAY, *self._me, box, json.dumps(report))
        taken = await self._rows(_TAKE, self._process)
        if not taken:
            return None
        drained, by = taken[0]
        return Wish(drained, "".join(each for each in by[:LONGEST_TEXT] if each.isprintable()))

    async def all(self) -> list[Member]:
        """All nodes, by name."""
        rows = await self._rows(_ALL)
        return [
            Member(name, process, silent_s, read_report(json.loads(said)), wants)
            for name, process, silent_s, said, wants in rows
        ]

    async def ask(self, name: str, wish: Wish) -> int:
        """Ask a node to be drained, or no more; how many there are that will hear of it."""
        heard = f"seen >= now() - interval '{AWAY_S} s'"
        asked = await self._rows(
            "UPDATE member SET wants_drain = $2, wanted_by = $3"
            f" WHERE name = $1 AND {heard} RETURNING process",
            *(name, *wish),
        )
        return len(asked)

    async def forget(self, name: str) -> int:
        """Forget a node that is away; how many rows that were."""
        old = f"seen < now() - interval '{AWAY_S} s'"
        gone = await self._rows(f"DELETE FROM member WHERE name = $1 AND {old} RETURNING 1", name)
        return len(gone)

    @property
    def _me(self) -> tuple[str, str]:
        return self._name, self._process

    async def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return await self._server.rows(sql, *values, timeout_s=TIMEOUT_S)
        except TimeoutError:
            raise AwayError("the database does not answer") from None
