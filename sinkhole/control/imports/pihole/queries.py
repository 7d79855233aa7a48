"""The long-term database of Pi-hole, pihole-FTL.db, of version 5 and 6: its queries, row by row.

Rows have numbers that only ever grow, also when old ones are deleted, and the file knows when it
was made: that tells it apart. The file may come from anywhere, so its views are not asked. Answers
are not kept there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NamedTuple

from sinkhole.control.database import Database, Row
from sinkhole.control.imports.past import (
    MOST_IN_PIECE,
    OWN_RULES,
    Known,
    Lists,
    Piece,
    microseconds,
)
from sinkhole.control.imports.pihole.statement import statement_of
from sinkhole.dns.wire.extended_errors import ExtendedError
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Ede, Rcode, type_number
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Batch, Report, Telling
from sinkhole.model.verdict import Outcome, Verdict

MADE_AT: Final = 2
"""The key of the table `ftl` under which it says when the file was made."""

HIDDEN_NAME: Final = "hidden"
HIDDEN_CLIENT: Final = "0.0.0.0"
GRAVITY: Final = "gravity"
"""What is called so that a list of Pi-hole blocked, where it is not known which."""

UPSTREAM_REFUSED: Final = str(ExtendedError(Ede.BLOCKED))
"""What is told of a name that Pi-hole found an upstream to have blocked, by whatever sign."""

_TYPES: Final = {
    number: type_number(name)
    for number, name in enumerate(
        (
            *("A", "AAAA", "ANY", "SRV", "SOA", "PTR", "TXT", "NAPTR", "MX", "DS"),
            *("RRSIG", "DNSKEY", "NS", "", "SVCB", "HTTPS"),
        ),
        start=1,
    )
    if name
}
"""Types by its own numbers; others have their real number and OFFSET."""
_OFFSET: Final = 100
_MOST_TYPE: Final = 0xFFFF

_RCODES: Final = {2: Rcode.NXDOMAIN, 7: Rcode.SERVFAIL, 8: Rcode.REFUSED, 9: Rcode.NOTIMP}
"""Its kinds of replies that are response codes; all others are NOERROR."""
_NO_ANSWER: Final = (0, 7, 12)
"""Kinds that mean that no upstream gave a usable answer."""

_BY_LIST: Final = (1, 9)
_STATUSES: Final = {
    **dict.fromkeys((1, 4, 5, 16), Outcome.BLOCKED),
    **dict.fromkeys((6, 7, 8, 9, 10, 11, 18), Outcome.BLOCKED_ANSWER),
    **dict.fromkeys((2, 12, 13, 14), Outcome.FORWARDED),
    0: Outcome.FAILED,
    3: Outcome.CACHED,
    15: Outcome.REFUSED,
    17: Outcome.STALE,
}
_NO_LIST: Final = (None, -1)
_LIST_OFFSET: Final = -2
"""A list of the number 1 is written as -3; a domain, or an expression, has its own number."""
_OWN: Final = (4, 5, 10, 11)
_BY_CNAME: Final = (9, 10, 11)
_BY_UPSTREAM: Final = (6, 7, 8, 18)
_SPECIAL: Final = 16


class _Query(NamedTuple):
    """A row of the database, as it stands there."""

    id: Any
    timestamp: Any
    type: Any
    status: Any
    reply_type: Any
    reply_time: Any
    list_id: Any
    domain: Any
    client: Any
    forward: Any
    additional_info: Any


class PiholeQueries:
    """One file; made by `open`."""

    program = "Pi-hole"

    def __init__(self, path: Path, identity: str, statement: str, lists: Lists) -> None:
        self.identity = identity
        self._path = path
        self._statement = statement
        self._lists = lists
        self._known = Known()

    @classmethod
    async def open(cls, path: Path, lists: Lists) -> PiholeQueries:
        """The file at a path; ValueError for what is none."""
        try:
            database = await _connect(path)
            try:
                statement = await statement_of(database)
                if not statement:
                    raise ValueError("this is no pihole-FTL.db: it lacks the table of queries")
                made = await database.value("SELECT value FROM ftl WHERE id = ?", (MADE_AT,))
            finally:
                await database.close()
        except StorageError as error:
            raise _unreadable(path, error) from None
        return cls(path, f"pihole {int(made or 0)}", statement, lists)

    async def pieces(self, after: int) -> AsyncIterator[Piece]:
        """All rows from the one of a number on, as the first has 0."""
        try:
            database = await _connect(self._path)
            try:
                place = after
                while rows := await database.rows(self._statement, (place, MOST_IN_PIECE)):
                    place = int(rows[-1][0]) + 1
                    yield self._piece(rows, place)
            finally:
                await database.close()
        except StorageError as error:
            raise _unreadable(self._path, error) from None

    def _piece(self, rows: list[Row], place: int) -> Piece:
        found = [self._batch(_Query(*row)) for row in rows]
        batches = [each for each in found if each is not None]
        return Piece(batches, place, len(found) - len(batches))

    def _batch(self, row: _Query) -> Batch | None:
        """What a row says, None for a damaged one."""
        try:
            is_hidden = row.domain == HIDDEN_NAME
            name = from_text("" if is_hidden else row.domain)
            outcome, reply = _STATUSES[row.status], row.reply_type
            if outcome is Outcome.FORWARDED and reply in _NO_ANSWER:
                outcome = Outcome.FAILED
            rcode = Rcode.SERVFAIL if outcome is Outcome.FAILED else _RCODES.get(reply, 0)
            telling = Telling(names=not is_hidden, client=row.client != HIDDEN_CLIENT)
            who = self._known.client(str(ip_address(row.client)), telling)
            elapsed = microseconds(float(row.reply_time or 0))
            report = Report(name, _type_of(row.type), rcode, self._verdict(row, outcome))
            return Batch(float(row.timestamp), elapsed, [(report, who)])
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return None

    def _verdict(self, row: _Query, outcome: Outcome) -> Verdict:
        name, hop, detail = "", "", ""
        allowed = not outcome.is_block and row.list_id not in _NO_LIST
        if row.status in _BY_LIST or (allowed and row.list_id < 0):
            name = self._lists.get(_LIST_OFFSET - (row.list_id or 0), GRAVITY)
        elif row.status in _OWN or allowed:
            name = OWN_RULES
        elif row.status == _SPECIAL:
            name = "special domains"
        elif row.status in _BY_UPSTREAM:
            detail = UPSTREAM_REFUSED
        if row.status in _BY_CNAME and isinstance(row.additional_info, str):
            hop = row.additional_info
        upstream = _upstream(row.forward)
        more: dict[str, Any] = {"hop": hop, "detail": detail, "allowed": allowed}
        return self._known.verdict(outcome, name, upstream=upstream, **more)


def _type_of(number: Any) -> int:
    if number in _TYPES:
        return _TYPES[number]
    if _OFFSET < number <= _OFFSET + _MOST_TYPE:
        return int(number) - _OFFSET
    return _MOST_TYPE  # "another one": that number is no type's (RFC 6895 §3.1)


def _upstream(text: Any) -> str:
    """A server as the log has it, of "192.0.2.1#53"."""
    if not isinstance(text, str) or not text:
        return ""
    address, _, port = text.partition("#")
    with suppress(ValueError):
        if ip_address(address).version == 6:
            address = f"[{address}]"
    return f"{address}:{port}" if port else address


async def _connect(path: Path) -> Database:
    return await Database.connect(path, read_only=True, is_alone=True, is_foreign=True)


def _unreadable(path: Path, error: StorageError) -> ValueError:
    told = str(error).replace(f"{path}: ", "")
    return ValueError(f"pihole-FTL.db can't be read: {told}")
