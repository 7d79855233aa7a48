"""Handshakes that are underway: places of their own, and one step a turn of the event loop.

A handshake is a thousand times the work of an answer from memory, and may be begun by anybody who
may ask. So those that are slow, or never end, hold places among themselves only; and however many
come at once, whatever else is ready has its turn between any two steps.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from sinkhole.dns.pipeline.bugs import Bugs
from sinkhole.dns.server.places import Places

MAX_HANDSHAKES: Final = 64
"""Connections that have not got as far as to be admitted; the oldest of those with most go."""
HANDSHAKE_S: Final = 5.0
"""From connecting to the end of the handshake, and of the PROXY header in front where one is."""


class Handshakes:
    """Places for connections that are not admitted yet, and the queue for what they have to do."""

    def __init__(self, bugs: Bugs, most: int = MAX_HANDSHAKES) -> None:
        self.places = Places(min(most, MAX_HANDSHAKES))
        self.failed = 0
        """Connections that ended within their handshake, whoever ended them."""
        self._bugs = bugs
        self._steps: deque[Callable[[], None]] = deque()

    def queue(self, step: Callable[[], None]) -> None:
        """Have a step of a handshake taken soon; a connection has one at most in the queue."""
        self._steps.append(step)
        if len(self._steps) == 1:
            asyncio.get_running_loop().call_soon(self._take_step)

    def _take_step(self) -> None:
        try:
            self._steps[0]()
        except Exception as error:
            self._bugs.meet(error)
        self._steps.popleft()
        if self._steps:
            asyncio.get_running_loop().call_soon(self._take_step)
