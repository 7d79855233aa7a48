"""Moments on the command line, and how many rows are asked for at once."""

from __future__ import annotations

import time
from datetime import datetime

import click
import pytest

from sinkhole.cli.log_commands import PAGE, Moment
from sinkhole.control.querylog.history import MOST_ROWS


def test_a_page_is_no_longer_than_the_server_gives() -> None:
    assert PAGE <= MOST_ROWS


def seconds(text: str) -> float:
    return float(Moment().convert(text, None, None))


def test_a_moment_is_written_as_people_do() -> None:
    assert seconds("1700000000.5") == 1_700_000_000.5
    assert seconds("2023-11-14T22:13:20Z") == 1_700_000_000
    assert seconds("2023-11-14 22:13:20") == datetime(2023, 11, 14, 22, 13, 20).timestamp()
    assert abs(seconds("2h") - (time.time() - 7200)) < 60


@pytest.mark.parametrize("text", ["nonsense", "yesterday", "", "-5", "1e9", "9999999w", "2h ago"])
def test_what_is_none_is_told_with_what_to_write(text: str) -> None:
    with pytest.raises(click.UsageError, match="is no moment: write 2h for two hours ago"):
        Moment().convert(text, None, None)
