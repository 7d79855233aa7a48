"""What people are told of an upstream set of which no server answers.

Each set is told of by itself: a router that answers for its own names is no help for all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sinkhole.dns.upstream.flight import SILENCE
from sinkhole.dns.upstream.health import Server
from sinkhole.dns.upstream.sets import DEFAULT, UpstreamSet

MOST_TOLD: Final = 4
"""Servers whose failures are told when none answers."""

ENCRYPTED: Final = ("tls", "https", "h3", "quic")


def trouble_of(name: str, upstreams: UpstreamSet) -> str:
    """That no server of the set answers, or its fallback only, what each did, and what to do about
    it; "" where one of the first tier can be expected to answer, or there is none."""
    if not upstreams.servers or _any_hopeful(upstreams.servers):
        return ""
    if _any_hopeful(upstreams.fallback):
        return _on_fallback(name, upstreams)
    if name != DEFAULT:
        return (
            f"no upstream of {_quoted(name)} answers ({_did(upstreams.every)}): check "
            f"upstream.{'routes' if ' ' in name else 'sets'}; its names are found by no other"
        )
    advice = "check the internet connection and upstream.servers"
    if _any_encrypted(upstreams.every):
        advice += (
            "; where a network lets no encrypted DNS through, name a plain resolver in "
            "upstream.fallback, which can then be read on the way"
        )
    return f"no upstream answers ({_did(upstreams.every)}): {advice}"


def _on_fallback(name: str, upstreams: UpstreamSet) -> str:
    """That the second tier is in use, and whether others can read what it is asked."""
    whose = "upstream.servers" if name == DEFAULT else f"the servers of {_quoted(name)}"
    sentence = f"none of {whose} answers ({_did(upstreams.servers)}), so the fallback is asked"
    if _any_encrypted(upstreams.servers) and not _any_encrypted(upstreams.fallback):
        sentence += ", which can be read on the way"
    return sentence


def _any_hopeful(servers: Sequence[Server]) -> bool:
    return any(server.is_hopeful for server in servers)


def _any_encrypted(servers: Sequence[Server]) -> bool:
    return any(server.link.kind in ENCRYPTED for server in servers)


def _did(servers: Sequence[Server]) -> str:
    told = [f"{each.name} {each.last_failure or SILENCE}" for each in servers[:MOST_TOLD]]
    return ", ".join(told)


def _quoted(name: str) -> str:
    """A set before people; that of a route has the word before it, and names have no space."""
    _, _, zone = name.partition(" ")
    return f"the route {zone}" if zone else f"the set {name!r}"
