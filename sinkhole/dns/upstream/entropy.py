"""Random bytes of the operating system, fetched in bulk.

A query takes a few dozen of them, for id, letter case and port. Fetching those alone would be two
system calls a query, at each of which another thread may take the interpreter.

A child of `fork` inherits what was fetched and not yet given out. It must never use it, as its
parent does: whoever sees the queries of the one could forge answers for the other.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import Final
from weakref import WeakSet

FETCH_SIZE: Final = 4096


class Entropy:
    """Unpredictable bytes, each given out once (RFC 5452 §9.2, RFC 4086), over forks as well."""

    def __init__(self) -> None:
        self._rest = BytesIO()
        _ALIVE.add(self)

    def draw(self, size: int) -> bytes:
        """The next bytes; at most FETCH_SIZE of them."""
        drawn = self._rest.read(size)
        if len(drawn) < size:
            self._rest = BytesIO(os.urandom(FETCH_SIZE))
            drawn = self._rest.read(size)
        return drawn

    def forget(self) -> None:
        """Throw away what was fetched."""
        self._rest = BytesIO()


_ALIVE: Final[WeakSet[Entropy]] = WeakSet()


def _forget_all() -> None:
    for entropy in _ALIVE:
        entropy.forget()


# No process id is compared at each draw: that is a system call.
os.register_at_fork(after_in_child=_forget_all)
