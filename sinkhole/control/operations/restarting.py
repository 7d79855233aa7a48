"""Beginning anew as the program that is installed now, as operations see it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from sinkhole.control.operations.refusals import refusal

Begin = Callable[[], Awaitable[None]]


class Restarting:
    """`run` is another one for each start of the program. Whoever runs it says how it is `begun`
    anew."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(8)
        self._begin: Begin = _by_nobody

    def begun(self, begin: Begin) -> None:
        """Begin anew by this."""
        self._begin = begin

    async def begin(self) -> None:
        """Begin anew: done when nothing keeps it from that any more. RequestError where something
        does; then all goes on as it was."""
        await self._begin()


async def _by_nobody() -> None:
    text = "nobody here can have the server begin anew"
    raise refusal("unavailable", "restart_refused", text)
