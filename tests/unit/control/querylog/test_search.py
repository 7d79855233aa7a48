from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from log_kit import PATIENT_S, batch, fill, patient, report

from sinkhole.control.database import Database, Reader
from sinkhole.control.querylog import Sought, SqliteStore, filters, id_sets, search
from sinkhole.control.querylog.history import History
from sinkhole.control.querylog.schema import open_database

NOW = 1_700_000_000.0
HOUR = 3600
HOURS, EACH = 40, 60


class Ticks:
    """A clock by which each look at it takes a share of the time for a page."""

    def __init__(self, looks_a_page: int) -> None:
        self.now = 0.0
        self._step = PATIENT_S / looks_a_page

    def __call__(self) -> float:
        self.now += self._step
        return self.now


@pytest.fixture
async def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reader]:
    """A log in which names of each hour are asked for in that hour only."""
    monkeypatch.setattr(search, "FIRST_ROWS", 5)
    monkeypatch.setattr(search, "MOST_READ", 10)
    monkeypatch.setattr(search, "FIRST_HOURS", 2)
    monkeypatch.setattr(search, "MOST_HOURS", 4)
    monkeypatch.setattr(id_sets, "VALUES_A_SLICE", 100)
    monkeypatch.setattr(filters, "FEW", 20)
    database, _ = await open_database(tmp_path / "querylog.db")
    for hour in range(HOURS):
        names = [report(f"n{number}.h{hour}.example.org") for number in range(EACH)]
        await fill(database, [batch(names, time_s=NOW - (HOURS - hour) * HOUR)])
    reader = Reader(database.path)
    yield reader
    await reader.close()
    await database.close()


async def every_page(history: History, **wanted: Any) -> tuple[list[str], list[float]]:
    """All names found, and how far back each page that ended early has looked."""
    names: list[str] = []
    looked: list[float] = []
    before = None
    while True:
        page = await history.page(limit=7, before=before, **wanted)
        names += [row["name"] for row in page["queries"]]
        if page["looked_back_to"] is not None:
            looked.append(page["looked_back_to"])
        before = page["next"]
        if before is None:
            return names, looked


@pytest.mark.parametrize("looks_a_page", [3, 10, 50])
@pytest.mark.parametrize("wanted", [{"name": ".h3."}, {"name": "n5.h"}, {"name": "h1"}])
async def test_a_page_ends_when_the_time_is_up_and_the_next_goes_on_from_there(
    reader: Reader, looks_a_page: int, wanted: dict[str, str]
) -> None:
    found, looked = await every_page(patient(reader, ticks=Ticks(looks_a_page)), **wanted)
    expected, _ = await every_page(patient(reader), **wanted)
    assert found == expected and len(expected) >= 40
    assert looked == sorted(looked, reverse=True) and (looked or looks_a_page > 3)


async def test_a_page_that_is_done_has_not_ended_early(reader: Reader) -> None:
    _, looked = await every_page(patient(reader), name="h1")
    assert looked == []


async def test_it_ends_when_nobody_wants_it_any_more(reader: Reader) -> None:
    asked = 0

    def is_wanted() -> bool:
        nonlocal asked
        asked += 1
        return asked < 30

    page = await patient(reader).page(name="n5", limit=200, is_wanted=is_wanted)
    assert len(page["queries"]) < 200 and page["looked_back_to"] is not None and asked == 30


async def test_others_get_their_turn_on_the_same_connection(reader: Reader) -> None:
    task = asyncio.ensure_future(patient(reader).page(limit=200, name="n5", client="192.0.2.1"))
    for _ in range(5):
        await reader.rows("SELECT 1")
    assert not task.done()
    assert len((await task)["queries"]) == 200


async def test_only_hours_that_have_such_names_are_read(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More names than are asked for one by one, all of them old."""
    read = 0
    plain = Reader.rows

    async def counting(self: Reader, sql: str, parameters: Any = ()) -> Any:
        nonlocal read
        read += "FROM query AS q" in sql
        return await plain(self, sql, parameters)

    monkeypatch.setattr(Reader, "rows", counting)
    page = await patient(reader).page(limit=200, name=".h2.")
    assert len(page["queries"]) == EACH and page["next"] is None
    assert read <= 2 + EACH // 5


@pytest.mark.parametrize(("name", "are_fewer"), [("n55.h2", True), ("n5.h", False)])
async def test_names_are_asked_for_one_by_one_where_hours_have_many_more(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, name: str, are_fewer: bool
) -> None:
    """Eleven of some sixty are, forty are not; either way all are found."""
    monkeypatch.setattr(filters, "FEW", 5)
    statements: list[str] = []
    plain = Reader.rows

    async def noting(self: Reader, sql: str, parameters: Any = ()) -> Any:
        statements.append(sql)
        return await plain(self, sql, parameters)

    monkeypatch.setattr(Reader, "rows", noting)
    found, _ = await every_page(patient(reader), name=name)
    assert len(found) == (11 if are_fewer else HOURS)
    hours = [sql for sql in statements if sql.startswith("INSERT INTO hour")]
    assert hours and all(("sought_name" not in sql) == are_fewer for sql in hours)


async def test_names_that_are_known_are_not_looked_through_again(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, statements = patient(reader), []
    plain = Reader.rows

    async def noting(self: Reader, sql: str, parameters: Any = ()) -> Any:
        statements.append(sql)
        return await plain(self, sql, parameters)

    monkeypatch.setattr(Reader, "rows", noting)
    first = await history.page(name=".h7.")
    assert any("instr" in sql for sql in statements)
    statements.clear()
    assert await history.page(name=".h7.") == first
    assert not any("instr" in sql for sql in statements)
    other = await history.page(name=".h8.")
    assert {row["name"].split(".")[1] for row in other["queries"]} == {"h8"}


async def test_names_that_are_new_are_found_by_a_search_that_is_known(
    reader: Reader, tmp_path: Path
) -> None:
    history = patient(reader)
    assert len((await history.page(name=".h7.", limit=200))["queries"]) == EACH
    database = await Database.connect(tmp_path / "querylog.db")
    await fill(database, [batch([report("new.h7.example.org")], time_s=NOW)])
    await database.close()
    rows = (await history.page(name=".h7.", limit=200))["queries"]
    assert len(rows) == EACH + 1 and rows[0]["name"] == "new.h7.example.org"


async def test_two_searches_at_once_do_not_mix(reader: Reader) -> None:
    history = patient(reader)
    pages = await asyncio.gather(
        *(history.page(name=f".h{hour}.", limit=200) for hour in (3, 4, 5) * 3)
    )
    for page, hour in zip(pages, (3, 4, 5) * 3, strict=True):
        assert {row["name"].split(".")[1] for row in page["queries"]} == {f"h{hour}"}
        assert len(page["queries"]) == EACH


async def test_where_the_time_is_up_at_once_the_next_page_begins_where_this_one_was_to(
    reader: Reader,
) -> None:
    hurried = History(SqliteStore(reader), lambda: NOW, search_s=0.0)
    first = await hurried.page(limit=7)
    assert (first["queries"], first["looked_back_to"]) == ([], NOW)
    again = await hurried.page(limit=7, before=first["next"])
    assert (again["queries"], again["next"]) == ([], first["next"])
    unhurried = patient(reader, clock=lambda: NOW)
    second = await unhurried.page(limit=7, before=first["next"])
    assert second["queries"] == (await unhurried.page(limit=7))["queries"]
    told = await hurried.sums(Sought(from_s=NOW - HOUR), 60)
    assert (told["totals"]["queries"], told["looked_back_to"]) == (0, NOW)
    told = await unhurried.sums(Sought(from_s=NOW - 2 * HOUR), 60)
    assert (told["totals"]["queries"], told["looked_back_to"]) == (2 * EACH, None)
