"""The tables, which all nodes share; whoever comes first makes them, or brings them up to date.

They are called as those of querylog.db are, and mean the same: so what makes rows of the log of
them is written once. What differs: rows and counts say of which node they are, rows lie in a
partition a day, and names are counted by the day as they come, not folded later. `seen` is the last
day in which a value was used.
"""

from __future__ import annotations

from typing import Final

from sinkhole.control.postgres.server import Server

LONG_S: Final = 24 * 3600.0
"""How long a statement may take that makes an index of all rows."""

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


# pg_trgm finds parts of names by an index. Who owns the database may have it, without being its
# superuser, where it is installed at all; without it all names are looked through.
_PARTS_OF_NAMES: Final = """
    DO $$ DECLARE place text;
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA sinkhole;
        SELECT extnamespace::regnamespace INTO place FROM pg_extension WHERE extname = 'pg_trgm';
        EXECUTE format('CREATE INDEX ON name USING gin (text %s.gin_trgm_ops)', place);
    EXCEPTION WHEN insufficient_privilege OR feature_not_supported OR undefined_file
        OR undefined_object OR invalid_schema_name THEN
        RAISE NOTICE 'parts of names are looked for without an index: %', SQLERRM;
    END $$
"""

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
    (
        # What was erased, for the nodes that have it in their files as well: `number` is `erased`
        # of meta then, and a node knows up to which it has done the same.
        "CREATE TABLE erasure (number bigint PRIMARY KEY, node integer NOT NULL,"
        " kind text NOT NULL, value text NOT NULL, through bigint NOT NULL,"
        " at timestamptz NOT NULL DEFAULT now())",
        "ALTER TABLE node ADD COLUMN erased bigint NOT NULL DEFAULT 0",
        "UPDATE node SET erased = (SELECT value FROM meta WHERE key = 'erased')",
        # Up to which day the names of days are the leading ones.
        "INSERT INTO meta VALUES ('leading', 0)",
        # What became of few queries is found as quickly as who asked.
        "CREATE INDEX ON query (account, id)",
        _PARTS_OF_NAMES,
    ),
    (
        # What each node says of itself, see `members`. `process` is a random word of the one that
        # runs.
        "CREATE TABLE member (name text NOT NULL, process text PRIMARY KEY, box bigint NOT NULL,"
        " seen timestamptz NOT NULL DEFAULT now(), said jsonb NOT NULL,"
        " wants_drain boolean, wanted_by text NOT NULL DEFAULT '')",
    ),
    (
        # Which revisions of the state there were: who knows another one has it from before the
        # tables were restored from an older copy.
        "CREATE TABLE state_revision (revision bigint PRIMARY KEY)",
        "INSERT INTO state_revision SELECT value FROM meta WHERE key = 'state_revision'",
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
                await session.rows(statement, timeout_s=LONG_S)
        await session.rows(
            "INSERT INTO meta VALUES ('version', $1)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            len(MIGRATIONS),
        )
    return len(MIGRATIONS)
