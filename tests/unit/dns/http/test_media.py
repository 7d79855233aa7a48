"""What is an answer of DNS in HTTP, and what people are told of what is none."""

import pytest

from sinkhole.dns.http.media import fault_of, is_dns_message


@pytest.mark.parametrize(
    ("kind", "is_dns"),
    [
        (b"application/dns-message", True),
        (b"Application/DNS-Message ; charset=x", True),
        (b"application/dns-json", False),
        (b"text/html", False),
        (b"", False),
    ],
)
def test_media_types(kind: bytes, is_dns: bool) -> None:
    assert is_dns_message(kind) is is_dns
    assert (fault_of(b"200", kind, "/dns-query") == "") is is_dns


@pytest.mark.parametrize(
    "status", [b"100", b"302", b"404", b"500", b"503", b"", b"\x1b[2J", b"x" * 999]
)
def test_other_responses_are_told_in_a_short_sentence(status: bytes) -> None:
    fault = fault_of(status, b"application/dns-message", "/dns-query")
    assert "/dns-query" in fault
    assert fault.isprintable()
    assert len(fault) < 200
