"""How many files and sockets the process may have open, and who may have how many of them.

Each connection and each question to an upstream takes a descriptor. Where there are few, TCP and
the page get less, so that UDP, the log and the lists always find one.
"""

from __future__ import annotations

import resource
from typing import Final, NamedTuple

from sinkhole.dns.server.places import MAX_CONNECTIONS
from sinkhole.model.errors import SinkholeError

MOST: Final = 65_536
"""As many as we ask for, where the system lets us: some have no limit at all."""

LOWEST: Final = 24
"""With so many it answers DNS, though the log and the page may be without."""

KEPT_BACK: Final = 36
"""For the log and its readers, the cache, lists being fetched, compiled and counted, settings."""

KEPT_BACK_AN_ADDRESS: Final = 3
"""For each listen address: UDP, TCP, and what `Acceptor` holds in reserve."""

LEAST: Final = 2
"""Connections and sockets of each kind that there may be in any case."""


class Quotas(NamedTuple):
    """Of `limit` descriptors in all, how many are for what."""

    limit: int
    connections: int
    """By TCP, as many again of the page, and three times as many by encrypted transports, where
    these are served: two that are held, and one that is in its handshake."""
    upstream: int
    """Sockets to upstreams, all together."""

    @classmethod
    def of(cls, limit: int, addresses: int, encrypted: int = 0) -> Quotas:
        """The quotas with so many listen addresses, the page's not counted, and so many others for
        encrypted transports."""
        kept_back = KEPT_BACK + KEPT_BACK_AN_ADDRESS * (addresses + encrypted + 1)
        free, kinds = max(0, limit - kept_back), 5 if encrypted else 2
        connections = min(MAX_CONNECTIONS, max(LEAST, free // (kinds + 3)))
        return cls(limit, connections, max(LEAST, free - kinds * connections))

    @property
    def problem(self) -> str:
        """That there are too few, and what to do; empty where there are enough."""
        if self.connections == MAX_CONNECTIONS:
            return ""
        return (
            f"only {self.limit} files and sockets may be open at once, so there is room for only "
            f"{self.connections} connections to DNS over TCP, and for no more to the page: raise "
            "the limit (LimitNOFILE= of the service, `ulimit -n`)"
        )


def attainable() -> int:
    """The limit that `raise_limit` reaches."""
    soft, hard = (
        MOST if each == resource.RLIM_INFINITY else each
        for each in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return max(soft, min(hard, MOST))


def raise_limit() -> None:
    """Take as many descriptors as we may, and MOST at most; SinkholeError below LOWEST."""
    if attainable() < LOWEST:
        raise SinkholeError(
            f"only {attainable()} files and sockets may be open at once, which is too few to "
            "start: raise the limit (LimitNOFILE= of the service, `ulimit -n`)"
        )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < attainable():
        resource.setrlimit(resource.RLIMIT_NOFILE, (attainable(), hard))
