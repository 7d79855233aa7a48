"""Messages of syslog, read by the grammar of RFC 5424."""

from __future__ import annotations

import json
import os
import re

import pytest
from told_queries import TABLET, batch, report, rules, terms

from sinkhole.control.shipping.json_lines import JsonLines, Line
from sinkhole.control.shipping.syslog import Syslog

HEADER = re.compile(
    r"<(?P<pri>[0-9]{1,3})>1 (?P<at>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}Z) "
    r"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<pid>[!-~]{1,128}) (?P<id>[!-~]{1,32}) - "
)


def line() -> Line:
    lines = JsonLines(rules(), terms())
    lines.begin(batch())
    return lines.line(report("www.example.org", "192.0.2.7"), TABLET)


def message(syslog: Syslog) -> str:
    syslog.begin(batch())
    return syslog.message(line()).decode("ascii")


def test_the_header_is_that_of_the_standard_and_the_text_is_json() -> None:
    text = message(Syslog("local3", "house", most=8192))
    found = HEADER.match(text)
    assert found is not None
    assert found.groupdict() == {
        "pri": str((16 + 3) * 8 + 6), "at": "2001-09-09T01:46:40.000000Z", "host": "house",
        "app": "sinkhole", "pid": str(os.getpid()), "id": "query",
    }  # fmt: skip
    assert json.loads(text[found.end() :]) == json.loads(line().whole)


@pytest.mark.parametrize(("facility", "number"), [("user", 1), ("daemon", 3), ("local7", 23)])
def test_facilities_have_their_numbers(facility: str, number: int) -> None:
    text = message(Syslog(facility, "house", most=8192))  # type: ignore[arg-type]  # one of them
    assert text.startswith(f"<{number * 8 + 6}>1 ")


@pytest.mark.parametrize(
    ("host", "told"), [("a b\u00fc\n", "ab"), ("", "-"), ("x" * 300, "x" * 255)]
)
def test_a_host_is_told_in_the_characters_that_are_allowed(host: str, told: str) -> None:
    found = HEADER.match(message(Syslog("daemon", host, most=8192)))
    assert found is not None and found["host"] == told


def test_answers_go_where_the_message_would_be_too_long() -> None:
    text = message(Syslog("daemon", "house", most=100))
    assert json.loads(text[text.index("{") :])["answer"] is None


def test_over_tcp_the_length_stands_in_front() -> None:
    text = message(Syslog("daemon", "house", most=8192, has_length=True))
    length, _, rest = text.partition(" ")
    assert int(length) == len(rest)
