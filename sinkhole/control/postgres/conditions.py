"""What is sought as conditions on rows, with the numbers of the values that are meant.

Names, accounts and answers that are meant are looked up first; the indexes of rows by name and by
client do the rest.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final, Protocol

from sinkhole.control.database import Row
from sinkhole.control.querylog.answers import address_bits, addresses
from sinkhole.control.querylog.dictionary import short_hash
from sinkhole.control.querylog.id_sets import sought_clients
from sinkhole.control.querylog.sought import (
    LoggedClient,
    Sought,
    SoughtName,
    answer_network,
    outcomes_of,
    rcode_number,
    text_test,
    transport_number,
)
from sinkhole.dns.wire.international import PREFIX, as_stored, decoded
from sinkhole.dns.wire.numbers import type_number
from sinkhole.model.record import ClientName

MOST_NAMES: Final = 5_000
"""Names that are asked for by their numbers; with more that match, each row's name is looked at."""


# The index of parts of names (`schema`) is for LIKE, and for three characters at least.
_LIKE: Final = "text LIKE $1"


class Rows(Protocol):
    """Runs one statement, as long as there is time."""

    async def __call__(self, sql: str, *values: Any) -> list[Row]:
        """Its rows."""


class Conditions:
    """Conditions that rows of `query`, as q, have to meet, with their parameters from `$first` on.

    With `is_empty` none does.
    """

    def __init__(self, first: int) -> None:
        self.values: list[Any] = []
        self.is_empty = False
        self._first = first
        self._parts: list[str] = []

    @property
    def sql(self) -> str:
        """All of them."""
        return " AND ".join(self._parts) or "true"

    @property
    def are_none(self) -> bool:
        """Whether any row meets them."""
        return not self._parts

    def any_of(self, columns: dict[str, Sequence[int]], patterns: Sequence[str] = ()) -> None:
        """One of some columns has to have one of these numbers, or the name to be like one of
        these patterns."""
        parts = []
        for column, numbers in columns.items():
            if numbers:
                parts.append(f"q.{column} = ANY({self._place([*numbers])}::integer[])")
        if patterns:
            like = f"w.text LIKE ANY({self._place([*patterns])}::text[])"
            parts.append(f"EXISTS (SELECT 1 FROM name AS w WHERE w.id = q.name AND {like})")
        self.is_empty |= not parts
        self._parts.append(f"({' OR '.join(parts) or 'false'})")

    def _place(self, value: Any) -> str:
        self.values.append(value)
        return f"${self._first + len(self.values) - 1}"


async def conditions_of(
    sought: Sought,
    rows: Rows,
    clients: Callable[[], AsyncIterator[LoggedClient]],
    client_name: ClientName,
    first: int,
) -> Conditions:
    """The conditions; ValueError says what is not understood."""
    sought.check()
    found = Conditions(first)
    accounts = await _accounts(sought, rows)
    if sought.transports:
        found.any_of({"transport": [transport_number(each) for each in sought.transports]})
    if sought.nodes:
        found.any_of({"node": await _nodes(sought.nodes, rows)})
    if sought.clients or sought.groups or sought.devices:
        test = await sought_clients(clients, sought, client_name)
        found.any_of({"client": [each.number async for each in clients() if test(each)]})
    if sought.names:
        numbers, patterns = await _names(sought.names, rows)
        found.any_of({"name": numbers}, patterns)
    if sought.text:
        test = text_test(sought.text, sought.text_clients, client_name)
        meant = [each.number async for each in clients() if test(each)]
        numbers, patterns = await _names([SoughtName(sought.text)], rows)
        found.any_of({"client": meant, "name": numbers}, patterns)
    if accounts is not None:
        found.any_of({"account": accounts})
    if sought.answers:
        found.any_of({"answer": await _answers(sought.answers, rows)})
    return found


async def list_numbers(lists: Sequence[str | int], rows: Rows) -> tuple[int, ...]:
    """The numbers of lists that are given by number or name."""
    names = [each for each in lists if isinstance(each, str)]
    named = await rows("SELECT id FROM list WHERE name = ANY($1)", names)
    return (*(each for each in lists if isinstance(each, int)), *(row[0] for row in named))


async def _nodes(names: Sequence[str], rows: Rows) -> list[int]:
    """The nodes of these names, each as often as its log was begun anew."""
    found = await rows("SELECT id FROM node WHERE name = ANY($1)", [*names])
    return [number for (number,) in found]


async def _accounts(sought: Sought, rows: Rows) -> list[int] | None:
    """The accounts that are meant, None where any is."""
    wanted: dict[str, list[Any]] = {}
    if sought.verdicts:
        wanted["outcome"] = sorted({n for word in sought.verdicts for n in outcomes_of(word)})
    if sought.types:
        wanted["qtype"] = [type_number(each) for each in sought.types]
    if sought.rcodes:
        wanted["rcode"] = [rcode_number(each) for each in sought.rcodes]
    if sought.upstreams:
        wanted["upstream"] = [*sought.upstreams]
    if sought.lists:
        wanted["list"] = [*await list_numbers(sought.lists, rows)]
    if not wanted:
        return None
    parts = [f"{column} = ANY(${at})" for at, column in enumerate(wanted, 1)]
    found = await rows(f"SELECT id FROM account WHERE {' AND '.join(parts)}", *wanted.values())
    return [number for (number,) in found]


async def _names(names: Sequence[SoughtName], rows: Rows) -> tuple[list[int], list[str]]:
    """The numbers of names that are meant, and patterns of such as too many are like."""
    found: set[int] = set()
    patterns: list[str] = []
    for text, kind in names:
        stored, readable = as_stored(text)
        whole = stored.rstrip(".") or "."
        if kind == "exact" or (kind == "below" and whole != "."):
            sql = "SELECT id FROM name WHERE digest = $1"
            found |= {number for (number,) in await rows(sql, short_hash(whole))}
        if kind == "exact":
            continue
        pattern = f"%{_escaped(stored)}%"
        if kind == "below":
            pattern = "_%" if whole == "." else f"%.{_escaped(whole)}"
        else:
            found |= await _international(rows, readable)
        sql = f"SELECT id FROM name WHERE {_LIKE} LIMIT {MOST_NAMES + 1}"
        alike = {number for (number,) in await rows(sql, pattern)}
        if len(alike) > MOST_NAMES:
            patterns.append(pattern)
        else:
            found |= alike
    return [*found], patterns


def _escaped(text: str) -> str:
    """A text within what LIKE takes."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _international(rows: Rows, readable: str) -> set[int]:
    """Names with a part as people read them."""
    found = await rows(f"SELECT id, text FROM name WHERE {_LIKE}", f"%{PREFIX}%")
    return {number for number, text in found if readable in decoded(text)}


async def _answers(answers: Sequence[str], rows: Rows) -> list[int]:
    found: set[int] = set()
    for text in answers:
        network = answer_network(text)
        address, prefix = network.network_address.packed, network.prefixlen
        bits = address_bits(address, prefix)
        has = "position($1::bytea in given) > 0 OR position($1::bytea in original) > 0"
        for number, *both in await rows(
            f"SELECT id, given, original FROM answer WHERE {has}", address[: prefix // 8]
        ):
            if any(each is not None and bits in addresses(each) for each in both):
                found.add(number)
    return [*found]
