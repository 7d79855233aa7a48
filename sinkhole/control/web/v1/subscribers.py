"""Who listens to events, and what waits for each.

All but rows are states: the newest counts, and what a slow reader did not take is no loss.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

from sinkhole.control.web.refusals import Refused
from sinkhole.model.actor import Actor

Topic = Literal["counters", "rows", "problems", "protection", "upstreams", "lists"]

MOST_SUBSCRIBERS: Final = 12
"""Each holds a connection of the page's."""
MOST_PER_ACTOR: Final = 4


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

    def __iter__(self) -> Iterator[Subscriber]:
        """Each of them."""
        return iter(self._all)

    def want(self, *topics: Topic) -> bool:
        """Whether anybody listens to one of these topics."""
        return any(each.topics.intersection(topics) for each in self._all)

    @contextmanager
    def one(self, subscriber: Subscriber) -> Iterator[None]:
        """Hold a place for a reader; Refused (429) where there is none."""
        own = [each for each in self._all if _same(each.actor, subscriber.actor)]
        if len(self._all) >= MOST_SUBSCRIBERS or len(own) >= MOST_PER_ACTOR:
            text = f"there are {len(own)} streams of yours, {len(self._all)} in all: close one"
            raise Refused(429, "too_many_streams", text, headers={"Retry-After": "5"})
        self._all.append(subscriber)
        self._on_change()
        try:
            yield
        finally:
            self._all.remove(subscriber)
            self._on_change()


def _same(one: Actor, other: Actor) -> bool:
    return (one.kind, one.name, one.account) == (other.kind, other.name, other.account)
