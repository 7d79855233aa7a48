"""The roll-ups of querylog.db, to read."""

from __future__ import annotations

from typing import Final

from sinkhole.control.database import Reader, Row
from sinkhole.control.stats.counts import ListStep, Step, TopClient, TopName
from sinkhole.model.errors import StorageError

# The roll-ups know whole hours, and weeks know whole days: tops may begin a little earlier.
_NAMES_BY_HOUR: Final = """
    SELECT name, sum(count) AS n, sum(blocked) AS b FROM by_name WHERE start BETWEEN ?1 AND ?3
"""
_NAMES_BY_DAY: Final = """
    SELECT name, sum(count) AS n, sum(blocked) AS b FROM (
        SELECT name, count, blocked FROM by_day WHERE start BETWEEN ?1 / 86400 * 86400 AND ?3
        UNION ALL SELECT name, count, blocked FROM by_name
        WHERE start BETWEEN max(?1, (SELECT value FROM meta WHERE key = 'folded')) AND ?3)
"""
_TOP_NAMES: Final = """
    WITH sums AS MATERIALIZED ({sums} GROUP BY name),
    tops AS (SELECT * FROM (SELECT 0 AS kind, name, n FROM sums WHERE n > 0
                            ORDER BY n DESC, name LIMIT ?2)
        UNION ALL SELECT * FROM (SELECT 1, name, b FROM sums WHERE b > 0
                                 ORDER BY b DESC, name LIMIT ?2))
    SELECT kind, coalesce(text, ''), n FROM tops LEFT JOIN name ON name.id = tops.name
    ORDER BY kind, n DESC, text
"""
# SQLite takes bare columns from the row with the max.
_TOP_CLIENTS: Final = """
    SELECT coalesce(c.text, ''), coalesce(c.device, ''), sum(n) AS total, sum(b), max(n) FROM (
        SELECT client, sum(count) AS n, sum(blocked) AS b FROM by_client
        WHERE start BETWEEN ?1 AND ?3 GROUP BY client HAVING n > 0) AS s
    LEFT JOIN client AS c ON c.id = s.client
    GROUP BY coalesce(nullif(c.device, ''), c.text, s.client) ORDER BY total DESC, c.text LIMIT ?2
"""
_TOP_LISTS: Final = """
    SELECT coalesce(name, ''), n FROM (
        SELECT list, sum(count) AS n FROM by_list
        WHERE start BETWEEN ?1 AND ?3 GROUP BY list ORDER BY n DESC, list LIMIT ?2)
    LEFT JOIN list ON list.id = list ORDER BY n DESC, name
"""
_UPSTREAMS: Final = """
    SELECT upstream, sum(count) AS n, sum(sum_us) FROM by_upstream
    WHERE start BETWEEN ?1 AND ?3 GROUP BY upstream ORDER BY n DESC, upstream LIMIT ?2
"""
_TRANSPORTS: Final = """
    SELECT transport, sum(count) AS n FROM by_transport WHERE start BETWEEN ?1 AND ?2
    GROUP BY transport HAVING n > 0 ORDER BY n DESC, transport
"""
_STEPS: Final = """
    SELECT start / ?3 * ?3 AS at, outcome, sum(count), sum(timed), sum(sum_us)
    FROM total WHERE start BETWEEN ?1 AND ?2 GROUP BY at, outcome
"""
_LATENCIES: Final = """
    SELECT bucket, sum(count) FROM latency WHERE start BETWEEN ? AND ? GROUP BY bucket
"""
_BY_LIST_STEPS: Final = """
    SELECT (start - ?3) / ?2 AS step, coalesce(name, ''), sum(count) FROM by_list
    LEFT JOIN list ON list.id = by_list.list WHERE start BETWEEN ?1 AND ?4 GROUP BY step, name
"""
_HITS: Final = """
    SELECT name, coalesce(sum(count) FILTER (WHERE start >= ?1), 0), sum(count) FROM by_list
    JOIN list ON list.id = by_list.list WHERE start BETWEEN ?2 AND ?3 GROUP BY name
"""


class SqliteCounts:
    """`Counts` of a file, by one reader."""

    def __init__(self, source: Reader) -> None:
        self._source = source

    def of_node(self, name: str) -> SqliteCounts:
        """Themselves: those of others are elsewhere."""
        if name:
            raise StorageError(f"what the node {name!r} answered can't be read now")
        return self

    async def reset_at(self) -> int:
        """When statistics were begun anew."""
        rows = await self._source.rows("SELECT value FROM meta WHERE key = 'reset'")
        return int(rows[0][0]) if rows else 0

    async def steps(self, start: int, end: int, step_s: int) -> list[Step]:
        """What became of queries, step by step."""
        return [Step(*row) for row in await self._source.rows(_STEPS, (start, end, step_s))]

    async def latencies(self, start: int, end: int) -> dict[int, int]:
        """How many queries took how long."""
        return dict(await self._source.rows(_LATENCIES, (start, end)))

    async def top_names(self, start: int, end: int, most: int, *, by_day: bool) -> list[TopName]:
        """The leading names; of a long time, of the 200 leading ones of each hour."""
        sums = _NAMES_BY_DAY if by_day else _NAMES_BY_HOUR
        return [
            TopName(*row) for row in await self._top(_TOP_NAMES.format(sums=sums), start, end, most)
        ]

    async def top_clients(self, start: int, end: int, most: int) -> list[TopClient]:
        """Who asked most."""
        return [TopClient(*row[:4]) for row in await self._top(_TOP_CLIENTS, start, end, most)]

    async def top_lists(self, start: int, end: int, most: int) -> list[Row]:
        """The lists that refused most."""
        return await self._top(_TOP_LISTS, start, end, most)

    async def upstreams(self, start: int, end: int, most: int) -> list[Row]:
        """Who was asked most."""
        return await self._top(_UPSTREAMS, start, end, most)

    async def transports(self, start: int, end: int) -> list[Row]:
        """How many queries came by what."""
        return await self._source.rows(_TRANSPORTS, (start, end))

    async def list_steps(self, start: int, end: int, begin: int, step_s: int) -> list[ListStep]:
        """What each list refused, step by step."""
        rows = await self._source.rows(_BY_LIST_STEPS, (start, step_s, begin, end))
        return [ListStep(*row) for row in rows]

    async def list_hits(self, day: int, start: int, end: int) -> list[Row]:
        """How much each list refused lately."""
        return await self._source.rows(_HITS, (day, start, end))

    async def _top(self, sql: str, start: int, end: int, most: int) -> list[Row]:
        return await self._source.rows(sql, (start, most, end))
