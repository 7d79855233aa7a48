"""The rules of the settings, as a list of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from sinkhole.dns.filter.compiled.report import MAX_SAMPLES, CompileReport
from sinkhole.dns.filter.language.line import Ignored
from sinkhole.dns.filter.language.rules import parse_line
from sinkhole.dns.filter.trie import CompiledList

OWN_RULES: Final = "own rules"
"""What the list is called."""

RULES_OF: Final = "rules of "
"""How the name of a list of the rules of a group or client begins."""

TEMPORARY_RULES: Final = "temporary rules"
"""What the list of rules that are in force for a time is called."""


def own_place(lists: Sequence[CompiledList]) -> int:
    """Where the own rules stand among lists, or would: behind those of clients and groups.

    These are compiled in memory; a list from elsewhere may be called as they are.
    """
    for place, each in enumerate(lists):
        if not (each.kept_text and each.name.startswith(RULES_OF)):
            return place
    return len(lists)


def compile_own(
    rules: Sequence[str], name: str = OWN_RULES, place_of: str = "filtering.rules"
) -> tuple[CompiledList, list[str]]:
    """The rules compiled, and what of them is not in use, one text each, most of it at least;
    `place_of` is what these texts call the rules.

    A rule for browsers is right in a list, but somebody who writes it here expects something.
    """
    own = CompiledList.from_rules(name, "block", rules)
    unused = {sample.line - 1: (sample.text, sample.reason) for sample in own.report.samples}
    unused |= islice(_passed_over(rules, own.report), MAX_SAMPLES)
    problems = [
        f"{place_of}[{place}]: {text!r} is not in use: {reason}"
        for place, (text, reason) in sorted(unused.items())
    ]
    if more := own.report.refused + own.report.ignored - len(problems):
        problems.append(f"{place_of}: {more} more are not in use")
    return own, problems


def own_list(rules: Sequence[str]) -> tuple[CompiledList | None, list[str]]:
    """The same for those of the settings; no list where there are none."""
    return compile_own(rules) if rules else (None, [])


def with_temporary(lists: Sequence[CompiledList], rules: Sequence[str]) -> list[CompiledList]:
    """Lists with a further one of such rules, behind the own rules: before these, they would pass
    for own ones to whoever explains."""
    if not rules:
        return list(lists)
    temporary = CompiledList.from_rules(TEMPORARY_RULES, "block", rules)
    place = own_place(lists)
    place += place < len(lists) and lists[place].name == OWN_RULES
    return [*lists[:place], temporary, *lists[place:]]


def _passed_over(
    rules: Sequence[str], report: CompileReport
) -> Iterator[tuple[int, tuple[str, str]]]:
    for place, rule in enumerate(rules if report.ignored else ()):
        parsed = parse_line(rule)
        if isinstance(parsed, Ignored):
            yield place, (rule[:200], parsed.reason)
