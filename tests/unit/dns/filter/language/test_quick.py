"""The short cut for common lines."""

from __future__ import annotations

import pytest

from sinkhole.dns.filter.language.line import Scope
from sinkhole.dns.filter.language.quick import quick_name

COMMON = {
    b"||ads.example.org^\n": (b"ads.example.org", Scope.TREE, False),
    b"||ads.example.org^\r\n": (b"ads.example.org", Scope.TREE, False),
    b"*.example.org": (b"example.org", Scope.TREE, False),
    b"0.0.0.0 ads.example.org\n": (b"ads.example.org", Scope.EXACT, True),
    b"127.0.0.1\tads.example.org\n": (b"ads.example.org", Scope.EXACT, True),
    b"address=/example.org/#\n": (b"example.org", Scope.TREE, False),
    b"address=/example.org/0.0.0.0\n": (b"example.org", Scope.TREE, False),
    b"local=/example.org/\n": (b"example.org", Scope.TREE, False),
    b"server=/example.org/\n": (b"example.org", Scope.TREE, False),
    b"example.org\n": (b"example.org", Scope.EXACT, True),
    b"example.org CNAME .\n": (b"example.org", Scope.EXACT, False),
    b"*.example.org CNAME .\n": (b"example.org", Scope.BELOW, False),
}


@pytest.mark.parametrize("line", COMMON)
def test_common_lines(line: bytes) -> None:
    assert quick_name(line, False) == COMMON[line]


def test_a_bare_name_follows_the_header() -> None:
    assert quick_name(b"example.org", True) == (b"example.org", Scope.TREE, True)
    assert quick_name(b"0.0.0.0 example.org", True) == (b"example.org", Scope.EXACT, True)
    assert quick_name(b"example.org CNAME .", True) == (b"example.org", Scope.EXACT, False)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"# comment",
        b"@@||example.org^",
        b"||example.org",
        b"||example.org^|",
        b"||example.org^$important",
        b"||Example.org^",
        b"||example.org CNAME .",
        b"example.org. CNAME .",
        b"example.org CNAME rpz-passthru.",
        b"32.1.2.0.192.rpz-ip CNAME .",
        b"server=/example.org/#",
        b"server=/example.org/0.0.0.0",
        b"0.0.0.0 example.org^",
        b"0.0.0.0 localhost.localdomain",
        b"localhost.localdomain",
        b"192.0.2.1",
        b"192.0.2.7 example.org",
        b"||192.0.2.1^",
        b"||com^",
        b"||" + b"a" * 64 + b".example^",
        b"||" + b"a." * 124 + b"example^",
    ],
)
def test_everything_else_is_left_to_the_slow_way(line: bytes) -> None:
    assert quick_name(line, False) is None
