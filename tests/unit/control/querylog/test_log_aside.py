from __future__ import annotations

import time
from pathlib import Path

import pytest

from sinkhole.control.querylog.aside import GRACE_S, files_aside, set_aside, size_of, trim

NEW = "querylog.db.broken-20261101T120000Z"
OLD = "querylog.db.newer-20261030T120000Z"
NOW = 1_793_534_400.0  # 2026-11-01T12:00:00Z


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "querylog.db"


def write(path: Path, name: str, size_bytes: int) -> None:
    path.with_name(name).write_bytes(b"x" * size_bytes)


def test_files_set_aside_within_a_second_get_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "querylog.db"
    asides = set()
    for _ in range(5):
        path.write_text("x")
        path.with_name("querylog.db-wal").write_text("y")
        aside = set_aside(path, "broken")
        assert aside.with_name(aside.name + "-wal").read_text() == "y"
        asides.add(aside)
    assert len(asides) == 5 and [each.path for each in files_aside(path)][-1] == aside


def test_of_files_set_aside_the_oldest_goes(path: Path) -> None:
    write(path, OLD, 10)
    write(path, OLD + "-wal", 5)
    write(path, NEW, 10)
    path.write_bytes(b"broken now")
    aside = set_aside(path, "broken")
    assert [each.path.name for each in files_aside(path)] == [NEW, aside.name]
    assert not path.with_name(OLD + "-wal").exists()


@pytest.mark.parametrize("now", [1_262_304_000.0, NOW, NOW + 1000 * GRACE_S], ids=str)
def test_what_was_just_set_aside_is_the_newest_whatever_the_clock_shows(
    path: Path, monkeypatch: pytest.MonkeyPatch, now: float
) -> None:
    write(path, OLD, 10)
    write(path, NEW, 10)
    monkeypatch.setattr(time, "time", lambda: now)
    for text in ("first", "second"):
        path.write_text(text)
        before = files_aside(path)[-1]
        aside = set_aside(path, "broken")
        assert [each.path for each in files_aside(path)] == [before.path, aside]
        assert aside.read_text() == text
    assert trim(path, len("second"), 0.0) == len("second") and aside.exists()


def test_no_grace_ends_while_no_time_is_trusted(path: Path) -> None:
    write(path, NEW, 30)
    assert trim(path, 0, 0.0) == 30


def test_files_that_only_look_alike_are_nobodys_to_count_or_remove(path: Path) -> None:
    names = ["querylog.db.broken-mine", "querylog.db.bak", "other.db.broken-20261101T120000Z"]
    names.append("querylog.db.broken-20269901T120000Z")
    for name in names:
        write(path, name, 10)
    assert files_aside(path) == []
    assert trim(path, 0, time.time()) == 0
    assert sorted(each.name for each in path.parent.iterdir()) == sorted(names)


def test_what_was_set_aside_is_counted_with_all_beside_it(path: Path) -> None:
    write(path, OLD, 100)
    write(path, OLD + "-wal", 20)
    write(path, NEW, 30)
    assert trim(path, 150, NOW) == 150
    write(path, "querylog.db", 7)
    write(path, "querylog.db-wal", 3)
    assert size_of(path) == 10


def test_what_is_too_much_goes_the_oldest_first(path: Path) -> None:
    write(path, OLD, 100)
    write(path, NEW, 30)
    assert trim(path, 129, NOW) == 30
    assert [each.path.name for each in files_aside(path)] == [NEW]


@pytest.mark.parametrize(
    ("age_s", "left"), [(GRACE_S, 30), (-GRACE_S, 30), (GRACE_S + 1, 0)], ids=str
)
def test_the_newest_stays_for_a_week_however_large(path: Path, age_s: float, left: int) -> None:
    write(path, NEW, 30)
    assert trim(path, -1000, NOW + age_s) == left


def test_a_folder_that_is_gone_has_nothing_set_aside(path: Path) -> None:
    assert files_aside(path.parent / "gone" / "querylog.db") == []
