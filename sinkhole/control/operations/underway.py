"""What is being done now that takes long, so that there is not too much of it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sinkhole.control.lists.progress import Step
from sinkhole.model.errors import RequestError

MOST_TRIALS: Final = 4
"""Upstreams that are tried at once; each takes a few sockets, and ten seconds at most."""

MOST_TESTS: Final = 2
"""Rules and lists that are tried on the log at once; each takes a thread for seconds."""

MOST_QUERIES: Final = 16
"""Questions asked as a client would, at once."""


@dataclass
class Taking:
    """How many queries are taken from a database, and how many were."""

    rows: int
    taken: int = 0


class Underway:
    """Places for what takes long, by a word for each kind of work."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self.list_steps: dict[str, Step] = {}
        """The newest step of each list of the update that is running, or of the last one."""
        self.taking: Taking | None = None

    def count(self, work: str) -> int:
        """How many are underway."""
        return self._taken[work]

    @contextmanager
    def one_of(self, most: int, work: str, refusal: RequestError) -> Iterator[None]:
        """Hold a place; raises `refusal` where as many as there may be are taken."""
        if self._taken[work] >= most:
            raise refusal
        self._taken[work] += 1
        try:
            yield
        finally:
            self._taken[work] -= 1
