"""Any text is an upstream or a ValueError in one line; what is read is written and read back."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.control.settings.upstream_values import (
    parse_client_subnet,
    parse_proxy,
    parse_route,
)
from sinkhole.model.upstream_url import UpstreamUrl

SCHEMES = st.sampled_from(
    ["", "udp://", "tcp://", "tls://", "https://", "h3://", "quic://", "sdns://", "http://", "x://"]
)
PARTS = st.sampled_from(
    [
        *("192.0.2.1", "[2001:db8::1]", "2001:db8::1", "fe80::1%eth0", "dns.example.org", "a b"),
        *(":53", ":0", ":", "/", "/dns-query", "?", "&", "#", "@", "pin=", "address=", "hash="),
        *("%25", "%", "*", ".", "..", "[", "]", "ä", "\\", b64encode(bytes(32)).decode()),
    ]
)
TEXTS = st.builds(
    lambda scheme, parts: scheme + "".join(parts),
    SCHEMES,
    st.lists(PARTS | st.text(max_size=4), max_size=6),
)


@settings(deadline=None)
@given(TEXTS | st.text())
@example("sdns://")
def test_any_text_is_an_upstream_or_refused(text: str) -> None:
    try:
        url = parse_upstream(text)
    except ValueError as error:
        assert str(error).isprintable()
    else:
        assert parse_upstream(url.text) == url
        assert str(url).isprintable()


NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z][a-z0-9-]{0,5})?", fullmatch=True)
DIGESTS = st.lists(st.binary(min_size=32, max_size=32), max_size=2).map(tuple)
GLOBAL = st.ip_addresses(network="192.0.2.0/24") | st.ip_addresses(network="2001:db8::/64")


@st.composite
def urls(draw: st.DrawFn) -> UpstreamUrl:
    kind = draw(st.sampled_from(["udp", "tcp", "tls", "https", "h3", "quic"]))
    is_named, is_encrypted = draw(st.booleans()), kind not in ("udp", "tcp")
    host = draw(NAMES if is_named else GLOBAL.map(str))
    return UpstreamUrl(
        kind,  # type: ignore[arg-type]  # one of them
        host,
        draw(st.integers(1, 65535)),
        draw(st.from_regex(r"/[a-zA-Z0-9._/%-]{0,20}", fullmatch=True))
        if kind in ("https", "h3")
        else "",
        draw(st.just("") | NAMES.filter(lambda name: name != host)) if is_encrypted else "",
        draw(DIGESTS) if is_encrypted else (),
        draw(DIGESTS) if is_encrypted else (),
        tuple(map(str, draw(st.lists(GLOBAL, max_size=2)))) if is_named else (),
    )


@settings(deadline=None)
@given(urls())
def test_what_is_written_is_read_back(url: UpstreamUrl) -> None:
    assert parse_upstream(url.text) == url


@settings(deadline=None)
@given(TEXTS | st.text())
def test_routes_subnets_and_proxies_are_read_back_or_refused(text: str) -> None:
    for read, write in (
        (parse_route, str),
        (parse_client_subnet, str),
        (parse_proxy, lambda proxy: proxy.text if proxy else ""),
    ):
        try:
            found = read(text)  # type: ignore[operator]  # each takes text
        except ValueError as error:
            assert str(error).isprintable()
        else:
            assert read(write(found)) == found  # type: ignore[operator]  # the same
