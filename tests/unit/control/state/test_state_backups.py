from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from sinkhole.control.state.backup_file import write_backup
from sinkhole.control.state.backups import KEPT, Backups, settings_files
from sinkhole.control.state.copying import copy_of_backup, empty_state
from sinkhole.model.errors import StorageError

WALL_S = 1_800_000_000.0
YEAR_S = 365 * 86_400.0


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


class Maker:
    """Makes backups of an empty state."""

    def __init__(self, backups: Backups) -> None:
        self.backups = backups

    async def make(self, reason: str = "daily", wall_s: float = WALL_S) -> str:
        source = await empty_state()
        try:
            made = await self.backups.make(reason, source.copy_to, wall_s)  # type: ignore[arg-type]  # text
        finally:
            await source.close()
        return made.name


async def test_backups_are_private_numbered_and_alone_in_their_folder(tmp_path: Path) -> None:
    maker = Maker(Backups(tmp_path))
    names = [await maker.make(), await maker.make("asked")]
    assert names == [
        "sinkhole-000001-20270115T080000Z-daily.zip",
        "sinkhole-000002-20270115T080000Z-asked.zip",
    ]
    found = await maker.backups.all()
    assert [each.name for each in found] == names[::-1]
    assert (found[0].made, found[0].reason) == (WALL_S, "asked")
    assert names_in(tmp_path / "backups") == names
    for name in names:
        assert (tmp_path / "backups" / name).stat().st_mode & 0o777 == 0o600
    database = await copy_of_backup(tmp_path / "backups" / names[0])
    await database.close()


async def test_the_last_of_each_kind_are_kept_whatever_the_clock_shows(tmp_path: Path) -> None:
    maker = Maker(Backups(tmp_path))
    asked = await maker.make("asked", WALL_S - YEAR_S)
    made = [
        await maker.make("upgrade" if number == 5 else "daily", WALL_S + jump * YEAR_S)
        for number, jump in enumerate((5, 0, -20, -56, 3, 0, 0, 0, 0))
    ]
    found = [each.name for each in await maker.backups.all()]
    assert found == [*made[: -KEPT - 1 : -1], asked]


async def test_what_killed_processes_left_goes_and_odd_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    (folder / "make-abc").mkdir(parents=True)
    (folder / "make-abc" / "state.db").touch()
    (folder / "sinkhole-000009-notadate-daily.zip").touch()
    (folder / "mine.zip").touch()
    maker = Maker(Backups(tmp_path))
    await maker.make()
    assert len(await maker.backups.all()) == 1
    assert names_in(folder) == [
        "mine.zip",
        "sinkhole-000001-20270115T080000Z-daily.zip",
        "sinkhole-000009-notadate-daily.zip",
    ]


async def test_a_backup_that_fails_removes_none_and_leaves_nothing(tmp_path: Path) -> None:
    config = tmp_path / "settings"
    config.mkdir()
    (config / "a.yaml").write_text("{}")
    maker = Maker(Backups(tmp_path, config))
    names = [await maker.make() for _ in range(KEPT)]
    (config / "b.yaml").mkdir()
    await maker.make()
    (config / "a.yaml").unlink()
    (config / "a.yaml").symlink_to("/proc/self/mem")  # opens, and can't be read
    with pytest.raises(StorageError, match="no backup could be made"):
        await maker.make()
    assert [each.name for each in await maker.backups.all()][1:] == names[:0:-1]
    assert len(names_in(tmp_path / "backups")) == KEPT


async def test_settings_files_are_in_it_by_names_that_can_be_used(tmp_path: Path) -> None:
    config = tmp_path / "settings"
    config.mkdir()
    for name in ("a.yaml", "ü b.yml", "no.txt", ".hidden.yaml"):
        (config / name).write_text(f"# {name}")
    assert len(settings_files(config)) == 3
    maker = Maker(Backups(tmp_path, config))
    name = await maker.make()
    with zipfile.ZipFile(tmp_path / "backups" / name) as archive:
        names = sorted(each for each in archive.namelist() if each.startswith("settings/"))
        assert names == ["settings/01-.hidden.yaml", "settings/02-a.yaml", "settings/03-__b.yml"]
    database = await copy_of_backup(tmp_path / "backups" / name)
    await database.close()


async def test_the_log_of_a_backup_is_unpacked_where_it_is_wanted(tmp_path: Path) -> None:
    backups, part = Backups(tmp_path), tmp_path / "part"
    backups.folder.mkdir()
    part.write_bytes(b"x")
    write_backup(tmp_path / "a.zip", {"state.db": part, "querylog.db": part}, 0.0, "asked")
    for with_log, names in ((False, []), (True, ["querylog.db"])):
        folder = tmp_path / f"{with_log}"
        folder.mkdir()
        await backups.unpack(tmp_path / "a.zip", folder, with_log=with_log)
        assert [each.name for each in folder.glob("querylog*")] == names


def test_there_may_be_no_settings_file(tmp_path: Path) -> None:
    assert settings_files(None) == settings_files(tmp_path / "none.yaml") == []


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER x AFTER INSERT ON audit BEGIN DELETE FROM account; END",
        "CREATE VIEW x AS SELECT * FROM account",
        "CREATE TABLE x (a)",
    ],
)
async def test_what_no_sinkhole_has_made_is_not_restored(tmp_path: Path, statement: str) -> None:
    state = await empty_state()
    try:
        await state.rows(statement)
        await state.copy_to(tmp_path / "state.db")
    finally:
        await state.close()
    write_backup(tmp_path / "odd.zip", {"state.db": tmp_path / "state.db"}, WALL_S, "asked")
    with pytest.raises(StorageError, match="no sinkhole has made what is in it"):
        await copy_of_backup(tmp_path / "odd.zip")
