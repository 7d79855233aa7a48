"""The rules as they would be: with some added and some taken out, to try what that would change.

Nothing is compiled anew but the added rules. Each question collects all rules that match, of the
present lists and of the added ones, and finds the winner as `match` does, so what holds here
holds once the rules are really changed. Slower than a Matcher, and for explaining only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from sinkhole.control.lists.own_rules import own_place
from sinkhole.dns.filter.compiled.entry import MAX_LINE_NUMBER
from sinkhole.dns.filter.language.line import Kind
from sinkhole.dns.filter.match import Match, Matcher, about_address, about_name
from sinkhole.dns.filter.precedence import Candidate, Lookup
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.traits import NO_TRAITS, Criteria, Traits
from sinkhole.dns.filter.trie import CompiledList

RulePlace = tuple[str, int]
"""A rule, by the name of its list and its line."""

_BEHIND: Final = MAX_LINE_NUMBER - 1000
"""The line behind which added rules stand: behind all own rules there can be."""


class AlteredRules:
    """The rules of a selection with `added` ones behind the own rules, and without some.

    With `kind` "allow" the added rules are those of an allow list, else they count as further own
    rules: these are the list named `own`; before it stand the rules of clients and groups.
    Answers as the selection does.
    """

    checks_addresses = True

    def __init__(
        self,
        matcher: Selection,
        added: Sequence[str] = (),
        *,
        own: str,
        kind: Kind = "block",
        without: Iterable[RulePlace] = (),
    ) -> None:
        self._matcher = matcher
        self._texts = added
        self._added = Matcher([CompiledList.from_rules(own, kind, added)]) if added else None
        self._place = own_place(matcher.lists)
        self._has_own = any(each.name == own for each in matcher.lists[self._place :][:1])
        self._without = frozenset(without)
        asked = self._added.criteria if self._added is not None else frozenset()
        self.criteria: Criteria = (
            matcher.criteria if asked <= matcher.criteria else Criteria(matcher.criteria | asked)
        )

    def added_text(self, line: int) -> str:
        """The added rule that a cause means by its line, "" for another rule."""
        place = line - _BEHIND - 1
        return self._texts[place] if 0 <= place < len(self._texts) else ""

    def match(self, name: bytes, qtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that would decide on a lower-cased wire name."""
        return self._match(about_name(name, qtype, traits))

    def match_address(self, packed: bytes, rtype: int, traits: Traits = NO_TRAITS) -> Match | None:
        """The rule that would decide on an address in an answer."""
        return self._match(about_address(packed, rtype, traits))

    def _match(self, lookup: Lookup) -> Match | None:
        candidates = [
            [each for each in found if _place(each) not in self._without]
            for found in self._matcher.candidates(lookup)
        ]
        if self._added is not None:
            for each in candidates[0] if not self._has_own else ():
                each.place += each.place >= self._place  # the added rules stand there now
            (added,) = self._added.candidates(lookup)
            candidates[0] += map(self._behind, added)
        return self._matcher.weigh(candidates, lookup)

    def _behind(self, added: Candidate) -> Candidate:
        """A candidate that stands behind all own rules."""
        rule = replace(added.rule, line=_BEHIND + added.rule.line)
        return replace(added, place=self._place, rule=rule)


def _place(candidate: Candidate) -> RulePlace:
    return candidate.source.name, candidate.rule.line
