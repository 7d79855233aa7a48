"""The query log of another server: told first, taken once, and goes on where it ended."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from houses import ADMIN, VIEWER, BuiltHouse
from past_kit import line, write_ftl, write_lines

from sinkhole.control.operations import log, past_queries
from sinkhole.control.operations.perform import perform
from sinkhole.control.web.adguard.query_log import entry
from sinkhole.control.web.adguard.reasons import ListKinds
from sinkhole.model.errors import RequestError

Build = Callable[..., Awaitable[BuiltHouse]]


def ago(seconds: float) -> str:
    return datetime.fromtimestamp(time.time() - seconds, UTC).isoformat()


async def taken(
    built: BuiltHouse, file: Path, source: str = "adguardhome", **options: Any
) -> past_queries.LogImported:
    given = past_queries.LogImportWanted(**{"source": source, "file": file, **options})
    return await perform(past_queries.queries, built.house, ADMIN, given)


async def rows(built: BuiltHouse) -> int:
    found = await built.house.log_reader().rows("SELECT count(*) FROM query")
    return int(found[0][0])


async def test_a_dry_run_tells_and_takes_nothing(build: Build, tmp_path: Path) -> None:
    built = await build({"query_log": {"keep": "10d"}, "stats": {"keep": "20d"}})
    ages = (60, 3600, 15 * 86_400, 30 * 86_400, -7200)
    file = write_lines(tmp_path / "querylog.json", *map(line, map(ago, ages)), "{")
    told = await taken(built, file, dry_run=True)
    assert told.program == "AdGuard Home"
    assert (told.rows, told.counted, told.left_out, told.damaged) == (2, 1, 2, 1)
    assert told.begins is not None and told.ends is not None
    assert round((told.ends - told.begins) / 86_400) == 15
    assert (await rows(built), told.has_begun) == (0, False)
    assert await built.house.state.audit.entries(10) == [], "who only looked has done nothing"


async def test_it_is_taken_once_and_what_grew_since_as_well(build: Build, tmp_path: Path) -> None:
    built = await build()
    file = write_lines(tmp_path / "querylog.json", line(ago(60)), line(ago(50)))
    assert (await taken(built, file)).rows == 2
    again = await taken(built, file)
    assert (again.rows, again.begins, again.has_begun) == (0, None, True)
    with file.open("a") as more:
        more.write(line(ago(40)) + "\n")
    renamed = file.rename(tmp_path / "querylog.json.1")
    assert (await taken(built, renamed)).rows == 1
    assert await rows(built) == 3
    entries = await built.house.state.audit.entries(10)
    assert {each.operation for each in entries} == {"imports.log"}


async def test_lists_are_called_as_they_are_here(build: Build, tmp_path: Path) -> None:
    built = await build()
    asked = [{"timestamp": time.time() - 60, "status": 1, "list_id": -9}]
    file = write_ftl(tmp_path / "pihole-FTL.db", asked)
    assert (await taken(built, file, "pihole", lists=["7=My ads"])).rows == 1
    page = await built.open_log().history.page(limit=5)
    (query,) = page["queries"]
    assert (query["list"], query["blocked"], query["group"]) == ("My ads", True, "")


async def test_the_rule_is_shown_though_no_line_is_known(build: Build, tmp_path: Path) -> None:
    built = await build()
    result = {"Reason": 3, "Rules": [{"Text": "||example.org^", "FilterListID": 0}]}
    lines = (line(ago(60), Result=result), line(ago(50), "b.example.org"))
    assert (await taken(built, write_lines(tmp_path / "querylog.json", *lines))).rows == 2
    other, row = (await perform(log.search, built.house, ADMIN, log.LogSearch())).rows
    assert (row.list, row.line, row.rule) == ("own rules", None, "||example.org^")
    assert (other.list, other.line, other.rule) == (None, None, None)
    kinds = ListKinds.of(built.house.settings.settings)
    there, other_there = (entry(each, kinds, {}) for each in (row, other))
    assert there["rules"] == [{"filter_list_id": 0, "text": "||example.org^"}]
    assert other_there["rules"] == []


@pytest.mark.parametrize("source", ["adguardhome", "pihole"])
async def test_another_file_is_refused_in_words(build: Build, tmp_path: Path, source: str) -> None:
    built = await build()
    with pytest.raises(RequestError) as raised:
        await taken(built, write_lines(tmp_path / "odd", "x" * 4096), source)
    assert raised.value.code == "import_invalid"
    file = write_lines(tmp_path / "querylog.json", line(ago(60)))
    with pytest.raises(RequestError, match="names no list"):
        await taken(built, file, lists=["Ads"])


async def test_it_takes_the_permission_to_write_the_log(build: Build, tmp_path: Path) -> None:
    built = await build()
    given = past_queries.LogImportWanted(source="pihole", file=tmp_path)
    with pytest.raises(RequestError, match="log:write"):
        await perform(past_queries.queries, built.house, VIEWER, given)
