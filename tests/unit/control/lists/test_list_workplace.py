"""Where updates work: what is swept, and what is somebody's."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinkhole.control.lists.workplace import LOCKLESS_GRACE_S, Workplace, sweep_workplaces


def folders(lists: Path) -> list[str]:
    return sorted(path.name for path in lists.iterdir())


def test_a_workplace_that_somebody_works_in_is_left_alone(tmp_path: Path) -> None:
    mine, other = Workplace.make(tmp_path), Workplace.make(tmp_path)
    mine.part().write_text("half a dow")
    sweep_workplaces(tmp_path)
    assert folders(tmp_path) == sorted([mine.folder.name, other.folder.name])
    mine.remove()
    assert folders(tmp_path) == [other.folder.name]
    other.remove()
    assert folders(tmp_path) == []


def test_parts_never_have_the_same_name(tmp_path: Path) -> None:
    work = Workplace.make(tmp_path)
    assert len({work.part() for _ in range(100)}) == 100
    work.remove()


MAKER = """
import sys, time
from pathlib import Path
from sinkhole.control.lists.workplace import Workplace

Workplace.make(Path(sys.argv[1])).part().write_text("half a dow")
print("made", flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_has_left_is_swept(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", MAKER, str(tmp_path)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"made\n"
        sweep_workplaces(tmp_path)
        assert len(folders(tmp_path)) == 1
        maker.kill()
    sweep_workplaces(tmp_path)
    assert folders(tmp_path) == []


def test_what_is_no_workplace_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".work-notes").write_text("mine")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".work-link").symlink_to(tmp_path / "elsewhere")
    sweep_workplaces(tmp_path)
    assert folders(tmp_path) == [".work-link", ".work-notes", "elsewhere"]


def test_without_locks_only_what_is_old_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(handle: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    old, new = Workplace.make(tmp_path), Workplace.make(tmp_path)
    before = new.folder.stat().st_mtime - LOCKLESS_GRACE_S - 60
    os.utime(old.folder, (before, before))
    sweep_workplaces(tmp_path)
    assert folders(tmp_path) == [new.folder.name]
    old.remove()
    new.remove()
