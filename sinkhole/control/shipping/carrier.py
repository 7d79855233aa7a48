"""What all ways to send have in common."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

from sinkhole.model.errors import StorageError


class NotSentError(StorageError):
    """Something could not be sent, for a reason that people are told.

    Of the items, oldest first, so many were `sent`, and of so many behind these nobody can say
    whether they were: they are `lost`, as it is better to miss one than to have one twice.
    """

    def __init__(self, reason: str, sent: int = 0, lost: int = 0) -> None:
        super().__init__(reason)
        self.sent = sent
        self.lost = lost


class Carrier(Protocol):
    """A way to send. It opens what it needs when something is to be sent; no call takes longer than
    some seconds, whatever the other side does."""

    async def send(self, items: Sequence[bytes]) -> None:
        """Send all of these; NotSentError, after which the next call begins anew."""

    async def close(self) -> None:
        """Take leave, and let go of everything."""


def reason_of(error: OSError) -> str:
    """What an error of the system says, without numbers, paths and addresses."""
    if isinstance(error, TimeoutError) and not error.errno:
        return "no answer in time"
    # asyncio has words of its own where connecting failed, and look-ups have numbers below 0.
    number = error.errno or 0
    text = os.strerror(number) if number > 0 else error.strerror or str(error)
    return text.lower()
