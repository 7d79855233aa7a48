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

import ipaddress
import logging
from typing import TYPE_CHECKING, Final

from sinkhole.dns.upstream.ability import Ability
from sinkhole.dns.upstream.shares import Shares
from sinkhole.model.socket_address import (
    SocketAddress,
    family_of,
    is_link_local,
    socket_address,
)
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

DNS_PORT: Final = 53


class Server:
    """One upstream. Counters only grow; times are of the clock that the forwarder runs on.

    Raises ValueError when `ip` is not an address: a name would have to be looked up, and by whom?
    One that is link-local has its interface behind it, as in `fe80::1%eth0`.
    """

    __slots__ = (
        "_nameless", "edns", "failures", "family", "fixed", "ip", "letter_case", "loops", "missed",
        "name", "port", "queries", "recovered_at", "rtt_s", "score", "slow_s", "sockets", "up",
        "useless", "useless_span",
    )  # fmt: skip

    def __init__(self, ip: str, port: int, slow_s: float, most_sockets: int = 500) -> None:
        """`slow_s` is the score of a server that did not answer: how long one is waited for."""
        version = ipaddress.ip_address(ip).version
        self.name = _text(ip, port, version)
        self.ip, self.port, self.family = ip, port, int(family_of(ip))
        self.fixed = None if is_link_local(ip) else self.address()
        """`address` of one that needs no interface, so that not every query asks for it."""
        self.slow_s = slow_s
        self.up = True
        self.loops = False
        """Whether it was seen to send our questions back to us; it is not asked then."""
        self.rtt_s: float | None = None
        self.score = 0.0
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
        self.sockets: Shares[Attempt] = Shares(most_sockets)
        """Those open to it by UDP."""
        self.edns = Ability()
        self.letter_case = Ability()
        """To repeat a question in the letter case in which it was asked."""

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

    def address(self) -> SocketAddress:
        """Where it is now. Raises OSError when its interface is not there."""
        return socket_address(self.ip, self.port)

    def answered(self, now: float, rtt_s: float | None = None) -> None:
        """It gave a matching answer, whatever that says; `rtt_s` is None where the time says
        nothing (TCP)."""
        if self._nameless or self.missed:
            self.missed.clear()
            self._nameless = 0
        if not self.up:
            self.up = True
            self.recovered_at = now
            log.info("upstream %s answers again", self.name)
        if rtt_s is not None:
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

    def failed(self, what: str, zone: bytes | None = None) -> None:
        """It gave no answer in time, or one that cannot be read, to a question about this zone.

        None is for what is about no name: a probe, or what the kernel says.
        """
        self.failures += 1
        if zone is None:
            self._nameless += 1
        elif len(self.missed) < SEVERAL:
            self.missed.add(zone)
        if self._nameless + len(self.missed) < SEVERAL:
            return
        self.score = max(self.score, self.slow_s)
        if self.up and self._nameless:
            self.up = False
            log.warning("upstream %s is down: it %s", self.name, what)

    @property
    def problem(self) -> str:
        """Why it is not asked, and what to do about it; "" where there is nothing to do."""
        if self.loops:
            return (
                f"upstream {self.name} sends our questions back to sinkhole (a forwarding loop) and"
                " is not asked: let it forward to another resolver, or remove it from the settings"
            )
        try:
            self.address()
        except OSError as error:
            return f"upstream {self.name} cannot be asked: {error.strerror}"
        return ""

    def status(self) -> UpstreamStatus:
        """The numbers people are shown."""
        return {
            "name": self.name,
            "up": self.up and not self.loops,
            "rtt_ms": None if self.rtt_s is None else round(self.rtt_s * 1000, 2),
            "queries": self.queries,
            "failures": self.failures,
        }


def _text(ip: str, port: int, version: int) -> str:
    """The address as people write it: the port only where it is not 53."""
    if port == DNS_PORT:
        return ip
    return f"[{ip}]:{port}" if version == 6 else f"{ip}:{port}"
