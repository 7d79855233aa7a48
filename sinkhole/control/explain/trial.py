"""Rules on trial: the rules as they are beside the rules as they would be, for each that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sinkhole.control.explain.altered_rules import AlteredRules, RulePlace
from sinkhole.control.explain.audience import Asker, Audience, RulesFor
from sinkhole.control.explain.inquiry import Inquiry
from sinkhole.control.explain.severity import Severity, severity_of
from sinkhole.control.lists.own_rules import OWN_RULES
from sinkhole.control.querylog.recent_names import AskedBy
from sinkhole.dns.clients.clients import Client
from sinkhole.dns.filter.match import Matcher, about_name
from sinkhole.dns.filter.selection import AllowOnly, Selection
from sinkhole.dns.filter.traits import NO_TRAITS
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.group import Filter
from sinkhole.dns.wire.numbers import Type

Becomes = Literal["blocked", "freed"]
"""What a trial makes of a name that it changes something about."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is in force for each of the audience, what would be, and the rules that make the
    difference.

    `alter` makes of the rules that somebody goes by what these would be. Names are judged by the
    rules alone, as questions for an address (type A): what an answer leads to is not known for
    names of the log.
    """

    audience: Audience
    alter: Callable[[RulesFor], Filter]
    differing: Matcher
    _altered: dict[RulesFor, Filter] = field(default_factory=dict)

    def may_change(self, name: bytes) -> bool:
        """Whether any rule that makes the difference is about a lower-cased wire name."""
        return _is_about(self.differing, name)

    def asks_clients(self, name: bytes) -> bool:
        """Whether it depends on the client what becomes of a name."""
        kinds = self.audience.kinds
        if any(_asks_clients(rules, name) for rules in (self.differing, self.audience.matcher)):
            return True
        return len(kinds) > 1 and len({self._change(each, name) for each in kinds}) > 1

    def change(self, name: bytes, asker: Asker | None = None) -> Becomes | None:
        """What becomes of a name for somebody; without, for one of whom nothing is known."""
        if asker is None:
            return self._change(self.audience.everybody, name)
        return self._change(asker.asked, name, asker)

    def seen_by(self, inquiry: Inquiry, asker: Asker | None = None) -> tuple[Inquiry, Inquiry]:
        """A question under the rules as they are, and as they would be: with the filter on, and of
        somebody who may ask, as rules are about names and not about who is served.

        It is asked by who is recognised in it, or by somebody else.
        """
        known = inquiry.client
        if asker is None:
            logged = AskedBy(known.text, known.who.device)
            asker = self.audience.asker_of(inquiry.recognised.owner, logged)
        before, after = asker.asked.rules, self._after(asker.asked)
        return _under(before, inquiry, asker), _under(after, inquiry, asker)

    def _change(self, asked: RulesFor, name: bytes, asker: Asker | None = None) -> Becomes | None:
        rules = asked.rules, self._after(asked)
        before, after = (_severity(each, name, asker) for each in rules)
        if before == after:
            return None
        return "blocked" if after > before else "freed"

    def _after(self, asked: RulesFor) -> Filter:
        if asked not in self._altered:
            self._altered[asked] = self.alter(asked) if asked.is_on else asked.rules
        return self._altered[asked]


def trial_of_rules(
    audience: Audience, added: Sequence[str] = (), removed: Iterable[RulePlace] = ()
) -> Trial:
    """Rules to add to the own ones, and places of rules to take out."""
    removed = tuple(removed)
    texts = [_text_at(audience.matcher, *place) for place in removed]
    differing = CompiledList.from_rules(OWN_RULES, "block", [*added, *texts])

    def alter(asked: RulesFor) -> Filter:
        return AlteredRules(asked.rules, added, own=OWN_RULES, without=removed)

    return Trial(audience, alter, Matcher([differing]))


def trial_of_list(audience: Audience, new: CompiledList) -> Trial:
    """A further list, behind those in use, for all who would be asked by it; makes a Matcher, which
    takes a while."""
    lists, builtin = audience.matcher.lists, audience.matcher.builtin
    with_it = Matcher([*lists, new], builtin, audience.matcher)

    def alter(asked: RulesFor) -> Filter:
        if not asked.asks(new.name):
            return asked.rules
        return with_it.chosen(
            [*_places(asked.rules.lists, lists), len(lists)],
            _places(asked.rules.builtin, builtin),
            allow_only=isinstance(asked.rules, AllowOnly),
        )

    return Trial(audience, alter, Matcher([new]))


def _places(some: Sequence[CompiledList], lists: Sequence[CompiledList]) -> list[int]:
    """Where some of these lists stand among them."""
    wanted = set(some)
    return [place for place, each in enumerate(lists) if each in wanted]


def _text_at(matcher: Selection, list_name: str, line: int) -> str:
    for each in matcher.lists:
        if each.name == list_name:
            return each.rule_text(line)
    return ""


def _under(rules: Filter, inquiry: Inquiry, asker: Asker) -> Inquiry:
    known = inquiry.client
    client = Client(known.packed, known.who, known.network, inquiry.group)
    client.allowed, client.gated = True, False
    client.traits = asker.traits(rules.criteria)
    return replace(inquiry.with_rules(rules), client=client, matcher=asker.asked.rules, layers=())


def _is_about(rules: Selection, name: bytes) -> bool:
    """Whether any rule is about a name."""
    return any(rules.candidates(about_name(name, Type.A)))


def _asks_clients(rules: Selection, name: bytes) -> bool:
    """Whether any rule about a name is for some clients only."""
    found = rules.candidates(about_name(name, Type.A)) if rules.criteria else ()
    asked = (each.rule.conditions for tier in found for each in tier)
    return any(each.clients or each.not_clients or each.tags or each.not_tags for each in asked)


def _severity(rules: Filter, name: bytes, asker: Asker | None) -> Severity:
    traits = asker.traits(rules.criteria) if asker is not None and rules.criteria else NO_TRAITS
    return severity_of(rules.match(name, Type.A, traits))
