"""How much what a rule says does to a name: nothing, another answer, or a refusal."""

from __future__ import annotations

from enum import IntEnum

from sinkhole.dns.filter.match import Match


class Severity(IntEnum):
    """The higher, the more is done to a name."""

    PASSES = 0
    REWRITES = 1
    REFUSES = 2


def severity_of(match: Match | None) -> Severity:
    """What becomes of a name by a match.

    An error that a rule answers refuses the name. One that is built in tells a program to leave
    DNS to this server, and is no block: a rule can still block the name.
    """
    if match is None or match.allowed:
        return Severity.PASSES
    if match.rewrite is None or (match.rewrite.rcode and not match.builtin):
        return Severity.REFUSES
    return Severity.REWRITES
