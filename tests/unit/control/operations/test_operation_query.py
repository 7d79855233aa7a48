"""Asking as a client would tells the answer and why it is this one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import VIEWER, BuiltHouse

from sinkhole.control.operations import query
from sinkhole.control.operations.explain import Question
from sinkhole.control.operations.perform import perform
from sinkhole.control.operations.underway import MOST_QUERIES
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


async def ask(built: BuiltHouse, name: str, **options: str) -> query.Answered:
    return await perform(query.ask, built.house, VIEWER, Question(name=name, **options))


async def test_the_answer_and_who_gave_it_are_told(build: Build) -> None:
    built = await build()
    built.upstreams.says("www.example.org", "A", "www.example.org. 60 A 192.0.2.80")
    told = await ask(built, "WWW.example.org")
    assert (told.outcome, told.rcode, told.client) == ("forwarded", "NOERROR", "127.0.0.1")
    assert [(each.type, each.data) for each in told.records] == [("A", "192.0.2.80")]
    assert told.upstream
    assert (await ask(built, "www.example.org")).outcome == "cached"


async def test_who_refuses_is_told_with_the_rules_text(build: Build) -> None:
    built = await build(lists=["! comment\n||ads.example^\n"])
    told = await ask(built, "x.ads.example", type="AAAA")
    assert (told.outcome, told.list, told.line, told.rule) == (
        "blocked",
        "List 1",
        2,
        "||ads.example^",
    )
    assert told.extended_errors


async def test_what_is_asked_for_a_client_is_what_it_gets(build: Build) -> None:
    kids = {"name": "Kids tablet", "addresses": ["192.0.2.9"], "ids": ["kids"]}
    rule = "||ads.example^$client='Kids tablet'"
    built = await build({"clients": [kids], "filtering": {"rules": [rule]}})
    for client in ("kids TABLET", "192.0.2.9", "kids"):
        assert (await ask(built, "ads.example", client=client)).outcome == "blocked"
    assert (await ask(built, "ads.example", client="192.0.2.7")).outcome == "failed"
    assert (await ask(built, "ads.example", client="198.51.100.7")).outcome == "refused"


async def test_the_log_says_nothing_of_it(build: Build) -> None:
    built = await build({"filtering": {"rules": ["||ads.example^"]}})
    built.upstreams.says("www.example.org", "A", "www.example.org. 60 A 192.0.2.80")
    await ask(built, "ads.example")
    await ask(built, "www.example.org")
    await built.log("other.example")
    assert built.query_log is not None
    assert built.query_log.status()["rows"] == 1
    assert built.counters.queries == 1


async def test_what_can_not_be_asked_is_refused(build: Build) -> None:
    built = await build()
    for given in ({"name": "a..example"}, {"name": "a.example", "type": "NOPE"}):
        with pytest.raises(RequestError) as refused:
            await perform(query.ask, built.house, VIEWER, Question.model_validate(given))
        assert (refused.value.kind, refused.value.code) == ("invalid", "question_invalid")
    with pytest.raises(RequestError) as unknown:
        await ask(built, "a.example", client="Nobody")
    assert unknown.value.code == "client_unknown"


async def test_no_more_than_some_at_once(build: Build) -> None:
    built = await build()
    built.house.underway._taken["query.ask"] = MOST_QUERIES
    with pytest.raises(RequestError) as refused:
        await ask(built, "a.example")
    assert refused.value.kind == "too_many"
