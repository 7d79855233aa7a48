from __future__ import annotations

from collections import namedtuple
from pathlib import Path

import pytest

from sinkhole.control.querylog.disk import full_percent, refuse_network
from sinkhole.model.errors import StorageError

Usage = namedtuple("Usage", "total used free")


def mounts(tmp_path: Path, *lines: str) -> Path:
    table = tmp_path / "mounts"
    table.write_text("".join(f"{line} rw,relatime 0 0\n" for line in lines))
    return table


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs"])
def test_a_folder_on_a_network_file_system_is_refused(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "share" / "sinkhole"
    folder.mkdir(parents=True)
    table = mounts(tmp_path, "/dev/sda1 / ext4", f"nas:/volume {tmp_path}/share {kind}")
    with pytest.raises(
        StorageError, match=f"network file system \\({kind} at .*share\\).*data_dir"
    ):
        refuse_network(folder, table)


def test_a_local_disk_below_a_network_mount_is_accepted(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "local"
    folder.mkdir(parents=True)
    table = mounts(
        tmp_path,
        "/dev/sda1 / ext4",
        f"nas:/v {tmp_path}/share nfs",
        f"/dev/sdb1 {tmp_path}/share/local ext4",
    )
    refuse_network(folder, table)


def test_the_mount_that_covers_an_earlier_one_counts(tmp_path: Path) -> None:
    table = mounts(tmp_path, f"systemd-1 {tmp_path} autofs", f"nas:/v {tmp_path} nfs")
    with pytest.raises(StorageError):
        refuse_network(tmp_path, table)


def test_mount_points_with_blanks_are_understood(tmp_path: Path) -> None:
    folder = tmp_path / "my share"
    folder.mkdir()
    table = mounts(tmp_path, "/dev/sda1 / ext4", f"//nas/x {tmp_path}/my\\040share smb3")
    with pytest.raises(StorageError, match="smb3"):
        refuse_network(folder, table)


def test_without_a_table_of_mounts_every_folder_is_taken_to_be_local(tmp_path: Path) -> None:
    refuse_network(tmp_path, tmp_path / "nothing")


def test_this_machine_s_own_table_is_understood(tmp_path: Path) -> None:
    refuse_network(tmp_path)


@pytest.mark.parametrize(("free", "full"), [(51, None), (50, 95.0), (0, 100.0)])
def test_a_disk_is_too_full_from_95_percent_on(
    tmp_path: Path, free: int, full: float | None
) -> None:
    percent = full_percent(tmp_path, lambda _: Usage(1000, 1000 - free, free))
    assert percent == (None if full is None else pytest.approx(full))


def test_a_disk_that_can_t_be_asked_is_not_full(tmp_path: Path) -> None:
    assert full_percent(tmp_path / "nothing") is None
