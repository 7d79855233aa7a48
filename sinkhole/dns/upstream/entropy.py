"""Random bytes of the operating system, fetched in bulk.

A query takes a few dozen of them, for id, letter case and port. Fetching those alone would be two
system calls a query, at each of which another thread may take the interpreter.
"""

from __future__ import annotations

import os
from io import BytesIO
from typing import Final

FETCH_SIZE: Final = 4096


class Entropy:
    """Unpredictable bytes, each given out once (RFC 5452 §9.2, RFC 4086)."""

    def __init__(self) -> None:
        self._rest = BytesIO()

    def draw(self, size: int) -> bytes:
        """The next bytes; at most FETCH_SIZE of them."""
        drawn = self._rest.read(size)
        if len(drawn) < size:
            self._rest = BytesIO(os.urandom(FETCH_SIZE))
            drawn = self._rest.read(size)
        return drawn
