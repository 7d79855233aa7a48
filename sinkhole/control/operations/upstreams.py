"""The servers that are asked: how each does, and whether one would."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Input, Nothing, Output, operation
from sinkhole.control.operations.refusals import refusal, understood
from sinkhole.control.operations.underway import MOST_TRIALS
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.masking import MASK


class Upstream(Output):
    """How one server does."""

    name: str = Field(examples=["tls://dns.example.org"])
    kind: str = Field(description="Its transport.", examples=["tls"])
    address: str = Field(description="Where it was last found.")
    up: bool
    down_s: float | None = Field(description="Seconds for which it has been down; null while up.")
    rtt_ms: float | None = Field(description="Smoothed round-trip time; null before an answer.")
    rtt_p50_ms: float | None = Field(description="The median of the latest 256.")
    rtt_p95_ms: float | None = Field(description="Nineteen twentieths of them are below.")
    connected_s: float | None = Field(description="Seconds for which its connection has stood.")
    queries: int
    failures: int
    last_failure: str


class Upstreams(Output):
    """All servers that are asked."""

    upstreams: list[Upstream]


class UpstreamUrl(Input):
    """A server, written as in the settings."""

    url: str = Field(
        min_length=1, max_length=4096, examples=["tls://dns.example.org", "192.0.2.53"]
    )


class TriedCertificate(Output):
    """The certificate that a server showed."""

    names: list[str]
    issuer: str
    expires: float = Field(description="In seconds since 1970.")


class TriedUpstream(Output):
    """What became of trying a server; what was not reached is null or empty."""

    url: str
    outcome: Literal["answers", "fails"]
    address: str
    connect_ms: float | None
    handshake_ms: float | None
    tls: str = Field(description="Version of TLS.", examples=["TLSv1.3"])
    certificate: TriedCertificate | None
    rtt_ms: float | None
    signs: bool | None = Field(description="Whether it passes DNSSEC signatures on.")
    validates: bool | None = Field(description="Whether it says that it has checked them.")
    error: str = Field(description="What went wrong; finishes a sentence that begins with it.")


@operation("upstreams.show", Permission.STATUS_READ)
async def show(house: House, actor: Actor, given: Nothing) -> Upstreams:
    """Show how each server does that is asked."""
    rows = house.status()["upstreams"]
    return Upstreams(upstreams=[Upstream.model_validate(row) for row in rows])


@operation("upstreams.test", Permission.SETTINGS_WRITE)
async def test(house: House, actor: Actor, given: UpstreamUrl) -> TriedUpstream:
    """Try a server out: is it there, is it who it says, how quick is it, does it do DNSSEC?

    Takes ten seconds at most; nothing is changed. A server of the settings may be given as it is
    shown there, with its secrets masked.
    """
    refused = refusal(
        "too_many", "too_many_underway", f"{MOST_TRIALS} upstreams are being tried already"
    )
    trying = house.underway.one_of(MOST_TRIALS, "upstreams.test", refused)
    with trying, understood("upstream_invalid"):
        tried = await house.try_upstream(_whole(house, given.url))
    outcome = "fails" if tried["error"] else "answers"
    return TriedUpstream.model_validate({**tried, "outcome": outcome})


def _whole(house: House, url: str) -> str:
    """The server that is meant, where what is given is what people are shown of one. ValueError
    where that is none, or more than one."""
    if MASK not in url:
        return url
    items = (item for _, item in house.settings.settings.upstream.all_items)
    meant = {item.url.text for item in items if url in _shown(item)}
    if len(meant) != 1:
        raise ValueError(
            f"{MASK} stands for a secret that is not known here, write the whole of it"
        )
    return meant.pop()


def _shown(item: UpstreamItem) -> tuple[str, str]:
    """How people are shown a server: how it does, and in the settings."""
    return str(item.url), item.without_secrets().url.text
