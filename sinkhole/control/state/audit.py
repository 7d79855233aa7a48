"""Who did what and when: every operation that changes something, kept for a year at most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sinkhole.model.actor import Actor


class AuditEntry(NamedTuple):
    """One thing that was done, or failed (`error`); `given` is what may be seen of the input."""

    id: int
    time: float
    actor: str
    kind: str
    address: str
    operation: str
    given: Mapping[str, Any]
    error: str


class Audit:
    """The audit in state.db. A failure to write it is a problem that is shown, and fails nobody."""

    async def note(
        self, actor: Actor, operation: str, given: Mapping[str, Any], error: str = ""
    ) -> None:
        """Keep that somebody did something."""
        raise NotImplementedError

    async def entries(self, limit: int, before: int | None = None) -> list[AuditEntry]:
        """The newest entries, or those before an id."""
        raise NotImplementedError
