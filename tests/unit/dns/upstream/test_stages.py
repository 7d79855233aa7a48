"""Work in stages: who is served when, and what a bug may cost."""

import logging
from functools import partial

import pytest

from sinkhole.dns.upstream.stages import Stage, run_stages


def work(name: str, stages: int, done: list[str]) -> Stage:
    """Work of so many stages, each of which writes down its name and number."""

    def stage(number: int) -> Stage | None:
        done.append(f"{name}{number}")
        return partial(stage, number + 1) if number < stages else None

    return partial(stage, 1)


def test_every_stage_is_run_for_all_before_the_next_one() -> None:
    done: list[str] = []
    run_stages([work("a", 2, done), work("b", 3, done), work("c", 1, done)])
    assert done == ["a1", "b1", "c1", "a2", "b2", "b3"]


def test_a_bug_ends_its_own_work_only_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def broken() -> None:
        raise ZeroDivisionError

    with caplog.at_level(logging.ERROR):
        run_stages([work("a", 2, done), lambda: broken, work("b", 2, done)])
    assert done == ["a1", "b1", "a2", "b2"]
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_no_work_is_no_trouble() -> None:
    run_stages([])
