"""One row of the log as programs and people read it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NotRequired, TypedDict

from sinkhole.control.database import Row
from sinkhole.control.querylog.answers import AnswerText, answer_text
from sinkhole.dns.wire.international import in_unicode
from sinkhole.dns.wire.numbers import rcode_name, type_name
from sinkhole.model.record import TRANSPORTS
from sinkhole.model.verdict import Outcome

COLUMNS: Final = """
    SELECT q.id, c.text, n.text, a.qtype, a.outcome, a.rcode, l.name, a.line, a.rule, a.hop,
           a.upstream, a.policy_group, a.detail, q.duration_us, q.transport,
           a.list, d.name, w.given, w.original
    {source}
    LEFT JOIN account AS a ON a.id = q.account
    LEFT JOIN list AS l ON l.id = a.list
    LEFT JOIN client AS c ON c.id = q.client
    LEFT JOIN name AS n ON n.id = q.name
    LEFT JOIN node AS d ON d.id = q.node
    LEFT JOIN answer AS w ON w.id = q.answer
"""
"""What `logged_query` reads; a row whose client or account is lost is shown all the same."""


class LoggedQuery(TypedDict):
    """One answered query, ready for JSON.

    `client` is an address, or the id by which a client of the settings called itself;
    `client_name` is there where they know it, `name_unicode` where the name is an international
    one. `transport` is one of `model/record.TRANSPORTS`. `list_id` is the log's own number of the
    list, 0 for none, which stays when the list is renamed; `node` is who answered, "" for this very
    sinkhole. `answer` is what was answered, None where that is not kept; `original_answer` what an
    upstream had said, where that was refused.
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
    client_name: NotRequired[str]
    name_unicode: NotRequired[str]


def logged_queries(rows: Iterable[Row], client_name: Callable[[str], str]) -> list[LoggedQuery]:
    """Rows of COLUMNS, with what people call clients and names: now, so that a client renamed
    shows at once."""
    queries = [_logged_query(row) for row in rows]
    known = {each["client"] for each in queries}
    called = {address: called for address in known if (called := client_name(address))}
    for each in queries:
        if each["client"] in called:
            each["client_name"] = called[each["client"]]
        if (shown := in_unicode(each["name"])) != each["name"]:
            each["name_unicode"] = shown
    return queries


def _logged_query(row: Row) -> LoggedQuery:
    outcome = None if row[4] is None else Outcome(row[4])
    return {
        "id": str(row[0]),
        "time": row[0] / 1e6,
        "client": row[1] or "",
        # Neither name nor type of a query that was refused before they were looked at.
        "name": row[2] or "",
        "type": type_name(row[3]) if row[3] else "",
        "outcome": "unknown" if outcome is None else outcome.name.lower(),
        "blocked": outcome is not None and outcome.is_block,
        "rcode": "" if row[5] is None else rcode_name(row[5]),
        "list": row[6] or "",
        "line": row[7] or 0,
        "rule": row[8] or "",
        "hop": row[9] or "",
        "upstream": row[10] or "",
        "group": row[11] or "",
        "detail": row[12] or "",
        "duration_ms": row[13] / 1000,
        "transport": TRANSPORTS[row[14]],
        "list_id": row[15] or 0,
        "node": row[16] or "",
        "answer": answer_text(row[17], row[2] or "") if row[17] else None,
        "original_answer": answer_text(row[18], row[2] or "") if row[18] else None,
    }
