"""The roll-ups of all nodes, to read."""

from __future__ import annotations

from typing import Any, Final

from sinkhole.control.database import Row
from sinkhole.control.postgres.server import Server
from sinkhole.control.stats.counts import ListStep, Step, TopClient, TopName

_STEPS: Final = """
    SELECT start / $3 * $3 AS at, outcome, sum(count)::bigint, sum(timed)::bigint,
           sum(sum_us)::bigint
    FROM total WHERE start BETWEEN $1 AND $2 GROUP BY at, outcome
"""
_LATENCIES: Final = """
    SELECT bucket, sum(count)::bigint FROM latency WHERE start BETWEEN $1 AND $2 GROUP BY bucket
"""
_TOP_NAMES: Final = """
    WITH sums AS MATERIALIZED (
        SELECT name, sum(count)::bigint AS n, sum(blocked)::bigint AS b FROM {table}
        WHERE start BETWEEN $1 AND $2 GROUP BY name),
    tops AS ((SELECT 0 AS kind, name, n FROM sums WHERE n > 0 ORDER BY n DESC, name LIMIT $3)
        UNION ALL (SELECT 1, name, b FROM sums WHERE b > 0 ORDER BY b DESC, name LIMIT $3))
    SELECT kind, coalesce(text, ''), n FROM tops LEFT JOIN name ON name.id = tops.name
    ORDER BY kind, n DESC, text
"""
_TOP_CLIENTS: Final = """
    SELECT coalesce((array_agg(c.text ORDER BY n DESC))[1], ''), coalesce(max(c.device), ''),
           sum(n)::bigint AS total, sum(b)::bigint
    FROM (SELECT client, sum(count) AS n, sum(blocked) AS b FROM by_client
          WHERE start BETWEEN $1 AND $2 GROUP BY client HAVING sum(count) > 0) AS s
    LEFT JOIN client AS c ON c.id = s.client
    GROUP BY coalesce(nullif(c.device, ''), c.text, s.client::text) ORDER BY total DESC, 1 LIMIT $3
"""
_TOP_LISTS: Final = """
    SELECT coalesce(l.name, ''), n FROM (
        SELECT list, sum(count)::bigint AS n FROM by_list
        WHERE start BETWEEN $1 AND $2 GROUP BY list ORDER BY n DESC, list LIMIT $3) AS s
    LEFT JOIN list AS l ON l.id = s.list ORDER BY n DESC, 1
"""
_UPSTREAMS: Final = """
    SELECT upstream, sum(count)::bigint AS n, sum(sum_us)::bigint FROM by_upstream
    WHERE start BETWEEN $1 AND $2 GROUP BY upstream ORDER BY n DESC, upstream LIMIT $3
"""
_TRANSPORTS: Final = """
    SELECT transport, sum(count)::bigint AS n FROM by_transport WHERE start BETWEEN $1 AND $2
    GROUP BY transport HAVING sum(count) > 0 ORDER BY n DESC, transport
"""
_LIST_STEPS: Final = """
    SELECT (start - $3) / $4 AS step, coalesce(l.name, ''), sum(count)::bigint FROM by_list AS b
    LEFT JOIN list AS l ON l.id = b.list WHERE start BETWEEN $1 AND $2 GROUP BY step, l.name
"""
_HITS: Final = """
    SELECT l.name, coalesce(sum(count) FILTER (WHERE start >= $3), 0)::bigint, sum(count)::bigint
    FROM by_list AS b JOIN list AS l ON l.id = b.list WHERE start BETWEEN $1 AND $2 GROUP BY l.name
"""
DAY_S: Final = 86_400


_WITHIN: Final = "start BETWEEN $1 AND $2"
"""What all have in common, after which a node is asked for."""


class PostgresCounts:
    """`Counts`, of one node or of all together."""

    def __init__(self, server: Server, node: str = "") -> None:
        self._server = server
        self._node = node

    def of_node(self, name: str) -> PostgresCounts:
        """Those of one node."""
        return PostgresCounts(self._server, name)

    async def reset_at(self) -> int:
        """When statistics were begun anew."""
        return int(await self._server.value("SELECT value FROM meta WHERE key = 'reset'"))

    async def steps(self, start: int, end: int, step_s: int) -> list[Step]:
        """What became of queries, step by step."""
        return [Step(*row) for row in await self._rows(_STEPS, start, end, step_s)]

    async def latencies(self, start: int, end: int) -> dict[int, int]:
        """How many queries took how long."""
        return dict(await self._rows(_LATENCIES, start, end))

    async def top_names(self, start: int, end: int, most: int, *, by_day: bool) -> list[TopName]:
        """The leading names; of a long time by whole days."""
        first = start // DAY_S * DAY_S if by_day else start
        sql = _TOP_NAMES.format(table="by_day" if by_day else "by_name")
        return [TopName(*row) for row in await self._rows(sql, first, end, most)]

    async def top_clients(self, start: int, end: int, most: int) -> list[TopClient]:
        """Who asked most."""
        return [TopClient(*row) for row in await self._rows(_TOP_CLIENTS, start, end, most)]

    async def top_lists(self, start: int, end: int, most: int) -> list[Row]:
        """The lists that refused most."""
        return await self._rows(_TOP_LISTS, start, end, most)

    async def upstreams(self, start: int, end: int, most: int) -> list[Row]:
        """Who was asked most."""
        return await self._rows(_UPSTREAMS, start, end, most)

    async def transports(self, start: int, end: int) -> list[Row]:
        """How many queries came by what."""
        return await self._rows(_TRANSPORTS, start, end)

    async def list_steps(self, start: int, end: int, begin: int, step_s: int) -> list[ListStep]:
        """What each list refused, step by step."""
        rows = await self._rows(_LIST_STEPS, start, end, begin, step_s)
        return [ListStep(*row) for row in rows]

    async def list_hits(self, day: int, start: int, end: int) -> list[Row]:
        """How much each list refused lately."""
        return await self._rows(_HITS, start, end, day)

    async def _rows(self, sql: str, start: int, end: int, *values: Any) -> list[Row]:
        if not self._node:
            return await self._server.rows(sql, start, end, *values)
        of_node = f"node IN (SELECT id FROM node WHERE name = ${3 + len(values)})"
        asked = sql.replace(_WITHIN, f"{_WITHIN} AND {of_node}")
        return await self._server.rows(asked, start, end, *values, self._node)
