"""What an HTTP request asks of a DNS server; the RFC's own examples among them."""

import pytest

from sinkhole.dns.http.request import NO_SUCH_PATH, QUERY_SIZE, Asked, Refusal, read_request

DNS = b"application/dns-message"
EXAMPLE = bytes.fromhex("00000100000100000000000003777777076578616d706c6503636f6d0000010001")
"""RFC 8484 §4.1.1."""


@pytest.mark.parametrize(
    ("target", "client_id"),
    [
        (b"/dns-query", ""),
        (b"/dns-query/", ""),
        (b"/dns-query?x=y", ""),
        (b"/dns-query/tablet", "tablet"),
        (b"/dns-query/tablet/?x", "tablet"),
        (b"https://dns.example.org/dns-query/tablet", "tablet"),
    ],
)
def test_the_query_of_a_post_is_its_body(target: bytes, client_id: str) -> None:
    assert read_request(b"POST", target, DNS) == Asked(None, client_id)


@pytest.mark.parametrize(
    "target",
    [
        b"/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB",
        b"/dns-query?a=b&dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB&dns=other",
        b"http://192.0.2.1/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB",
    ],
)
def test_the_query_of_a_get_is_a_parameter(target: bytes) -> None:
    assert read_request(b"GET", target, b"") == Asked(EXAMPLE)


@pytest.mark.parametrize("letters", [b"-_8", b"-_8="])
def test_base64url_is_read_with_padding_and_without(letters: bytes) -> None:
    assert read_request(b"GET", b"/dns-query?dns=" + letters, b"") == Asked(b"\xfb\xff")


@pytest.mark.parametrize(
    "target",
    [b"/", b"", b"*", b"/dns-queryx", b"/dns-query/a/b", b"/DNS-QUERY", b"https://dns.example.org"],
)
def test_other_paths_are_not_found(target: bytes) -> None:
    assert read_request(b"POST", target, DNS) is NO_SUCH_PATH
    assert read_request(b"GET", target, b"") is NO_SUCH_PATH


@pytest.mark.parametrize(
    ("method", "target", "kind", "status"),
    [
        (b"POST", b"/dns-query", b"text/plain", 415),
        (b"POST", b"/dns-query", b"", 415),
        (b"DELETE", b"/dns-query", DNS, 405),
        (b"GET", b"/dns-query", b"", 400),
        (b"GET", b"/dns-query?dns=", b"", 400),
        (b"GET", b"/dns-query?dns=+/8", b"", 400),
        (b"GET", b"/dns-query?dns=A", b"", 400),
        (b"GET", b"/dns-query?dns=A=A", b"", 400),
        (b"GET", b"/dns-query?dns=" + b"A" * 4000, b"", 413),
    ],
)
def test_refusals(method: bytes, target: bytes, kind: bytes, status: int) -> None:
    refused = read_request(method, target, kind)
    assert isinstance(refused, Refusal)
    assert refused.status == status
    assert refused.why


def test_the_largest_query_fits_into_a_get() -> None:
    letters = b"A" * ((QUERY_SIZE * 8 + 5) // 6)
    assert read_request(b"GET", b"/dns-query?dns=" + letters, b"") == Asked(bytes(QUERY_SIZE))
