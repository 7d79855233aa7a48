"""What decides about queries, put in force: settings, lists and a pause become one Policy.

Each change of any of them ends in one assignment, which the next query feels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from sinkhole.app.change import Change
from sinkhole.app.from_settings import PolicyMaker
from sinkhole.app.memory import release_free_memory
from sinkhole.app.short_turns import short_turns
from sinkhole.control.lists.library import Library
from sinkhole.control.lists.own_rules import OWN_RULES, with_temporary
from sinkhole.control.settings import Settings
from sinkhole.dns.filter.match import Matcher
from sinkhole.dns.filter.trie import CompiledList
from sinkhole.dns.pipeline.pipeline import Pipeline
from sinkhole.dns.policy.designated import Designated
from sinkhole.dns.policy.local import LocalNames
from sinkhole.dns.policy.snapshot import Policy
from sinkhole.dns.policy.special_use import Reserved
from sinkhole.model.verdict import Cause


class Publishing:
    """Makes Policies; `pipeline` is given the first one and each that follows.

    `matcher` has all rules, also while the filter is paused. `on_lists` is called when other lists
    are in use. The first `policy` is for making the pipeline; then `put_to_use`.
    """

    pipeline: Pipeline
    library: Library

    def __init__(self, settings: Settings, on_lists: Callable[[], None]) -> None:
        self.is_paused = False
        self.pauses = 0
        """How often the filter was paused since the start."""
        self.maker = PolicyMaker(settings)
        self.matcher = Matcher((), self.maker.builtin)
        self._generation = 0
        self._designated: Callable[[], Designated | None] = _nothing
        self._temporary: tuple[CompiledList, ...] = ()
        self._on_lists = on_lists
        self._turn = asyncio.Lock()

    def put_to_use(
        self, pipeline: Pipeline, library: Library, designated: Callable[[], Designated | None]
    ) -> None:
        """Give `pipeline` all that follows, of the lists of `library`."""
        self.pipeline, self.library, self._designated = pipeline, library, designated

    def policy(self) -> Policy:
        """A new Policy of all that is in force."""
        self._generation += 1
        return self.maker.policy(
            self.matcher, self._generation, self._designated(), is_paused=self.is_paused
        )

    def publish(self) -> None:
        """Have the next query decided by all that is in force."""
        self.pipeline.policy = self.policy()

    @property
    def has_published(self) -> bool:
        """Whether the lists that the library has are in use."""
        return self.matcher.lists == self._lists()

    @property
    def matcher_in_force(self) -> Matcher:
        """The rules that are asked now."""
        return self.maker.paused if self.is_paused else self.matcher

    def rule_text(self, cause: Cause) -> str:
        """The text of the rule of a cause, read from the disk if need be."""
        return self.matcher.rule_text(cause)

    def client_name(self, client: str) -> str:
        """What the settings call a client, by its address or id."""
        return self.maker.client_name(client)

    def house_names(self) -> tuple[LocalNames, Reserved]:
        """The names that are answered here, for who looks up hosts of lists."""
        policy = self.pipeline.policy
        return policy.local, policy.reserved

    @property
    def problems(self) -> list[str]:
        """What the person running sinkhole should know of settings that are in force."""
        return self.maker.problems

    # -- changes -----------------------------------------------------------------------------

    async def pause(self, is_on: bool) -> None:
        """Switch the filter on or off. The Matcher stays, so that takes no time."""
        if self.is_paused == is_on:
            self.is_paused = not is_on
            self.pauses += self.is_paused
            self.publish()

    async def use_temporary(self, rules: Sequence[str]) -> None:
        """Go over to other rules that are in force for a time."""
        self._temporary = tuple(await asyncio.to_thread(with_temporary, (), rules))
        await self.use_lists(())

    async def use_lists(self, _: Sequence[CompiledList]) -> None:
        """Go over to the lists that the library has now."""
        async with self._turn:
            self._take(self.maker, await self._match(self.maker))
        self._on_lists()
        release_free_memory()

    async def prepare(self, new: Settings, change: Change) -> PolicyMaker:
        """Make what other settings want, and have the library go over to them: the last step before
        `commit`."""
        with short_turns():
            maker = await asyncio.to_thread(PolicyMaker, new, self.maker)
        before = self.maker.settings.filtering
        change.discards(partial(self.library.apply, before))
        await self.library.apply(new.filtering, publish=False)
        return maker

    async def commit(self, maker: PolicyMaker, change: Change) -> None:
        """Put it in force along with all else of the change, in one turn of the event loop."""
        lists = self.matcher.lists
        async with self._turn:
            matcher = await self._match(maker)
            old = self.maker, self.matcher
            change.exchange(lambda made: self._take(*made), (maker, matcher), old)
            change.commit()
        if self.matcher.lists != lists:
            self._on_lists()
            release_free_memory()

    async def _match(self, maker: PolicyMaker) -> Matcher:
        """The Matcher of the lists that there are now; that which there is, if nothing has changed.

        Made in a thread, as large lists take a tenth of a second and more; one at a time, so that
        what is published last is what was asked for last.
        """
        known = self.matcher
        lists = self._lists()
        if lists == known.lists and maker.builtin == known.builtin:
            return known
        with short_turns():
            return await asyncio.to_thread(Matcher, lists, maker.builtin, known)

    def _lists(self) -> tuple[CompiledList, ...]:
        """The lists of the library; the rules for a time stand behind the own ones, as before these
        they would pass for own ones to whoever explains."""
        lists = self.library.lists
        place = 1 if lists and lists[0].name == OWN_RULES else 0
        return (*lists[:place], *self._temporary, *lists[place:])

    def _take(self, maker: PolicyMaker, matcher: Matcher) -> None:
        decides_alike = matcher is self.matcher and maker.decides_as(self.maker)
        self.maker, self.matcher = maker, matcher
        if not decides_alike:  # or all that is remembered would be judged again
            self.publish()


def _nothing() -> Designated | None:
    """What clients are told before there is anything to tell."""
    return None
