"""What has a state agree with that of others: a copy of a hub's, or a hub itself."""

from __future__ import annotations

from typing import Protocol

from sinkhole.control.replication.hub import StateStatus


class Following(Protocol):
    """What has the state agree with that of others, while it runs."""

    @property
    def status(self) -> StateStatus:
        """How far it is."""

    @property
    def problem(self) -> str | None:
        """What keeps it, None while all is well."""

    async def run(self) -> None:
        """Do it until cancelled."""
