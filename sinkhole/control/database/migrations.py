"""Numbered migrations: what tells that a file is ours, and how an old one is brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sinkhole.control.database.database import DamagedError, Database
from sinkhole.model.errors import StorageError


class NewerError(StorageError):
    """The file was written by a later sinkhole: nothing of it may be guessed."""


class Schema(NamedTuple):
    """The tables of one of our files.

    `what` is its name for people, `application_id` says "this file is ours" (PRAGMA
    application_id). `migrations` has one tuple of statements for each version of the file (PRAGMA
    user_version): only ever add.
    """

    what: str
    application_id: int
    migrations: tuple[tuple[str, ...], ...]


async def version_of(database: Database, schema: Schema) -> int:
    """The version of a file, 0 for an empty one.

    DamagedError where it is none of ours, NewerError where this sinkhole does not know its version.
    """
    version = int(await database.value("PRAGMA user_version"))
    owner = await database.value("PRAGMA application_id")
    tables = await database.value("SELECT count(*) FROM sqlite_schema")
    if tables and owner != schema.application_id:
        raise DamagedError(f"{database.path} is no {schema.what} of sinkhole")
    if version > len(schema.migrations):
        raise NewerError(
            f"{database.path} has version {version}, this sinkhole knows {len(schema.migrations)}"
        )
    return version


async def migrate(
    database: Database, schema: Schema, watch: Callable[[int, int], None] | None = None
) -> None:
    """Bring a file up to date, each version in a transaction of its own; raises as `version_of`.

    Interrupted at any point, the file has one whole version or the next. `watch` is told how many
    statements are done of how many.
    """
    version = await version_of(database, schema)
    done, of = 0, sum(map(len, schema.migrations[version:]))
    for number, statements in enumerate(schema.migrations[version:], version + 1):
        async with database.transaction():
            for statement in statements:
                if watch is not None:
                    watch(done, of)
                await database.rows(statement)
                done += 1
            await database.rows(f"PRAGMA application_id = {schema.application_id}")
            await database.rows(f"PRAGMA user_version = {number}")
