from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.state.backup_file import Manifest, Part
from sinkhole.control.state.settings_copies import SettingsCopy, copies_of, put_back, take_back
from sinkhole.model.errors import StorageError


def copies(folder: Path, *names: str) -> list[SettingsCopy]:
    (folder / "settings").mkdir(parents=True)
    parts = {"state.db": Part(0, "")}
    for number, name in enumerate(names, 1):
        (folder / "settings" / f"{number:02}-{name}").write_text(f"# {name} of the backup")
        parts[f"settings/{number:02}-{name}"] = Part(0, "", f"/etc/{name}")
    return copies_of(Manifest(1, "1.0", 0.0, "asked", parts), folder)


def test_a_file_is_put_in_place_with_its_mode_and_taken_back(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("# mine")
    config.chmod(0o640)
    (laid,) = put_back(copies(tmp_path / "work", "a.yaml"), config, tmp_path)
    assert laid.is_in_place and laid.path == config and laid.origin == "/etc/a.yaml"
    assert config.read_text() == "# a.yaml of the backup"
    assert config.stat().st_mode & 0o777 == 0o640
    take_back([laid])
    assert config.read_text() == "# mine"


def test_without_a_place_to_go_to_there_is_a_copy(tmp_path: Path) -> None:
    (laid,) = put_back(copies(tmp_path / "work", "a.yaml"), None, tmp_path)
    assert not laid.is_in_place and laid.path == tmp_path / "restored-settings" / "a.yaml"
    assert laid.path.read_text() == "# a.yaml of the backup"
    take_back([laid])
    assert laid.path.exists()


def test_files_of_a_folder_go_where_their_names_are(tmp_path: Path) -> None:
    config = tmp_path / "settings"
    config.mkdir()
    (config / "a.yaml").write_text("# mine")
    laid = put_back(copies(tmp_path / "work", "a.yaml", "b.yaml", "c.txt"), config, tmp_path)
    assert [each.is_in_place for each in laid] == [True, True, False]
    assert (config / "a.yaml").read_text() == "# a.yaml of the backup"
    assert (config / "b.yaml").read_text() == "# b.yaml of the backup"
    take_back(laid)
    assert (config / "a.yaml").read_text() == "# mine" and not (config / "b.yaml").exists()


def test_several_files_replace_no_single_one(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("# mine")
    laid = put_back(copies(tmp_path / "work", "a.yaml", "b.yaml"), config, tmp_path)
    assert not any(each.is_in_place for each in laid) and config.read_text() == "# mine"


def test_a_file_that_cannot_be_written_stays_and_the_copy_is_told(tmp_path: Path) -> None:
    config = tmp_path / "none" / "mine.yaml"
    (laid,) = put_back(copies(tmp_path / "work", "a.yaml"), config, tmp_path)
    assert not laid.is_in_place and laid.path.exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "restored-settings").touch()
    with pytest.raises(StorageError, match="restored-settings"):
        put_back(copies(tmp_path / "work", "a.yaml"), None, tmp_path)
