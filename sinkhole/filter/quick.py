"""The five lines that make up nearly all of every list, read with one regular expression.

Only speed is decided here: whatever `quick_name` understands, `rules.parse_line` understands in
the same way (a property test holds them together), and what it doesn't goes there.
"""

from __future__ import annotations

import re

from sinkhole.filter.hosts import LOCAL_NAMES

_LINE = re.compile(
    rb"(\|\||\*\.|0\.0\.0\.0[ \t]|127\.0\.0\.1[ \t]|address=/|local=/|server=/|)"
    rb"((?:[a-z0-9_][a-z0-9_-]{0,62}\.)+[a-z][a-z0-9-]{0,61}[a-z0-9])"
    rb"(\^|/|/#|/0\.0\.0\.0|)\r?\n?"
)
_EXACT, _SUBTREE, _BARE = 0, 1, 2
_FORMS = {
    (b"||", b"^"): _SUBTREE,
    (b"||", b""): _SUBTREE,
    (b"*.", b""): _SUBTREE,
    (b"0.0.0.0 ", b""): _EXACT,
    (b"0.0.0.0\t", b""): _EXACT,
    (b"127.0.0.1 ", b""): _EXACT,
    (b"127.0.0.1\t", b""): _EXACT,
    (b"address=/", b"/"): _SUBTREE,
    (b"address=/", b"/#"): _SUBTREE,
    (b"address=/", b"/0.0.0.0"): _SUBTREE,
    (b"local=/", b"/"): _SUBTREE,
    (b"server=/", b"/"): _SUBTREE,
    (b"", b""): _BARE,
}
_LOCAL = frozenset(name.encode() for name in LOCAL_NAMES)
_MAX_TEXT = 253  # a name of 255 bytes on the wire, RFC 1035 §2.3.4
_LONGEST = 300  # bounds the work of the expression


def quick_name(line: bytes, bare_is_subtree: bool) -> tuple[bytes, bool] | None:
    """The dotted lower-case name of a plain block rule and whether it covers what is below.

    None for every other line. About 1 µs.
    """
    match = _LINE.fullmatch(line) if len(line) < _LONGEST else None
    if match is None:
        return None
    start, name, end = match.groups()
    form = _FORMS.get((start, end))
    if form is None or len(name) > _MAX_TEXT or (form != _SUBTREE and name in _LOCAL):
        return None
    return name, form == _SUBTREE or (form == _BARE and bare_is_subtree)
