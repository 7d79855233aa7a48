"""Backup and restore of a whole house: state, settings in force, settings file, log."""

from __future__ import annotations

import asyncio
import sqlite3
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from account_kit import PASSWORD, ROOT, People, refused, some_people

from sinkhole.control.database import Database, migrate
from sinkhole.control.querylog.schema import open_database
from sinkhole.control.settings.in_force import Change, SettingsInForce
from sinkhole.control.state.backup_file import write_backup
from sinkhole.control.state.schema import MIGRATIONS, SCHEMA
from sinkhole.model.actor import SERVER
from sinkhole.model.errors import RequestError, SettingsError, StorageError

YAML = "query_log:\n  max_size: 200MiB\n"


def text_of(path: str) -> str:
    return Path(path).read_text()


def a_settings_file(folder: Path) -> Path:
    config = folder / "sinkhole.yaml"
    if not config.exists():
        folder.mkdir(parents=True, exist_ok=True)
        config.write_text(YAML)
    return config


@asynccontextmanager
async def a_home(folder: Path) -> AsyncIterator[People]:
    """People, with settings in force of a file and of what is stored."""
    config = a_settings_file(folder)
    async with some_people(folder / "data", config=config) as people:
        settings = SettingsInForce(config, {}, people.house.state)
        await settings.load()
        try:
            yield people.with_settings(settings)
        finally:
            await settings.close()


async def keep_days(people: People, days: int) -> None:
    change = Change("query_log.keep", value=f"{days}d")
    await people.house.settings.change([change], SERVER)


def kept_days(people: People) -> float:
    return people.house.settings.settings.query_log.keep / 86_400


def archive_of(people: People, name: str) -> Path:
    return people.house.state.folder / "backups" / name


async def test_a_backup_restores_state_and_settings_while_all_goes_on(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        anna = await people.admin()
        await keep_days(people, 3)
        made = await people.do("backup.make", anna)
        await keep_days(people, 5)
        await people.do("accounts.add", anna, name="Ben", password=PASSWORD)
        ben = await people.enter("ben")
        number = people.house.state.stored.number
        checked = await people.do("backup.restore_kept", anna, name=made.name, dry_run=True)
        assert (checked.accounts, checked.kept, kept_days(people)) == (1, "", 5)
        done = await people.do("backup.restore_kept", anna, name=made.name)
        assert kept_days(people) == 3 and (done.accounts, done.tokens) == (1, 0)
        assert people.house.state.stored.number > number
        sessions = people.house.identity.sessions
        assert [each.id for each in sessions.of(anna.account)] == [anna.id]
        assert sessions.of(ben.account) == []
        entries = (await people.do("audit.list", anna)).entries
        assert [each.operation for each in entries][:2] == ["backup.restore_kept", "session.begin"]
        await people.do("backup.restore_kept", anna, name=done.kept)
        assert kept_days(people) == 5 and await people.enter("ben")
    async with a_home(tmp_path) as people:
        assert kept_days(people) == 5


async def test_a_session_that_was_ended_does_not_come_back(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        anna = await people.admin()
        other = await people.house.identity.sign_in("anna", PASSWORD, "", "192.0.2.7", "")
        token = await people.do("tokens.add", anna, name="t", permissions=["metrics"])
        made = await people.do("backup.make", anna)
        await people.house.identity.sign_out(other.actor)
        await people.do("tokens.remove", anna, token="t")
        done = await people.do("backup.restore_kept", anna, name=made.name)
        assert people.house.identity.of_session(other.secret, "") is None
        assert done.returned == ["t"]
        assert people.house.identity.of_token(token.secret, "") is not None


async def test_a_backup_is_restored_on_another_machine(tmp_path: Path) -> None:
    async with a_home(tmp_path / "old") as people:
        await people.admin()
        await keep_days(people, 3)
        made = await people.do("backup.make", ROOT)
        archive = archive_of(people, made.name)
    async with a_home(tmp_path / "new") as people:
        done = await people.do("backup.restore", ROOT, file=archive)
        assert kept_days(people) == 3 and await people.enter("anna")
        (file,) = done.settings_files
        assert not file.is_in_place and file.origin == str(tmp_path / "old" / "sinkhole.yaml")
        assert text_of(file.path) == YAML


async def test_the_settings_file_is_put_back_when_that_is_asked_for(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        config = tmp_path / "sinkhole.yaml"
        await people.admin()
        made = await people.do("backup.make", ROOT)
        config.write_text("query_log:\n  keep: 9d\n")
        await people.house.settings.reload()
        await people.do("backup.restore_kept", ROOT, name=made.name)
        assert kept_days(people) == 9
        done = await people.do("backup.restore_kept", ROOT, name=made.name, with_settings_file=True)
        assert done.settings_files[0].is_in_place and kept_days(people) != 9
        assert config.read_text() == YAML


async def test_when_what_is_restored_cannot_be_applied_all_is_as_it_was(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        config = tmp_path / "sinkhole.yaml"
        anna = await people.admin()
        await keep_days(people, 3)
        made = await people.do("backup.make", anna)
        await keep_days(people, 5)
        config.write_text("query_log:\n  max_size: 1GiB\n")
        await people.house.settings.reload()

        async def apply(settings: object, *, patient: bool = False) -> list[str]:
            if people.house.settings.settings is not settings and not failed:
                failed.append(True)
                raise SettingsError(["no address can be had"])
            return []

        failed: list[bool] = []
        people.house.settings.apply = apply
        with pytest.raises(SettingsError):
            await people.do("backup.restore_kept", anna, name=made.name, with_settings_file=True)
        assert failed and kept_days(people) == 5
        assert config.read_text() == "query_log:\n  max_size: 1GiB\n"
        assert [each.id for each in people.house.identity.sessions.of(anna.account)] == [anna.id]


async def test_a_log_is_restored_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "data" / "querylog.db"
    async with a_home(tmp_path) as people:
        with pytest.raises(StorageError, match="no query log"):
            await people.do("backup.make", ROOT, with_log=True)
        database, _ = await open_database(path)
        await database.rows("INSERT INTO client VALUES (1, 1, '192.0.2.7', '', 'default', 0)")
        made = await people.do("backup.make", ROOT, with_log=True)
        await database.rows("DELETE FROM client")
        await database.close()
        bare = await people.do("backup.make", ROOT)
        bare_told = await people.do("backup.restore_kept", ROOT, name=bare.name, dry_run=True)
        with refused("backup_invalid"):
            await people.do("backup.restore_kept", ROOT, name=bare.name, with_log=True)
        done = await people.do("backup.restore_kept", ROOT, name=made.name, with_log=True)
        assert done.waits == ["the query log"] and done.log and not bare_told.log
        database, problem = await open_database(path)
        assert problem is None
        assert await database.value("SELECT text FROM client") == "192.0.2.7"
        await database.close()
    assert len(list((tmp_path / "data").glob("querylog.db.replaced-*"))) == 1


async def a_backup_of(folder: Path, migrations: tuple[tuple[str, ...], ...]) -> Path:
    """An archive with a state of other versions than ours."""
    database = await Database.connect(folder / "other.db")
    try:
        await migrate(database, SCHEMA._replace(migrations=migrations))
        await database.rows(
            "INSERT INTO stored VALUES (1, 'query_log.keep', '', '\"3d\"'), (2, 'no.such', '', '1')"
        )
    finally:
        await database.close()
    await asyncio.to_thread(
        write_backup, folder / "other.zip", {"state.db": folder / "other.db"}, 1.0, "asked"
    )
    return folder / "other.zip"


async def test_a_backup_of_an_older_sinkhole_is_brought_up_to_date(tmp_path: Path) -> None:
    archive = await a_backup_of(tmp_path, MIGRATIONS[:1])
    async with a_home(tmp_path / "home") as people:
        await people.do("backup.restore", ROOT, file=archive)
        assert kept_days(people) == 3
        assert [each.code for each in people.house.settings.problems] != []


async def test_a_backup_of_a_newer_sinkhole_is_refused_in_words(tmp_path: Path) -> None:
    archive = await a_backup_of(tmp_path, (*MIGRATIONS, ("CREATE TABLE later (a)",)))
    async with a_home(tmp_path / "home") as people:
        with refused("backup_newer"):
            await people.do("backup.restore", ROOT, file=archive)
        assert kept_days(people) == 90 and await people.house.state.backups.all() == []


async def test_what_is_no_backup_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    async with a_home(tmp_path / "home") as people:
        with pytest.raises(RequestError, match=r"^this is no backup of sinkhole") as told:
            await people.do("backup.restore", ROOT, file=tmp_path / "a.zip")
        assert told.value.code == "backup_invalid"
        with refused("no_such_backup"):
            await people.do("backup.restore_kept", ROOT, name="../a.zip")
        made = await people.do("backup.make", ROOT)
        archive_of(people, made.name).write_bytes(b"")
        with refused("backup_invalid"):
            await people.do("backup.restore_kept", ROOT, name=made.name)
        assert len(await people.house.state.backups.all()) == 1


@pytest.mark.parametrize("odd", ["UPDATE stored SET value = '{'", "DROP TABLE pause"])
async def test_a_backup_whose_rows_make_no_sense_changes_nothing(tmp_path: Path, odd: str) -> None:
    async with a_home(tmp_path) as people:
        await keep_days(people, 3)
        made = await people.do("backup.make", ROOT)
        state = tmp_path / "odd.db"
        with zipfile.ZipFile(archive_of(people, made.name)) as archive:
            state.write_bytes(archive.read("state.db"))
        with closing(sqlite3.connect(state)) as connection:
            connection.execute(odd)
            connection.commit()
        write_backup(tmp_path / "odd.zip", {"state.db": state}, 0.0, "asked")
        with refused("backup_invalid"):
            await people.do("backup.restore", ROOT, file=tmp_path / "odd.zip")
        assert kept_days(people) == 3
    async with a_home(tmp_path) as people:
        assert (kept_days(people), people.house.state.problems) == (3, [])


async def test_a_backup_is_fetched_listed_and_removed(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        made = await people.do("backup.make", ROOT)
        fetched = await people.do("backup.download", ROOT, name=made.name)
        data = b"".join([each async for each in fetched.chunks])
        assert data == archive_of(people, made.name).read_bytes()
        assert (fetched.file_name, fetched.media_type) == (made.name, "application/zip")
        assert (await people.do("backup.list", ROOT)).backups == [made]
        await people.do("backup.remove", ROOT, name=made.name)
        assert (await people.do("backup.list", ROOT)).backups == []
        with refused("no_such_backup"):
            await people.do("backup.download", ROOT, name=made.name)
        done = [each.operation for each in await people.house.state.audit.entries(10)]
        assert done == ["backup.download", "backup.remove", "backup.download", "backup.make"]


async def test_a_damaged_state_is_restored_or_its_backup_accepted(tmp_path: Path) -> None:
    async with a_home(tmp_path) as people:
        await people.admin()
        await keep_days(people, 3)
        made = await people.do("backup.make", ROOT)
    for how in ("backup.accept", "backup.restore_kept"):
        (tmp_path / "data" / "state.db").write_bytes(b"no database here")
        async with a_home(tmp_path) as people:
            anna = await people.enter("anna")
            assert kept_days(people) == 3 and people.house.state.read_only
            with pytest.raises((StorageError, RequestError)):
                await keep_days(people, 4)
            given = {} if how == "backup.accept" else {"name": made.name}
            await people.do(how, anna, **given)
            assert people.house.identity.sessions.digest_of(anna)
            await keep_days(people, 5)
        async with a_home(tmp_path) as people:
            assert kept_days(people) == 5 and people.house.state.problems == []
            assert len(people.house.identity.sessions.of(anna.account)) == 1
