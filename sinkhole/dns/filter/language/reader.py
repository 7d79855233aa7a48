"""Reading a list from its first line to its last: what its lines say about those below them."""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.line import Comment, Line, Scope
from sinkhole.dns.filter.language.quick import quick_name
from sinkhole.dns.filter.language.rpz import Zone
from sinkhole.dns.filter.language.rules import parse_line

_TITLE = re.compile(r"[!#;]+\s*Title:\s*(\S.*)", re.IGNORECASE)
_SYNTAX = re.compile(r"[!#;]+\s*Syntax:\s*(\S.*)", re.IGNORECASE)
_COVERS_BELOW = re.compile(r"wildcard|without subdomains", re.IGNORECASE)

MAX_TITLE = 200

LANGUAGE_VERSION = 1
"""Of what lines mean. One more with each change after which a list, compiled from the same text,
would match other names: lists that were compiled before it are then compiled again. Files that
say none are older than that and count as 0."""


class Header:
    """Collects what matters from the comments of one list, read in order.

    `title` is the first `Title:` above all rules, "" without one. `bare_is_subtree` is whether,
    from here on, a bare name covers what is below it. Lists say so with `Syntax: Domains
    (wildcards) …`, or with `Syntax: Domains (without subdomains)`: subdomains are not listed
    because they are meant. `Syntax: Domains (including possible subdomains)` lists them one by
    one, as exact names.
    """

    def __init__(self) -> None:
        self.title = ""
        self.bare_is_subtree = False

    def read(self, comment: str, at_top: bool) -> None:
        """Take in one comment; `at_top` is whether no rule stands above it.

        Files made of several lists have more headers further down: their titles don't count,
        their syntax does.
        """
        if at_top and not self.title and (title := _TITLE.match(comment)):
            self.title = "".join(filter(str.isprintable, title[1].strip()))[:MAX_TITLE]
        elif syntax := _SYNTAX.match(comment):
            self.bare_is_subtree = _COVERS_BELOW.search(syntax[1]) is not None


class ListReader:
    """Reads the lines of one list, in order; `header` holds what its comments said so far."""

    def __init__(self) -> None:
        self.header = Header()
        self._zone = Zone()

    def quick(self, line: bytes) -> tuple[bytes, Scope, bool] | None:
        """`quick_name` for the next line; if it is None, `read` must be asked."""
        return None if self._zone.is_nested else quick_name(line, self.header.bare_is_subtree)

    def read(self, line: bytes | str, at_top: bool) -> Line:
        """What the next line is; `at_top` is whether no rule stands above it."""
        parsed = parse_line(line, self.header.bare_is_subtree, self._zone)
        if isinstance(parsed, Comment):
            self.header.read(parsed.text, at_top)
        return parsed
