"""Whether all that a state has can be read: SQLite looks at pages only, not at what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sinkhole.control.database import DamagedError, Database
from sinkhole.control.state.file import StateFile
from sinkhole.control.state.pauses import Pauses
from sinkhole.control.state.people import People
from sinkhole.control.state.rule_rows import RuleRows
from sinkhole.control.state.stored import KEPT, StoredSettings
from sinkhole.control.state.upkeep import read_upkeep
from sinkhole.model.errors import StorageError

_ODD = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What rows raise that nobody of us has written."""


async def check_contents(database: Database) -> None:
    """Read every row by which a server runs, as those do who own the tables, of the newest version;
    DamagedError for what makes no sense."""
    file = StateFile(database, "only checked")
    stored, people = StoredSettings(file), People(file)
    try:
        await stored.load(database)
        await stored.revisions(KEPT)
        await people.load(database)
        await Pauses(file).load()
        await RuleRows(file).load()
        await read_upkeep(database)
    except _ODD as error:
        text = f"{database.path}: something in it makes no sense: {error!r}"
        raise DamagedError(text) from error


@contextmanager
def refusing_what_is_odd() -> Iterator[None]:
    """StorageError, within a transaction, where what came from another sinkhole makes no sense."""
    try:
        yield
    except DamagedError as error:
        if not isinstance(error.__cause__, _ODD):  # the disk's
            raise
        raise _odd(error.__cause__) from error
    except _ODD as error:
        raise _odd(error) from error


def _odd(error: BaseException) -> StorageError:
    return StorageError(f"what another sinkhole has changed makes no sense: {error!r:.200}")
