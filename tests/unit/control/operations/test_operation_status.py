"""How the server does is told at a glance, as are its upstreams and what was asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from houses import ADMIN, OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import explain, statistics, status, upstreams
from sinkhole.control.operations.operation import Nothing
from sinkhole.control.operations.perform import perform
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.model.errors import RequestError, UpstreamError
from sinkhole.model.status import Health, Problem, UpstreamTrial
from sinkhole.model.verdict import Outcome

Build = Callable[..., Awaitable[BuiltHouse]]


async def test_the_status_has_the_gravest_problem_first(build: Build) -> None:
    built = await build(lists=["||ads.example^\n"])
    built.health = Health("degraded", ("no upstream answers",))
    built.problems = [
        Problem("a.notice", "notice", "A notice.", "Do nothing."),
        Problem("an.error", "error", "An error.", "Do something."),
    ]
    told = await perform(status.show, built.house, VIEWER, Nothing())
    assert (told.health, told.reasons) == ("degraded", ["no upstream answers"])
    assert [each.code for each in told.problems] == ["an.error", "a.notice"]
    assert (told.lists, told.protection.enabled) == (1, True)
    assert [each.name for each in told.upstreams] == ["192.0.2.53"]
    assert told.log is not None


async def test_upstreams_are_shown_and_tried(build: Build) -> None:
    built = await build()
    (shown,) = (await perform(upstreams.show, built.house, VIEWER, Nothing())).upstreams
    assert (shown.name, shown.rtt_ms) == ("192.0.2.53", 12.5)
    url = upstreams.UpstreamUrl(url="192.0.2.1")
    tried = await perform(upstreams.test, built.house, ADMIN, url)
    assert (tried.outcome, tried.signs) == ("answers", True)
    with pytest.raises(RequestError) as forbidden:
        await perform(upstreams.test, built.house, OPERATOR, url)
    assert forbidden.value.kind == "forbidden"


async def test_a_server_of_the_settings_is_tried_with_its_secret(build: Build) -> None:
    secret = "https://dns.example.org/dns-query/a8f3c09b2d7e4416"
    built = await build({"upstream": {"servers": [{"url": secret, "timeout": "5s"}]}})
    tried: list[str] = []

    answers = built.trial

    async def note(url: str) -> UpstreamTrial:
        tried.append(url)
        return await answers(url)

    built.trial = note
    shown = str(parse_upstream(secret))
    assert "***" in shown
    await perform(upstreams.test, built.house, ADMIN, upstreams.UpstreamUrl(url=shown))
    assert tried == [secret]
    with pytest.raises(RequestError, match="not known here"):
        url = upstreams.UpstreamUrl(url="https://other.example.org/***")
        await perform(upstreams.test, built.house, ADMIN, url)


async def test_what_is_no_upstream_is_refused_and_so_are_too_many(build: Build) -> None:
    built = await build()

    async def refuses(url: str) -> UpstreamTrial:
        if url == "more":
            return await built.house.try_upstream("none")
        raise ValueError(f"{url!r} is no upstream")

    built.trial = refuses
    with pytest.raises(RequestError, match="is no upstream") as wrong:
        await perform(upstreams.test, built.house, ADMIN, upstreams.UpstreamUrl(url="x"))
    assert (wrong.value.kind, wrong.value.code) == ("invalid", "upstream_invalid")
    built.house.underway._taken["upstreams.test"] = 4
    with pytest.raises(RequestError) as many:
        await perform(upstreams.test, built.house, ADMIN, upstreams.UpstreamUrl(url="x"))
    assert many.value.code == "too_many_underway"


async def test_statistics_of_a_period(build: Build) -> None:
    built = await build({"clients": [{"name": "Kids tablet", "addresses": ["192.0.2.9"]}]})
    await built.log("xn--mnchen-3ya.example", times=3, client="192.0.2.9")
    await built.log("ads.example", outcome=Outcome.BLOCKED)
    given = statistics.StatisticsInput(period="1h")
    told = await perform(statistics.show, built.house, VIEWER, given)
    assert (told.totals.queries, told.blocked_percent) == (4, 25.0)
    assert [(each.name_unicode, each.count) for each in told.top_names] == [
        ("münchen.example", 3),
        ("ads.example", 1),
    ]
    assert [each.client_name for each in told.top_clients] == ["Kids tablet", ""]
    assert told.start < told.end


async def test_statistics_without_a_log_are_unavailable(build: Build) -> None:
    built = await build(has_log=False)
    with pytest.raises(RequestError) as refused:
        await perform(statistics.show, built.house, VIEWER, statistics.StatisticsInput())
    assert (refused.value.kind, refused.value.code) == ("unavailable", "log_unavailable")


async def test_a_question_is_explained(build: Build) -> None:
    built = await build(lists=["||ads.example^\n"])
    given = explain.ExplainInput(name="ads.example")
    told = await perform(explain.explain, built.house, VIEWER, given)
    assert (told.verdict, told.list, told.rule) == ("block", "List 1", "||ads.example^")
    assert [each.decides for each in told.opinions] == [True]
    assert told.changes[0].items == ["@@||ads.example^"]
    with pytest.raises(RequestError) as wrong:
        await perform(
            explain.explain, built.house, VIEWER, explain.ExplainInput(name="a", type="X")
        )
    assert wrong.value.code == "question_invalid"


async def test_that_no_upstream_answers_is_told(build: Build) -> None:
    built = await build()

    async def silent(*_: object) -> None:
        raise UpstreamError("", "no answer")

    object.__setattr__(built.house.explainer(), "ask", silent)
    given = explain.ExplainInput(name="www.example.org", ask=True)
    with pytest.raises(RequestError) as refused:
        await perform(explain.explain, built.house, VIEWER, given)
    assert (refused.value.kind, refused.value.code) == ("unavailable", "upstreams_silent")
