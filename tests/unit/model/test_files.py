"""Files of ours: whole or not at all, one holder of a lock, signatures that tell changes."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkhole.model.files import (
    PRIVATE,
    SHARED,
    FileLock,
    make_file,
    make_folder,
    move_into_place,
    signature_of,
    write_atomically,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# Written


def test_pieces_of_every_kind_become_one_file_and_nothing_else(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", [b"one", bytearray(b"two"), memoryview(b"3"), array("B", [4])])
    assert (tmp_path / "a").read_bytes() == b"onetwo3\4"
    assert names(tmp_path) == ["a"]


def test_pieces_may_be_made_while_they_are_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a", (b"x" * 1000 for _ in range(1000)))
    assert (tmp_path / "a").stat().st_size == 1_000_000


def test_a_file_is_replaced_and_whoever_reads_the_old_one_reads_it_to_its_end(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with (tmp_path / "a").open("rb") as reader:
        write_atomically(tmp_path / "a", [b"new"])
        assert reader.read() == b"old"
    assert (tmp_path / "a").read_bytes() == b"new"


def test_without_a_mode_the_umask_says_who_may_read(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", [b""])
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "a") == 0o640


@pytest.fixture
def strict_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("strict_umask")
def test_what_lies_in_the_data_folder_has_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    make_folder(tmp_path / "data")
    make_folder(tmp_path / "data" / "lists")
    (tmp_path / "part").touch()
    write_atomically(tmp_path / "written", [b""], mode=SHARED)
    move_into_place(tmp_path / "part", tmp_path / "moved")
    make_file(tmp_path / "made", PRIVATE)
    FileLock(tmp_path / "lock").take_now()
    modes = {path.name: mode_of(path) for path in tmp_path.iterdir()}
    assert modes == {
        "data": 0o750, "written": 0o640, "moved": 0o640, "made": 0o600, "lock": 0o640,
    }  # fmt: skip
    assert mode_of(tmp_path / "data" / "lists") == 0o750


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
@pytest.mark.usefixtures("strict_umask")
def test_what_root_makes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 4711, 4712)
    make_folder(folder / "lists")
    (folder / "part").touch()
    write_atomically(folder / "written", [b""], mode=SHARED)
    move_into_place(folder / "part", folder / "moved")
    make_file(folder / "made", PRIVATE)
    FileLock(folder / "lists" / "lock").take_now()
    write_atomically(folder / "output", [b""])
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")}
    assert owners.pop("output") == (0, 0), "for the file a person asked for"
    assert set(owners.values()) == {(4711, 4712)} and len(owners) == 5


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files for others")
def test_root_gives_a_lock_back_that_it_made_in_former_times(tmp_path: Path) -> None:
    os.chown(tmp_path, 4711, 4712)
    lock = tmp_path / "lock"
    lock.touch(0o600)
    FileLock(lock).take_now()
    assert (lock.stat().st_uid, lock.stat().st_gid, mode_of(lock)) == (4711, 4712, 0o640)


def test_a_file_with_other_names_keeps_its_mode(tmp_path: Path) -> None:
    """As somebody may have put a link to another's file in the place of what root moves."""
    (tmp_path / "theirs").touch(mode=0o600)
    (tmp_path / "part").hardlink_to(tmp_path / "theirs")
    move_into_place(tmp_path / "part", tmp_path / "a")
    assert mode_of(tmp_path / "theirs") == 0o600
    (tmp_path / "part").symlink_to(tmp_path / "theirs")
    with pytest.raises(OSError, match="symbolic links"):
        move_into_place(tmp_path / "part", tmp_path / "a")


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "a").chmod(0o644)
    make_file(tmp_path / "a", PRIVATE)
    make_folder(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"old" and mode_of(tmp_path / "a") == 0o644
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "a")


def test_a_mode_is_kept_whatever_the_file_or_a_left_draft_had(tmp_path: Path) -> None:
    for name in ("a", "a.new"):
        (tmp_path / name).write_bytes(b"old")
        (tmp_path / name).chmod(0o644)
    write_atomically(tmp_path / "a", [b"new"], mode=0o600)
    assert mode_of(tmp_path / "a") == 0o600
    assert names(tmp_path) == ["a"]


def test_a_link_in_place_of_the_draft_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "a.new").symlink_to(tmp_path / "theirs")
    write_atomically(tmp_path / "a", [b"ours"])
    assert (tmp_path / "theirs").read_bytes() == b"theirs"
    assert (tmp_path / "a").read_bytes() == b"ours"


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_what_fails_leaves_the_old_file_and_no_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_atomically(tmp_path / "a", [b"old"])

    def full(*given: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path if call == "replace" else os, call, full)
        with pytest.raises(OSError, match="No space left"):
            write_atomically(tmp_path / "a", [b"new"])
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_pieces_that_fail_half_way_leave_the_old_file_and_no_half(tmp_path: Path) -> None:
    def broken() -> object:
        yield b"half"
        raise KeyboardInterrupt

    write_atomically(tmp_path / "a", [b"old"])
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", broken(), draft=tmp_path / "draft")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "none" / "a", [b""])


def test_file_then_name_then_folder_reach_the_disk_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def synced(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        order.append("folder" if is_folder else "file")
        order.append("named" if (tmp_path / "a").exists() else "not named")

    monkeypatch.setattr(os, "fsync", synced)
    for write in (
        lambda: write_atomically(tmp_path / "a", [b"1"]),
        lambda: move_into_place(tmp_path / "part", tmp_path / "a"),
    ):
        order: list[str] = []
        (tmp_path / "part").write_bytes(b"2")
        (tmp_path / "a").unlink(missing_ok=True)
        write()
        assert order == ["file", "not named", "folder", "named"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_system_that_syncs_no_folders_is_written_to_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def no_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", no_folders)
    write_atomically(tmp_path / "a", [b"1"])
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_finished_file_is_moved_over_another(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(b"new")
    (tmp_path / "a").write_bytes(b"old")
    move_into_place(tmp_path / "part", tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


# Locked


def test_a_lock_has_one_holder_until_it_is_let_go(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take_now()
    assert not second.take_now()
    assert not second.take(patience_s=0)
    first.release()
    first.release()
    assert second.take_now()
    assert not first.take_now()
    for lock in (first, second):
        lock.release()
    assert names(tmp_path) == ["lock"]


def test_once_it_is_open_taking_it_asks_no_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.open()
    monkeypatch.setattr(os, "open", None)
    assert lock.take_now()
    lock.release()


def test_whoever_has_lost_patience_has_closed_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []
    close = os.close
    monkeypatch.setattr(os, "close", lambda handle: (closed.append(handle), close(handle)))
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take_now()
    closed.clear()
    assert not second.take(patience_s=0)
    assert len(closed) == 1
    first.release()


def test_whoever_is_patient_gets_it_when_it_is_let_go(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take_now()
    asked = threading.Event()
    got: list[bool] = []

    def wait() -> None:
        asked.set()
        got.append(second.take(patience_s=30))

    waiting = threading.Thread(target=wait)
    waiting.start()
    asked.wait(30)
    first.release()
    waiting.join(30)
    assert got == [True]
    second.release()


HOLDER = """
import sys
from pathlib import Path
from sinkhole.model.files import FileLock

lock = FileLock(Path(sys.argv[1]))
print(lock.take_now(), flush=True)
sys.stdin.read()
"""


def test_it_is_held_between_processes_and_ends_with_one_that_is_killed(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert not lock.take_now()
        holder.kill()
        holder.wait()
    assert lock.take_now()
    lock.release()


def test_a_lock_file_that_may_only_be_read_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").touch(mode=0o444)
    opened = os.open

    def as_somebody_else(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", as_somebody_else)
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.take_now()
    assert not second.take_now()
    first.release()


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_serves_everybody_and_it_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.missing == ""
    assert first.take_now() and second.take(patience_s=0)
    assert first.missing == second.missing == os.strerror(code)
    first.release()
    second.release()


def test_a_lock_file_that_lets_nobody_open_it_is_no_hindrance_and_it_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock").touch(mode=0o600)

    def as_somebody_else(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise FileExistsError(errno.EEXIST, "File exists")
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", as_somebody_else)
    lock = FileLock(tmp_path / "lock")
    assert lock.take(patience_s=0)
    assert lock.missing == "lock belongs to another user (Permission denied)"
    lock.release()
    (tmp_path / "lock").unlink()
    with pytest.raises(PermissionError):
        FileLock(tmp_path / "lock").take_now()


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "none" / "lock").take_now()


# Signatures


def test_a_signature_changes_with_size_time_and_replacement(tmp_path: Path) -> None:
    path = tmp_path / "a"
    assert signature_of(path) is None
    path.write_bytes(b"1")
    found = [signature_of(path)]
    assert signature_of(path) == found[0]
    path.write_bytes(b"22")
    found.append(signature_of(path))
    os.utime(path, ns=(1, 1))
    found.append(signature_of(path))
    (tmp_path / "b").write_bytes(b"22")
    os.utime(tmp_path / "b", ns=(1, 1))
    (tmp_path / "b").replace(path)
    found.append(signature_of(path))
    assert len(set(found)) == 4


def test_what_cannot_be_asked_has_no_signature(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert signature_of(tmp_path / "a" / "below") is None
