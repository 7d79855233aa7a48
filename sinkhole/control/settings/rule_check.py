"""Whether texts are rules that the filter can use: one that is none is not stored."""

from __future__ import annotations

from collections.abc import Sequence

from sinkhole.dns.filter.language.line import Comment
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.trie import CompiledList


def unusable(rules: Sequence[str]) -> dict[str, str]:
    """Those of some rules that the filter can't use, each with the reason.

    Halves are looked at as long as there is one among them: compiling 5000 rules takes 20 ms, and
    one 0.2.
    """
    if not rules or _all_usable(rules):
        return {}
    if len(rules) == 1:
        reason = unusable_because(rules[0])
        return {rules[0]: reason} if reason else {}
    middle = len(rules) // 2
    return unusable(rules[:middle]) | unusable(rules[middle:])


def is_comment(rule: str) -> bool:
    """Whether a line says something to people only."""
    return isinstance(parse_line(rule), Comment)


def _all_usable(rules: Sequence[str]) -> bool:
    report = CompiledList.from_rules("rules", "block", rules).report
    return not (report.comments or report.refused or report.ignored)


def unusable_because(rule: str) -> str:
    """Why the filter can't use one rule, "" if it can; takes a millisecond."""
    parsed = parse_line(rule)
    if isinstance(parsed, Comment):
        return "it is a comment"
    report = CompiledList.from_rules("rule", "block", [rule]).report
    if report.samples:
        return report.samples[0].reason
    return str(getattr(parsed, "reason", "")) if report.refused or report.ignored else ""
