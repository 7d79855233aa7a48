"""A file of lines: whole lines, a bound, and others who move it."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sinkhole.control.shipping.carrier import NotSentError
from sinkhole.control.shipping.lines_file import LinesFile

MOST = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queries.jsonl"


def contents(path: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in sorted(path.parent.iterdir())}


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def move_away(path: Path) -> None:
    path.rename(path.with_name("moved"))


def remove(path: Path) -> None:
    path.unlink()


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> bytes:
    return path.read_bytes()


def put_there(path: Path, kind: str, other: Path) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to(other)
    else:
        os.mkfifo(path)


@contextmanager
def files_of(most_bytes: int) -> Iterator[None]:
    """No file can grow beyond that, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


async def test_lines_are_added_to_what_there_is(path: Path) -> None:
    for _ in range(2):
        file = LinesFile(path, MOST, 2)
        await file.send([b"one\n", b"two\n"])
        await file.close()
    assert contents(path) == {path.name: "one\ntwo\none\ntwo\n"}
    assert mode_of(path) == 0o640


async def test_a_full_one_is_moved_on_and_the_oldest_goes(path: Path) -> None:
    file = LinesFile(path, MOST, 2)
    for number in range(5):
        await file.send([f"{number} {'x' * 60}\n".encode()])
    found = contents(path)
    assert [(name, text[0]) for name, text in found.items()] == [
        (path.name, "4"), (f"{path.name}.1", "3"), (f"{path.name}.2", "2"),
    ]  # fmt: skip
    assert max(map(len, found.values())) <= MOST
    await file.close()
    fewer = LinesFile(path, MOST, 1)
    await fewer.send([b"y" * 60 + b"\n"])
    assert list(contents(path)) == [path.name, f"{path.name}.1"]
    none = LinesFile(path, MOST, 0)
    await none.send([b"z" * 60 + b"\n"])
    assert contents(path)[path.name].startswith("z")


async def test_who_moves_it_away_or_removes_it_gets_a_new_one(path: Path) -> None:
    file = LinesFile(path, MOST, 2)
    await file.send([b"one\n"])
    move_away(path)
    await file.send([b"two\n"])
    assert contents(path) == {"moved": "one\n", path.name: "two\n"}
    remove(path)
    await file.send([b"three\n"])
    assert contents(path) == {"moved": "one\n", path.name: "three\n"}


async def test_half_a_line_of_a_process_that_was_killed_is_ended(path: Path) -> None:
    write(path, '{"half')
    await LinesFile(path, MOST, 2).send([b"one\n"])
    assert read(path) == b'{"half\none\n'


async def test_no_half_line_is_left_where_the_disk_is_full(path: Path) -> None:
    file = LinesFile(path, 1 << 20, 2)
    await file.send([b"x" * 5000 + b"\n"])
    with files_of(8000):
        with pytest.raises(NotSentError, match="file too large"):
            await file.send([b"a" * 2000 + b"\n", b"b" * 2000 + b"\n"])
        assert read(path) == b"x" * 5000 + b"\n"
    await file.send([b"later\n"])
    assert read(path).endswith(b"x\nlater\n")


@pytest.mark.parametrize("kind", ["folder", "link", "pipe", "nowhere"])
async def test_what_is_no_file_of_ours_is_left_alone(path: Path, kind: str) -> None:
    other = path.with_name("other")
    write(other, "not mine\n")
    if kind == "nowhere":
        path = path.parent / "missing" / path.name
    else:
        put_there(path, kind, other)
    with pytest.raises(NotSentError) as error:
        await LinesFile(path, MOST, 2).send([b"one\n"])
    assert str(error.value) and error.value.sent == error.value.lost == 0
    assert read(other) == b"not mine\n"
