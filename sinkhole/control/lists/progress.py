"""What an update tells whoever watches it: one `Step` after another, per list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Phase(Enum):
    """Where the update of one list is; the last four are ends."""

    FETCH = "fetching"
    COMPILE = "compiling"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    HELD = "held back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One list's progress. `total_bytes` is None while nobody knows; `note` is for people."""

    list_name: str
    phase: Phase
    done_bytes: int = 0
    total_bytes: int | None = None
    note: str = ""


Watch = Callable[[Step], None]


def unwatched(step: Step) -> None:
    """Take a step and do nothing: for updates that nobody watches."""
