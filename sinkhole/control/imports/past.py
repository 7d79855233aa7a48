"""Queries that another server answered, as records of ours: the vocabulary of the readers.

A log is read piece by piece, as it may have millions of queries, from a place on that was reached
before. What can't be read is passed over and counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from sinkhole.model.record import Batch, Telling, Who
from sinkhole.model.verdict import NO_CAUSE, Cause, Outcome, Verdict

MOST_IN_PIECE: Final = 1_000
"""Queries of a piece."""

MOST_REMEMBERED: Final = 20_000
"""Verdicts, and clients, that are told apart at once."""

LONGEST_US: Final = 600_000_000
"""No query took longer: what says so was written by a clock that was set meanwhile."""

MOST_LISTS: Final = 2_000
OWN_RULES: Final = "own rules"

Lists = Mapping[int, str]
"""What lists are called here, by their numbers there."""


class Piece(NamedTuple):
    """Some queries, with the place behind them; `damaged` could not be read."""

    batches: list[Batch]
    position: int
    damaged: int = 0


class PastLog(Protocol):
    """The log of another server. `identity` tells it apart from others, however it grows."""

    program: str
    identity: str

    def pieces(self, after: int) -> AsyncIterator[Piece]:
        """All behind a place, oldest first; ValueError where the file is found to be damaged."""


class Known:
    """Verdicts and clients, each made once: who writes them goes by identity."""

    def __init__(self) -> None:
        self._verdicts: dict[tuple[Any, ...], Verdict] = {}
        self._clients: dict[tuple[str, Telling], Who] = {}

    def verdict(
        self,
        outcome: Outcome,
        list_name: str = "",
        rule: str = "",
        **more: Any,
    ) -> Verdict:
        """A verdict by what it says."""
        key = (outcome, list_name, rule, *sorted(more.items()))
        found = self._verdicts.get(key)
        if found is None:
            if len(self._verdicts) >= MOST_REMEMBERED:
                self._verdicts.clear()
            cause = Cause(list_name, 0, rule) if list_name else NO_CAUSE
            found = self._verdicts[key] = Verdict(outcome, cause, **more)
        return found

    def client(self, text: str, telling: Telling) -> Who:
        """Whoever asked; in which group nobody knows."""
        found = self._clients.get((text, telling))
        if found is None:
            if len(self._clients) >= MOST_REMEMBERED:
                self._clients.clear()
            found = self._clients[text, telling] = Who(text, group="", telling=telling)
        return found


def microseconds(seconds: float) -> int:
    """A duration as records have it: 0 for one that can't be."""
    found = seconds * 1e6
    return round(found) if 0 <= found <= LONGEST_US else 0


def lists_of(texts: list[str]) -> dict[int, str]:
    """Names of lists out of texts such as "7=Ads"; ValueError for others."""
    found: dict[int, str] = {}
    for text in texts:
        number, sign, name = text.partition("=")
        if not sign or not name or not number.strip().lstrip("-").isdecimal():
            raise ValueError(f'{text!r} names no list, write its number and its name: "7=Ads"')
        found[int(number)] = name
    return found
