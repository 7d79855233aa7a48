"""The statement that gives the queries of a pihole-FTL.db, whatever version it is of."""

from __future__ import annotations

from typing import Final

from sinkhole.control.database import Database

_LINKED: Final = {
    "domain": ("domain_by_id", "domain"),
    "client": ("client_by_id", "ip"),
    "forward": ("forward_by_id", "forward"),
    "additional_info": ("addinfo_by_id", "content"),
}
"""Columns with a number in the place of a text, since version 5.12: the table, and its column."""

_PLAIN: Final = ("id", "timestamp", "type", "status", "reply_type", "reply_time", "list_id")


async def statement_of(database: Database) -> str:
    """What gives the rows of queries from a number on; "" for a file that has none."""
    master = await database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    tables = {str(name) for (name,) in master}
    table = "query_storage" if "query_storage" in tables else "queries"
    if not {table, "ftl"} <= tables:
        return ""
    columns = {str(row[1]) for row in await database.rows(f"PRAGMA table_info({table})")}
    chosen = [f"q.{name}" if name in columns else "NULL" for name in _PLAIN]
    joins = []
    for at, (name, (linked, text)) in enumerate(_LINKED.items()):
        if name not in columns:
            chosen.append("NULL")
        elif linked not in tables:
            chosen.append(f"q.{name}")
        else:
            chosen.append(
                f"CASE typeof(q.{name}) WHEN 'integer' THEN t{at}.{text} ELSE q.{name} END"
            )
            joins.append(f"LEFT JOIN {linked} AS t{at} ON t{at}.id = q.{name}")
    return (
        f"SELECT {', '.join(chosen)} FROM {table} AS q {' '.join(joins)}"
        " WHERE q.id >= ? ORDER BY q.id LIMIT ?"
    )
