"""The file in every condition: new, old, newer, damaged, on a disk that is full or read-only."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from sinkhole.control.database import Database
from sinkhole.control.state import opening, schema
from sinkhole.control.state import state as subject
from sinkhole.control.state.people import Account
from sinkhole.control.state.state import State
from sinkhole.control.state.stored import StoredChange
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import StorageError
from sinkhole.model.tasks import Tasks

AS_ROOT = os.geteuid() == 0


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[State]:
    state = await State.open(folder)
    try:
        yield state
    finally:
        await state.close()


@asynccontextmanager
async def looked_at(folder: Path) -> AsyncIterator[State]:
    state = await State.look(folder)
    try:
        yield state
    finally:
        await state.close()


async def store(state: State, value: object) -> None:
    await state.stored.commit([StoredChange(("a", ""), None, value)], SERVER)


async def a_file_with_a_backup(folder: Path) -> Path:
    """Its backup says 1, itself 2."""
    async with opened(folder) as state:
        await store(state, 1)
        await state.back_up()
        await store(state, 2)
    return folder / "state.db"


def found(folder: Path, pattern: str) -> list[Path]:
    return list(folder.glob(pattern))


def stored_in(state: State) -> object:
    return state.stored.values().get(("a", ""))


async def test_the_file_is_private_and_every_change_is_on_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as state:
        assert (tmp_path / "data" / "state.db").stat().st_mode & 0o777 == 0o600
        for name, wanted in (("journal_mode", "wal"), ("synchronous", 2)):
            found = await state._file.rows(f"PRAGMA {name}")
            assert found == [(wanted,)]
        assert state.problems == [] and state.read_only == ""
    assert [each.name for each in (tmp_path / "data").iterdir()] == ["state.db"]


async def test_a_look_changes_nothing_and_sees_what_a_server_wrote(tmp_path: Path) -> None:
    async with looked_at(tmp_path / "none") as state:
        assert state.is_new and not (tmp_path / "none").exists()
    async with opened(tmp_path) as server:
        await store(server, 7)
        async with looked_at(tmp_path) as state:
            assert stored_in(state) == 7 and not state.problems
            with pytest.raises(StorageError, match="only looked at"):
                await store(state, 8)


@pytest.mark.parametrize("damage", ["header", "page", "cut", "empty", "foreign"])
async def test_a_damaged_file_stays_and_its_backup_is_read(tmp_path: Path, damage: str) -> None:
    path = await a_file_with_a_backup(tmp_path)
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:16] = b"no database here"
    elif damage == "page":
        data[4096:8192] = b"\xaa" * 4096
    elif damage == "cut":
        del data[4096:]
    elif damage == "empty":
        data.clear()
    path.write_bytes(data)
    if damage == "foreign":
        path.unlink()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE theirs (a)")
        data = bytearray(path.read_bytes())
    for _ in range(2):
        async with opened(tmp_path) as state:
            assert stored_in(state) == 1
            (problem,) = state.problems
            assert (problem.code, problem.severity) == ("state.damaged", "error")
            assert "sinkhole restore" in problem.advice
            with pytest.raises(StorageError, match="nothing can be stored"):
                await store(state, 3)
            assert stored_in(state) == 1
        assert path.read_bytes() == data
    async with looked_at(tmp_path) as state:
        assert stored_in(state) == 1


ODD_ROWS = [
    "UPDATE stored SET value = '{broken'",
    "UPDATE account SET recovery = '1'",
    "INSERT INTO token VALUES ('a', 1, 'a', '[]', '[1]', NULL, NULL, '')",
    "INSERT INTO session VALUES ('a', 1, '', '', '[\"b\", \"x\", 1]', '[\"b\", 1, 1]')",
    "INSERT OR REPLACE INTO pause VALUES (1, 'all', '', 'now', 60, 'anna')",
    "INSERT OR REPLACE INTO pause VALUES (1, 'street', '', '[\"\",0,0]', 60, 'anna')",
    "INSERT INTO temporary_rule VALUES (1, 'a', 'now', 60, 'anna', '')",
    "INSERT OR REPLACE INTO meta VALUES ('clock', '[1]')",
    "UPDATE revision SET changes = '[[1]]'",
    "DROP TABLE pause",
]


@pytest.mark.parametrize("odd", ODD_ROWS)
async def test_rows_that_make_no_sense_are_damage_as_well(tmp_path: Path, odd: str) -> None:
    path = await a_file_with_a_backup(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        row = "INSERT INTO account VALUES (1, 'A', 'a', 'admin', '', 0, '', 0, 0, '[]')"
        connection.execute(row)
        connection.execute(odd)
        connection.commit()
    async with opened(tmp_path) as state:
        assert stored_in(state) == 1
        (problem,) = state.problems
        assert problem.code == "state.damaged"
        await state.accept()
    async with opened(tmp_path) as state:
        assert state.problems == []


async def test_somebody_decides_to_go_on_with_what_stands_in(tmp_path: Path) -> None:
    path = await a_file_with_a_backup(tmp_path)
    path.write_bytes(b"no database here")
    async with opened(tmp_path) as state:
        await state.accept()
        assert state.problems == [] and state.read_only == "" and stored_in(state) == 1
        await store(state, 3)
        await state.accept()
        (aside,) = found(tmp_path, "state.db.aside-*")
        assert aside.read_bytes() == b"no database here"
        assert path.stat().st_mode & 0o777 == 0o600
    async with opened(tmp_path) as state:
        assert stored_in(state) == 3 and state.problems == []


async def test_a_newer_file_is_refused_and_never_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await a_file_with_a_backup(tmp_path)
    newer = schema.SCHEMA._replace(migrations=(*schema.MIGRATIONS, ("CREATE TABLE later (a)",)))
    with monkeypatch.context() as later:
        later.setattr(opening, "SCHEMA", newer)
        later.setattr(opening, "MIGRATIONS", newer.migrations)
        async with opened(tmp_path) as state:
            await store(state, 3)
            upgrade, asked = await state.backups.all()
            assert (upgrade.reason, asked.reason) == ("upgrade", "asked")
    data = path.read_bytes()
    async with opened(tmp_path) as state:
        (problem,) = state.problems
        assert problem.code == "state.newer" and "this sinkhole knows" in problem.text
        assert stored_in(state) == 2  # what there was before the upgrade
        with pytest.raises(StorageError):
            await store(state, 4)
    assert path.read_bytes() == data


async def test_without_any_backup_nothing_is_in_force_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "state.db").write_bytes(b"no database here")
    async with opened(tmp_path) as state:
        assert stored_in(state) is None and "no backup" in state.problems[0].text
    assert (tmp_path / "state.db").read_bytes() == b"no database here"


async def test_a_backup_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    path = await a_file_with_a_backup(tmp_path)
    async with opened(tmp_path) as state:
        newest = await state.back_up()
    (tmp_path / "backups" / newest.name).write_bytes(b"no archive")
    path.write_bytes(b"no database here")
    async with opened(tmp_path) as state:
        assert stored_in(state) == 1


async def test_a_file_that_is_gone_is_begun_anew_and_its_backup_is_named(tmp_path: Path) -> None:
    (await a_file_with_a_backup(tmp_path)).unlink()
    async with opened(tmp_path) as state:
        (problem,) = state.problems
        assert problem.code == "state.gone" and "-asked.zip" in problem.advice
        assert state.is_new and stored_in(state) is None and state.read_only == ""


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_to_is_read(tmp_path: Path) -> None:
    path = await a_file_with_a_backup(tmp_path)
    path.chmod(0o400)
    os.chmod(tmp_path, 0o500)
    try:
        async with opened(tmp_path) as state:
            assert stored_in(state) == 2
            assert [each.code for each in state.problems] == ["state.not_writable"]
    finally:
        os.chmod(tmp_path, 0o700)


async def test_a_file_that_refuses_to_be_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await a_file_with_a_backup(tmp_path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr("sinkhole.control.database.database.BUSY_S", 0.01)
        async with opened(tmp_path) as state:
            assert stored_in(state) == 2
            (problem,) = state.problems
            assert problem.code == "state.not_writable" and "locked" in problem.text


async def test_on_a_full_disk_reading_goes_on_and_changes_are_refused_whole(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as state:
        await store(state, 1)
        (pages,) = (await state._file.rows("PRAGMA page_count"))[0]
        await state._file.copied(lambda db: db.rows(f"PRAGMA max_page_count = {pages}"))
        with pytest.raises(StorageError, match="full"):
            await store(state, "x" * 100_000)
        assert stored_in(state) == 1 and state.stored.number == 1
        assert "full" in state.problems[0].text
        await state._file.copied(lambda db: db.rows("PRAGMA max_page_count = 100000"))
        await store(state, 2)
        assert stored_in(state) == 2 and state.problems == []


async def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        await State.open(tmp_path / "file" / "data")


def test_the_name_of_the_file_is_for_good() -> None:
    assert subject.FILE_NAME == "state.db"


async def test_a_merge_is_whole_also_where_whoever_wants_it_is_cancelled(tmp_path: Path) -> None:
    async def renamed(own: Database) -> None:
        await own.rows("UPDATE account SET name = name || 'a'")

    wanting = Tasks("test")
    async with opened(tmp_path) as state:
        await state.people.put_account(0, lambda _: Account(0, "ann", "admin", "hash", 1.0))
        for steps in range(12):
            task = wanting.start("merge", state.merge(renamed))
            assert task is not None
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            await state.tell()  # no transaction is left open
        names = await state.read(lambda own: own.rows("SELECT name FROM account"))
        assert [(each.name,) for each in state.people.accounts.values()] == names
