"""The patterns of one list, looked up by grams: short pieces of text that they can't do without.

Each pattern is filed under a gram of its own text, one that few others are filed under. A name
has some twenty grams; only the patterns filed under those are tried. So thousands of patterns
cost about 2 µs a name. What has no such text (`/^[0-9]+$/`, `*$dnstype=MX`) is tried every time.

How much can be filed under one gram is bounded, so that no name can ever meet too many patterns;
what is beyond is refused when the list is compiled.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from sinkhole.filter.details import Held, join, read_rules
from sinkhole.filter.pattern import LONG, SHORT, Mask, Matching, Subject
from sinkhole.filter.regex import Regex

MAX_PATTERNS: Final = 50_000
"""The most patterns of one list, regular expressions included."""

MAX_COST: Final = 200
"""The most that is filed under one gram, and under none, in costs (see `pattern.Matching`)."""

_ALWAYS = ""  # in place of a gram
_COMMON: Final = frozenset(
    text[at : at + size]
    for text in ("www.", ".com", ".net", ".org", ".de.", ".co.uk", ".info", "http", "cdn.", "api.")
    for size in (LONG, SHORT)
    for at in range(len(text) - size + 1)
)


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
        self._costs: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._rules)

    def add(self, pattern: str, held: bytes) -> bool:
        """Add a rule (as `details.encode` made it); False if its pattern was there before.

        ValueError, with the reason, for a pattern that can't be used or is one too many.
        """
        rules = self._rules.get(pattern)
        if rules is not None:
            rules.append(held)
            return False
        if len(self._rules) >= MAX_PATTERNS:
            raise ValueError(f"more than {MAX_PATTERNS} patterns in one list")
        matching = matching_of(pattern)
        grams = self._choose(matching)
        for gram in grams:
            self._costs[gram] += matching.cost
        self._grams[pattern] = grams
        self._rules[pattern] = [held]
        return True

    def regexes(self) -> int:
        """How many of the patterns are regular expressions."""
        return sum(map(is_regex, self._rules))

    def data(self) -> bytes:
        """All patterns for `PatternIndex`."""
        if not self._rules:
            return b""
        lines = (
            b'{"grams":%s,"pattern":%s,"rules":%s}'
            % (_json(self._grams[pattern]), _json(pattern), join(rules))
            for pattern, rules in self._rules.items()
        )
        return join(lines)

    def _choose(self, matching: Matching) -> list[str]:
        """The grams to file a pattern under: those with the least cost so far, if there are any."""
        best, rank = [_ALWAYS], (2, self._costs[_ALWAYS])
        for group in matching.literals:
            if all(len(text) >= SHORT for text in group):
                grams = {min(_grams(text), key=self._rank) for text in group}
                worst = max(map(self._rank, grams))
                if worst < rank:
                    best, rank = sorted(grams), worst
        if rank[1] + matching.cost > MAX_COST:
            raise ValueError("too many patterns of this sort: they would make matching slow")
        return best

    def _rank(self, gram: str) -> tuple[int, int]:
        return int(gram in _COMMON), self._costs[gram]


def _grams(text: str) -> list[str]:
    size = LONG if len(text) >= LONG else SHORT
    return [text[at : at + size] for at in range(len(text) - size + 1)]


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


class Found(NamedTuple):
    """A pattern that fits, and its rules."""

    pattern: str
    rules: tuple[Held, ...]


class PatternIndex:
    """The patterns of one list, ready to be asked.

    `grams`, `short_grams` and `always` say what a name must have for `find` to be worth calling.
    `sees_addresses` is whether any of them could fit the text of an address.
    """

    def __init__(self, data: bytes | memoryview = b"") -> None:
        """`data` comes from `PatternWriter.data`; ValueError for anything else."""
        self._filed: dict[str, list[_Filed]] = {}
        for filed, grams in _read(data):
            for gram in grams:
                self._filed.setdefault(gram, []).append(filed)
        self._always = tuple(self._filed.pop(_ALWAYS, ()))
        self.always = bool(self._always)
        self.grams = frozenset(gram for gram in self._filed if len(gram) == LONG)
        self.short_grams = frozenset(gram for gram in self._filed if len(gram) == SHORT)
        self.sees_addresses = self.always or any(map(_ADDRESS.issuperset, self._filed))

    def __bool__(self) -> bool:
        return bool(self._filed or self._always)

    def find(self, subject: Subject) -> Iterator[Found]:
        """The patterns that fit."""
        tried = dict.fromkeys(self._always)
        for gram in self.grams & subject.grams:
            tried.update(dict.fromkeys(self._filed[gram]))
        if self.short_grams:
            for gram in self.short_grams & subject.short_grams:
                tried.update(dict.fromkeys(self._filed[gram]))
        for filed in tried:
            if filed.matches(subject):
                yield Found(filed.pattern, filed.rules())


_ADDRESS: Final = frozenset("0123456789abcdef.:")


class _Never:
    """A pattern that fits nothing: what a file says that no compiler wrote."""

    literals: tuple[frozenset[str], ...] = ()
    cost = 0

    def matches(self, subject: Subject) -> bool:
        return False


class _Filed:
    """A pattern and its rules, both made when first needed."""

    __slots__ = ("_matching", "_rules", "_written", "pattern")

    def __init__(self, pattern: str, written: list[Any]) -> None:
        self.pattern = pattern
        self._written = written
        self._rules: tuple[Held, ...] | None = None
        self._matching: Matching | None = None

    def matches(self, subject: Subject) -> bool:
        if self._matching is None:
            try:
                self._matching = matching_of(self.pattern)
            except ValueError:
                self._matching = _Never()
        return self._matching.matches(subject)

    def rules(self) -> tuple[Held, ...]:
        if self._rules is None:
            self._rules = read_rules(self._written)
        return self._rules


def _read(data: bytes | memoryview) -> Iterator[tuple[_Filed, list[str]]]:
    """Each pattern, and the grams it is filed under."""
    try:
        for each in json.loads(bytes(data)) if data else ():
            filed = _Filed(str(each["pattern"]), list(each["rules"]))
            yield filed, [str(gram) for gram in each["grams"]]
    except (TypeError, KeyError, RecursionError) as error:
        raise ValueError(f"not a list of patterns: {error}") from None
