"""The log is searched, exported and frozen by operations."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from houses import OPERATOR, VIEWER, BuiltHouse

from sinkhole.control.operations import log
from sinkhole.control.operations.perform import perform
from sinkhole.model.errors import RequestError
from sinkhole.model.verdict import Cause, Outcome

Build = Callable[..., Awaitable[BuiltHouse]]

KIDS = {"clients": [{"name": "Kids tablet", "addresses": ["192.0.2.9"]}]}


async def found(built: BuiltHouse, **given: Any) -> list[str]:
    page = await perform(log.search, built.house, VIEWER, log.LogSearch(**given))
    return [f"{each.name_unicode} {each.client_name or each.client}" for each in page.rows]


async def filled(build: Build) -> BuiltHouse:
    built = await build(KIDS)
    await built.log("www.example.org", ago_s=7200)
    await built.log("xn--mnchen-3ya.example", client="192.0.2.9", ago_s=60)
    rule = Cause("Ads", 7, "||ads.example^")
    await built.log("ads.example", outcome=Outcome.BLOCKED, rule=rule)
    return built


async def test_rows_are_found_by_what_people_call_names_and_clients(build: Build) -> None:
    built = await filled(build)
    assert await found(built) == [
        "ads.example 192.0.2.7",
        "münchen.example Kids tablet",
        "www.example.org 192.0.2.7",
    ]
    assert await found(built, text="MÜNCHEN") == ["münchen.example Kids tablet"]
    assert await found(built, text="kids") == ["münchen.example Kids tablet"]
    assert await found(built, clients=["192.0.2.0/29"], verdicts=["blocked"]) == [
        "ads.example 192.0.2.7"
    ]
    hour_ago = str(time.time() - 3600)
    assert await found(built, until=hour_ago) == ["www.example.org 192.0.2.7"]
    assert await found(built, names=["example.org", "ads.example"], name_match="below") == [
        "ads.example 192.0.2.7",
        "www.example.org 192.0.2.7",
    ]
    assert await found(built, lists=["Ads"]) == ["ads.example 192.0.2.7"]


async def test_a_page_says_where_the_next_one_begins_and_a_row_is_shown(build: Build) -> None:
    built = await filled(build)
    first = await perform(log.search, built.house, VIEWER, log.LogSearch(limit=2))
    assert first.next
    second = await perform(
        log.search, built.house, VIEWER, log.LogSearch(limit=2, cursor=first.next)
    )
    assert [each.name for each in second.rows] == ["www.example.org"]
    assert second.next is None
    blocked = first.rows[0]
    assert (blocked.list, blocked.line, blocked.rule) == ("Ads", 7, "||ads.example^")
    shown = await perform(log.show, built.house, VIEWER, log.LogRowId(id=int(blocked.id)))
    assert shown == blocked
    assert second.rows[0].list is None
    with pytest.raises(RequestError) as missing:
        await perform(log.show, built.house, VIEWER, log.LogRowId(id=1))
    assert (missing.value.kind, missing.value.code) == ("not_found", "row_unknown")


async def test_a_frozen_view_finds_no_row_that_is_new(build: Build) -> None:
    built = await filled(build)
    view = await perform(log.freeze, built.house, VIEWER, log.LogFilter(text="example"))
    await built.log("new.example")
    assert len(await found(built, text="example")) == 4
    assert len(await found(built, view=view.view)) == 3
    with pytest.raises(RequestError, match="alone") as both:
        await found(built, view=view.view, text="x")
    assert both.value.code == "search_invalid"
    with pytest.raises(RequestError, match="no frozen view"):
        await found(built, view="x")


async def test_what_is_not_understood_is_refused(build: Build) -> None:
    built = await filled(build)
    for given in ({"since": "yesterday"}, {"verdicts": ["good"]}, {"clients": ["192.0.2.0/99"]}):
        with pytest.raises(RequestError) as refused:
            await found(built, **given)
        assert (refused.value.kind, refused.value.code) == ("invalid", "search_invalid")
        export = log.LogExport(**given)
        with pytest.raises(RequestError):
            await perform(log.export, built.house, VIEWER, export)


async def exported(built: BuiltHouse, form: str) -> tuple[str, str]:
    given = log.LogExport(format=form, verdicts=["blocked"])
    download = await perform(log.export, built.house, OPERATOR, given)
    text = b"".join([chunk async for chunk in download.chunks]).decode()
    return download.file_name, text


async def test_rows_are_exported_as_csv_and_as_json_lines(build: Build) -> None:
    built = await filled(build)
    name, text = await exported(built, "csv")
    assert name.endswith(".csv")
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["name"], row["list"], row["blocked"]) == ("ads.example", "Ads", "true")
    name, text = await exported(built, "jsonl")
    assert name.endswith(".jsonl")
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["ads.example"]


async def test_without_a_log_it_is_said(build: Build) -> None:
    built = await build(has_log=False)
    with pytest.raises(RequestError) as refused:
        await found(built)
    assert (refused.value.kind, refused.value.code) == ("unavailable", "log_unavailable")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"groups": ["KIDS"]}, ["c.example", "b.example"]),
        ({"groups": ["default"]}, ["d.example", "a.example"]),
        ({"devices": ["02-00-5E-10-00-01"]}, ["c.example", "b.example"]),
        ({"devices": ["2001:DB8::1"]}, ["c.example", "b.example"]),
        ({"devices": ["192.0.2.8"]}, ["d.example"]),
        ({"devices": ["192.0.2.7"], "groups": ["kids"]}, []),
        ({"devices": ["02:00:5e:10:00:01"], "clients": ["192.0.2.9"]}, ["c.example", "b.example"]),
        ({"devices": ["nobody"]}, []),
    ],
)
async def test_rows_of_a_group_and_of_a_device_are_found(
    build: Build, given: dict[str, list[str]], names: list[str]
) -> None:
    built, mac = await build(), "02:00:5e:10:00:01"
    await built.log("a.example")
    await built.log("b.example", client="192.0.2.9", device=mac, group="kids")
    await built.log("c.example", client="2001:db8::1", device=mac, group="kids")
    await built.log("d.example", client="192.0.2.8")
    frozen = await perform(log.freeze, built.house, VIEWER, log.LogFilter.model_validate(given))
    for wanted in (given, {"view": frozen.view}):
        assert [each.split()[0] for each in await found(built, **wanted)] == names
