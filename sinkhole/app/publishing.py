"""What decides about queries, put in force: settings, lists, pauses and the time become one Policy.

Each change of any of them ends in one assignment, which the next query feels.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final

from sinkhole.app.change import Change
from sinkhole.app.classes import Classes, Plan
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.settings_trial import SettingsTrial
from sinkhole.control.explain.audience import Audience
from sinkhole.control.groups.household import Household
from sinkhole.control.lists.categories import with_categories
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import OWN_RULES, with_temporary
from sinkhole.control.settings import Settings
from sinkhole.control.state.pauses import Pause
from sinkhole.dns.clients.standing import Facts
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.model.memory import release_free_memory
from sinkhole.model.short_turns import short_turns
from sinkhole.model.verdict import Cause

LOOK_S: Final = 15.0
"""How often it is looked whether other schedules are open, while there are any: clocks are set, and
timers stand still while the machine sleeps."""


class Publishing:
    """Makes Policies; `pipeline` is given the first one and each that follows.

    `on_lists` is called when other lists are in use. `facts` are what is known of addresses; `now`
    is seconds since 1970, by the wall clock, as windows of schedules are. The first `policy` is for
    making the pipeline; then `put_to_use`.
    """

    pipeline: Pipeline
    library: Library
    _decide: Callable[[Policy, Matcher], None]

    def __init__(
        self,
        settings: Settings,
        on_lists: Callable[[], None],
        facts: Facts | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.pauses = 0
        """How often the filter was paused for everybody since the start."""
        self._facts = facts
        self._now = now
        self._classes = Classes()
        self._pauses: tuple[Pause, ...] = ()
        self._designated: Callable[[], Designated | None] = _nothing
        self._temporary: tuple[CompiledList, ...] = ()
        self._on_lists = on_lists
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()
        self._plan = Plan.of(PolicyMaker(settings), (), now())

    def put_to_use(
        self,
        pipeline: Pipeline,
        library: Library,
        designated: Callable[[], Designated | None],
        decide: Callable[[Policy, Matcher], None],
    ) -> None:
        """Give `pipeline` all that follows, of the lists of `library`; `decide` as well, with the
        rules of everybody that its filters are choices of."""
        self.pipeline, self.library, self._designated = pipeline, library, designated
        self._decide = decide

    def policy(self) -> Policy:
        """A Policy of all that is in force."""
        return self._classes.policy(self._plan, self._designated(), self._facts)

    def publish(self) -> None:
        """Have the next query decided by all that is in force."""
        policy = self.pipeline.policy = self.policy()
        self._decide(policy, self.matcher)

    # -- what is in force ----------------------------------------------------------------------

    @property
    def household(self) -> Household:
        """Who has what when, by the settings in force."""
        return self._plan.maker.household

    @property
    def matcher(self) -> Matcher:
        """All rules there are, whoever has them, also while the filter is paused."""
        return self._plan.matcher

    def audience(self) -> Audience:
        """Everybody with the rules for each, whether or not the filter is paused."""
        return self._plan.audience(self._facts)

    @property
    def has_published(self) -> bool:
        """Whether the lists that the library has are in use."""
        lists = self._with_temporary(self.library.lists)
        return self.matcher.lists == (*self._plan.maker.rule_lists.values(), *lists)

    @property
    def coming(self) -> list[str]:
        """The names of lists that have neither come nor failed yet."""
        return [each["name"] for each in self.library.status() if each["state"] == "missing"]

    async def first_lists(self, patience_s: float) -> None:
        """Wait until every enabled list is in use or has failed, but no longer than this."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not self.coming and self.has_published:
                return
            await asyncio.sleep(0.05)

    def rule_text(self, cause: Cause) -> str:
        """The text of the rule of a cause, read from the disk if need be."""
        return self.matcher.rule_text(cause)

    def client_name(self, client: str, device: str = "") -> str:
        """What the settings call a client, by its address or id, and its MAC; and by what its
        address is called on the network, if it is still that device's."""
        known = self._plan.maker.known
        if self._facts is None or not known.asks_facts:
            return known.called(client, device)
        return known.called(client, device, self._facts.hosts_of(client, device))

    def house_names(self) -> tuple[LocalNames, Reserved]:
        """The names that are answered here, for who looks up hosts of lists."""
        policy = self.pipeline.policy
        return policy.local, policy.group.reserved

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know of settings that are in force."""
        return self._plan.maker.problems

    @property
    def odd_rules(self) -> list[str]:
        """Rules of groups and clients that the filter can't use, in words."""
        return self._plan.maker.odd_rules

    async def at(self, at_s: float, pauses: Sequence[Pause]) -> Policy:
        """The Policy as it will be at a moment with these pauses, by all else that is in force."""
        async with self._turn:
            plan = await self._planned(self._plan.maker, at_s, pauses)
        return Classes().policy(plan, self._designated(), self._facts)

    async def on_trial(self, settings: Settings) -> SettingsTrial:
        """Other settings beside those in force, with nothing published; SettingsError for what
        could not be put in force."""
        with short_turns():
            return await asyncio.to_thread(
                SettingsTrial,
                self._plan.maker,
                settings,
                self.library.lists,
                self._with_temporary,
                self.matcher,
                self._facts,
                self._designated(),
            )

    # -- changes -------------------------------------------------------------------------------

    async def pause(self, pauses: Sequence[Pause]) -> None:
        """Go over to these pauses, from those before."""
        was_paused = any(each.scope == "all" for each in self._pauses)
        self._pauses = tuple(pauses)
        self.pauses += not was_paused and any(each.scope == "all" for each in pauses)
        await self._go_over()

    async def use_temporary(self, rules: Sequence[str]) -> None:
        """Go over to other rules that are in force for a time."""
        self._temporary = tuple(await asyncio.to_thread(with_temporary, (), rules))
        await self.use_lists(())

    async def use_lists(self, _: Sequence[CompiledList]) -> None:
        """Go over to the lists that the library has now."""
        await self._go_over()
        self._on_lists()
        release_free_memory()

    async def run(self) -> None:
        """Go over to what applies each time that other schedules are open."""
        while True:
            self._changed.clear()
            now_s, open_now = self._now(), self._plan.policies.open
            if self.household.calendar.open_at(now_s) != open_now:
                await self._go_over()
                continue
            edge_s = self.household.next_edge(now_s)
            patience_s = None if edge_s is None else min(max(edge_s - now_s, 0.0), LOOK_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._changed.wait()

    async def prepare(self, new: Settings, change: Change) -> PolicyMaker:
        """Make what other settings want, and have the library go over to them: the last step before
        `commit`."""
        old = self._plan.maker
        with short_turns():
            maker = await asyncio.to_thread(PolicyMaker, new, old)
            before, after = await asyncio.to_thread(
                lambda: (with_categories(old.settings), with_categories(new))
            )
        change.discards(partial(self.library.apply, before))
        await self.library.apply(after, publish=False)
        return maker

    async def commit(self, maker: PolicyMaker, change: Change) -> None:
        """Put it in force along with all else of the change, in one turn of the event loop."""
        lists = self.matcher.lists
        async with self._turn:
            plan = await self._planned(maker, self._now(), self._pauses)
            change.exchange(self._take, plan, self._plan)
            change.commit()
        if self.matcher.lists != lists:
            self._on_lists()
            release_free_memory()

    async def _go_over(self) -> None:
        """To what the settings in force, the lists, the pauses and the time come to now."""
        async with self._turn:
            self._take(await self._planned(self._plan.maker, self._now(), self._pauses))

    async def _planned(self, maker: PolicyMaker, at_s: float, pauses: Sequence[Pause]) -> Plan:
        """Made in a thread, as large lists take a tenth of a second and more; one at a time, so
        that what is published last is what was asked for last."""
        lists = self._with_temporary(self.library.lists)
        with short_turns():
            return await asyncio.to_thread(Plan.of, maker, lists, at_s, pauses, self.matcher)

    def _with_temporary(self, lists: Sequence[CompiledList]) -> tuple[CompiledList, ...]:
        """Lists with the rules for a time: these stand behind the own ones, as before them they
        would pass for own ones to whoever explains."""
        place = 1 if lists and lists[0].name == OWN_RULES else 0
        return (*lists[:place], *self._temporary, *lists[place:])

    def _take(self, plan: Plan) -> None:
        self._plan = plan
        self.publish()
        self._changed.set()


def _nothing() -> Designated | None:
    """What clients are told before there is anything to tell."""
    return None
