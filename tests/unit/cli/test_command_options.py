"""What commands share: time spans, and how they are told."""

from __future__ import annotations

import click
import pytest

from sinkhole.cli.options import TimeSpan, confirm, in_words, moment
from sinkhole.model.errors import SinkholeError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("5min", 300), ("1.5h", 5400), ("1h30m", 5400), ("2d", 172_800)],
)
def test_a_time_span_is_read(text: str, seconds: float) -> None:
    assert TimeSpan().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "10", "h", "1x", "-1h", "1h ago", "1h,2m"])
def test_what_is_no_time_span_is_told_with_what_to_write(text: str) -> None:
    with pytest.raises(click.UsageError, match="write 90s, 10m"):
        TimeSpan().convert(text, None, None)


@pytest.mark.parametrize("text", ["0s", "2d"])
def test_a_time_that_is_too_short_or_too_long_is_told(text: str) -> None:
    with pytest.raises(click.UsageError, match="longer than nothing, up to 1 d"):
        TimeSpan(86_400).convert(text, None, None)


def test_time_is_told_in_two_units() -> None:
    assert [in_words(each) for each in (0, 59.6, 61, 3600, 90_061)] == [
        "0 s", "1 min", "1 min 1 s", "1 h", "1 d 1 h",
    ]  # fmt: skip
    assert moment(None) == "never"


def test_nobody_to_ask_is_no_consent() -> None:
    with pytest.raises(SinkholeError, match="--yes"):
        confirm("Really?", yes=False)
    confirm("Really?", yes=True)
    confirm("Really?", yes=False, must_ask=False)
