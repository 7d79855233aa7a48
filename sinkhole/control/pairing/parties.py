"""What two sinkholes that pair tell each other of themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from sinkhole.model.errors import StorageError

MOST_TERM: Final = 1 << 31
"""How often one of a pair may become the first."""

LONGEST_NAME: Final = 80
_LONGEST: Final = 200


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

    @classmethod
    def of(cls, told: Any) -> Accepted:
        """What came as that; StorageError for what is none."""
        try:
            state, term, name, secret = (told[each] for each in cls._fields)
            texts = (state, name, secret)
            if not isinstance(told["protocol"], int):
                raise TypeError
            if not all(isinstance(each, str) and each.isprintable() and each for each in texts):
                raise TypeError
            if max(map(len, texts)) > _LONGEST or len(name) > LONGEST_NAME:
                raise ValueError(name)
            return cls(state, read_term(term), name, secret)
        except (KeyError, TypeError, ValueError):
            raise unreadable() from None


def read_term(told: Any) -> int:
    """The term that the other one has told; ValueError or TypeError for what is none."""
    term = int(told)
    if not 0 <= term < MOST_TERM:
        raise ValueError(term)
    return term


def unreadable() -> StorageError:
    """What is said of an answer that makes no sense."""
    return StorageError("what the other sinkhole has told can't be read")
