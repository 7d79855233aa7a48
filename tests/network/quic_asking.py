"""Asking servers by the real `QuicSessions`: what a session tells, and how one is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import dnslib
import pytest
from quic_peer import Exchange

from sinkhole.dns.upstream.links.addresses import FixedAddresses
from sinkhole.dns.upstream.links.quic_sessions import QuicSessions
from sinkhole.dns.upstream.links.session import Asking, Session
from sinkhole.dns.upstream.links.tls import TlsContexts
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl

LIMIT_S = 30.0
NAME = "dns.example.org"
KINDS: tuple[UpstreamKind, ...] = ("quic", "h3")
ALPN = {"quic": "doq", "h3": "h3"}


class Told:
    """What a session tells its link."""

    def __init__(self) -> None:
        self.answers: dict[Asking, bytes] = {}
        self.refusals: list[tuple[Asking, str, bool]] = []
        self.room = 0
        self.heards = 0
        self.ends: list[str] = []

    def answered(self, asking: Asking, wire: bytes) -> None:
        assert asking not in self.answers
        self.answers[asking] = wire

    def heard(self, session: Session) -> None:
        self.heards += 1

    def refused(self, asking: Asking, what: str, *, retry: bool) -> None:
        self.refusals.append((asking, what, retry))

    def has_room(self, session: Session) -> None:
        assert session.room > 0
        self.room += 1

    def ended(self, session: Session, what: str) -> None:
        assert session.room == 0
        self.ends.append(what)


def echo(exchange: Exchange) -> None:
    exchange.reply(dnslib.DNSRecord.parse(exchange.wire).reply().pack())


def asking(name: str = "example.org") -> Asking:
    wire_name = b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + b"\0"
    return Asking(Question(wire_name, 1, False, False), 0.0, lambda reply: None)


def sessions(wanted: UpstreamUrl, authority: Path, *ips: str) -> QuicSessions:
    addresses = FixedAddresses(ips or ("127.0.0.1",))
    clock = asyncio.get_running_loop().time
    return QuicSessions(wanted, addresses, contexts=TlsContexts(authority), clock=clock)


def url(kind: UpstreamKind, port: int, host: str = NAME, **more: object) -> UpstreamUrl:
    return UpstreamUrl(kind, host, port, "/dns-query")._replace(**more)


async def opened(made: QuicSessions, told: Told, limit_s: float = LIMIT_S) -> Session:
    return await made(told, asyncio.get_running_loop().time() + limit_s)


async def cause(made: QuicSessions, limit_s: float = LIMIT_S) -> str:
    with pytest.raises(UpstreamError) as caught:
        await opened(made, Told(), limit_s)
    return caught.value.cause


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await asyncio.sleep(0.001)
