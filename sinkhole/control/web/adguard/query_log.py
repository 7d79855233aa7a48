"""The log in the form of that server, a page at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any, Final

from sinkhole.control.lists.builtin import SERVICES
from sinkhole.control.operations import log
from sinkhole.control.operations.log import LoggedAnswer, LogPage, LogRow, LogSearch
from sinkhole.control.operations.log_deletion import delete_all
from sinkhole.control.operations.operation import Nothing as NoInput
from sinkhole.control.querylog.history import MOST_ROWS
from sinkhole.control.web.adguard.answers import NOTHING, Nothing
from sinkhole.control.web.adguard.asked import Asked, bad_request
from sinkhole.control.web.adguard.reasons import (
    REASONS,
    STATUSES,
    ListKinds,
    Reason,
    RuleThere,
    reason_of,
    verdicts_for,
)
from sinkhole.control.web.adguard.services import names_to_ids

USUAL_LIMIT: Final = 500
MOST_LIMIT: Final = 10_000
"""Rows of one page; exporters ask for as many."""
PATIENCE_S: Final = 8.0
"""How long rows of a rare reason are looked for; the cursor then goes on from there."""

_PROTOCOLS: Final = {"tls": "dot", "https": "doh", "h3": "doh", "quic": "doq"}
_LEADING: Final = ("CNAME", "DNAME")
_END_IN_A_NAME: Final = frozenset({*_LEADING, "NS", "PTR", "MX", "SRV"})
"""Types whose values end in a name, which there has its dot."""
_MOMENT: Final = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_LIKE: Final = "2006-01-02T15:04:05.999999999Z07:00"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def page(asked: Asked) -> dict[str, Any]:
    """GET querylog?older_than&offset&limit&search&response_status&reason: the newest first."""
    query = asked.request.query
    limit, offset = _count(query.get("limit"), USUAL_LIMIT), _count(query.get("offset"), 0)
    wanted, cursor = _reasons(asked), _cursor(query.get("older_than", ""))
    search = query.get("search", "").strip()
    if not limit:
        return {"data": [], "oldest": ""}
    kinds = await asyncio.to_thread(ListKinds.of, asked.settings)
    looking = _Looking(asked, wanted, kinds, search)
    rows, oldest = await looking.rows(cursor, offset, min(limit, MOST_LIMIT))
    has_services = any(row.list == SERVICES for row in rows)
    ids = await asyncio.to_thread(names_to_ids) if has_services else {}
    return {"data": [entry(row, kinds, ids) for row in rows], "oldest": oldest}


async def clear(asked: Asked) -> Nothing:
    """POST querylog_clear."""
    await asked.do(delete_all, NoInput())
    return NOTHING


class _Looking:
    """Reads pages of ours until one of theirs is full."""

    def __init__(
        self, asked: Asked, wanted: frozenset[Reason], kinds: ListKinds, search: str
    ) -> None:
        self._asked = asked
        self._wanted = wanted
        self._kinds = kinds
        self._text, self._is_strict = _searched(search)
        self._verdicts = verdicts_for(wanted)

    async def rows(self, cursor: str | None, offset: int, limit: int) -> tuple[list[LogRow], str]:
        """The rows, and where the next page begins: "" where there is none."""
        found: list[LogRow] = []
        clock = asyncio.get_running_loop().time
        end = clock() + PATIENCE_S
        while True:
            got = await self._page(cursor, offset + limit - len(found))
            found += filter(self._is_wanted, got.rows)
            cursor = got.next
            if len(found) >= offset + limit or cursor is None or clock() > end:
                break
        rows = found[offset : offset + limit]
        if rows:
            return rows, time_text(int(rows[-1].id))
        return [], time_text(int(cursor.partition("-")[0])) if cursor else ""

    async def _page(self, cursor: str | None, missing: int) -> LogPage:
        is_narrow = self._wanted == REASONS and not self._is_strict
        limit = min(MOST_ROWS, missing) if is_narrow else MOST_ROWS
        search = LogSearch(
            text=self._text, verdicts=self._verdicts, limit=max(1, limit), cursor=cursor
        )
        return await self._asked.do(log.search, search)

    def _is_wanted(self, row: LogRow) -> bool:
        if self._wanted != REASONS and reason_of(row, self._kinds) not in self._wanted:
            return False
        if not self._is_strict:
            return True
        client = client_there(row.client)
        return self._text.casefold() in {
            each.casefold() for each in (row.name, row.name_unicode, client, row.client_name)
        }


# ---- a row -------------------------------------------------------------------------------------


def entry(row: LogRow, kinds: ListKinds, services: Mapping[str, str]) -> dict[str, Any]:
    """A row as that server writes it; what it leaves out where there is none is left out.
    `services` are the ids of services by their names."""
    rule, owner = RuleThere.of(row.rule or "", row.list or "")
    client = client_there(row.client)
    question = {"name": row.name, "type": row.type, "class": "IN"}
    if row.name_unicode != row.name:
        question["unicode_name"] = row.name_unicode
    told: dict[str, Any] = {
        "time": time_text(int(row.id)),
        "elapsedMs": f"{row.duration_ms:.6f}".rstrip("0").rstrip("."),
        "client": client,
        "client_proto": _PROTOCOLS.get(row.transport, ""),
        "question": question,
        "reason": reason_of(row, kinds),
        "rules": [],
        "status": row.rcode,
        "cached": row.outcome in ("cached", "stale"),
        "upstream": row.upstream,
        "answer_dnssec": False,
    }
    if client and not _is_address(client):
        told["client_id"] = client
    if row.client_name:
        told["client_info"] = {
            "name": row.client_name,
            "disallowed": False,
            "disallowed_rule": "",
            "whois": {},
        }
    if row.list == SERVICES and owner in services:
        told["service_name"] = services[owner]
    if rule and row.list is not None:
        number = kinds.number(row.list)
        told |= {"rules": [{"filter_list_id": number, "text": rule}]}
        told |= {"rule": rule, "filterId": number}
    for key, answer in (("answer", row.answer), ("original_answer", row.original_answer)):
        # What proves that there is nothing is in another part of a reply, which is not told there.
        records = [each for each in _records(answer) if each["type"] in (row.type, *_LEADING)]
        if records:
            told[key] = records
    return told


def _records(answer: LoggedAnswer | None) -> Iterator[dict[str, Any]]:
    for each in answer.records if answer is not None else ():
        dot = "." if each.type in _END_IN_A_NAME and not each.data.endswith(".") else ""
        yield {"type": each.type, "value": each.data + dot, "ttl": each.ttl}


def client_there(client: str) -> str:
    """Who asked, as there: of a network, which is left of an address that is hidden, the first
    address."""
    address, _, prefix = client.partition("/")
    return address if prefix.isdigit() and _is_address(address) else client


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


# ---- what is asked for -------------------------------------------------------------------------


def time_text(microseconds: int) -> str:
    """A moment as RFC 3339 writes it, as fine as rows are told apart."""
    seconds, rest = divmod(microseconds, 1_000_000)
    whole = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}{f'.{rest:06}'.rstrip('0') if rest else ''}Z"


def _cursor(text: str) -> str | None:
    """Where a page begins that is older than a moment; Refused (400) for what is none."""
    if not text:
        return None
    found = _MOMENT.fullmatch(text.replace(" ", "+"))  # a plus that was not written as %2B
    try:
        if found is None:
            raise ValueError
        zone = "+00:00" if found[3] in "Zz" else found[3]
        moment = datetime.fromisoformat(f"{found[1].upper()}{zone}")
    except ValueError:
        told = f'parsing time "{text[:60]}" as "{_LIKE}": cannot parse'
        raise bad_request(f"parsing params: {told}") from None
    nanoseconds = int((found[2] or "0").ljust(9, "0"))
    seconds = round((moment - _EPOCH).total_seconds())
    return str(max(0, seconds * 1_000_000 + -(-nanoseconds // 1000)))


def _reasons(asked: Asked) -> frozenset[Reason]:
    """What is let through; Refused (400) for words that it does not know."""
    query = asked.request.query
    if given := list(filter(None, query.getall("reason", []))):
        known = {str(each): each for each in REASONS}
        for each in given:
            if each not in known:
                raise bad_request(f'parsing params: reason: bad enum value: "{each[:40]}"')
        return frozenset(known[each] for each in given)
    word = query.get("response_status", "").strip().strip('"') or "all"
    if word not in STATUSES:
        raise bad_request(f"parsing params: invalid value {word[:40]}")
    return STATUSES[word]


def _searched(text: str) -> tuple[str, bool]:
    """The text to look for, and whether nothing else may be in the name."""
    if len(text) < 2 or not text[0] == text[-1] == '"':
        return text, False
    return text[1:-1], text != '""'


def _count(text: str | None, usual: int) -> int:
    """A number that is asked for; what is none counts as not said, as there."""
    is_number: Callable[[str], bool] = str.isdigit
    if text is None or not (text.isascii() and is_number(text) and len(text) < 10):
        return usual
    return int(text)
