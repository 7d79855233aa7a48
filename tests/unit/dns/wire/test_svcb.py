"""Targets and hints of HTTPS and SVCB records."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.svcb import IPV4_HINT, IPV6_HINT, read_service, without_hints

V4, V6 = bytes((192, 0, 2, 1)), bytes.fromhex("20010db8000000000000000000000001")


def parameter(key: int, value: bytes) -> bytes:
    return key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def test_a_target_and_hints_of_both_families() -> None:
    rdata = b"\0\1" + b"\3CDN\7example\3org\0"
    rdata += parameter(1, b"\2h2") + parameter(4, V4 * 2) + parameter(6, V6)
    assert read_service(rdata) == (from_text("cdn.example.org"), [V4, V4, V6])


def test_the_owner_itself_is_no_target() -> None:
    assert read_service(b"\0\1\0") == (b"", [])
    assert read_service(b"\0\0" + from_text("example.org")).target == from_text("example.org")


@pytest.mark.parametrize(
    "rdata",
    [
        b"",
        b"\0\1",
        b"\0\1\3cd",
        b"\0\1\xc0\x0c",
        b"\0\1\0\0\4\0\4\xc0",
        b"\0\1\0" + parameter(4, V4[:3]),
        b"\0\1\0" + parameter(6, V4),
        b"\0\1\0\0\4\0",
    ],
    ids=["nothing", "no-target", "cut-target", "pointer", "cut-hint", "short-hint", "v4-as-v6",
         "cut-length"],
)  # fmt: skip
def test_what_is_broken_leads_nowhere(rdata: bytes) -> None:
    assert read_service(rdata) == (b"", [])


BOTH = b"\0\1\0" + parameter(1, b"\2h2") + parameter(4, V4) + parameter(6, V6)


def test_hints_of_a_family_can_be_left_out() -> None:
    without = b"\0\1\0" + parameter(1, b"\2h2")
    assert without_hints(BOTH, [IPV6_HINT]) == without + parameter(4, V4)
    assert without_hints(BOTH, [IPV4_HINT]) == without + parameter(6, V6)
    assert without_hints(BOTH, [IPV4_HINT, IPV6_HINT]) == without
    assert without_hints(BOTH, []) == BOTH


def test_what_is_left_out_is_not_mandatory_any_more() -> None:
    rdata = b"\0\1\0" + parameter(0, b"\0\1\0\6") + parameter(1, b"\2h2") + parameter(6, V6)
    kept = b"\0\1\0" + parameter(0, b"\0\1") + parameter(1, b"\2h2")
    assert without_hints(rdata, [IPV6_HINT]) == kept
    only = b"\0\1\0" + parameter(0, b"\0\6") + parameter(6, V6)
    assert without_hints(only, [IPV6_HINT]) == b"\0\1\0"


def test_what_is_broken_is_left_as_it_is_behind_what_is_not() -> None:
    for broken in (b"", b"\0", b"\0\1\3cd", b"\0\1\0\0\6\0\x10\1", b"\0\1\0\0\4\0"):
        assert without_hints(broken, [IPV4_HINT, IPV6_HINT]) == broken
    assert without_hints(BOTH + b"\0\7\0", [IPV6_HINT])[-3:] == b"\0\7\0"
