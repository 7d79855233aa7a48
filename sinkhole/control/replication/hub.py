"""Where the shared state is numbered and kept: in a database, or by another sinkhole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sinkhole.control.state.file import NotSharedError


class Entry(NamedTuple):
    """A row of the state: of a kind, such as "setting", by its key; `value` is the rest of it as
    JSON, None where it is gone. Both are as `entries` makes them."""

    kind: str
    key: str
    value: str | None


class Pulled(NamedTuple):
    """What changed at a hub: all up to `revision`, in the order in which it did.

    A revision is the time in microseconds at which it was made, or a little more, so none is given
    twice, not even by a hub that has lost some. With `is_whole` these are all rows there are: what
    is not among them is gone.
    """

    revision: int
    entries: Sequence[Entry]
    is_whole: bool = False


class Pushed(NamedTuple):
    """What a change made of the revision `before` it."""

    revision: int
    before: int


class StateStatus(NamedTuple):
    """A copy of a shared state: the last `revision` that is here, and whether the hub is reached
    and has told all that it has."""

    revision: int
    is_reached: bool


class HubAwayError(NotSharedError):
    """The hub can't be reached, or refuses: what was asked of it may be asked again later."""


class Hub(Protocol):
    """A shared state. StorageError from all methods, HubAwayError where it can't be reached."""

    identity: str
    """By which a state is known that was joined before."""

    async def pull(self, after: int) -> Pulled:
        """What changed in revisions later than one; all that there is where that is too long ago
        to be told, or 0; nothing, with the last revision that both know, where it has lost that
        one."""
        ...

    async def push(self, base: int | None, entries: Sequence[Entry]) -> Pushed:
        """Change rows, on top of the revision `base` or, with None, of whatever there is.
        BehindError where `base` is not the last one."""
        ...

    async def wait(self, after: int) -> None:
        """Wait until there is another revision than one, or for some seconds."""
        ...
