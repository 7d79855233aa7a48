"""Lines of JSON: what the log would have, and what privacy leaves of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from told_queries import HIDDEN, TABLET, batch, blocked, report, rules, terms

from sinkhole.control.querylog import LogTerms
from sinkhole.control.querylog.logged_query import logged_queries
from sinkhole.control.querylog.told_row import told_row
from sinkhole.control.shipping import json_lines
from sinkhole.control.shipping.json_lines import JsonLines, Line
from sinkhole.dns.wire.name import from_text
from sinkhole.model.record import TRANSPORTS, Report, Who
from sinkhole.model.verdict import Outcome, Verdict


async def line_of(query: Report, who: Who, by: LogTerms | None = None) -> Line:
    by, texts = by or terms(), rules()
    await texts.learn([query])
    lines = JsonLines(texts, by)
    lines.begin(batch((query, who), channel="tls"))
    return lines.line(query, who)


async def told(query: Report, who: Who = TABLET, by: LogTerms | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await line_of(query, who, by)).whole)
    return found


def shapes() -> list[Report]:
    refused = report("a.example").answered
    return [
        report("www.example.org", "192.0.2.7", "192.0.2.8"),
        report("xn--bcher-kva.example"),
        report('"\\\\\x00.example', outcome=Outcome.FAILED),
        report("a.example", outcome=Outcome.BLOCKED_ANSWER, refused=refused),
        blocked(),
        Report(b"\0", 0, 1, Verdict(Outcome.MALFORMED, detail="odd")),
    ]


@pytest.mark.parametrize("level", ["full", "anonymous_clients", "no_clients", "no_names"])
@pytest.mark.parametrize("who", [TABLET, HIDDEN, Who("tv", group="kids"), Who("2001:db8::7")])
async def test_a_line_says_what_the_log_has(level: str, who: Who) -> None:
    by = terms(level)
    for query in shapes():
        texts = rules()
        await texts.learn([query])
        row = told_row(query, who, texts, by)._replace(
            id=10**15, duration_us=1500, transport=TRANSPORTS.index("tls")
        )
        (logged,) = logged_queries([row], by.privacy.client_name)
        kept = {key: each for key, each in logged.items() if key not in ("id", "list_id", "node")}
        assert await told(query, who, by) == {**kept, "timestamp": "2001-09-09T01:46:40.000000Z"}


async def test_it_is_one_line_of_ascii_whatever_the_names_are() -> None:
    odd = Report(from_text("\u00fc.example"), 1, 0, Verdict(Outcome.LOCAL, detail="a\nb\u2028"))
    whole = (await line_of(odd, Who("\ud800", group="a\nb"))).whole
    assert whole.isascii() and whole.isprintable()


async def test_the_short_one_has_no_answers() -> None:
    line = await line_of(report("www.example.org", "192.0.2.7"), TABLET)
    whole, short = json.loads(line.whole), json.loads(line.short)
    assert [each["data"] for each in whole["answer"]["records"]] == ["192.0.2.7"]
    assert short == {**whole, "answer": None}
    bare = await line_of(report(), TABLET)
    assert bare.short == bare.whole


async def test_answers_are_left_out_where_the_log_does_without() -> None:
    query = report("www.example.org", "192.0.2.7")
    assert (await told(query, by=terms(answers=False)))["answer"] is None
    assert (await told(query, HIDDEN))["answer"] is None


async def test_without_names_nothing_tells_them() -> None:
    for query in shapes():
        line = await line_of(query, HIDDEN)
        assert "example" not in line.whole and "192.0.2.2" not in line.whole


async def test_other_terms_and_names_count_from_the_next_line_on() -> None:
    query, names = report(), {"192.0.2.1": "Before"}
    by = LogTerms()
    object.__setattr__(by.privacy, "client_name", lambda client, device: names.get(client, ""))
    lines = JsonLines(rules(), by)
    lines.begin(batch())
    assert '"client_name":"Before"' in lines.line(query, TABLET).whole
    names["192.0.2.1"] = "After"
    lines.forget_askers()
    assert '"client_name":"After"' in lines.line(query, TABLET).whole
    lines.use(terms("no_names"))
    assert json.loads(lines.line(query, TABLET).whole)["name"] == ""


async def test_a_crowd_of_reports_is_forgotten_and_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_lines, "MOST_REPORTS", 2)
    lines = JsonLines(rules(), terms())
    lines.begin(batch())
    queries = [report(f"n{number}.example") for number in range(5)]
    for _ in range(2):
        for number, query in enumerate(queries):
            assert json.loads(lines.line(query, TABLET).whole)["name"] == f"n{number}.example"
    assert len(lines._reports) <= 2
