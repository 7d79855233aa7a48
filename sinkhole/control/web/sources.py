"""What the site reads from the rest of sinkhole, as protocols it is given when it is built.

The shapes of the dictionaries are the API's own and stand in `docs/api.md`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Statistics(Protocol):
    """Totals, series and tops of a period."""

    async def summary(self, period: str = "24h") -> Mapping[str, Any]:
        """Everything /api/stats answers; ValueError names the accepted periods."""


class History(Protocol):
    """The query log, newest first, a page at a time."""

    async def page(
        self,
        *,
        limit: int = 100,
        before: str | None = None,
        client: str | None = None,
        name: str | None = None,
        verdict: str | None = None,
        qtype: str | None = None,
    ) -> Mapping[str, Any]:
        """`queries` and the cursor `next`; ValueError says which filter is wrong and why."""


class Counters(Protocol):
    """Counts since the start of the server; all only ever grow.

    Outcomes are keyed by their lower-case name ("blocked_answer"), types and rcodes by theirs
    ("AAAA", "NXDOMAIN"), with "other" for what is too rare to have a key of its own.
    """

    @property
    def outcomes(self) -> Mapping[str, int]: ...
    @property
    def qtypes(self) -> Mapping[str, int]: ...
    @property
    def rcodes(self) -> Mapping[str, int]: ...
    @property
    def duration_sum_s(self) -> float: ...
    def duration_buckets(self) -> Sequence[tuple[str, int]]:
        """Pairs (upper edge in seconds, queries up to it), ascending, the last edge "+Inf"."""


class Explainer(Protocol):
    """Who decides what about a question, and why."""

    async def explain(
        self, name: str, qtype: str, client: str, *, ask: bool = False
    ) -> Mapping[str, Any]:
        """Everything /api/explain answers; ValueError says what is no name, type or address.

        With `ask`, an upstream is asked; SinkholeError when none answers.
        """


@dataclass(frozen=True, slots=True)
class WebSources:
    """All the site may ask for. The plain callables answer from memory and never wait."""

    statistics: Statistics
    history: History
    explainer: Explainer
    counters: Counters
    status: Callable[[], Mapping[str, Any]]
    """Everything /api/status answers."""
    list_status: Callable[[], Sequence[Mapping[str, Any]]]
    list_hits: Callable[[], Awaitable[Mapping[str, Mapping[str, int]]]]
    """By the name of a list, `day` and `week`: queries it blocked; StorageError without any."""
    accept_list: Callable[[str], Awaitable[None]]
    """Use what is held back of a list; ListError says that there is nothing, or no such list."""
    update_lists: Callable[[], Awaitable[int]]
    """Fetch and compile what changed; how many lists did. The site never runs two at once."""
    healthy: Callable[[], bool]
    """Whether DNS is being answered; what /healthz says."""
