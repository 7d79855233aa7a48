"""Whether a server is to be asked: what /readyz says to whatever spreads queries over several."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sinkhole.app.app import App

LOOK_S: Final = 1.0
"""How often it is looked whether the first lists have come."""


class Readiness:
    """Of one App: what keeps it from answering with a filter as good as it has.

    The lists that it begins with are waited for, until each is in use or has failed. What becomes
    of lists later is no reason: several servers with the same settings fetch a new list at the same
    time, and all of them would leave together.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._has_lists = False
        self.is_leaving = False
        """Whether the server has been told to stop, and still answers."""

    def waits(self) -> list[str]:
        """Why it is not to be asked now, a sentence each; [] for nothing."""
        app = self._app
        found = [] if app.dns.is_of_use else ["DNS is not being answered yet"]
        if app.workers.is_mute:
            found.append("no worker can answer")
        if app.drain.is_on:
            found.append(f"the server is drained, by {app.drain.by}")
        if self.is_leaving:
            found.append("the server is about to stop")
        return found + self._first_lists()

    async def settle(self) -> None:
        """Wait until the first lists are in use or have failed, whether or not anybody asks."""
        while True:
            if not self._first_lists():
                return
            await asyncio.sleep(LOOK_S)

    def _first_lists(self) -> list[str]:
        if self._has_lists:
            return []
        publishing = self._app.publishing
        found = [f"the list {name!r} has neither come nor failed yet" for name in publishing.coming]
        if not (found or publishing.has_published):
            found.append("the lists are not in use yet")
        self._has_lists = not found
        return found
