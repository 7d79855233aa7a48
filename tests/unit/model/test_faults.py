"""Errors nobody caught are told once in full, then counted."""

from __future__ import annotations

import asyncio
import errno

import pytest

from sinkhole.model import faults as subject
from sinkhole.model.faults import Faults


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_the_same_error_is_logged_once_and_counted_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = Faults()
    for number in range(50):
        faults.note("lists", raised(ValueError(f"embedded null byte {number}")))
    assert faults.count == 50
    assert caplog.text.count("Traceback") == 1
    (problem,) = faults.problems()
    assert "lists" in problem
    assert "ValueError: embedded null byte 49" in problem
    assert "50 times" in problem


def test_errors_of_another_kind_place_or_line_are_told_apart(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = Faults()
    faults.note("lists", raised(ValueError("one")))
    faults.note("cache", raised(ValueError("one")))
    faults.note("lists", raised(KeyError("one")))
    faults.note("lists", ValueError("never raised, so of another line"))
    assert caplog.text.count("ERROR") == len(faults.problems()) == 4


def test_a_fault_is_no_problem_any_more_when_it_was_not_met_for_long() -> None:
    clock = Clock()
    faults = Faults(clock)
    faults.note("lists", ValueError())
    clock.now += subject.SHOWN_S - 1
    (problem,) = faults.problems()
    assert "(ValueError), once" in problem
    clock.now += 1
    assert faults.problems() == []
    assert faults.count == 1


def test_what_is_contained_is_noted_and_what_comes_behind_goes_on() -> None:
    faults, went_on = Faults(), False
    with faults.contain("the cache's file"):
        raise ValueError("odd")
    went_on = True
    assert went_on
    assert faults.problems()[0].startswith("the cache's file met an error of sinkhole's own")


def test_a_shortage_of_the_machine_is_no_bug_and_has_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faults = Faults()
    faults.note("lists", raised(OSError(errno.EMFILE, "Too many open files")))
    faults.note("cache", raised(MemoryError()))
    assert "Traceback" not in caplog.text
    assert all("a shortage on this machine" in problem for problem in faults.problems())
    faults.note("lists", raised(OSError(errno.ENOENT, "No such file")))
    assert "Traceback" in caplog.text


def test_only_so_many_kinds_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_KINDS", 3)
    faults = Faults()
    for name in ("a", "b", "c", "a", "d"):
        faults.note(name, ValueError())
    assert [problem.split()[0] for problem in faults.problems()] == ["c", "a", "d"]
    assert faults.count == 5


async def test_what_leaves_a_callback_is_noted_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop, faults = asyncio.get_running_loop(), Faults()
    loop.set_exception_handler(faults.of_loop)
    went_on = asyncio.Event()
    loop.call_soon(lambda: 1 // 0)
    loop.call_soon(went_on.set)
    await went_on.wait()
    assert "ZeroDivisionError" in faults.problems()[0]
    assert "Traceback" in caplog.text
    loop.call_exception_handler({"message": "something without an exception"})
    assert "something without an exception" in faults.problems()[1]
