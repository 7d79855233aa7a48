"""What is known of one upstream: how fast it is, and whether it is up.

Two numbers speak of speed. `rtt_s` is the smoothed round-trip time that people are shown. `score`
is what servers are chosen by: it follows the round-trip time, is raised when the server fails, and
melts away while another server is chosen, so that each is asked again once in a while and a server
that got better is noticed.

One broken domain makes the best of servers silent, or answer SERVFAIL, for all of its names. So a
server is judged over names: what it does for the names of one zone says nothing of it, what it does
for SEVERAL zones in a row makes it the last to be asked. It is down only when, besides, something
failed that is about no name: a probe, or the kernel says that nobody is there.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from sinkhole.dns.upstream.links.link import Link
from sinkhole.dns.upstream.shares import Shares
from sinkhole.model.status import UpstreamStatus

if TYPE_CHECKING:
    from sinkhole.dns.upstream.flight import Attempt

log = logging.getLogger(__name__)

SEVERAL: Final = 3
"""So many zones, or failures that are about no name, in a row and without one answer between them,
are about the server."""

OUTAGE_S: Final = 10.0
"""Answers of no use over so long, and none of use between them, are about the server as well where
it is asked about few zones."""

SMOOTHING: Final = 1 / 8
"""The weight of the newest round-trip time, RFC 6298 §2."""

MELTING: Final = 0.98
"""What is left of a score each time another server is chosen: half after 34 choices."""

RECENT: Final = 256
"""Round-trip times remembered, to tell what is usual."""


class Server:
    """One upstream. Counters only grow; times are of the clock that the forwarder runs on."""

    __slots__ = (
        "_nameless", "_recent_s", "down_since", "failures", "last_failure", "link", "loops",
        "missed", "name", "places", "queries", "recovered_at", "rtt_s", "score", "slow_s",
        "timeout_s", "turn", "up", "useless", "useless_span",
    )  # fmt: skip

    def __init__(self, name: str, link: Link, timeout_s: float = 2.0) -> None:
        """`name` is its address as people write it; one question may take it `timeout_s`."""
        self.name = name
        self.link = link
        self.timeout_s = timeout_s
        self.slow_s = timeout_s / 2
        """The score of one that did not answer."""
        self.up = True
        self.down_since: float | None = None
        self.loops = False
        """Whether it was seen to send our questions back to us; it is not asked then."""
        self.rtt_s: float | None = None
        self._recent_s: deque[float] = deque(maxlen=RECENT)
        self.score = 0.0
        self.turn = 0.0
        """When it comes next where the load is balanced; no clock's time."""
        self.recovered_at = float("-inf")
        """When it was last found to be of use again, after it had been down or of no use."""
        self.missed: set[bytes] = set()
        """Zones of which it left a question unanswered since its last answer; SEVERAL at most."""
        self._nameless = 0
        """Its failures since then that are about no name."""
        self.useless: set[bytes] = set()
        """Zones it answered with nothing to use, since its last answer that could be used."""
        self.useless_span = 0.0, 0.0
        """When it gave the first and the last of those."""
        self.queries = 0
        self.failures = 0
        self.last_failure = ""
        """What it did when it failed last."""
        self.places: Shares[Attempt] = Shares(link.most)
        """Questions underway to it."""

    @property
    def is_hopeful(self) -> bool:
        """Whether there is no reason to tell people about it: up, and not failing since the start.

        A server that never answered counts as up for its first failures, as it has to be asked.
        """
        return self.up and (self.rtt_s is not None or not self.is_suspect)

    @property
    def is_suspect(self) -> bool:
        """Whether it failed since its last answer; a probe tells whether that is about a name."""
        return bool(self._nameless or self.missed)

    def answered(self, now: float, rtt_s: float | None = None) -> None:
        """It gave a matching answer, whatever that says; `rtt_s` is None where the time says
        nothing (TCP)."""
        if self._nameless or self.missed:
            self.missed.clear()
            self._nameless = 0
        if not self.up:
            self.up = True
            self.down_since = None
            self.recovered_at = now
            log.info("upstream %s answers again", self.name)
        if rtt_s is not None:
            self._recent_s.append(rtt_s)
            old = rtt_s if self.rtt_s is None else self.rtt_s
            self.rtt_s = self.score = old + (rtt_s - old) * SMOOTHING
            if len(self.useless) >= SEVERAL:
                self.score = max(self.score, self.slow_s)

    def helped(self, now: float, rtt_s: float | None) -> None:
        """It gave an answer that can be used."""
        if self.useless:
            first, last = self.useless_span
            if len(self.useless) >= SEVERAL or last - first >= OUTAGE_S:
                self.recovered_at = now
            self.useless.clear()
        self.answered(now, rtt_s)

    def unhelpful(self, now: float, zone: bytes) -> None:
        """It answered, but with nothing to use, such as SERVFAIL, a question about this zone.

        Not a failure. One that does so for several zones may have lost its own way out, as a
        router has without its line, and is the last to be asked.
        """
        self.answered(now)
        self.useless_span = self.useless_span[0] if self.useless else now, now
        if len(self.useless) < SEVERAL:
            self.useless.add(zone)
        if len(self.useless) >= SEVERAL:
            self.score = max(self.score, self.slow_s)

    def failed(
        self, now: float, what: str, zone: bytes | None = None, *, is_probe: bool = False
    ) -> None:
        """It gave no answer in time, or one that cannot be read, to a question about this zone.

        None is for what is about no name: a probe, or what the kernel says. A probe counts twice,
        as it says what one question cannot.
        """
        self.failures += 1
        self.last_failure = what
        if zone is None:
            self._nameless += 1 + is_probe
        elif len(self.missed) < SEVERAL:
            self.missed.add(zone)
        if self._nameless + len(self.missed) < SEVERAL:
            return
        self.score = max(self.score, self.slow_s)
        if self.up and self._nameless:
            self.up = False
            self.down_since = now
            log.warning("upstream %s is down: it %s", self.name, what)

    @property
    def problem(self) -> str:
        """Why it is not asked, and what to do about it; "" where there is nothing to do."""
        if self.loops:
            return (
                f"upstream {self.name} sends our questions back to sinkhole (a forwarding loop) and"
                " is not asked: let it forward to another resolver, or remove it from the settings"
            )
        if problem := self.link.state().problem:
            return f"upstream {self.name} cannot be asked: {problem}"
        return ""

    def status(self, now: float) -> UpstreamStatus:
        """The numbers people are shown."""
        link, recent = self.link.state(), sorted(self._recent_s)
        return {
            "name": self.name,
            "kind": self.link.kind,
            "address": link.address,
            "up": self.up and not self.loops,
            "down_s": None if self.down_since is None else round(now - self.down_since, 1),
            "rtt_ms": None if self.rtt_s is None else round(self.rtt_s * 1000, 2),
            "rtt_p50_ms": _ms_at(recent, 0.5),
            "rtt_p95_ms": _ms_at(recent, 0.95),
            "connected_s": None if link.connected_at is None else round(now - link.connected_at, 1),
            "queries": self.queries,
            "failures": self.failures,
            "last_failure": self.last_failure,
        }


def _ms_at(ordered: list[float], share: float) -> float | None:
    """The time within which this share of them lies, in milliseconds; None of none."""
    return round(ordered[int(share * (len(ordered) - 1))] * 1000, 2) if ordered else None
