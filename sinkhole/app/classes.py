"""Who gets what, as the DNS plane has it: those to whom the same applies are of one class.

A class is numbered by what applies to it, and its generation changes only when something is that it
is made of. So a pause, or the edge of a schedule, moves clients from one class to another, and
nothing of what was decided for others is decided again; nor for them, when they come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sinkhole.app.from_settings import (
    PolicyMaker,
    make_blocking,
    make_reserved,
    make_subnets,
)
from sinkhole.control.explain.audience import Audience, RulesFor
from sinkhole.control.groups.effective import EffectivePolicy
from sinkhole.control.groups.household import Policies
from sinkhole.control.lists.builtin import BUILT_IN
from sinkhole.control.lists.own_rules import OWN_RULES, TEMPORARY_RULES
from sinkhole.control.settings.groups_schema import DEFAULT_GROUP
from sinkhole.control.settings.upstream_schema import USUAL_SERVERS
from sinkhole.control.state.pauses import Pause
from sinkhole.dns.clients.standing import Facts, Membership, StandingBy
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.selection import Selection
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.access import Access
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.dns.policy.refused_addresses import BogusAddresses, Rebinding
from sinkhole.dns.policy.routes import USUAL
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.model.record import Telling

MOST_CLASSES: Final = 1000
"""Classes whose numbers are kept; the one seen last longest ago gets another when it comes back."""

_ALWAYS_ASKED: Final = frozenset({OWN_RULES, TEMPORARY_RULES})


class Plan(NamedTuple):
    """What is to be in force: who has which policy, the Matcher of all lists that are asked, what
    applies to whoever is in no other group, and which of the lists each policy asks."""

    maker: PolicyMaker
    policies: Policies
    matcher: Matcher
    usual: EffectivePolicy
    selections: dict[EffectivePolicy, Selection]

    @classmethod
    def of(
        cls,
        maker: PolicyMaker,
        lists: Sequence[CompiledList],
        at_s: float,
        pauses: Sequence[Pause] = (),
        before: Matcher | None = None,
    ) -> Plan:
        """What settings, the lists of the library, a moment (in seconds since 1970) and pauses come
        to. With many names that takes a tenth of a second, without other lists than `before` some
        20 µs for each client and group that says something itself, and 0.1 ms where it asks other
        lists than anybody did."""
        policies = maker.household.policies(at_s, pauses)
        every = dict.fromkeys((*policies.groups.values(), *policies.clients.values()))
        asked = (*maker.rule_lists.values(), *lists)
        builtin = tuple(dict.fromkeys(each for one in every for each in maker.builtin_of(one)))
        if before is None or (asked, builtin) != (before.lists, before.builtin):
            before = Matcher(asked, builtin, before)
        groups = policies.groups.items()
        usual = next(each for name, each in groups if name.casefold() == DEFAULT_GROUP)
        plan = cls(maker, policies, before, usual, {})
        for each in (usual, *policies.clients.values()):
            plan.selections[each] = plan.selections.get(each) or plan.chosen(each)
        return plan

    def chosen(self, policy: EffectivePolicy, *, whole: bool = False) -> Selection:
        """The lists that are asked by a policy; with `whole`, as if it were not paused."""
        is_off = not policy.filtering or (policy.is_paused and not whole)
        lists = () if is_off else tuple(self._places(policy))
        wanted = self.maker.builtin_of(policy)
        builtin = [
            place
            for place, each in enumerate(self.matcher.builtin)
            if each in wanted and (each.name == BUILT_IN or not is_off)
        ]
        return self.matcher.chosen(
            None if len(lists) == len(self.matcher.lists) else lists,
            None if len(builtin) == len(self.matcher.builtin) else builtin,
            allow_only=policy.allow_only and not is_off,
        )

    def audience(self, facts: Facts | None = None) -> Audience:
        """The rules for everybody, whether or not the filter is paused; `facts` are what is known
        of addresses. Takes some 0.2 ms for each class."""
        policies, household = self.policies, self.maker.household
        alike: dict[Any, RulesFor] = {}
        made: dict[EffectivePolicy, RulesFor] = {}
        for each in dict.fromkeys((*policies.groups.values(), *policies.clients.values())):
            rules = self._rules_for(each)
            made[each] = alike.setdefault(rules.contents, rules)
        return Audience(
            made[self.usual],
            self.matcher,
            self.maker.known,
            {name: made[each] for name, each in policies.clients.items()},
            {name: made[each] for name, each in policies.groups.items()},
            {name: household.group_of(name) for name in policies.clients},
            facts or Facts(),
        )

    def _rules_for(self, policy: EffectivePolicy) -> RulesFor:
        lists = None if policy.lists is None else frozenset(map(str.casefold, policy.lists))
        return RulesFor(self.chosen(policy, whole=True), policy.filtering, lists)

    def _places(self, policy: EffectivePolicy) -> Iterable[int]:
        maker, lists = self.maker, self.matcher.lists
        rules = [maker.rule_lists[each] for each in policy.rules]
        first = len(maker.rule_lists)
        of_categories = frozenset[str]().union(*maker.categories.values())
        wanted = frozenset[str]().union(*(maker.categories[each] for each in policy.categories))
        usual = {each.name for each in maker.settings.filtering.lists if each.enabled}
        for place, each in enumerate(lists):
            if place < first:
                is_asked = each in rules
            elif each.name in of_categories - usual:
                is_asked = False
            elif policy.lists is None:
                is_asked = True
            else:
                is_always = each.kept_text and each.name in _ALWAYS_ASKED
                is_asked = is_always or each.name in policy.lists
            is_asked = is_asked or each.name in wanted
            if is_asked and each.name not in policy.paused_lists:
                yield place


class _Made(NamedTuple):
    """A class as it was made: all that it was made of, for the Matcher it was made with; of one
    that nobody has now only that, and the generation, by which it is what it was."""

    basis: tuple[Any, ...]
    lists: tuple[CompiledList, ...]
    generation: int
    matcher: Matcher | None
    group: GroupPolicy | None


class Classes:
    """Makes Policies of plans, one after the other; remembers what was made of the last ones."""

    def __init__(self) -> None:
        self._numbers: dict[EffectivePolicy, int] = {}
        self._made: dict[int, _Made] = {}
        self._generation = self._last = 0

    def policy(
        self, plan: Plan, designated: Designated | None = None, facts: Facts | None = None
    ) -> Policy:
        """The Policy of a plan; `facts` are what is known of addresses."""
        maker, clients = plan.maker, plan.policies.clients
        of_household = maker.household.group_of
        usual = self._group(plan, plan.usual, DEFAULT_GROUP, designated)
        made = {plan.usual: usual}
        members: dict[str, Membership] = {}
        for client, policy in clients.items():
            name = of_household(client)
            if policy not in made:
                made[policy] = self._group(plan, policy, name, designated)
            if name != DEFAULT_GROUP or policy != plan.usual:
                members[client] = Membership(made[policy], name, _telling(policy))
        self._forget(plan.matcher, {each.number for each in made.values()})
        everybody = Membership(usual, DEFAULT_GROUP, _telling(plan.usual))
        access = _access(maker, everybody, members, facts)
        return Policy(usual, maker.local, access, maker.routes, maker.dns64)

    def _group(
        self, plan: Plan, policy: EffectivePolicy, name: str, designated: Designated | None
    ) -> GroupPolicy:
        """What a policy is for the DNS plane: what it was, as far as it is made of the same."""
        number = 0 if policy == plan.usual else self._number_of(policy)
        selection = plan.selections[policy]
        lists = (*selection.lists, *selection.builtin)
        basis = basis_of(plan, policy, designated)
        known = self._made.get(number)
        is_same = known is not None and known.basis == basis and known.lists == lists
        if known is not None and is_same:
            group, generation = known.group, known.generation  # whatever group it is named by now
            if group is not None and known.matcher is plan.matcher and group.name == name:
                return group
        else:
            self._generation += 1
            generation = self._generation
        made = group_policy(plan, policy, selection, generation, number, name, designated)
        self._made[number] = _Made(basis, lists, generation, plan.matcher, made)
        return made

    def _number_of(self, policy: EffectivePolicy) -> int:
        number = self._numbers.pop(policy, 0)
        if not number:
            self._last += 1
            number = self._last
        self._numbers[policy] = number
        if len(self._numbers) > MOST_CLASSES:
            self._made.pop(self._numbers.pop(next(iter(self._numbers))), None)
        return number

    def _forget(self, matcher: Matcher, in_use: set[int]) -> None:
        """Let nothing that nobody has now keep lists in memory that went, or an older Matcher."""
        known = {*matcher.lists, *matcher.builtin}
        for number, made in list(self._made.items()):
            if number in in_use or made.matcher is matcher:
                continue
            if known.issuperset(made.lists):
                self._made[number] = made._replace(matcher=None, group=None)
            else:
                del self._made[number]


def basis_of(plan: Plan, policy: EffectivePolicy, designated: Designated | None) -> tuple[Any, ...]:
    """All that what a policy decides is made of, but for the lists."""
    maker = plan.maker
    return (
        *(policy, designated, maker.local, maker.routes, maker.dns64),
        *(maker.settings.dns.reserved_names, maker.settings.upstream),
    )


def group_policy(
    plan: Plan,
    policy: EffectivePolicy,
    rules: Selection,
    generation: int,
    number: int,
    name: str,
    designated: Designated | None,
) -> GroupPolicy:
    """What a policy is for the DNS plane, with the rules that it is to be decided by."""
    settings, builtin = plan.maker.settings, policy.builtin
    return GroupPolicy(
        generation,
        number,
        name,
        rules,
        make_blocking(policy.blocking),
        policy.is_paused,
        make_reserved(settings, builtin, designated),
        _rebinding(builtin.rebinding_allow) if builtin.rebinding else None,
        BogusAddresses(builtin.bogus_nxdomain) if builtin.bogus_nxdomain else None,
        USUAL if policy.upstream == USUAL_SERVERS else policy.upstream,
        make_subnets(settings, policy.client_subnet),
        frozenset(policy.refuse_types),
        policy.rate_limit,
    )


@lru_cache(maxsize=64)
def _rebinding(allowed: tuple[str, ...]) -> Rebinding:
    """One for all who allow the same."""
    return Rebinding(allowed)


def _telling(policy: EffectivePolicy) -> Telling:
    """What may be told of clients that have a policy."""
    return Telling(
        names=policy.privacy not in ("no_names", "nothing"),
        client=policy.privacy != "nothing",
        rows=policy.log,
        counts=policy.statistics,
    )


def _access(
    maker: PolicyMaker,
    everybody: Membership,
    members: Mapping[str, Membership],
    facts: Facts | None,
) -> Access:
    dns, known = maker.settings.dns, maker.known
    is_plain = everybody.telling == Telling() and not everybody.policy.filter.criteria
    standing = StandingBy(everybody, known, members, facts or Facts())
    return Access(
        dns.allow,
        None if is_plain and not members and facts is None else standing,
        dns.rate_limit_ipv4_prefix,
        dns.rate_limit_ipv6_prefix,
        known.ids,
        maker.settings.devices.forwarders,
        dns.deny,
    )
