"""The data folder: made, tried, held by one server at a time."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from sinkhole.app.data_dir import LOCK_NAME, DataDir
from sinkhole.model.errors import SettingsError


def test_it_is_made_for_its_owner_only_and_leaves_nothing_but_a_lock(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    data_dir = DataDir(folder)
    data_dir.take()
    assert {path.name for path in folder.iterdir()} == {"lists", LOCK_NAME}
    assert folder.stat().st_mode & 0o007 == 0
    data_dir.release()
    data_dir.release()


def test_it_is_held_until_it_is_released(tmp_path: Path) -> None:
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.take()
    with pytest.raises(SettingsError, match=r"in use by another running sinkhole.*fuser"):
        second.take()
    first.release()
    second.take()
    second.release()


def test_a_lock_file_that_another_user_made_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).touch(mode=0o444)
    data_dir = DataDir(tmp_path)
    data_dir.take()
    data_dir.release()


@pytest.mark.parametrize("below", ["", "/below"])
def test_a_file_in_its_place_is_an_error_with_advice(tmp_path: Path, below: str) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(SettingsError, match=r"data_dir: .* cannot be used: .*another folder"):
        DataDir(Path(f"{tmp_path}/data{below}")).take()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_is_an_error_that_says_chown(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(SettingsError, match=r"Permission denied; give it to the user .*chown"):
            DataDir(tmp_path).take()
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_takes_no_writes_any_more_does_not_stop_dns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    def fail(**_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    data_dir = DataDir(tmp_path)
    data_dir.take()
    assert os.strerror(code) in caplog.text
    data_dir.release()


def test_missing_rights_do_stop_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    data_dir = DataDir(tmp_path)
    with pytest.raises(SettingsError, match="chown"):
        data_dir.take()
    data_dir.release()


def test_a_folder_that_cannot_be_locked_is_served_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    data_dir = DataDir(tmp_path)
    data_dir.take()
    assert f"data_dir: {tmp_path} can't be locked: No locks available" in caplog.text
    data_dir.release()


def test_uploads_of_a_server_that_was_killed_are_gone_behind_the_lock(tmp_path: Path) -> None:
    left, other = tmp_path / "sinkhole-abc1.upload", tmp_path / "mine.upload"
    stubborn = tmp_path / "sinkhole-folder.upload"
    for path in (left, other):
        path.touch()
    stubborn.mkdir()
    first, second = DataDir(tmp_path), DataDir(tmp_path)
    first.take()
    assert [path.exists() for path in (left, other, stubborn)] == [False, True, True]
    left.touch()
    with pytest.raises(SettingsError):
        second.take()
    assert left.exists(), "it is the first one's"
    first.release()
