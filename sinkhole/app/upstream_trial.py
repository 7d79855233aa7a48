"""Trying an upstream out: is it there, is it who it says, how quick is it, does it do DNSSEC?"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Final

from sinkhole.app.upstreams import upstream_terms
from sinkhole.control.settings import Settings
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.dns.upstream.links.link import Failure, Link, LinkAnswer
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.upstream.usable import USABLE, uselessness
from sinkhole.dns.wire.name import ROOT
from sinkhole.dns.wire.numbers import Type
from sinkhole.dns.wire.question import Question
from sinkhole.model.certificate import Certificate
from sinkhole.model.status import CertificateFacts, UpstreamTrial

PATIENCE_S: Final = 5.0
"""For each of the two questions; a handshake is part of the first."""

QUESTION: Final = Question(ROOT, Type.NS, do=True)
"""What every resolver knows, and what is signed."""


async def try_upstream(settings: Settings, text: str) -> UpstreamTrial:
    """Try one upstream, written as in the settings, with their bootstrap resolvers and proxy.

    Raises ValueError, saying what to write, for what is no upstream.
    """
    url = parse_upstream(text)
    upstreams = Upstreams(upstream_terms(settings))
    link, facts = upstreams.observed_link(url)
    upstreams.start_finding()
    link.start()
    try:
        first = await _ask(link)
        second = await _ask(link) if isinstance(first, LinkAnswer) else first
    finally:
        await link.close()
        await upstreams.close()
    made, address = facts(), link.state().address
    tested: UpstreamTrial = {
        "url": str(url),
        "address": made.address if made else address,
        "connect_ms": _ms(made.connect_s or None if made else None),
        "handshake_ms": _ms(made.handshake_s if made else None),
        "tls": made.tls_version if made else "",
        "certificate": _shown(made.certificate) if made and made.certificate else None,
        "rtt_ms": None,
        "signs": None,
        "validates": None,
        "error": "",
    }
    if isinstance(second, Failure):
        tested["error"] = second.what
    elif second.reply.rcode not in USABLE:
        tested["error"] = uselessness(second.reply)
    else:
        tested["rtt_ms"] = _ms(second.rtt_s)
        tested["signs"] = any(each.rtype == Type.RRSIG for each in second.reply.answer)
        tested["validates"] = second.reply.ad
    return tested


async def _ask(link: Link) -> LinkAnswer | Failure:
    told: asyncio.Future[LinkAnswer | Failure] = asyncio.get_running_loop().create_future()
    asked = link.ask(QUESTION, time.monotonic() + PATIENCE_S, partial(_settle, told))
    if isinstance(asked, Failure):
        return asked
    try:
        return await told
    finally:
        asked()


def _settle(told: asyncio.Future[LinkAnswer | Failure], outcome: LinkAnswer | Failure) -> None:
    if not told.done():
        told.set_result(outcome)


def _shown(certificate: Certificate) -> CertificateFacts:
    return {
        "names": list(certificate.names),
        "issuer": certificate.issuer,
        "expires": certificate.not_after.timestamp(),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)
