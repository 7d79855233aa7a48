"""Cursors of AdGuard Home: moments that lead to the very row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkhole.control.web.adguard import query_log
from sinkhole.control.web.refusals import Refused


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_time_that_was_told_leads_back_to_the_row(ident: int) -> None:
    """The cursor of a row's time is that row, and all before it."""
    text = query_log.time_text(ident)
    assert query_log._cursor(text) == str(ident)
    moment = datetime.fromisoformat(text)
    assert moment == datetime.fromtimestamp(ident // 1_000_000, UTC).replace(
        microsecond=ident % 1_000_000
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-30T04:27:29Z", 1_796_012_849_000_000),
        ("2026-11-30T04:27:29.000001Z", 1_796_012_849_000_001),
        ("2026-11-30T04:27:29.000000001Z", 1_796_012_849_000_001),
        ("2026-11-30T05:27:29+01:00", 1_796_012_849_000_000),
        ("2026-11-30T05:27:29 01:00", 1_796_012_849_000_000),
        ("2026-11-30t04:27:29.5z", 1_796_012_849_500_000),
        ("0001-01-01T00:00:00Z", 0),
    ],
)
def test_moments_are_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert query_log._cursor(text) == str(expected)


@pytest.mark.parametrize("text", ["x", "2026-11-30", "2026-13-30T04:27:29Z", "2026-11-30T04:27:29"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="parsing time"):
        query_log._cursor(text)


def test_nothing_is_no_cursor() -> None:
    assert query_log._cursor("") is None
