"""What becomes of a query, and who decided it.

A `Verdict` is made once and then read by everything that explains: the query log, `sinkhole
explain`, the API, the page and the EDE text inside the reply itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Outcome(IntEnum):
    """What became of a query. The query log stores these numbers: never renumber, only add."""

    FORWARDED = 0
    """Asked an upstream for it and passed the answer on."""
    CACHED = 1
    """Answered from what an upstream had said before."""
    BLOCKED = 2
    """Refused by a rule on the name asked for."""
    BLOCKED_ANSWER = 3
    """Refused for something in the upstream's answer: a CNAME target, an address, a service."""
    LOCAL = 4
    """Answered from the local records, or from a reserved name or private reverse zone."""
    REWRITTEN = 5
    """Answered with what a rule said instead, or led to another name by it."""
    REFUSED = 6
    """Not served: the client may not ask, asked too often, or asked for what nobody gets."""
    MALFORMED = 7
    """Not a DNS query that can be understood (FORMERR, NOTIMP, BADVERS)."""
    FAILED = 8
    """No upstream gave a usable answer (SERVFAIL)."""
    STALE = 9
    """Answered from an expired answer, because no upstream could give a newer one (RFC 8767)."""

    @property
    def is_block(self) -> bool:
        """Whether this counts towards "41 % blocked"."""
        return self in _BLOCKS

    @property
    def kind(self) -> str:
        """The word it is counted and searched under: one of `KINDS`."""
        return _KINDS[self]


_BLOCKS = frozenset({Outcome.BLOCKED, Outcome.BLOCKED_ANSWER})

_KINDS = {
    Outcome.FORWARDED: "forwarded",
    Outcome.CACHED: "cached",
    Outcome.BLOCKED: "blocked",
    Outcome.BLOCKED_ANSWER: "blocked",
    Outcome.LOCAL: "local",
    Outcome.REWRITTEN: "local",
    Outcome.REFUSED: "refused",
    Outcome.MALFORMED: "refused",
    Outcome.FAILED: "failed",
    Outcome.STALE: "cached",
}

KINDS = ("blocked", "cached", "forwarded", "local", "failed", "refused")
"""All kinds of outcome, in the order they are shown in."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The line of a list that decided, or nothing at all (`NO_CAUSE`).

    `list_name` is the list's name in the settings, or what stands for one: "own rules", "local
    records", "hosts file", "rebinding protection", "bogus addresses", "refused types", "allow
    only"; `line` counts from 1, 0 where there are no lines. `rule` is the line's text; it is "" for
    lists on disk until somebody asks `Selection.rule_text` for it.
    """

    list_name: str = ""
    line: int = 0
    rule: str = ""


NO_CAUSE = Cause()


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What became of a query and why. Compared by identity, so it can key a cache of its own.

    `allowed` is True when an exception or an allow list named the query: it is then not blocked
    by any list. `hop` is the CNAME target, service or address (text) in the answer that decided,
    "" where it was the name itself. `upstream` is the server that answered, "" when none was asked.
    """

    outcome: Outcome
    cause: Cause = NO_CAUSE
    allowed: bool = False
    hop: str = ""
    upstream: str = ""
    detail: str = ""
    """A few words on decisions no list made, such as "private reverse zone"."""
