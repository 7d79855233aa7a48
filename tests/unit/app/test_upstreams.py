"""What the settings say of upstreams becomes sets of servers with links."""

from __future__ import annotations

from typing import Any

import pytest
from fake_upstream import FakeUpstream
from settings_file import settings_from

from sinkhole.app.change import Change
from sinkhole.app.upstreams import prepare_upstreams, route_sets, upstream_terms
from sinkhole.control.settings import Settings
from sinkhole.dns.upstream.sets import DEFAULT
from sinkhole.dns.upstream.upstreams import Upstreams
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.question import Question
from sinkhole.model.errors import UpstreamError
from sinkhole.model.faults import Faults

PIN = "A" * 43 + "="


def settings_of(**upstream: Any) -> Settings:
    return settings_from({"upstream": upstream})


def upstreams_of(settings: Settings) -> Upstreams:
    return Upstreams(upstream_terms(settings))


def shape(upstreams: Upstreams) -> dict[str, tuple[list[str], list[str], str]]:
    """Of each set the servers, the fallback and the strategy."""
    return {
        name: (
            [server.name for server in each.servers],
            [server.name for server in each.fallback],
            each.strategy.name,
        )
        for name, each in upstreams.forwarder._sets.items()
    }


def test_by_default_it_is_quad9_encrypted() -> None:
    names = ["https://dns.quad9.net", "tls://dns.quad9.net"]
    assert shape(upstreams_of(Settings())) == {DEFAULT: (names, [], "fastest")}


def test_sets_routes_and_the_fallback_become_sets() -> None:
    settings = settings_of(
        servers=["tls://192.0.2.1", "192.0.2.2"],
        fallback=["192.0.2.3:5353"],
        strategy="strict",
        sets={"family": {"servers": ["quic://192.0.2.4"], "strategy": "parallel"}},
        routes={
            "fritz.box": ["192.0.2.1"],
            "corp.example": "family",
            "vpn.corp.example": "default",
        },
    )
    assert shape(upstreams_of(settings)) == {
        DEFAULT: (["tls://192.0.2.1", "192.0.2.2"], ["192.0.2.3:5353"], "strict"),
        "family": (["quic://192.0.2.4"], [], "parallel"),
        "route fritz.box": (["192.0.2.1"], [], "strict"),
    }
    assert route_sets(settings) == {
        "fritz.box": "route fritz.box",
        "corp.example": "family",
        "vpn.corp.example": DEFAULT,
    }


def test_a_server_in_several_places_is_one_unless_its_timeout_differs() -> None:
    slow = {"url": "192.0.2.1", "timeout": "5s"}
    settings = settings_of(
        servers=["192.0.2.1"], routes={"a.example": ["192.0.2.1"], "b.example": [slow]}
    )
    servers = [each.servers[0] for each in upstreams_of(settings).forwarder._sets.values()]
    assert servers[0] is servers[1] and servers[0] is not servers[2]
    assert [server.timeout_s for server in servers] == [2.0, 2.0, 5.0]


def test_no_two_servers_have_one_name() -> None:
    slow = {"url": "192.0.2.1", "timeout": "5s"}
    token = "https://dns.example.org/x7Kq92LmVb41ZpTc8RwY{}"
    settings = settings_of(
        servers=["192.0.2.1", token.format(1), token.format(2)], routes={"a.example": [slow]}
    )
    names = [server.name for server in upstreams_of(settings).forwarder._servers]
    assert len(set(names)) == 4
    assert names[-1] == "192.0.2.1 (2)"
    assert not any("x7Kq92" in name for name in names)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("192.0.2.1", "udp"),
        ("udp://dns.example.org", "udp"),
        ("tcp://192.0.2.1", "tcp"),
        (f"tls://192.0.2.1?pin={PIN}", "tls"),
        ("https://dns.example.org/dns-query", "https"),
        ("h3://dns.example.org", "h3"),
        ("quic://dns.example.org", "quic"),
    ],
)
def test_every_kind_has_its_link(url: str, kind: str) -> None:
    [server] = upstreams_of(settings_of(servers=[url])).forwarder._servers
    assert server.link.kind == kind


async def test_questions_go_to_the_set_they_are_for(
    upstream: FakeUpstream, other: FakeUpstream
) -> None:
    upstreams = upstreams_of(settings_of(servers=[upstream.name], routes={"lan": [other.name]}))
    upstreams.start()
    try:
        question = Question(from_text("nas.lan"), 1)
        found = await upstreams.forwarder.exchange_later(question, "route lan")
        assert found.server == other.name
        assert (await upstreams.forwarder.exchange_later(question)).server == upstream.name
    finally:
        await upstreams.close()


async def test_a_plain_server_may_have_a_name(upstream: FakeUpstream, other: FakeUpstream) -> None:
    """`other` knows where it is."""
    other.answer("dns.example.org", "A", [upstream.host])
    url = f"udp://dns.example.org:{upstream.port}"
    upstreams = upstreams_of(settings_of(servers=[url], bootstrap=[other.name]))
    upstreams.start()
    try:
        question = Question(from_text("example.org"), 1)
        assert (await upstreams.forwarder.exchange_later(question)).server == url
        [status] = upstreams.forwarder.status()
        assert (status["address"], status["kind"]) == (upstream.host, "udp")
        assert upstreams.troubles()["unfound"] == []
    finally:
        await upstreams.close()


async def test_a_name_that_nobody_knows_is_told_in_words(other: FakeUpstream) -> None:
    settings = settings_of(servers=["udp://dns.example.org"], bootstrap=[other.name])
    upstreams = upstreams_of(settings)
    upstreams.start()
    try:
        with pytest.raises(UpstreamError, match="has no known address"):
            await upstreams.forwarder.exchange_later(Question(from_text("example.org"), 1))
        assert any("dns.example.org" in each for each in upstreams.troubles()["unfound"])
        change = Change(Faults())
        new = settings_of(servers=[other.name], bootstrap=[other.name])
        prepare_upstreams(upstreams, new, settings, change)
        change.commit()
        await change.finish()
        assert upstreams.troubles()["unfound"] == []  # it is no server any more
    finally:
        await upstreams.close()
