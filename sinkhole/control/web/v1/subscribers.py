"""Who listens to events, and what waits for each.

All but rows are states: the newest counts, and what a slow reader did not take is no loss.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Literal

from sinkhole.control.web.refusals import Refused
from sinkhole.model.actor import Actor

Topic = Literal["counters", "rows", "problems", "protection", "upstreams", "lists"]

MOST_SUBSCRIBERS: Final = 12
"""Each holds a connection of the page's."""
MOST_PER_ACTOR: Final = 4
PATIENCE_S: Final = 3.0
"""How long a reader waits for a place."""


class Subscriber:
    """One reader of some topics."""

    def __init__(self, actor: Actor, topics: frozenset[Topic]) -> None:
        self.actor = actor
        self.topics = topics
        self.news = asyncio.Event()
        self._states: dict[Topic, Any] = {}
        self._seen: dict[Topic, Any] = {}

    def set_state(self, topic: Topic, state: Any) -> None:
        """Keep the newest state of a topic, if it is another one than he knows."""
        if topic in self.topics and self._seen.get(topic) != state:
            self._seen[topic] = self._states[topic] = state
            self.news.set()

    def take(self) -> dict[Topic, Any]:
        """What waits, by topic."""
        self.news.clear()
        taken, self._states = self._states, {}
        return taken


class Subscribers:
    """All readers there are; `on_change` is called when one comes or goes."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._all: list[Subscriber] = []
        self._on_change = on_change
        self._freed = asyncio.Event()

    def __iter__(self) -> Iterator[Subscriber]:
        """Each of them."""
        return iter(self._all)

    def want(self, *topics: Topic) -> bool:
        """Whether anybody listens to one of these topics."""
        return any(each.topics.intersection(topics) for each in self._all)

    @asynccontextmanager
    async def one(self, subscriber: Subscriber) -> AsyncIterator[None]:
        """Hold a place for a reader; Refused (429) where none becomes free.

        A browser that goes from page to page leaves streams behind that end a moment later, so it
        is waited for that.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self._lacks_place_for(subscriber.actor):
                    await self._freed.wait()
        if self._lacks_place_for(subscriber.actor):
            own = self._of(subscriber.actor)
            text = f"there are {own} streams of yours, {len(self._all)} in all: close one"
            raise Refused(429, "too_many_streams", text, headers={"Retry-After": "5"})
        self._all.append(subscriber)
        self._on_change()
        try:
            yield
        finally:
            self._all.remove(subscriber)
            self._freed.set()
            self._freed = asyncio.Event()
            self._on_change()

    def _lacks_place_for(self, actor: Actor) -> bool:
        return len(self._all) >= MOST_SUBSCRIBERS or self._of(actor) >= MOST_PER_ACTOR

    def _of(self, actor: Actor) -> int:
        return sum(_same(each.actor, actor) for each in self._all)


def _same(one: Actor, other: Actor) -> bool:
    return (one.kind, one.name, one.account) == (other.kind, other.name, other.account)
