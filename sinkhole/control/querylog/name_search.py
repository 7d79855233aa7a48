"""Which names have a part that somebody looks for, kept in a table of the reader's connection.

The names of a log are few beside its rows, but there may be millions. They are looked through in
slices, newest last, and what was found is remembered: the next page of the same search only has to
look at names that are new since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Reader
from sinkhole.dns.wire.international import PREFIX, as_stored, decoded

NAMES_A_SLICE: Final = 20_000

MOST_SOUGHT: Final = 100_000
"""With more names that match, rows are read one by one: nearly every hour has some of them."""

_TABLES: Final = (
    "PRAGMA temp_store = MEMORY",
    "CREATE TEMP TABLE IF NOT EXISTS search (part TEXT NOT NULL, through INTEGER NOT NULL)",
    "CREATE TEMP TABLE IF NOT EXISTS sought (id INTEGER PRIMARY KEY)",
)


class Pattern(NamedTuple):
    """What a name has to meet, as a condition on `text` with its parameters."""

    condition: str
    values: tuple[str, ...]


def pattern_of(part: str) -> Pattern:
    """The pattern of a part that a person has typed: as names are stored, or as they are read."""
    return Pattern(
        f"(instr(text, ?) > 0 OR (instr(text, '{PREFIX}') > 0 AND instr(decoded(text), ?) > 0))",
        as_stored(part),
    )


async def gather_names(source: Reader, pattern: Pattern, is_over: Callable[[], bool]) -> int | None:
    """Fill the table `sought` with the numbers of the names that match; how many there are.

    None when `is_over` said so first; what was found until then stays found. Looking ends with
    more than MOST_SOUGHT.
    """
    await source.define("decoded", decoded)
    for statement in _TABLES:
        await source.rows(statement)
    key = repr(pattern)
    known = await source.rows("SELECT through FROM search WHERE part = ?", [key])
    if not known:
        await source.rows("DELETE FROM search")
        await source.rows("DELETE FROM sought")
        await source.rows("INSERT INTO search VALUES (?, 0)", [key])
    through: int = known[0][0] if known else 0
    while True:
        ((found,),) = await source.rows("SELECT count(*) FROM sought")
        if found > MOST_SOUGHT:
            return int(found)
        last = await _slice_end(source, through)
        if last is None:
            return int(found)
        if is_over():
            return None
        values: list[Any] = [through, last, *pattern.values]
        await source.rows(
            "INSERT OR IGNORE INTO sought SELECT id FROM name"
            f" WHERE id > ? AND id <= ? AND {pattern.condition}",
            values,
        )
        await source.rows("UPDATE search SET through = ?", [last])
        through = last


async def _slice_end(source: Reader, through: int) -> int | None:
    """The last number of the next slice, None if there are no names behind `through`."""
    ((last,),) = await source.rows(
        "SELECT max(id) FROM (SELECT id FROM name WHERE id > ? ORDER BY id LIMIT ?)",
        [through, NAMES_A_SLICE],
    )
    return None if last is None else int(last)
