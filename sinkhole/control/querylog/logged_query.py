"""One row of the log as programs and people read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, NotRequired, TypedDict

from sinkhole.control.database import Row
from sinkhole.control.querylog.answers import AnswerText, answer_text
from sinkhole.dns.wire.international import in_unicode
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.model.record import TRANSPORTS, ClientName
from sinkhole.model.verdict import Outcome

COLUMNS: Final = """
    SELECT q.id, c.text, n.text, a.qtype, a.outcome, a.rcode, l.name, a.line, a.rule, a.hop,
           a.upstream, coalesce(c.policy_group, a.policy_group), a.detail, q.duration_us,
           q.transport, a.list, d.name, w.given, w.original, c.device
    {source}
    LEFT JOIN account AS a ON a.id = q.account
    LEFT JOIN list AS l ON l.id = a.list
    LEFT JOIN client AS c ON c.id = q.client
    LEFT JOIN name AS n ON n.id = q.name
    LEFT JOIN node AS d ON d.id = q.node
    LEFT JOIN answer AS w ON w.id = q.answer
"""
"""What a `LoggedRow` is made of; a row whose client or account is lost is shown all the same."""


class LoggedRow(NamedTuple):
    """A row as COLUMNS gives it: None where there is nothing."""

    id: int
    client: str | None
    name: str | None
    qtype: int | None
    outcome: int | None
    rcode: int | None
    list: str | None
    line: int | None
    rule: str | None
    hop: str | None
    upstream: str | None
    group: str | None
    detail: str | None
    duration_us: int
    transport: int
    list_id: int | None
    node: str | None
    given: bytes | None
    original: bytes | None
    device: str | None


class LoggedQuery(TypedDict):
    """One answered query, ready for JSON.

    `client` is an address, or the id by which a client of the settings called itself; `device` is
    its MAC, where that was known when it asked, and `group` its group then, both "" where nothing
    is told of it. `client_name` is there where the settings know it, `name_unicode` where the name
    is an international one. `transport` is one of `model/record.TRANSPORTS`. `list_id` is the log's
    own number of the list, 0 for none, which stays when the list is renamed; `node` is who
    answered, "" for this very sinkhole. `answer` is what was answered, None where that is not kept;
    `original_answer` what an upstream had said, where that was refused.
    """

    id: str
    time: float
    client: str
    name: str
    type: str
    outcome: str
    blocked: bool
    rcode: str
    list: str
    line: int
    rule: str
    hop: str
    upstream: str
    group: str
    detail: str
    duration_ms: float
    transport: str
    list_id: int
    node: str
    answer: AnswerText | None
    original_answer: AnswerText | None
    device: str
    client_name: NotRequired[str]
    name_unicode: NotRequired[str]


def logged_queries(rows: Iterable[Row], client_name: ClientName) -> list[LoggedQuery]:
    """Rows as LoggedRow has them, with what people call clients and names: now, so that a client
    renamed shows at once."""
    queries = [_logged_query(LoggedRow(*row)) for row in rows]
    known = {(each["client"], each["device"]) for each in queries}
    names = {key: called for key in known if (called := client_name(*key))}
    for each in queries:
        if name := names.get((each["client"], each["device"])):
            each["client_name"] = name
        if (shown := in_unicode(each["name"])) != each["name"]:
            each["name_unicode"] = shown
    return queries


def _logged_query(row: LoggedRow) -> LoggedQuery:
    outcome = None if row.outcome is None else Outcome(row.outcome)
    # Neither name nor type of a query that was refused before they were looked at.
    name = row.name or ""
    return {
        "id": str(row.id),
        "time": row.id / 1e6,
        "client": row.client or "",
        "name": name,
        "type": type_name(row.qtype) if row.qtype else "",
        "outcome": "unknown" if outcome is None else outcome.name.lower(),
        "blocked": outcome is not None and outcome.is_block,
        "rcode": "" if row.rcode is None else rcode_name(row.rcode),
        "list": row.list or "",
        "line": row.line or 0,
        "rule": row.rule or "",
        "hop": row.hop or "",
        "upstream": row.upstream or "",
        "group": row.group or "",
        "detail": row.detail or "",
        "duration_ms": row.duration_us / 1000,
        "transport": TRANSPORTS[row.transport],
        "list_id": row.list_id or 0,
        "node": row.node or "",
        "answer": answer_text(row.given, name) if row.given else None,
        "original_answer": answer_text(row.original, name) if row.original else None,
        "device": row.device or "",
    }
