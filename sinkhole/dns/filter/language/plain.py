"""The formats of one name a line: `name` (exactly) and `*.name` (it and everything below)."""

from __future__ import annotations

from sinkhole.dns.filter.language.hosts import LOCAL, LOCAL_NAMES
from sinkhole.dns.filter.language.line import Line, Rule, Scope
from sinkhole.dns.filter.language.names import is_written_as_name, read_name


def is_plain(text: str, bare_is_subtree: bool) -> bool:
    """Whether a line is one bare name, rather than a part of names such as `ads` or `-ads.`.

    A name has two labels or more, and neither begins nor ends like a piece cut out of one. Where
    bare names cover what is below them, a single label is a name as well.
    """
    if text.lower() in LOCAL_NAMES:
        return True
    name = text.removesuffix(".")
    if name.startswith((".", "-")) or name.endswith((".", "-")) or not name.strip("0123456789."):
        return False
    return is_written_as_name(name) and ("." in name or (bare_is_subtree and name == text))


def parse_plain(text: str, bare_is_subtree: bool) -> Line:
    """A bare name; `bare_is_subtree` where the list says that its names cover what is below."""
    if text.lower() in LOCAL_NAMES:
        return LOCAL
    name = read_name(text)
    if not isinstance(name, bytes):
        return name
    return Rule((name,), scope=Scope.TREE if bare_is_subtree else Scope.EXACT, hosts=True)


def parse_wildcard(text: str) -> Line:
    """`*.name`: as lists publish it, the name itself is meant as well as all below it."""
    name = read_name(text[2:])
    return Rule((name,), scope=Scope.TREE) if isinstance(name, bytes) else name
