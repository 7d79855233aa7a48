"""Sends what waits for one target, as long as the target is in the settings."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from sinkhole.control.querylog.backoff import Backoff
from sinkhole.control.shipping.carrier import Carrier, NotSentError
from sinkhole.control.shipping.outbox import Outbox, Tally
from sinkhole.model.status import ShippingStatus

BITE_BYTES: Final = 65_536
BITE: Final = 256
"""What is sent at once, in bytes and in queries."""

PAUSE_S: Final = 0.02
"""Between two bites: a crowd of queries is not sent in one go."""

FLUSH_S: Final = 1.0
"""For what waits in the end, and as long again to take leave."""


class Destination:
    """One target: of a `kind`, called `where` for people; `run` ends after `end`.

    `before` is the one in whose place it comes, which has to be done first.
    """

    def __init__(
        self,
        kind: str,
        where: str,
        carrier: Carrier,
        tally: Tally,
        before: Destination | None = None,
    ) -> None:
        self.kind = kind
        self.where = where
        self.outbox = Outbox(tally)
        self.backoff = Backoff(what=f"shipping the query log to {where}")
        self._carrier = carrier
        self._before = before
        self._ending = asyncio.Event()
        self._is_done = asyncio.Event()

    def end(self) -> None:
        """Have it send what waits, for FLUSH_S, and end."""
        self._ending.set()
        self.outbox.wake()

    def status(self) -> ShippingStatus:
        """How it does."""
        tally = self.outbox.tally
        return {
            "to": self.kind,
            "target": self.where,
            "waiting": len(self.outbox),
            "sent": tally.sent,
            "dropped": tally.dropped,
            "error": self.backoff.error,
        }

    async def run(self) -> None:
        """Send until it is to end, and take leave."""
        if self._before is not None:
            await self._before._is_done.wait()
            self._before = None
        while not self._ending.is_set():
            await self.outbox.some()
            if len(self.outbox):
                await self._pause(PAUSE_S if await self._send_some() else self.backoff.left_s)
        with contextlib.suppress(TimeoutError):  # the rest is dropped
            async with asyncio.timeout(FLUSH_S):
                while len(self.outbox) and await self._send_some():
                    continue
        await self._leave()

    async def _leave(self) -> None:
        self.outbox.drop_all()
        try:
            async with asyncio.timeout(FLUSH_S):
                await self._carrier.close()
        except TimeoutError:
            self.backoff.report("it does not answer the word that this was all")
        finally:
            self._is_done.set()

    async def _send_some(self) -> bool:
        items, tally = self.outbox.take(BITE_BYTES, BITE), self.outbox.tally
        try:
            await self._carrier.send(items)
        except NotSentError as error:
            tally.sent += error.sent
            tally.dropped += error.lost
            self.outbox.give_back(items[error.sent + error.lost :])
            self.backoff.failed(str(error))
            return False
        except BaseException:
            tally.dropped += len(items)
            raise
        tally.sent += len(items)
        self.backoff.succeeded()
        return True

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):  # the usual end of a pause
            async with asyncio.timeout(seconds):
                await self._ending.wait()
