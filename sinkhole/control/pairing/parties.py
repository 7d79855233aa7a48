"""What two sinkholes that pair tell each other of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Door(NamedTuple):
    """Where a page is: "http" or "https", its port, 0 where only its own machine reaches it, and
    the SHA-256 of its certificate, "" where it has none or authorities vouch for it."""

    scheme: str
    port: int
    pin: str = ""

    def at(self, address: str) -> str:
        """The address of the page on a machine, "" where it can't be reached."""
        host = f"[{address}]" if ":" in address else address
        return f"{self.scheme}://{host}:{self.port}" if self.port and address else ""


class Own(NamedTuple):
    """What a pair needs to know of this sinkhole: its name, where its page is, and why it can't be
    paired, "" if it can."""

    name: Callable[[], str]
    door: Callable[[], Door]
    obstacle: Callable[[], str]


class Accepted(NamedTuple):
    """What the second is told when it is let in."""

    state: str
    term: int
    name: str
    secret: str
