"""The few lines that make up nearly all of every list, read with one regular expression.

Only speed is decided here: whatever `quick_name` understands, `rules.parse_line` understands in
the same way (a property test holds them together), and what it doesn't goes there.
"""

from __future__ import annotations

import re
from typing import Final

from sinkhole.dns.filter.language.hosts import LOCAL_NAMES
from sinkhole.dns.filter.language.line import Scope

_LINE = re.compile(
    rb"(\|\||\*\.|0\.0\.0\.0[ \t]|127\.0\.0\.1[ \t]|address=/|local=/|server=/|)"
    rb"((?:[a-z0-9_][a-z0-9_-]{0,62}\.)+[a-z][a-z0-9-]{0,61}[a-z0-9])"
    rb"(\^|/|/#|/0\.0\.0\.0| CNAME \.|)\r?\n?"
)
_FORMS: Final = {
    (b"||", b"^"): (Scope.TREE, False),
    (b"*.", b""): (Scope.TREE, False),
    (b"0.0.0.0 ", b""): (Scope.EXACT, True),
    (b"0.0.0.0\t", b""): (Scope.EXACT, True),
    (b"127.0.0.1 ", b""): (Scope.EXACT, True),
    (b"127.0.0.1\t", b""): (Scope.EXACT, True),
    (b"address=/", b"/"): (Scope.TREE, False),
    (b"address=/", b"/#"): (Scope.TREE, False),
    (b"address=/", b"/0.0.0.0"): (Scope.TREE, False),
    (b"local=/", b"/"): (Scope.TREE, False),
    (b"server=/", b"/"): (Scope.TREE, False),
    (b"", b" CNAME ."): (Scope.EXACT, False),
    (b"*.", b" CNAME ."): (Scope.BELOW, False),
    (b"", b""): (Scope.EXACT, True),  # or TREE, where the list says so
}
"""Scope, and whether it is as weak as a hosts line, by what stands before and behind a name."""

_LOCAL = frozenset(name.encode() for name in LOCAL_NAMES)
_ZONE_END = b" CNAME ."
_ZONE_TRIGGER = b".rpz-"  # of names that stand for addresses, and others that are none
_MAX_TEXT = 253  # a name of 255 bytes on the wire, RFC 1035 §2.3.4
_LONGEST = 300  # bounds the work of the expression


def quick_name(line: bytes, bare_is_subtree: bool) -> tuple[bytes, Scope, bool] | None:
    """The dotted lower-case name of a plain block rule, its scope, and whether it is `Rule.hosts`.

    None for every other line. About 1 µs.
    """
    match = _LINE.fullmatch(line) if len(line) < _LONGEST else None
    if match is None:
        return None
    start, name, end = match.groups()
    form = _FORMS.get((start, end))
    if form is None or len(name) > _MAX_TEXT:
        return None
    scope, hosts = form
    if (hosts and name in _LOCAL) or (end == _ZONE_END and _ZONE_TRIGGER in name):
        return None
    if bare_is_subtree and not start and not end:
        scope = Scope.TREE
    return name, scope, hosts
