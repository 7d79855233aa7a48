"""The tables, which all nodes share; whoever comes first makes them, or brings them up to date.

They are called as those of querylog.db are, and mean the same: so what makes rows of the log of
them is written once. What differs: rows and counts say of which node they are, rows lie in a
partition a day, and names are counted by the day as they come, not folded later. `seen` is the last
day in which a value was used.
"""

from __future__ import annotations

from typing import Final

from sinkhole.control.postgres.server import Server

MAKING: Final = 0x73696E6B
"""The advisory lock of who makes or drops tables."""

_ROLLUPS: Final = {
    "total": ("outcome smallint", ("count", "timed", "sum_us")),
    "latency": ("bucket smallint", ("count",)),
    "by_name": ("name integer", ("count", "blocked")),
    "by_day": ("name integer", ("count", "blocked")),
    "by_client": ("client integer", ("count", "blocked")),
    "by_type": ("qtype integer", ("count",)),
    "by_list": ("list integer", ("count",)),
    "by_upstream": ("upstream text", ("count", "sum_us")),
    "by_transport": ("transport smallint", ("count",)),
}
ROLLUPS: Final = {
    table: (key.partition(" ")[0], key.partition(" ")[2], sums)
    for table, (key, sums) in _ROLLUPS.items()
}
"""The tables of counts: key, its type, and sums."""

_NUMBER: Final = "id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY"


def _rollup(table: str) -> str:
    key, kind, sums = ROLLUPS[table]
    columns = ", ".join(f"{each} bigint NOT NULL" for each in sums)
    return (
        f"CREATE TABLE {table} (start bigint, node integer, {key} {kind}, {columns},"
        f" PRIMARY KEY (start, node, {key}))"
    )


MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        "CREATE TABLE meta (key text PRIMARY KEY, value bigint NOT NULL)",
        "INSERT INTO meta VALUES ('reset', 0), ('swept', 0), ('erased', 0)",
        # A file that batches come from: by the `stream` of its outbox, and how many have come.
        f"CREATE TABLE node ({_NUMBER}, name text NOT NULL, stream bigint NOT NULL UNIQUE,"
        " sent bigint NOT NULL DEFAULT 0, seen timestamptz NOT NULL DEFAULT now())",
        f"CREATE TABLE name ({_NUMBER}, digest bigint NOT NULL UNIQUE, text text NOT NULL,"
        " seen bigint NOT NULL)",
        f"CREATE TABLE client ({_NUMBER}, digest bigint NOT NULL UNIQUE, text text NOT NULL,"
        " device text NOT NULL, policy_group text NOT NULL, seen bigint NOT NULL)",
        f"CREATE TABLE list ({_NUMBER}, source text NOT NULL UNIQUE, name text NOT NULL,"
        " seen bigint NOT NULL)",
        f"CREATE TABLE account ({_NUMBER}, digest bigint NOT NULL UNIQUE, qtype integer NOT NULL,"
        " rcode integer NOT NULL, outcome smallint NOT NULL, list integer NOT NULL,"
        " line integer NOT NULL, rule text NOT NULL, allowed boolean NOT NULL,"
        " policy_group text NOT NULL, hop text NOT NULL, upstream text NOT NULL,"
        " detail text NOT NULL, seen bigint NOT NULL)",
        f"CREATE TABLE answer ({_NUMBER}, digest bigint NOT NULL UNIQUE, given bytea NOT NULL,"
        " original bytea, seen bigint NOT NULL)",
        "CREATE TABLE query (id bigint NOT NULL, node integer NOT NULL, client integer NOT NULL,"
        " name integer NOT NULL, account integer NOT NULL, duration_us bigint NOT NULL,"
        " transport smallint NOT NULL, answer integer NOT NULL) PARTITION BY RANGE (id)",
        "CREATE INDEX ON query (id)",
        "CREATE INDEX ON query (name, id)",
        "CREATE INDEX ON query (client, id)",
        *(_rollup(table) for table in ROLLUPS),
    ),
    (
        # The state that all share: the last of each row, NULL of one that is gone, with the
        # revision that changed it, and its place in that.
        "CREATE TABLE state (kind text NOT NULL, key text NOT NULL, value text,"
        " position integer NOT NULL, revision bigint NOT NULL,"
        " changed timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (kind, key))",
        "CREATE INDEX ON state (revision)",
        "CREATE INDEX ON state (changed) WHERE value IS NULL",
        "INSERT INTO meta VALUES ('state_revision', 0), ('state_forgotten', 0),"
        " ('state', (random() * 9e18)::bigint)",
    ),
    (
        # Content of lists, gzipped; what each source has said last, and who asks it now.
        "CREATE TABLE list_content (digest text PRIMARY KEY)",
        "CREATE TABLE list_piece (digest text REFERENCES list_content ON DELETE CASCADE,"
        " number integer, packed bytea NOT NULL, PRIMARY KEY (digest, number))",
        "ALTER TABLE list_piece ALTER packed SET STORAGE EXTERNAL",
        "CREATE TABLE list_offer (source text PRIMARY KEY,"
        " digest text NOT NULL REFERENCES list_content, size_bytes bigint NOT NULL,"
        " etag text NOT NULL, last_modified text NOT NULL, answered_by text NOT NULL,"
        " node text NOT NULL, fetched timestamptz NOT NULL)",
        "CREATE TABLE list_claim (source text PRIMARY KEY, node text NOT NULL,"
        " until timestamptz NOT NULL)",
    ),
)
"""One tuple of statements for each version (`version` of meta). Only ever add."""


async def migrate(server: Server) -> int:
    """Bring the tables up to date; their version, which is later where a newer sinkhole made them:
    then nothing of them may be guessed."""
    async with server.transaction() as session:
        await session.rows("SELECT pg_advisory_xact_lock($1)", MAKING)
        await session.rows("CREATE SCHEMA IF NOT EXISTS sinkhole")
        version = 0
        if await session.value("SELECT to_regclass('sinkhole.meta') IS NOT NULL"):
            version = await session.value("SELECT value FROM meta WHERE key = 'version'") or 0
        if version > len(MIGRATIONS):
            return int(version)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                await session.rows(statement)
        await session.rows(
            "INSERT INTO meta VALUES ('version', $1)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            len(MIGRATIONS),
        )
    return len(MIGRATIONS)
