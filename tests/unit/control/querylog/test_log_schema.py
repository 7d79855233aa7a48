from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path

import pytest
from log_kit import patient

from sinkhole.control.database import Reader
from sinkhole.control.querylog.dictionary import CLIENTS, NAMES, Dictionary
from sinkhole.control.querylog.schema import MIGRATIONS, open_database
from sinkhole.dns.wire.name import from_text
from sinkhole.model.errors import StorageError


def set_asides(folder: Path, why: str) -> list[Path]:
    return list(folder.glob(f"querylog.db.{why}-*"))


async def test_a_new_database_has_the_newest_version_and_is_nobody_else_s_business(
    tmp_path: Path,
) -> None:
    path = tmp_path / "new" / "querylog.db"
    database, problem = await open_database(path)
    try:
        assert problem is None
        assert await database.value("PRAGMA user_version") == len(MIGRATIONS)
        assert await database.value("PRAGMA journal_mode") == "wal"
        assert await database.value("PRAGMA auto_vacuum") == 2  # incremental
        assert await database.value("SELECT count(*) FROM query") == 0
    finally:
        await database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_database_that_is_up_to_date_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    database, _ = await open_database(path)
    await database.rows("INSERT INTO name VALUES (1, 17, 'www.example.org', 0)")
    await database.close()
    database, problem = await open_database(path)
    try:
        assert problem is None
        assert await database.value("SELECT text FROM name") == "www.example.org"
    finally:
        await database.close()


async def test_a_file_that_is_no_database_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    path.write_bytes(b"this is not a database at all " * 1000)
    database, problem = await open_database(path)
    await database.close()
    (aside,) = set_asides(tmp_path, "broken")
    assert aside.read_bytes().startswith(b"this is not")
    assert problem is not None and aside.name in problem
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_database_of_a_newer_sinkhole_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    database, _ = await open_database(path)
    await database.rows("PRAGMA user_version = 999")
    await database.close()
    database, problem = await open_database(path)
    await database.close()
    assert problem is not None and "version 999" in problem
    assert len(set_asides(tmp_path, "newer")) == 1


async def test_a_database_of_another_program_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (text)")
    connection.close()
    database, problem = await open_database(path)
    await database.close()
    assert problem is not None and "no query log" in problem


async def test_a_folder_that_can_t_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"querylog\.db"):
        await open_database(tmp_path / "file" / "querylog.db")


async def test_a_failed_migration_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "querylog.db"
    broken = (*MIGRATIONS, ("CREATE TABLE extra (a)", "this is no SQL"))
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", broken)
    with pytest.raises(StorageError):
        await open_database(path)
    monkeypatch.undo()
    database, problem = await open_database(path)
    try:
        assert problem is None
        tables = await database.rows("SELECT name FROM sqlite_schema WHERE name = 'extra'")
        assert tables == []
    finally:
        await database.close()


async def test_names_of_the_first_version_keep_their_numbers_and_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:1])
    database, _ = await open_database(path)
    await database.rows("INSERT INTO name VALUES (7, 'www.example.org', 0), (9, 'caf\\233', 0)")
    await database.close()
    monkeypatch.undo()
    database, problem = await open_database(path)
    try:
        assert problem is None
        names = await Dictionary.load(database, NAMES)
        known, new = from_text("www.example.org"), from_text("new.example.org")
        async with database.transaction():
            await names.learn(database, [known, new, b"\4caf\xe9\0"], hour=3600)
        assert names.ids == {known: 7, new: 10, b"\4caf\xe9\0": 9}
    finally:
        await database.close()


async def test_sums_of_days_yet_to_come_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second version summed names by any clock; one that was ahead stopped the summing."""
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:2])
    database, _ = await open_database(path)
    today = int(time.time()) // 86_400 * 86_400
    ahead = today + 365 * 86_400
    for start in (today - 3 * 86_400, ahead):
        await database.rows("INSERT INTO by_day VALUES (?, 1, 5, 0)", (start,))
    for start in (today - 86_400, today - 3600, ahead):
        await database.rows("INSERT INTO by_name VALUES (?, 1, 5, 0)", (start,))
    await database.rows("UPDATE meta SET value = ? WHERE key = 'folded'", (ahead + 3600,))
    await database.close()
    monkeypatch.undo()
    database, problem = await open_database(path)
    try:
        assert problem is None
        assert await database.rows("SELECT start FROM by_day") == [(today - 3 * 86_400,)]
        folded = await database.value("SELECT value FROM meta WHERE key = 'folded'")
        assert folded == today - 2 * 86_400, "the days after it were never summed"
    finally:
        await database.close()


async def test_queries_of_versions_that_told_no_transports_are_found_as_those_by_udp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:3])
    database, _ = await open_database(path)
    hour = 1_700_002_800
    for number, start in enumerate([hour, hour + 60, hour + 7200]):  # not folded yet, and folded
        await database.rows("INSERT INTO query VALUES (?, 1, 1, 1, 9)", (start * 1_000_000,))
        for outcome in (0, 1):
            await database.rows("INSERT INTO total VALUES (?, ?, ?)", (start, outcome, number + 1))
    await database.close()
    monkeypatch.undo()
    database, problem = await open_database(path)
    reader = Reader(path)
    try:
        assert problem is None
        counts = await database.rows("SELECT * FROM by_transport")
        assert counts == [(hour, 0, 6), (hour + 7200, 0, 6)]
        history = patient(reader)
        found = (await history.page(transport="udp"))["queries"]
        assert [row["transport"] for row in found] == ["udp"] * 3
        assert (await history.page(transport="tcp"))["queries"] == []
    finally:
        await reader.close()
        await database.close()


async def test_clients_of_versions_that_knew_no_devices_stay_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:5])
    database, _ = await open_database(path)
    await database.rows("INSERT INTO client VALUES (3, '192.0.2.7', 0), (7, 'phone', 0)")
    await database.close()
    monkeypatch.undo()
    database, problem = await open_database(path)
    try:
        assert problem is None
        clients = await Dictionary.load(database, CLIENTS)
        known, moved = ("192.0.2.7", "", "default"), ("192.0.2.7", "02:00:5e:10:00:07", "kids")
        async with database.transaction():
            await clients.learn(database, [known, moved], hour=3600)
        assert clients.ids == {known: 3, moved: 8}
    finally:
        await database.close()


async def test_an_older_sinkhole_sets_aside_a_log_that_tells_transports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take each row for one of the width it knows."""
    path = tmp_path / "querylog.db"
    database, _ = await open_database(path)
    await database.close()
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:3])
    database, problem = await open_database(path)
    await database.close()
    (aside,) = set_asides(tmp_path, "newer")
    assert problem is not None and aside.name in problem
    assert f"version {len(MIGRATIONS)}" in problem
    monkeypatch.undo()
    database, problem = await open_database(aside)
    try:
        assert problem is None and await database.rows("SELECT * FROM by_transport") == []
    finally:
        await database.close()


async def test_a_mark_that_was_right_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "querylog.db"
    monkeypatch.setattr("sinkhole.control.querylog.schema.MIGRATIONS", MIGRATIONS[:2])
    database, _ = await open_database(path)
    hour = int(time.time()) // 3600 * 3600 - 3600
    await database.rows("INSERT INTO by_day VALUES (?, 1, 5, 0)", (hour // 86_400 * 86_400,))
    await database.rows("INSERT INTO by_name VALUES (?, 1, 5, 0)", (hour,))
    await database.rows("UPDATE meta SET value = ? WHERE key = 'folded'", (hour + 3600,))
    await database.close()
    monkeypatch.undo()
    database, _ = await open_database(path)
    try:
        assert await database.value("SELECT count(*) FROM by_day") == 1
        folded = await database.value("SELECT value FROM meta WHERE key = 'folded'")
        assert folded == hour + 3600
    finally:
        await database.close()
