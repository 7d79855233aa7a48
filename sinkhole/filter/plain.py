"""The formats of one name a line: `name` (exactly) and `*.name` (it and everything below)."""

from __future__ import annotations

from sinkhole.filter.hosts import LOCAL, LOCAL_NAMES
from sinkhole.filter.line import Line, Rule, Scope
from sinkhole.filter.names import PART_OF_NAME, is_whole_name, read_name, read_pattern


def parse_plain(text: str, bare_is_subtree: bool) -> Line:
    """A bare name; `bare_is_subtree` where the list says that its names cover what is below."""
    if text.lower() in LOCAL_NAMES:
        return LOCAL
    name = read_pattern(text)
    if not isinstance(name, bytes):
        return name
    if not is_whole_name(text):
        return PART_OF_NAME
    return Rule((name,), scope=Scope.TREE if bare_is_subtree else Scope.EXACT, hosts=True)


def parse_wildcard(text: str) -> Line:
    """`*.name`: as lists publish it, the name itself is meant as well as all below it."""
    name = read_name(text[2:])
    return Rule((name,), scope=Scope.TREE) if isinstance(name, bytes) else name
