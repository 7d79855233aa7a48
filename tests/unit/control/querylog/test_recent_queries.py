"""Who asked for what lately, for trying settings on it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from log_kit import DAY_S, batch, fill, report

from sinkhole.control.database import Reader
from sinkhole.control.querylog import SqliteStore, recent_queries
from sinkhole.control.querylog.recent_queries import LoggedAsker, RecentQueries
from sinkhole.control.querylog.schema import open_database
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.errors import StorageError
from sinkhole.model.record import Telling, Who
from sinkhole.model.verdict import Outcome

NOW = time.time()
MAC = "02:00:5e:10:00:01"


async def test_queries_come_by_who_asked_for_what(tmp_path: Path) -> None:
    database, _ = await open_database(tmp_path / "querylog.db")
    tablet = Who("192.0.2.1", MAC, "kids")
    await fill(
        database,
        [
            batch([report("old.example.org")], "192.0.2.9", NOW - 9 * DAY_S),
            batch([report("www.example.org")] * 2, tablet, NOW - DAY_S),
            batch([report("www.example.org", qtype=Type.AAAA)], tablet, NOW - DAY_S),
            batch([report("www.example.org", Outcome.BLOCKED)], tablet, NOW - 60),
            batch([report(".", Outcome.MALFORMED, qtype=0)], tablet, NOW - 60),
            batch([report()], Who("192.0.2.2", telling=Telling(names=False)), NOW - 60),
        ],
    )
    await database.close()
    reader = Reader(tmp_path / "querylog.db")
    queries = RecentQueries(SqliteStore(reader), 7 * DAY_S, lambda: NOW)
    askers = {each.text: each for each in await queries.askers()}
    assert askers.keys() >= {"192.0.2.1", "192.0.2.2"}
    number, hidden = askers["192.0.2.1"].number, askers["192.0.2.2"].number
    assert askers["192.0.2.1"] == LoggedAsker(number, "192.0.2.1", MAC)
    asked = await queries.asked(queries.start_s, queries.end_s)
    (name,) = {each[1] for each in asked} - {0}
    assert sorted(asked) == sorted(
        [
            (number, name, Type.A, 3),
            (number, name, Type.AAAA, 1),
            (hidden, 0, Type.A, 1),
        ]
    )
    assert await queries.texts([name, name + 1000]) == {name: "www.example.org"}
    assert await queries.asked(NOW - 3600, NOW, [number]) == [(number, name, Type.A, 1)]
    assert await queries.asked(NOW - 3600, NOW, []) == []
    await reader.close()


async def test_names_are_read_bit_by_bit_and_so_many_clients_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_queries, "NAMES_AT_ONCE", 2)
    monkeypatch.setattr(recent_queries, "MOST_ASKERS", 1)
    database, _ = await open_database(tmp_path / "querylog.db")
    names = [f"{letter}.example.org" for letter in "abcde"]
    await fill(
        database,
        [
            batch([report(each) for each in names], "192.0.2.1", NOW - DAY_S),
            batch([report(names[0])], "192.0.2.2", NOW - 60),
        ],
    )
    await database.close()
    reader = Reader(tmp_path / "querylog.db")
    queries = RecentQueries(SqliteStore(reader), 7 * DAY_S, lambda: NOW)
    numbers = [each[1] for each in await queries.asked(queries.start_s, queries.end_s)]
    assert sorted((await queries.texts(sorted(set(numbers)))).values()) == names
    assert len(await queries.askers()) == 1
    await reader.close()


async def test_without_a_log_there_is_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        await RecentQueries(SqliteStore(Reader(tmp_path / "querylog.db")), DAY_S).askers()
