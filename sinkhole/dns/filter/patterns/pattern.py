"""Patterns of adblock rules that are no whole name: `||ads*.example.org^`, `-banner.`, `|ads.`.

`||` stands for the beginning of the name or of any label, `|` for the beginning or the end, `*`
for anything, and `^` for one character that names of hosts don't have, or for the end. All other
text stands for itself, anywhere in the name.

The name is asked as text with a dot before it. So `||ads` is no more than to look for `.ads`, and
a pattern is a few searches for fixed text, one behind the other: as every `*` may take as little
as possible, nothing is ever tried twice, and the time is linear in the name's length.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Protocol

from sinkhole.dns.wire.name import labels

MOST_SEPARATORS = 4
"""The most `^` in a row."""

_SEPARATOR = re.compile(r"[^a-z0-9.%_-]")
_URL = re.compile(r"(?:http)?://(.*)", re.DOTALL)
_ANCHORS = re.compile(r"(\|\|?|)(.*?)(\|?)", re.DOTALL)


class Subject:
    """A name, or an address in an answer, as patterns look at it.

    `host` is its text, of a name every byte one character; `text` is the same behind a dot.
    """

    __slots__ = ("_marked", "host", "text")

    def __init__(self, host: str) -> None:
        self.host = host
        self.text = "." + host
        self._marked = ""

    @classmethod
    def of_name(cls, name: bytes) -> Subject:
        """What patterns see of a lower-cased wire name."""
        return cls(b".".join(labels(name)).decode("latin-1"))

    @classmethod
    def of_address(cls, packed: bytes) -> Subject:
        """What patterns see of an address of 4 or 16 bytes."""
        return cls(str(ip_address(packed)))

    def marked(self) -> str:
        """`text` with `^` for each separator, and several for the end."""
        if not self._marked:
            self._marked = _SEPARATOR.sub("^", self.text) + "^" * MOST_SEPARATORS
        return self._marked


class Matching(Protocol):
    """What a pattern was made into: a `Mask` or a `regex.Regex`.

    `literals` are texts of which, in each group, one must stand in `Subject.text`; `least` is the
    fewest characters of a name that fits; `cost` is how long `matches` may take, a mask being 1.
    """

    @property
    def literals(self) -> tuple[frozenset[str], ...]: ...
    @property
    def least(self) -> int: ...
    @property
    def cost(self) -> int: ...
    def matches(self, subject: Subject) -> bool:
        """Whether the pattern fits."""


class Mask:
    """A pattern without a regular expression. 0.3 µs a piece between `*`.

    ValueError for what a pattern can't hold, with a reason for the user.
    """

    __slots__ = ("_body", "_first", "_head", "_tail", "_whole", "least", "literals")

    cost = 1

    def __init__(self, pattern: str) -> None:
        """`pattern` is normalised: lower-case, with its anchors."""
        start, pieces, end = _split(pattern)
        for piece in pieces:
            _check(piece)
        self._whole = start == "|" and end and len(pieces) == 1
        self._first = 0 if start == "||" else 1
        if start == "||":
            pieces[0] = "." + pieces[0]
        self._head = pieces.pop(0) if start == "|" and not self._whole else ""
        self._tail = pieces.pop() if end else None
        self._body = tuple(piece for piece in pieces if piece)
        texts = (self._head, *self._body, self._tail or "")
        parts = [part for text in texts for part in text.split("^") if part]
        self.literals = tuple(frozenset((part,)) for part in parts)
        self.least = sum(map(len, parts)) - (start == "||")

    def matches(self, subject: Subject) -> bool:
        """Whether the pattern fits."""
        text, marked = subject.text, subject.marked()
        position = self._first
        if self._head:
            if not _spelling(self._head, text, marked).startswith(self._head, position):
                return False
            position += len(self._head)
        for piece in self._body:
            position = _spelling(piece, text, marked).find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        return self._tail is None or self._ends(self._tail, position, text, marked)

    def _ends(self, tail: str, position: int, text: str, marked: str) -> bool:
        """Whether the last piece stands at the end, not before `position`."""
        spelling = _spelling(tail, text, marked)
        trailing = len(tail) - len(tail.rstrip("^"))
        for end in range(len(text), len(text) + trailing + 1):
            begin = end - len(tail)
            in_place = begin == position if self._whole else begin >= position
            if in_place and spelling.startswith(tail, begin):
                return True
        return False


def _spelling(piece: str, text: str, marked: str) -> str:
    return marked if "^" in piece else text


def _split(pattern: str) -> tuple[str, list[str], bool]:
    """The anchor before, the pieces between `*`, and whether there is an anchor behind."""
    url = _URL.fullmatch(pattern)
    if url is not None:
        pattern = "|" + url[1]  # the name stands behind `http://`, and begins there
    elif pattern.startswith("https:/"):
        raise ValueError("a pattern for https:// matches no name")
    anchors = _ANCHORS.fullmatch(pattern)
    assert anchors is not None  # the expression has a place for every text
    start, body, end = anchors.groups()
    return start, body.split("*"), end != ""


def _check(piece: str) -> None:
    if "^" in piece and _SEPARATOR.search(piece.replace("^", "")):
        raise ValueError("^ beside a character that names of hosts can't have")
    if "^" * (MOST_SEPARATORS + 1) in piece:
        raise ValueError(f"more than {MOST_SEPARATORS} ^ in a row")
