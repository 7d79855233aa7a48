"""Lists among whose rules one wins, and what it says.

Most rules are plain names, and most questions meet no other: then each list is asked once, and
the strongest entry wins. Where a rule with details or a pattern may match, all rules that match
are collected, and `precedence` tells which of them wins; both ways come to the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from typing import NamedTuple

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.bloom import BloomFilters
from sinkhole.dns.filter.compiled.grams import PatternIndex
from sinkhole.dns.filter.language.line import Address, Rewrite
from sinkhole.dns.filter.precedence import (
    Candidate,
    Lookup,
    Winner,
    candidates_by_name,
    candidates_by_pattern,
    find_winner,
)
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.numbers import Type
from sinkhole.model.verdict import Cause


class Rewritten(NamedTuple):
    """What is answered instead: an rcode, the target of a CNAME, or records of the type asked for.

    `cname` is a lower-cased wire name, empty for none; `records` are pairs of type and data.
    """

    rcode: int = 0
    cname: bytes = b""
    records: tuple[tuple[int, bytes], ...] = ()


class Match(NamedTuple):
    """The rule that decides: it blocks, or, with `allowed`, keeps a name from being blocked.

    With a `rewrite` it answers that, and `allowed` is False. `addresses` are what the hosts lines
    say that decide. `builtin` tells that no list of the user's had a say. `cause.rule` is empty
    for a list on disk until somebody asks for it, see `Selection.rule_text`.
    """

    cause: Cause
    allowed: bool = False
    important: bool = False
    rewrite: Rewritten | None = None
    addresses: tuple[Address, ...] = ()
    builtin: bool = False


class Tier:
    """Lists among whose rules one wins: the user's, or the built-in ones."""

    __slots__ = (
        *("_about_addresses", "_allow_lists", "_builtin", "_in_order", "_order", "_patterns"),
        *("bloom_filters", "checks_addresses", "has_patterns", "lists"),
    )

    def __init__(
        self, lists: Sequence[CompiledList], *, builtin: bool, known: BloomFilters | None = None
    ) -> None:
        self.lists = tuple(lists)
        self._builtin = builtin
        # Places in `lists`, those of allow lists first: in this order lists are asked.
        allow = [place for place, each in enumerate(lists) if each.kind == "allow"]
        self._order = (*allow, *(at for at, each in enumerate(lists) if each.kind == "block"))
        self._in_order = tuple(lists[place] for place in self._order)
        self._allow_lists = len(allow)
        self.bloom_filters = BloomFilters([each.bloom_filter for each in self._in_order], known)
        self._patterns = PatternIndex(each.patterns for each in lists)
        self.has_patterns = bool(self._patterns)
        self._about_addresses = frozenset(
            place
            for place, each in enumerate(lists)
            if each.report.networks or any(pattern.may_fit_addresses for pattern in each.patterns)
        )
        self.checks_addresses = bool(self._about_addresses)

    def chosen(self, places: Collection[int]) -> Tier:
        """One of the lists at some places only, which uses what was made for all. Of a Tier that
        was not chosen itself."""
        lists = tuple(self.lists[place] for place in sorted(places))
        if lists == self.lists:
            return self
        made = copy(self)
        made.lists = lists
        asked = {at for at, place in enumerate(self._order) if place in places}
        made.bloom_filters = self.bloom_filters.chosen(asked)
        made._patterns = self._patterns.chosen(places)
        made.has_patterns = bool(made._patterns)
        made.checks_addresses = not self._about_addresses.isdisjoint(places)
        return made

    @property
    def given_up(self) -> int:
        """Patterns that were not tried, of all lists, chosen or not."""
        return self._patterns.given_up

    def match(self, lookup: Lookup) -> Match | None:
        """The rule that decides, None if none has a say."""
        fitting = self._by_pattern(lookup) if self.has_patterns else []
        if not fitting:
            found = self._plain(lookup.key)
            if found is None:
                return None
            source, plain = found
            if plain < entry.DETAILED:
                cause = _cause(source, entry.line_of(plain))
                allowed, important = plain & entry.ALLOW != 0, plain & entry.IMPORTANT != 0
                return Match(cause, allowed, important, builtin=self._builtin)
        winner = find_winner([*candidates_by_name(self.lists, lookup), *fitting], lookup)
        return None if winner is None else match_of(winner, builtin=self._builtin)

    def _by_pattern(self, lookup: Lookup) -> list[Candidate]:
        return candidates_by_pattern(self.lists, self._patterns, lookup.subject)

    def _plain(self, key: bytes) -> tuple[CompiledList, int] | None:
        """The entry that decides, and whose it is; a detailed one decides nothing by itself.

        Lists that can't overrule what was found are not asked: most lists have one strength only.
        """
        first = best = None
        strongest = -1
        for place in self.bloom_filters.places(key):
            each = self._in_order[place]
            if place < self._allow_lists:
                found = each.find(key)
                if found >= entry.DETAILED:
                    return each, found
                if found and first is None:
                    first = each, found
            elif first is not None:
                break
            elif each.strongest > strongest and (found := each.find(key)):
                strength = found >> entry.STRENGTH_SHIFT
                if strength > strongest:
                    strongest, best = strength, (each, found)
        return first or best

    def candidates(self, lookup: Lookup) -> list[Candidate]:
        """Every rule that matches, in the order of the lists."""
        found = [*candidates_by_name(self.lists, lookup), *self._by_pattern(lookup)]
        found.sort(key=lambda each: each.place)
        return found


def match_of(winner: Winner, *, builtin: bool) -> Match:
    """The Match of the rule that wins."""
    source, rule = winner.candidate.source, winner.candidate.rule
    return Match(
        _cause(source, rule.line),
        rule.allow,
        rule.important,
        _rewritten(winner.rewrites) if winner.rewrites else None,
        winner.addresses,
        builtin,
    )


def _cause(source: CompiledList, line: int) -> Cause:
    return Cause(source.name, line, source.rule_text(line) if source.kept_text else "")


def _rewritten(rewrites: tuple[Rewrite, ...]) -> Rewritten:
    first = rewrites[0]
    if first.rtype == Type.CNAME:
        return Rewritten(0, first.rdata)
    records = tuple((each.rtype, each.rdata) for each in rewrites if each.rtype)
    return Rewritten(first.rcode, b"", records)
