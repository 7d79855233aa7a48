"""From what a user looks for to SQL conditions, and to the hours that can have such rows."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sinkhole.control.database import Reader
from sinkhole.control.querylog.name_search import MOST_SOUGHT, gather_names, pattern_of
from sinkhole.dns.wire.numbers import type_number
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import KINDS, Outcome

VERDICTS: Final = ("blocked", "allowed", *KINDS[1:])
"""What the verdict filter accepts; "allowed" is all that is not blocked."""

MOST_NAMES: Final = 200
"""Up to so many names that match, each is asked for in the roll-up of an hour; with more of them,
the names of the hour are."""


@dataclass(slots=True)
class QueryFilter:
    """Conditions that rows must meet, as SQL with its parameters.

    `where` speaks of the tables `query` as q and `account` as a; `hours` of the start of an hour
    as h.start: without it, any hour may have rows that match. With `is_empty` none has, and with
    `is_unfinished` the time was up before it was known what to look for.
    """

    where: list[str] = field(default_factory=list)
    where_values: list[Any] = field(default_factory=list)
    hours: list[str] = field(default_factory=list)
    hours_values: list[Any] = field(default_factory=list)
    is_empty: bool = False
    is_unfinished: bool = False

    @property
    def has_account(self) -> bool:
        """Whether a condition speaks of the account: rows without one then can't match."""
        return any(condition.startswith("a.") for condition in self.where)

    def _add(self, column: str, values: list[int], rollup: str, key: str) -> None:
        marks = ",".join("?" * len(values))
        self.where.append(f"{column} IN ({marks})")
        self.where_values += values
        # total is by minutes for its first days, hence the range.
        self.hours.append(
            f"EXISTS (SELECT 1 FROM {rollup} AS r WHERE r.start >= h.start"
            f" AND r.start < h.start + 3600 AND r.{key} IN ({marks}))"
            if rollup == "total"
            else f"EXISTS (SELECT 1 FROM {rollup} AS r WHERE r.start = h.start"
            f" AND r.{key} IN ({marks}))"
        )
        self.hours_values += values


async def make_filter(
    source: Reader,
    is_over: Callable[[], bool] = lambda: False,
    *,
    client: str | None,
    name: str | None,
    verdict: str | None,
    qtype: str | None,
    transport: str | None,
) -> QueryFilter:
    """The filter for what `History.page` is given; ValueError says what is not understood.

    `is_over` is asked now and then whether to go on. With a `name`, the reader's table of names
    sought belongs to this filter until another is made.
    """
    found = QueryFilter()
    if verdict:
        found._add("a.outcome", outcomes_of(verdict), "total", "outcome")
    if qtype:
        found._add("a.qtype", [type_number(qtype)], "by_type", "qtype")
    if transport:
        found._add("q.transport", [transport_number(transport)], "by_transport", "transport")
    if client:
        ids = await source.rows("SELECT id FROM client WHERE text = ?", [_address(client)])
        found._add("q.client", [row[0] for row in ids], "by_client", "client")
        found.is_empty |= not ids
    if name:
        await _by_name(source, found, name, is_over)
    return found


def outcomes_of(verdict: str) -> list[int]:
    """The numbers of the outcomes that a verdict filter lets through."""
    if verdict not in VERDICTS:
        raise ValueError(f"verdict is {verdict!r}; it may be one of {', '.join(VERDICTS)}")
    if verdict == "allowed":
        return [int(outcome) for outcome in Outcome if not outcome.is_block]
    return [int(outcome) for outcome in Outcome if outcome.kind == verdict]


def transport_number(transport: str) -> int:
    """What rows have for a transport; ValueError names those there are."""
    if transport not in TRANSPORTS:
        raise ValueError(f"transport is {transport!r}; it may be one of {', '.join(TRANSPORTS)}")
    return TRANSPORTS.index(transport)


async def _by_name(
    source: Reader, found: QueryFilter, part: str, is_over: Callable[[], bool]
) -> None:
    pattern = pattern_of(part)
    count = await gather_names(source, pattern, is_over)
    if count is None:
        found.is_unfinished = True
    elif count > MOST_SOUGHT:
        # As a value of its own: a condition on the joined table would change the order of joins.
        found.where.append(f"(SELECT {pattern.condition} FROM name WHERE id = q.name)")
        found.where_values += pattern.values
    elif count > MOST_NAMES:
        found.where.append("q.name IN (SELECT id FROM sought)")
        found.hours.append(
            "EXISTS (SELECT 1 FROM by_name AS r CROSS JOIN sought AS s ON s.id = r.name"
            " WHERE r.start = h.start)"
        )
    else:
        ids = await source.rows("SELECT id FROM sought")
        found._add("q.name", [row[0] for row in ids], "by_name", "name")
        found.is_empty |= not ids


def _address(client: str) -> str:
    """An address as the log spells it, or else the id of a client, which it has in lower case."""
    try:
        return str(ipaddress.ip_address(client.strip()))
    except ValueError:
        return client.strip().lower()
