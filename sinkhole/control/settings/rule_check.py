"""Whether a text is a rule that the filter can use: one that is none is not stored."""

from __future__ import annotations

from sinkhole.dns.filter.language.line import Comment
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.trie import CompiledList


def unusable_because(rule: str) -> str:
    """Why the filter can't use a rule, "" if it can; takes a millisecond."""
    parsed = parse_line(rule)
    if isinstance(parsed, Comment):
        return "it is a comment"
    report = CompiledList.from_rules("rule", "block", [rule]).report
    if report.samples:
        return report.samples[0].reason
    return str(getattr(parsed, "reason", "")) if report.refused or report.ignored else ""
