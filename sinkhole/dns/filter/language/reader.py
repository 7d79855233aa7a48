"""Reading a list from its first line to its last: what its lines say about those below them."""

from __future__ import annotations

from sinkhole.dns.filter.language.header import Header
from sinkhole.dns.filter.language.line import Comment, Line, Scope
from sinkhole.dns.filter.language.quick import quick_name
from sinkhole.dns.filter.language.rpz import Zone
from sinkhole.dns.filter.language.rules import parse_line


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
