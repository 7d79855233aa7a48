"""Explanations of a running server: questions read, upstreams asked, texts read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sinkhole.control.explain import read_question
from sinkhole.dns.policy.dns64 import Dns64
from sinkhole.dns.policy.routes import Routes
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError

Build = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("a..b", "A", ""), "empty label"),
        (("a.example", "FOO", ""), "'FOO' is not a record type"),
        (("a.example", "A", "me"), "does not appear to be an IPv4 or IPv6 address"),
        (("a.example", "A", "fe80::1%eth0"), "leave it out"),
        (("http://me@a.example:80/x", "A", ""), "ask about the name in it: a.example"),
    ],
)
def test_what_is_no_question_is_told(words: tuple[str, str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_question(*words)


def test_a_question_is_read_with_its_client() -> None:
    asked, packed = read_question("A.example.", "aaaa", "::ffff:192.0.2.7")
    assert (asked, packed) == (Question(b"\1a\7example\0", 28), bytes((192, 0, 2, 7)))
    assert read_question("a.example", "A", "")[1] == bytes((127, 0, 0, 1))


async def test_an_upstream_is_asked_on_demand_only_and_nobody_takes_note(house: Build) -> None:
    home = house(block=["||t.example^"])
    home.upstreams.says("a.example", "A", "a.example 60 IN CNAME t.example")

    async def ask(question: Question, via: str) -> Any:
        heard: list[Any] = []
        home.upstreams.ask(question, heard.append, via=via)
        return heard[0]

    explainer = home.explainer(ask)
    told = await explainer.explain("a.example", "A", "192.0.2.7")
    assert (told["heard"], told["outcome"], home.upstreams.asked) == (False, "forwarded", [])
    told = await explainer.explain("a.example", "A", "192.0.2.7", ask=True)
    assert (told["heard"], told["outcome"]) == (True, "blocked_answer")
    assert told["leads_to"][0]["rule"] == "||t.example^"
    assert not home.table.entries
    home.upstreams.says("a.example", "HTTPS", "a.example 60 IN HTTPS 1 t.example.")
    told = await explainer.explain("a.example", "HTTPS", "", ask=True)
    assert told["leads_to"][0]["what"] == "HTTPS target"
    home.upstreams.asked.pop()
    told = await explainer.explain("t.example", "A", "", ask=True)
    assert (told["heard"], told["outcome"]) == (False, "blocked"), "a blocked name is not asked for"
    assert home.upstreams.asked == ["a.example A"]
    assert (told["name"], told["from"]) == ("t.example", "server")
    assert told["lists"] == [{"name": "Block", "state": "ready", "names": 1}]


async def test_an_answer_that_makes_no_sense_is_an_error(house: Build) -> None:
    home = house()
    circle = "a.example 60 IN CNAME b.example\nb.example 60 IN CNAME a.example"
    home.upstreams.says("a.example", "A", circle)

    async def ask(question: Question, via: str) -> Any:
        heard: list[Any] = []
        home.upstreams.ask(question, heard.append, via=via)
        return heard[0]

    with pytest.raises(UpstreamError, match=r"192\.0\.2\.53"):
        await home.explainer(ask).explain("a.example", "A", "", ask=True)


async def test_an_answer_is_asked_for_as_clients_get_it(house: Build) -> None:
    home = house()
    home.publish(routes=Routes({"a.example": "office"}), dns64=Dns64())
    home.upstreams.says("a.example", "AAAA", flags=" via office")
    home.upstreams.says("a.example", "A", "a.example 60 IN A 203.0.113.1", flags=" via office")

    async def ask(question: Question, via: str) -> Any:
        heard: list[Any] = []
        home.upstreams.ask(question, heard.append, via=via)
        return heard[0]

    told = await home.explainer(ask).explain("a.example", "AAAA", "", ask=True)
    assert home.upstreams.asked == ["a.example AAAA via office", "a.example A via office"]
    assert (told["outcome"], told["via"]) == ("forwarded", "office")
    assert [lead["value"] for lead in told["leads_to"]] == ["203.0.113.1"]
