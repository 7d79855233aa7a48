"""Invariant: whatever a proxy sends, in whatever pieces, its handshake is done, goes on, or ends in
an UpstreamError."""

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.upstream.links.proxy import proxy_handshake
from sinkhole.model.errors import UpstreamError
from sinkhole.model.proxy_url import ProxyUrl

PROXIES = st.sampled_from(
    [
        ProxyUrl("http", "192.0.2.8", 8080),
        ProxyUrl("socks5", "192.0.2.8", 1080),
        ProxyUrl("socks5", "192.0.2.8", 1080, "me", "secret"),
    ]
)
SAID = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"HTTP/1.1 200 OK", b"\r\n", b"\x05\x00", b"\x05\x02", b"\x01\x00", b"\x00"])
    | st.binary(max_size=3)
).map(b"".join)


def outcome(proxy: ProxyUrl, pieces: list[bytes]) -> tuple[bool, str]:
    handshake = proxy_handshake(proxy, "dns.example.org", 853)
    assert handshake.begin()
    for piece in pieces:
        if handshake.done:
            return False, "there is more behind it"  # as the next one says who gets all at once
        try:
            handshake.feed(piece)
        except UpstreamError as error:
            return False, error.cause
    return handshake.done, ""


@given(PROXIES, SAID)
def test_bytes_one_by_one(proxy: ProxyUrl, said: bytes) -> None:
    outcome(proxy, [said[at : at + 1] for at in range(len(said))])


@given(PROXIES, SAID)
def test_bytes_at_once(proxy: ProxyUrl, said: bytes) -> None:
    outcome(proxy, [said])
