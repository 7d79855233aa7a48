"""The short cut for common lines."""

from __future__ import annotations

import pytest

from sinkhole.filter.quick import quick_name


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"||ads.example.org^\n", (b"ads.example.org", True)),
        (b"||ads.example.org\r\n", (b"ads.example.org", True)),
        (b"*.example.org", (b"example.org", True)),
        (b"0.0.0.0 ads.example.org\n", (b"ads.example.org", False)),
        (b"127.0.0.1\tads.example.org\n", (b"ads.example.org", False)),
        (b"address=/example.org/#\n", (b"example.org", True)),
        (b"local=/example.org/\n", (b"example.org", True)),
        (b"server=/example.org/\n", (b"example.org", True)),
        (b"example.org\n", (b"example.org", False)),
    ],
)
def test_common_lines(line: bytes, expected: tuple[bytes, bool]) -> None:
    assert quick_name(line, False) == expected


def test_a_bare_name_follows_the_header() -> None:
    assert quick_name(b"example.org", True) == (b"example.org", True)
    assert quick_name(b"0.0.0.0 example.org", True) == (b"example.org", False)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"# comment",
        b"@@||example.org^",
        b"||example.org^$important",
        b"||Example.org^",
        b"server=/example.org/#",
        b"server=/example.org/0.0.0.0",
        b"0.0.0.0 example.org^",
        b"0.0.0.0 localhost.localdomain",
        b"localhost.localdomain",
        b"192.0.2.1",
        b"||192.0.2.1^",
        b"||com^",
        b"||" + b"a" * 64 + b".example^",
        b"||" + b"a." * 124 + b"example^",
    ],
)
def test_everything_else_is_left_to_the_slow_way(line: bytes) -> None:
    assert quick_name(line, False) is None
