"""Numbers with what they count."""

from __future__ import annotations

import pytest

from sinkhole.model.counted import counted


@pytest.mark.parametrize(
    ("number", "one", "more", "text"),
    [
        (0, "name", "", "0 names"),
        (1, "name", "", "1 name"),
        (2345, "name", "", "2,345 names"),
        (1, "query", "queries", "1 query"),
        (2, "query", "queries", "2 queries"),
    ],
)
def test_a_number_is_followed_by_the_right_word(
    number: int, one: str, more: str, text: str
) -> None:
    assert counted(number, one, more) == text
