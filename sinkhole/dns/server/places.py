"""Who may hold a connection, and whose place it is when there are no more: shares by network."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from typing import Final, Protocol

from sinkhole.dns.clients.clients import Client
from sinkhole.dns.pipeline.channel import Channel

MAX_CONNECTIONS: Final = 64
"""Connections over TCP, and half of those over encrypted transports."""
MAX_PER_CLIENT: Final = 16
"""Of one network, as budgets are (see `Client.network`)."""
SWEEP_S: Final = 0.5


class PlaceHolder(Protocol):
    """A connection, as its listener shows it to the Door."""

    client: Client
    channel: Channel

    @property
    def is_idle(self) -> bool:
        """Whether nobody would miss an answer if it were closed now."""
        ...

    def is_overdue(self, now: float, *, busy: bool) -> bool:
        """Whether it has been idle, or busy with one incoming message, for too long.

        `busy` is whether more than half of the places are taken; `now` is monotonic.
        """
        ...

    def close(self) -> None:
        """End it; its place is given away already."""
        ...


class Places:
    """Places for `most` connections at once, of which one network may have `most_per_client`."""

    def __init__(self, most: int = MAX_CONNECTIONS) -> None:
        self.hold(most)
        self.holders: dict[PlaceHolder, None] = {}
        """Open connections, the one that was idle longest first."""
        self._sweeper: asyncio.TimerHandle | None = None

    def hold(self, most: int) -> None:
        """Have so many places from now on."""
        self.most = most
        self.most_per_client = min(MAX_PER_CLIENT, max(2, most // 4))

    def admit(self, new: PlaceHolder) -> bool:
        """Give a new connection a place, if need be that of another one (see `_give_way`)."""
        networks = Counter(each.client.network for each in self.holders)
        own = networks[new.client.network]
        if own >= self.most_per_client or len(self.holders) >= self.most:
            gives_way = self._give_way(networks, new.client.network)
            if gives_way is None:
                return False
            self._end(gives_way)
        self.holders[new] = None
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        return True

    def touched(self, holder: PlaceHolder) -> None:
        """Move a connection that was just used to the end of the queue."""
        if holder in self.holders:
            del self.holders[holder]
            self.holders[holder] = None

    def leave(self, holder: PlaceHolder) -> None:
        """Give a place back, if it is still held."""
        self.holders.pop(holder, None)

    def make_room(self) -> bool:
        """Close a connection that can be spared, as descriptors have run out; False for none."""
        idle = _first_idle(self.holders)
        if idle is not None:
            self._end(idle)
        return idle is not None

    def close(self) -> None:
        """Close all connections."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for holder in list(self.holders):
            self._end(holder)

    def _give_way(self, networks: Counter[bytes], network: bytes) -> PlaceHolder | None:
        """Whose place goes to another client of `network`, if anybody's.

        Beyond its share it can only be one of its own. Else those give way who have most, if that
        is more than the new one will have: the one unused longest, at best one that is idle. So
        nobody holds all places, however busy. Where all have about as many, only those that are
        idle give way.
        """
        own, most = networks[network], max(networks.values())
        if own >= self.most_per_client:
            return _first_idle(each for each in self.holders if each.client.network == network)
        if most <= own + 1:
            return _first_idle(self.holders)
        theirs = [each for each in self.holders if networks[each.client.network] == most]
        return _first_idle(theirs) or theirs[0]

    def _sweep(self) -> None:
        """Close what is idle or slow; a timer for all instead of two a connection, while any is."""
        self._sweeper = None
        if not self.holders:
            return
        self._sweeper = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        now = time.monotonic()
        busy = len(self.holders) > self.most // 2
        for holder in list(self.holders):
            if holder.is_overdue(now, busy=busy):
                self._end(holder)

    def _end(self, holder: PlaceHolder) -> None:
        self.leave(holder)
        holder.close()


def _first_idle(holders: Iterable[PlaceHolder]) -> PlaceHolder | None:
    return next((each for each in holders if each.is_idle), None)
