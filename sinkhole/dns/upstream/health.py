"""What is known of one upstream: how fast it is, whether it is up, and what it cannot do.

Two numbers speak of speed. `rtt_s` is the smoothed round-trip time that people are shown. `score`
is what servers are chosen by: it follows the round-trip time, is raised by failures, and melts
away while another server is chosen, so that each is asked again once in a while and a server
that got better is noticed.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from typing import TYPE_CHECKING, Final

from sinkhole.dns.upstream.shares import Shares
from sinkhole.model.status import UpstreamStatus

if TYPE_CHECKING:
    from sinkhole.dns.upstream.flight import Attempt

log = logging.getLogger(__name__)

DOWN_AFTER: Final = 3
"""So many failures in a row, without one answer between them, mean down."""

SMOOTHING: Final = 1 / 8
"""The weight of the newest round-trip time, RFC 6298 §2."""

MELTING: Final = 0.98
"""What is left of a score each time another server is chosen: half after 34 choices."""

DNS_PORT: Final = 53


class Server:
    """One upstream. Counters only grow; times are of the clock that the forwarder runs on.

    Raises ValueError when `ip` is not an address (a name would have to be looked up, and by whom?)
    or its zone, as in `fe80::1%eth0`, is not an interface here.
    """

    __slots__ = (
        "address", "failures", "family", "loops", "lower_case_until", "name", "no_edns_until",
        "queries", "rtt_s", "score", "slow_s", "sockets", "streak", "up",
    )  # fmt: skip

    def __init__(self, ip: str, port: int, slow_s: float, most_sockets: int = 500) -> None:
        """`slow_s` is the score of a server that did not answer: how long one is waited for."""
        version = ipaddress.ip_address(ip).version
        self.name = _text(ip, port, version)
        self.family, self.address = _socket_address(ip, port)
        self.slow_s = slow_s
        self.up = True
        self.loops = False
        """Whether it was seen to send our questions back to us; it is not asked then."""
        self.rtt_s: float | None = None
        self.score = 0.0
        self.streak = 0
        self.queries = 0
        self.failures = 0
        self.sockets: Shares[Attempt] = Shares(most_sockets)
        """Those open to it by UDP."""
        self.no_edns_until = float("-inf")
        self.lower_case_until = float("-inf")

    @property
    def is_hopeful(self) -> bool:
        """Whether there is no reason to tell people about it: up, and not failing since the start.

        A server that never answered counts as up for its first failures, as it has to be asked.
        """
        return self.up and (self.rtt_s is not None or not self.streak)

    def answered(self, rtt_s: float | None = None) -> None:
        """It gave a matching answer; `rtt_s` is None where the time says nothing (TCP)."""
        self.streak = 0
        if not self.up:
            self.up = True
            log.info("upstream %s answers again", self.name)
        if rtt_s is not None:
            old = rtt_s if self.rtt_s is None else self.rtt_s
            self.rtt_s = self.score = old + (rtt_s - old) * SMOOTHING

    def unhelpful(self) -> None:
        """It answered, but with nothing to use, such as SERVFAIL: up, but the last to be asked.

        Not a failure: one broken domain makes the best of servers answer SERVFAIL.
        """
        self.answered()
        self.score = max(self.score, self.slow_s)

    def failed(self, what: str) -> None:
        """It gave no answer in time, or one that cannot be read."""
        self.failures += 1
        self.streak += 1
        self.score = max(self.score, self.slow_s)
        if self.up and self.streak >= DOWN_AFTER:
            self.up = False
            log.warning("upstream %s is down: it %s", self.name, what)

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


def _socket_address(ip: str, port: int) -> tuple[int, tuple[str | int, ...]]:
    """Family and address for `connect`; for IPv6 with flow label and zone."""
    try:
        found = socket.getaddrinfo(
            ip, port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        )
    except OSError as error:
        raise ValueError(f"{ip!r} cannot be used as an address here: {error}") from None
    family, _, _, _, address = found[0]
    return int(family), tuple(part for part in address if isinstance(part, str | int))
