"""Servers, sets and routes, and what of them does not go together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sinkhole.control.settings import Settings, effective, without_secrets
from sinkhole.control.settings.upstream_schema import UpstreamItem
from sinkhole.model.proxy_url import ProxyUrl
from sinkhole.model.upstream_url import UpstreamUrl

Load = Callable[..., Settings]
Problems = Callable[..., list[str]]

ALL = """
upstream:
  servers: ["tls://dns.example.org", {url: "https://dns.example.com/q", timeout: 5s}]
  fallback: [192.0.2.9]
  strategy: strict
  proxy: ""
  sets:
    family: {servers: ["tls://family.example.org"], fallback: ["192.0.2.8"], client_subnet: client}
    work: {servers: [192.0.2.7], strategy: parallel, client_subnet: off}
  routes:
    Fritz.Box.: [192.0.2.1]
    168.192.in-addr.arpa: ["192.0.2.1:5353", {url: "tcp://192.0.2.2", timeout: 1s}]
    "*.sub.example": family
    vpn.example: default
    unqualified: work
  client_subnet: client/20/48
  dns64: {enabled: true, prefix: "2001:db8::/96", exclude: ["2001:db8:1::/48"]}
"""


def test_everything_is_read_and_printed_back(loaded: Load) -> None:
    settings = loaded(ALL)
    upstream = settings.upstream
    first, second = upstream.servers
    assert (str(first), first.timeout) == ("tls://dns.example.org", None)
    assert (str(second), second.timeout) == ("https://dns.example.com/q", 5.0)
    assert list(upstream.routes) == [
        *("fritz.box", "168.192.in-addr.arpa", "*.sub.example", "vpn.example", "unqualified")
    ]
    assert upstream.routes["*.sub.example"] == "family"
    assert upstream.routes["fritz.box"] == (UpstreamItem(url=UpstreamUrl("udp", "192.0.2.1", 53)),)
    family, work = upstream.sets["family"], upstream.sets["work"]
    assert family.strategy is None and str(family.client_subnet) == "client"
    assert work.client_subnet is not None and work.client_subnet.mode == "off"
    assert upstream.proxy is None and upstream.dns64.enabled
    assert loaded(effective(settings)) == settings


def test_plain_addresses_are_plain_servers_as_ever(loaded: Load) -> None:
    (server, _) = loaded("upstream: {servers: [192.0.2.1, '[2001:db8::1]:54']}").upstream.servers
    assert server.url == UpstreamUrl("udp", "192.0.2.1", 53)


def test_names_of_all_upstreams_are_known(loaded: Load) -> None:
    assert loaded(ALL).upstream.hosts == [
        *("dns.example.org", "dns.example.com", "192.0.2.9", "family.example.org", "192.0.2.8"),
        *("192.0.2.7", "192.0.2.1", "192.0.2.2"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("servers: ['http://a.example']", 'upstream.servers[0]: "http://a.example" is not encr'),
        ("servers: [{url: 'http://a.example'}]", "upstream.servers[0].url: "),
        ("servers: [{timeout: 1s}]", "upstream.servers[0].url: is missing"),
        ("servers: [{url: 192.0.2.1, timeout: 1m}]", "servers[0].timeout: 1m is out of range"),
        ("servers: [{url: 192.0.2.1, tiemout: 1s}]", 'unknown key, did you mean "timeout"?'),
        ("servers: [[]]", "upstream.servers[0]: a list is not text"),
        ("servers: [~]", "upstream.servers[0]: has no value"),
        ("servers: 192.0.2.1", 'write a list: ["192.0.2.1"]'),
        ("servers: [192.0.2.1, '192.0.2.1:53']", 'servers[1]: "192.0.2.1" is listed twice'),
        (
            "servers: [192.0.2.1, {url: 192.0.2.1, timeout: 1s}]",
            'servers[1]: "192.0.2.1" is listed twice',
        ),
        ("fallback: [192.0.2.1, 192.0.2.1]", "upstream.fallback[1]: "),
        ("bootstrap: ['tls://192.0.2.1']", 'bootstrap[0]: "tls://192.0.2.1" is not an IP addr'),
        ("bootstrap: [0.0.0.0]", "is not the address of one server"),
        ("bootstrap: []", 'servers[0]: "https://dns.quad9.net" has a name, and nobody is in'),
        (
            "{bootstrap: [], proxy: 'socks5://proxy.example', servers: ['tls://a.example']}",
            'upstream.proxy: "socks5://proxy.example:1080" has a name',
        ),
        ("strategy: quickest", '"quickest" is not known, write fastest, parallel, load_balance'),
        ("sets: {default: {servers: [192.0.2.1]}}", "sets.default: stands for upstream.servers"),
        ("sets: {a b: {servers: [192.0.2.1]}}", "is not the name of a set"),
        ("sets: {a: {}}", "upstream.sets.a.servers: is missing"),
        ("sets: {a: {servers: []}}", "sets.a.servers: the list is empty"),
        ("sets: {a: {server: [192.0.2.1], servers: [192.0.2.2]}}", 'did you mean "servers"?'),
        ("sets: {strategy: {servers: [{url: 192.0.2.1, ulr: x}]}}", "unknown key"),
        ("routes: {a.example: family}", '"family" is no upstream set, write default, or servers'),
        (
            "{sets: {family: {servers: [192.0.2.1]}}, routes: {a.example: familiy}}",
            'routes.a.example: "familiy" is no upstream set, did you mean "family"?',
        ),
        ("routes: {a.example: []}", "routes.a.example: the list is empty: write servers"),
        ("routes: {a.example: 192.0.2.1}", "is not the name of a set"),
        ("routes: {a.example: ['x://y']}", "upstream.routes.a.example[0]: "),
        ("routes: {a.example: [{url: 192.0.2.1, tiemout: 1s}]}", 'did you mean "timeout"?'),
        ("routes: {a.example: default, A.Example.: default}", "routes.A.Example.: this name is"),
        ("routes: {a.*.example: default}", "a * may only be the first label"),
        ("routes: {'*': default}", "a * may only be the first label"),
        ("routes: {.: default}", "is every name, write its servers in upstream.servers"),
        ("client_subnet: 192.0.2.1/24", "has bits behind its prefix"),
        ("proxy: 'ftp://192.0.2.8'", 'upstream.proxy: "ftp://192.0.2.8" is no proxy'),
        (
            "{proxy: 'http://192.0.2.8', servers: ['tls://192.0.2.1', 192.0.2.1]}",
            'servers[1]: "192.0.2.1" goes over UDP, which upstream.proxy cannot carry: write tcp',
        ),
        (
            "{proxy: 'http://192.0.2.8', fallback: ['quic://192.0.2.1']}",
            'upstream.fallback[0]: "quic://192.0.2.1" goes over UDP',
        ),
        ("dns64: {prefix: '2001:db8::/95'}", "is no prefix for IPv4 addresses"),
        ("dns64: {exclude: [192.0.2.0/24]}", "dns64.exclude[0]: 192.0.2.0/24 is IPv4"),
    ],
)
def test_what_makes_no_sense_is_refused(problems: Problems, text: str, found: str) -> None:
    whole = text if text.startswith("{") else f"{{{text}}}"
    (problem,) = problems(f"upstream: {whole}")
    assert found in problem


def test_several_mistakes_of_one_list_are_told_at_once(problems: Problems) -> None:
    text = "upstream:\n  servers:\n    - x\n    - {url: y}\n  routes:\n    a.example:\n      - z\n"
    assert [problem.split(": ")[0] for problem in problems(text)] == [
        "s.yaml:3",
        "s.yaml:4",
        "s.yaml:7",
    ]


def test_a_proxy_does_not_mind_plain_servers_of_routes(loaded: Load) -> None:
    settings = loaded("upstream: {proxy: 'socks5://192.0.2.8', routes: {fritz.box: [192.0.2.1]}}")
    assert str(settings.upstream.proxy) == "socks5://192.0.2.8:1080"


def test_a_known_address_needs_no_bootstrap(loaded: Load) -> None:
    text = "upstream: {bootstrap: [], servers: ['tls://a.example?address=192.0.2.1']}"
    assert loaded(text).upstream.bootstrap == ()
    text = "upstream: {bootstrap: [], servers: ['tls://a.example'], proxy: 'http://192.0.2.8'}"
    assert loaded(text).upstream.proxy == ProxyUrl("http", "192.0.2.8", 8080)


def test_secrets_are_masked_wherever_they_stand(loaded: Load) -> None:
    token = "x1y2z3w4v5u6t7s8r9"
    url = f"https://a.example/{token}"
    settings = loaded(
        f"upstream: {{proxy: 'http://me:{token}@192.0.2.8',"
        f" servers: ['{url}'], fallback: ['{url}'],"
        f" sets: {{s: {{servers: ['{url}']}}}}, routes: {{b.example: ['{url}'], c.example: s}}}}"
    )
    text = effective(without_secrets(settings))
    assert token not in text and "http://***@192.0.2.8:8080" in text
    assert text.count("https://a.example/***") == 4
    assert token in effective(settings)
    assert token not in repr(settings.upstream.proxy)
