"""The patterns of one list, looked up by grams: short pieces of text that they can't do without.

Each pattern is filed under a gram of its own text, one that few others are filed under. A name
has some twenty grams; only the patterns filed under those are tried. So thousands of patterns
cost about 2 µs a name. What has no such text (`/^[0-9]+$/`, `*$dnstype=MX`) is tried every time.

How much can be filed under one gram is bounded: what is beyond is refused when the list is
compiled. A name with many grams of a list made for it could still meet hundreds of patterns, so
what is tried for one name is bounded too. That is never reached by lists that people use.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from copy import copy
from typing import Any, Final

from sinkhole.dns.filter.compiled.details import CompiledRule, join, read_rules
from sinkhole.dns.filter.language.names import TOO_BROAD
from sinkhole.dns.filter.patterns.pattern import Mask, Matching, Subject
from sinkhole.dns.filter.patterns.regex import Regex, is_about_web_addresses

MAX_PATTERNS: Final = 50_000
"""The most patterns of one list, regular expressions included."""

MAX_COST: Final = 200
"""The most that is filed under one gram, and under none, in costs (see `pattern.Matching`)."""

MOST_TRIED: Final = 1000
"""Costs of the patterns that are tried for one name; the others are taken not to fit."""

LONG, SHORT = 4, 3
"""Characters in a gram; only what has no more than three to offer is filed under three."""

_FEW = 30  # for so many, to look for each is quicker than to take the name apart
_ALWAYS = ""  # in place of a gram
_LEFT_OUT = -1  # in place of the number of a list
_COMMON: Final = frozenset(
    text[at : at + size]
    for text in ("www.", ".com", ".net", ".org", ".de.", ".co.uk", ".info", "http", "cdn.", "api.")
    for size in (LONG, SHORT)
    for at in range(len(text) - size + 1)
)

_BY_FREQUENCY: Final = ".eaoitnrscldmpughbvfkyw-xjz0123456789q_"
"""Characters of names, the commonest first; others are as rare as the last."""

_UNLIKE: Final = ("a", "zz", "7.q-x.example", "w_0.org")
"""Names that have nothing in common: what fits them all fits everything."""


def is_regex(pattern: str) -> bool:
    """Whether the text of a pattern is a regular expression between slashes."""
    return len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")


def matching_of(pattern: str) -> Matching:
    """What asks names about a pattern; ValueError, with the reason, if it can't be used."""
    return Regex(pattern[1:-1]) if is_regex(pattern) else Mask(pattern)


class PatternWriter:
    """Collects the patterns of a list while it is compiled."""

    def __init__(self) -> None:
        self._rules: dict[str, list[bytes]] = {}
        self._grams: dict[str, list[str]] = {}
        self._least: dict[str, int] = {}
        self._cost: dict[str, int] = {}
        self._broad: dict[str, bool] = {}
        self._costs: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, pattern: str, rule: bytes, *, narrowed: bool = False) -> bool:
        """Add a rule (as `details.encode` made it); False if its pattern was there before.

        ValueError, with the reason, for a pattern that can't be used or is one too many, and for
        one that fits everything, unless the rule is `narrowed` by something else.
        """
        if pattern not in self._broad:
            self._file(pattern)
        if self._broad[pattern] and not narrowed:
            raise ValueError(TOO_BROAD.reason)
        rules = self._rules.setdefault(pattern, [])
        rules.append(rule)
        return len(rules) == 1

    def _file(self, pattern: str) -> None:
        """File a pattern under its grams."""
        if len(self._broad) >= MAX_PATTERNS:
            raise ValueError(f"more than {MAX_PATTERNS} patterns in one list")
        matching = matching_of(pattern)
        if is_about_web_addresses(matching):
            raise ValueError("a regular expression about web addresses, not about names")
        grams = self._choose(matching)
        for gram in grams:
            self._costs[gram] += matching.cost
        self._grams[pattern] = grams
        self._least[pattern] = matching.least
        self._cost[pattern] = matching.cost
        self._broad[pattern] = all(matching.matches(Subject(host)) for host in _UNLIKE)

    def regexes(self) -> int:
        """How many of the patterns are regular expressions."""
        return sum(map(is_regex, self._rules))

    def data(self) -> bytes:
        """All patterns, for `read_patterns`."""
        if not self._rules:
            return b""
        records = []
        for pattern, rules in self._rules.items():
            head = json.dumps(
                {
                    "pattern": pattern,
                    "grams": self._grams[pattern],
                    "least": self._least[pattern],
                    "cost": self._cost[pattern],
                }
            )
            records.append(b'%s,"rules":%s}' % (head[:-1].encode(), join(rules)))
        return join(records)

    def _choose(self, matching: Matching) -> list[str]:
        """The grams to file a pattern under: the best of those it can't do without."""
        best, rank = [_ALWAYS], (2, False, self._costs[_ALWAYS], 0)
        for group in matching.literals:
            if all(len(text) >= SHORT for text in group):
                grams = {min(_grams(text), key=self._rank) for text in group}
                worst = max(map(self._rank, grams))
                if worst < rank:
                    best, rank = sorted(grams), worst
        if rank[2] + matching.cost > MAX_COST:
            raise ValueError("too many patterns of this sort: they would make matching slow")
        return best

    def _rank(self, gram: str) -> tuple[int, bool, int, int]:
        """The lowest is the best: few patterns are filed under it, and few names have it."""
        rarity = sum(_BY_FREQUENCY.find(char) % len(_BY_FREQUENCY) for char in gram)
        return int(gram in _COMMON), len(gram) < LONG, self._costs[gram], -rarity


def _grams(text: str) -> list[str]:
    return _pieces(text, LONG if len(text) >= LONG else SHORT)


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(len(text) - size + 1)]


class CompiledPattern:
    """A pattern of a compiled list and its rules, both made when first needed.

    `grams` are those it is filed under, "" being none; `cost` as in `pattern.Matching`.
    """

    __slots__ = ("_least", "_matching", "_rules", "_written", "cost", "grams", "text")

    def __init__(
        self, text: str, grams: list[str], least: int, cost: int, written: list[Any]
    ) -> None:
        self.text = text
        self.grams = grams
        self.cost = cost
        self._least = least
        self._written = written
        self._rules: tuple[CompiledRule, ...] | None = None
        self._matching: Matching | None = None

    @property
    def may_fit_addresses(self) -> bool:
        """Whether it might fit the text of an address."""
        return any(map(_ADDRESS.issuperset, self.grams))

    def matches(self, subject: Subject) -> bool:
        """Whether the pattern fits."""
        if len(subject.text) <= self._least:
            return False
        if self._matching is None:
            try:
                self._matching = matching_of(self.text)
            except ValueError:  # no compiler wrote that
                self._matching = _Never()
        return self._matching.matches(subject)

    @property
    def rules(self) -> tuple[CompiledRule, ...]:
        """The rules that have this pattern."""
        if self._rules is None:
            self._rules = read_rules(self._written)
        return self._rules


_ADDRESS: Final = frozenset("0123456789abcdef.:")


class _Never:
    """A pattern that fits nothing."""

    literals: tuple[frozenset[str], ...] = ()
    least = cost = 0

    def matches(self, subject: Subject) -> bool:
        return False


def read_patterns(data: bytes | memoryview) -> tuple[CompiledPattern, ...]:
    """The patterns that `PatternWriter.data` wrote; ValueError for anything else."""
    if not data:
        return ()
    try:
        return tuple(
            CompiledPattern(
                str(each["pattern"]),
                list(map(str, each["grams"])),
                int(each["least"]),
                int(each["cost"]),
                rules,
            )
            for each in json.loads(bytes(data))
            if isinstance(rules := each["rules"], list)
        )
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"not a list of patterns: {error}") from None


_Filed = list[tuple[int, CompiledPattern]]


class PatternIndex:
    """The patterns of several lists, ready to be asked; false if there are none.

    `given_up` counts patterns that were not tried because a name had met too many (MOST_TRIED),
    also by those that were asked for some of the lists only.
    """

    __slots__ = ("_always", "_filed", "_given_up", "_grams", "_numbers", "_places", "_short_grams")

    def __init__(self, lists: Iterable[Iterable[CompiledPattern]]) -> None:
        self._given_up = [0]  # one number for this and all that are chosen of it
        self._filed: dict[str, _Filed] = {}
        self._numbers: tuple[int, ...] = ()
        places = set()
        for place, patterns in enumerate(lists):
            for filed in patterns:
                places.add(place)
                for gram in filed.grams:
                    self._filed.setdefault(gram, []).append((place, filed))
        self._places = frozenset(places)
        self._always = self._filed.pop(_ALWAYS, [])
        self._grams = frozenset(gram for gram in self._filed if len(gram) == LONG)
        self._short_grams = frozenset(gram for gram in self._filed if len(gram) == SHORT)

    def __bool__(self) -> bool:
        return bool(self._places)

    @property
    def given_up(self) -> int:
        """Patterns that were not tried."""
        return self._given_up[0]

    def chosen(self, places: Collection[int]) -> PatternIndex:
        """The patterns of the lists at some places, which are counted anew from 0; not a copy.

        Patterns of other lists are neither tried nor counted against MOST_TRIED; passing over one
        takes 20 ns.
        """
        made = copy(self)
        made._places = self._places.intersection(places)
        number = {place: number for number, place in enumerate(sorted(places))}
        last = max(self._places, default=-1)
        made._numbers = tuple(number.get(place, _LEFT_OUT) for place in range(last + 1))
        made._always = made._of_chosen(self._always)
        return made

    def _of_chosen(self, filed: _Filed) -> _Filed:
        numbers = self._numbers
        return [each for each in filed if numbers[each[0]] >= 0]

    def find(self, subject: Subject) -> _Filed:
        """The patterns that fit, each with the place of its list; one in several is tried once."""
        tried: _Filed = []
        if self._grams:
            for gram in self._grams.intersection(_pieces(subject.text, LONG)):
                tried += self._filed[gram]
        if len(self._short_grams) <= _FEW:
            shorts = [gram for gram in self._short_grams if gram in subject.text]
        else:
            shorts = list(self._short_grams.intersection(_pieces(subject.text, SHORT)))
        for gram in shorts:
            tried += self._filed[gram]
        if tried and self._numbers:
            tried = self._of_chosen(tried)
        tried = self._always + tried
        fitting = self._fitting(tried, subject) if tried else tried
        if fitting and self._numbers:
            return [(self._numbers[place], filed) for place, filed in fitting]
        return fitting

    def _fitting(self, tried: _Filed, subject: Subject) -> _Filed:
        fits: dict[str, bool] = {}
        left = MOST_TRIED
        for _, filed in tried:
            if filed.text not in fits:
                left -= filed.cost
                fits[filed.text] = left >= 0 and filed.matches(subject)
                self._given_up[0] += left < 0
        return list(dict.fromkeys(each for each in tried if fits[each[1].text]))
