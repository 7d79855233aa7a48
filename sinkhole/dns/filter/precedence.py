"""All rules that match a question, and which of them wins; used where not only plain names match.

1. A rule whose conditions don't hold does not count, nor one that a matching `$badfilter` rule
   names: one of the same text but for `$badfilter`, `$dnstype`, `$denyallow` and `$dnsrewrite`.
2. If a rule of an allow list is left, it decides: the first such list, in it the best rule.
3. Else, of the block lists, rewrites that no `@@…$dnsrewrite` cancels: the first CNAME, else the
   first rcode that is an error, else all records of the type asked for.
4. Else the best rule. The best is the strongest (see `entry`); of equally strong ones that with
   more modifiers, then that of the first list, then that of the most specific name, then the first
   line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sinkhole.dns.filter.compiled import entry
from sinkhole.dns.filter.compiled.details import CompiledRule
from sinkhole.dns.filter.compiled.grams import PatternIndex
from sinkhole.dns.filter.conditions import obstacle, weight
from sinkhole.dns.filter.language.line import EVERY_REWRITE, Address, Rewrite
from sinkhole.dns.filter.patterns.pattern import Subject
from sinkhole.dns.filter.traits import Traits
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.wire.numbers import Type

BADFILTER = "switches off other rules"
SWITCHED_OFF = "switched off by $badfilter"
CANCELLED = "cancelled by an exception for rewrites"
CANCELS = "an exception for rewrites"
ITSELF = "would rewrite a name to itself"
NOT_IN_ANSWERS = "rewrites names, not addresses in answers"
OVERRULED = "a stronger rule decides"
BUILT_IN = "built in: counts where no list says anything"
NOT_ALLOWED = "no rule allows the name, and others are refused"
ADMITS = "allows the name, which what is built in then answers"

NO_SUBJECT = Subject("")


class Lookup(NamedTuple):
    """What is asked: `name` is empty for an address in an answer, and then `qtype` its type.

    `subject` is what patterns look at, NO_SUBJECT where no list has any.
    """

    key: bytes
    name: bytes
    qtype: int
    traits: Traits
    subject: Subject


@dataclass(slots=True)
class Candidate:
    """A rule that matches by name, network or pattern; `note` says why it does not count.

    `place` is that of its list, `key` the key or pattern by which it matches.
    """

    source: CompiledList
    place: int
    key: bytes | str
    rule: CompiledRule
    note: str = ""

    @property
    def is_rewrite(self) -> bool:
        """Whether it answers something else, or keeps another rule from doing so."""
        return self.rule.rewrite is not None and self.source.kind == "block"

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """The highest wins; of rules in block lists."""
        specific = len(self.key) if isinstance(self.key, bytes) else -1
        modifiers = weight(self.rule.conditions)
        return self.rule.strength, modifiers, -self.place, specific, -self.rule.line

    @property
    def identity(self) -> tuple[object, ...]:
        """What a `$badfilter` rule has in common with the rules that it switches off."""
        asks = self.rule.conditions
        flags = self.rule.flags
        return self.key, flags, asks.clients, asks.not_clients, asks.tags, asks.not_tags


class Winner(NamedTuple):
    """The rule that decides, and what it answers if it is a rewrite.

    `addresses` are those of all hosts lines, where one of these decides.
    """

    candidate: Candidate
    rewrites: tuple[Rewrite, ...] = ()
    addresses: tuple[Address, ...] = ()


def candidates_by_name(lists: Sequence[CompiledList], lookup: Lookup) -> list[Candidate]:
    """Every rule of these lists that matches by name or network."""
    return [
        Candidate(each, place, key, rule)
        for place, each in enumerate(lists)
        for key, rule in each.find_rules(lookup.key)
    ]


def candidates_by_pattern(
    lists: Sequence[CompiledList], patterns: PatternIndex, subject: Subject
) -> list[Candidate]:
    """Every rule of these lists whose pattern fits; `patterns` are those of the same lists."""
    return [
        Candidate(lists[place], place, pattern.text, rule)
        for place, pattern in patterns.find(subject)
        for rule in pattern.rules
    ]


def find_winner(found: Sequence[Candidate], lookup: Lookup) -> Winner | None:
    """The one that wins, None if none counts; fills in the notes of all candidates on the way."""
    for each in found:
        each.note = obstacle(each.rule.conditions, lookup.name, lookup.qtype, lookup.traits)
        if not each.note and not lookup.name and each.is_rewrite:
            each.note = NOT_IN_ANSWERS
    for kind in ("allow", "block"):
        _switch_off([each for each in found if each.source.kind == kind])
    allowing = [each for each in _counting(found) if each.source.kind == "allow"]
    if allowing:
        first = min(each.place for each in allowing)
        of_first = [each for each in allowing if each.place == first]
        return _decided(found, Winner(max(of_first, key=lambda each: each.rank)))
    return _rewritten(found, lookup) or _strongest(found)


def _counting(found: Iterable[Candidate]) -> Iterator[Candidate]:
    return (each for each in found if not each.note)


def _switch_off(found: Sequence[Candidate]) -> None:
    """Note which rules `$badfilter` rules of the same kind of list name; hosts lines none can."""
    named = set()
    for each in found:
        if each.rule.badfilter and not each.note:
            named.add(each.identity)
            each.note = BADFILTER
    for each in found:
        if not each.note and each.rule.flags & entry.NETWORK and each.identity in named:
            each.note = SWITCHED_OFF


def _rewritten(found: Sequence[Candidate], lookup: Lookup) -> Winner | None:
    of_rewrites = [each for each in _counting(found) if each.is_rewrite]
    exceptions = [each for each in of_rewrites if each.rule.allow]
    left = []
    for each in sorted(of_rewrites, key=lambda each: (each.place, each.rule.line)):
        rewrite = each.rule.rewrite
        if each.rule.allow:
            each.note = CANCELS
        elif any(_cancels(exception.rule, each.rule) for exception in exceptions):
            each.note = CANCELLED
        elif rewrite and rewrite.rtype == Type.CNAME and rewrite.rdata == lookup.name:
            each.note = ITSELF
        elif rewrite:
            left.append((each, rewrite))
    if not left:
        return None
    for each, rewrite in left:
        if rewrite.rtype == Type.CNAME:
            return _decided(found, Winner(each, (rewrite,)))
    for each, rewrite in left:
        if rewrite.rcode:
            return _decided(found, Winner(each, (rewrite,)))
    fitting = [(each, rewrite) for each, rewrite in left if rewrite.rtype == lookup.qtype]
    first = (fitting or left)[0][0]
    used = [each for each, _ in fitting]
    rewrites = tuple(rewrite for _, rewrite in fitting) or (Rewrite(),)
    return _decided(found, Winner(first, rewrites), used)


def _cancels(exception: CompiledRule, rewrite: CompiledRule) -> bool:
    if rewrite.important and not exception.important:
        return False
    return exception.rewrite in (EVERY_REWRITE, rewrite.rewrite)


def _strongest(found: Sequence[Candidate]) -> Winner | None:
    counting = list(_counting(found))
    if not counting:
        return None
    best = max(counting, key=lambda each: each.rank)
    if best.rule.flags & (entry.NETWORK | entry.ALLOW):
        return _decided(found, Winner(best))
    hosts = [each for each in counting if not each.rule.flags & (entry.NETWORK | entry.ALLOW)]
    said = dict.fromkeys(address for each in hosts for address in each.rule.addresses)
    return _decided(found, Winner(best, addresses=tuple(said)), hosts)


def _decided(
    found: Iterable[Candidate], winner: Winner, together: Iterable[Candidate] = ()
) -> Winner:
    """Note that the others don't decide."""
    deciding = {id(winner.candidate), *map(id, together)}
    for each in _counting(found):
        if id(each) not in deciding:
            each.note = OVERRULED
    return winner
