"""Whether texts are rules that the filter can use: one that is none is not stored."""

from __future__ import annotations

from collections.abc import Sequence

from sinkhole.dns.filter.language.line import Comment
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.trie import CompiledList


def unusable(rules: Sequence[str]) -> dict[str, str]:
    """Those of some rules that the filter can't use, each with the reason; takes milliseconds."""
    if _all_usable(rules):
        return {}
    reasons = {rule: unusable_because(rule) for rule in rules}
    return {rule: reason for rule, reason in reasons.items() if reason}


def _all_usable(rules: Sequence[str]) -> bool:
    if any(isinstance(parse_line(rule), Comment) for rule in rules):
        return False
    report = CompiledList.from_rules("rules", "block", rules).report
    return not (report.refused or report.ignored)


def unusable_because(rule: str) -> str:
    """Why the filter can't use one rule, "" if it can; takes a millisecond."""
    parsed = parse_line(rule)
    if isinstance(parsed, Comment):
        return "it is a comment"
    report = CompiledList.from_rules("rule", "block", [rule]).report
    if report.samples:
        return report.samples[0].reason
    return str(getattr(parsed, "reason", "")) if report.refused or report.ignored else ""
