"""Settings on trial, beside those in force: which Policies both come to, at any moment.

Nothing of it is published, and nothing is fetched: of lists there are those that are in use, and
those that were fetched some time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sinkhole.app.classes import Classes, Plan, basis_of, group_policy
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.control.devices.devices import HIDES_CLIENTS
from sinkhole.control.explain.policy_trial import Sides
from sinkhole.control.groups.effective import EffectivePolicy
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.on_trial import lists_on_trial
from sinkhole.control.settings import Settings
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.group import GroupPolicy
from sinkhole.model.short_turns import short_turns

Lists = Sequence[CompiledList]

Basis = tuple[Any, ...]
"""All that what applies to somebody is made of."""

WithTemporary = Callable[[Lists], tuple[CompiledList, ...]]
"""Lists with the rules that are in force for a time in their place."""


class SettingsTrial:
    """What `explain/policy_trial.PolicyTrial` says, of settings `on_trial`.

    `before` is of the settings in force, and `matcher` is theirs, for what is the same. `in_use`
    are the lists of the library; `facts` are what is known of addresses.
    """

    def __init__(
        self,
        before: PolicyMaker,
        on_trial: Settings,
        in_use: Lists,
        with_temporary: WithTemporary,
        matcher: Matcher,
        facts: Facts | None = None,
        designated: Designated | None = None,
    ) -> None:
        """Reads the disk and compiles rules: in a thread."""
        old, after = before.settings, PolicyMaker(on_trial, before)
        found = lists_on_trial(
            in_use, with_categories(old), with_categories(on_trial), old.data_dir
        )
        # A maker of its own: that of the settings in force is asked by others meanwhile.
        self._before = _Side(PolicyMaker(old, before), with_temporary(in_use), matcher)
        self._after = _Side(after, with_temporary(found.lists), matcher)
        self._alike = _Alike()
        self._facts, self._designated = facts or Facts(), designated
        self.zone: ZoneInfo | None = after.household.zone
        self.hides_clients = any(
            each.query_log.privacy in HIDES_CLIENTS for each in (old, on_trial)
        )
        self.notes = [
            f"the list {name!r} was not fetched yet, so it is not in this" for name in found.missing
        ]
        self.notes += [each for each in after.problems if each not in before.problems]

    def open_at(self, at_s: float) -> tuple[frozenset[str], frozenset[str]]:
        """The schedules that are open by the settings in force, and by those on trial."""
        before, after = (each.maker.household for each in (self._before, self._after))
        return before.calendar.open_at(at_s), after.calendar.open_at(at_s)

    def next_edge(self, after_s: float) -> float | None:
        """When others are open the next time."""
        households = (each.maker.household for each in (self._before, self._after))
        edges = [each.next_edge(after_s) for each in households]
        return min((each for each in edges if each is not None), default=None)

    async def sides(self, at_s: float) -> Sides:
        """Both Policies, without pauses; with many names that takes a tenth of a second."""
        with short_turns():
            return await asyncio.to_thread(self._made, at_s)

    def _made(self, at_s: float) -> Sides:
        policies = []
        for side in (self._before, self._after):
            plan = Plan.of(side.maker, side.lists, at_s, (), side.matcher)
            side.matcher = plan.matcher
            policies.append(self._alike.policy(plan, self._designated, self._facts))
        return Sides(*policies)


class _Side:
    """What one side is made of; `matcher` is the last one, for what is the same in the next."""

    def __init__(self, maker: PolicyMaker, lists: Lists, matcher: Matcher) -> None:
        self.maker = maker
        self.lists = lists
        self.matcher = matcher


class _Alike(Classes):
    """Policies of both sides: what is made of the same is of the same generation, on either."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[EffectivePolicy, list[tuple[Basis, GroupPolicy]]] = {}

    def _group(
        self, plan: Plan, policy: EffectivePolicy, name: str, designated: Designated | None
    ) -> GroupPolicy:
        chosen = plan.chosen(policy)
        basis = (chosen.lists, chosen.builtin, basis_of(plan, policy, designated))
        known = self._known.setdefault(policy, [])
        for each, group in known:
            if each == basis:
                return group
        self._generation += 1
        made = group_policy(plan, policy, chosen, self._generation, 0, name, designated)
        known.append((basis, made))
        return made
