"""The express lanes: queries remembered byte for byte, each with the reply that it gets.

Clients of several classes mostly get the same bytes for the same reason. So there is one road for
all, on which each reply says for which classes it holds; what a class gets otherwise is in a lane
of its own. All clients of a class have one lane, under one Policy: with the next one clients are
made anew, and their lanes with them.
"""

from __future__ import annotations

from math import inf
from typing import Final
from weakref import WeakValueDictionary

from sinkhole.dns.cache.ready import Ready
from sinkhole.model.record import Report

MAX_LANES: Final = 32_768
"""Replies remembered with the bytes they answer, 400 bytes each and 1.2 kB at most; when full all
start anew."""

MAX_SHARING: Final = 256
"""Classes that share replies, each with a bit of its own; what more there are have lanes only, in
which a reply counts as one more."""


class Spelled:
    """What is answered to the very bytes of a query, until when, and what is recorded of it; `bits`
    are those of the lanes for which it holds on the road for all."""

    __slots__ = ("bits", "fresh_until", "reply", "report")

    def __init__(self, report: Report) -> None:
        self.bits = 0
        self.fresh_until = 0.0
        self.reply = b""
        self.report = report


class Lane(dict[bytes, Spelled]):
    """What only the clients of a class are told, by a query's bytes without its id; `bit` stands
    for them on the road for all, 0 where they are not on it."""

    __slots__ = ("__weakref__", "bit")

    def __init__(self, bit: int = 0) -> None:
        self.bit = bit


class Lanes:
    """The lanes of all classes that ask; one is forgotten with the last client that has it.

    `road` is for all of them: what stands there for a query holds for those with a bit in it, and
    the others look into their lane. So what twelve classes ask takes no more of a processor's cache
    than what one does.

    A report is of one answer, given for one reason. So whoever gets the same one may share what is
    spelled out; and so may who gets one that says the same of what is good until the policy
    changes, which each class decides for itself: of what is refused by the same line.
    """

    def __init__(self) -> None:
        self.road: dict[bytes, Spelled] = {}
        self._lanes: WeakValueDictionary[bytes, Lane] = WeakValueDictionary()
        self._sharing = self._replies = 0

    def of(self, tag: bytes) -> Lane:
        """The lane of the clients with this tag."""
        lane = self._lanes.get(tag)
        if lane is None:
            bit = 1 << self._sharing if self._sharing < MAX_SHARING else 0
            self._sharing += 1
            lane = self._lanes[tag] = Lane(bit)
        return lane

    def open(self, query: bytes, lane: Lane, ready: Ready, reply: bytes, now: float) -> None:
        """Let the same bytes be answered by one look-up until the reply ages.

        Only for replies given before, and for queries whose bytes come again; and only for replies
        that fit any transport, as it is not among the bytes.
        """
        spelled = self.find(query, lane)
        if spelled is None or spelled.report is not ready.report:
            spelled = self._spell(query, lane, ready, now)
        spelled.fresh_until, spelled.reply = ready.fresh_until, reply[2:]

    def find(self, query: bytes, lane: Lane) -> Spelled | None:
        """What stands there for the clients of a lane, fresh or not; the pipeline looks itself."""
        spelled = self.road.get(query)
        return spelled if spelled and spelled.bits & lane.bit else lane.get(query)

    def clear(self) -> None:
        """Forget every query."""
        for lane in [*self._lanes.values()]:
            lane.clear()
        self.road.clear()
        self._replies = 0

    def start_anew(self) -> None:
        """Forget the lanes as well: under another Policy there are others."""
        self.clear()
        self._lanes.clear()
        self._sharing = 0

    def _spell(self, query: bytes, lane: Lane, ready: Ready, now: float) -> Spelled:
        """What others have who get the same, else something new."""
        if self._replies >= MAX_LANES:
            self.clear()
        of_others = self.road.get(query)
        if of_others is not None and _is_same(of_others, ready):
            if lane.bit:
                of_others.bits |= lane.bit
                lane.pop(query, None)
            else:
                self._replies += 1
                lane[query] = of_others
            return of_others
        self._replies += 1
        spelled = Spelled(ready.report)
        if of_others is not None:
            of_others.bits &= ~lane.bit
        if lane.bit and (of_others is None or not of_others.bits or of_others.fresh_until <= now):
            spelled.bits = lane.bit
            self.road[query] = spelled
            lane.pop(query, None)
        else:
            lane[query] = spelled
        return spelled


def _is_same(spelled: Spelled, ready: Ready) -> bool:
    return spelled.report is ready.report or (
        ready.expires == spelled.fresh_until == inf and spelled.report.says_as(ready.report)
    )
