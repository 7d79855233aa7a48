from __future__ import annotations

from pathlib import Path

import pytest

from sinkhole.control.querylog.disk import RESUME_BYTES, STOP_BYTES, Room, look, refuse_network
from sinkhole.model.errors import StorageError


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


def judged(room: Room, total: int, free: int) -> bool:
    """Whether there is room now."""
    room.judge(total, free)
    return room.problem is None


def test_a_large_disk_has_room_however_many_percent_are_taken() -> None:
    assert judged(Room(), 10 << 40, 500 << 30)


@pytest.mark.parametrize(
    ("total", "stop", "resume"),
    [(10 << 40, STOP_BYTES, RESUME_BYTES), (8 << 30, STOP_BYTES, RESUME_BYTES),
     (2000 << 20, 100 << 20, 200 << 20), (1 << 20, (1 << 20) // 20 + 1, (1 << 20) // 10 + 1)],
)  # fmt: skip
def test_it_stops_with_little_room_and_goes_on_with_twice_as_much(
    total: int, stop: int, resume: int
) -> None:
    room = Room()
    assert judged(room, total, stop)
    assert not judged(room, total, stop - 1)
    assert not judged(room, total, resume - 1)
    assert judged(room, total, resume)
    assert judged(room, total, stop)


def test_the_problem_says_how_much_is_left_and_how_much_is_wanted() -> None:
    room = Room()
    room.judge(100 << 30, 3 << 20)
    assert "only 3 MiB left" in str(room.problem) and "until 512 MiB" in str(room.problem)
    room.judge(1 << 20, 10 << 10)
    assert "only 10 KiB left" in str(room.problem) and "until 102 KiB" in str(room.problem)


def test_a_disk_that_can_t_be_asked_has_room() -> None:
    room = Room()
    assert not judged(room, 1000, 0)
    room.judge(None, None)
    assert room.problem is None


def test_a_look_finds_the_file_its_room_and_its_disk(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    assert look(path, 1000, 0.0)[:2] == (0, 0)
    path.write_bytes(b"x" * 100)
    path.with_name("querylog.db-wal").write_bytes(b"x" * 20)
    path.with_name("querylog.db.broken-20261101T120000Z").write_bytes(b"x" * 3)
    found = look(path, 1000, 0.0)
    assert found.inode == path.stat().st_ino and found.size_bytes == 123
    assert found.total_bytes and found.free_bytes is not None
    assert look(tmp_path / "gone" / "querylog.db", 1000, 0.0) == (0, 0, None, None)
