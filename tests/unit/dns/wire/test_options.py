"""EDNS options whose form we know."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from sinkhole.dns.wire.numbers import Option, Rcode
from sinkhole.dns.wire.options import (
    NO_SUBNET,
    check_option,
    device_in,
    options_in,
    scope_of,
    subnet_option,
    subnet_text,
    wants_no_subnet,
)
from sinkhole.model.errors import WireError


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (3, ""),
        (8, "00010000"),
        (8, "00000000"),
        (8, "00011800c00002"),
        (8, "00011900c0000280"),
        (8, "00012000c0000207"),
        (8, "0002380020010db8000000"),
        (9, ""),
        (10, "0123456789abcdef"),
        (10, "0123456789abcdef" * 2),
        (10, "0123456789abcdef" * 5),
        (11, ""),
        (11, "0064"),
        (12, "00" * 100),
        (65001, "00010203"),
    ],
)
def test_options_in_good_order(code: int, data: str) -> None:
    check_option(code, bytes.fromhex(data))


@pytest.mark.parametrize(
    ("code", "data"),
    [
        (1, "0001"),
        (8, ""),
        (8, "000118"),
        (8, "00031800c00002"),
        (8, "00001800c00002"),
        (8, "00012100c000020180"),
        (8, "00011818c00002"),
        (8, "00011800c000"),
        (8, "00011800c0000200"),
        (8, "00011900c0000240"),
        (8, "00011700c00003"),
        (9, "00"),
        (10, ""),
        (10, "01234567"),
        (10, "0123456789abcdef01"),
        (10, "00" * 41),
        (11, "00000000"),
    ],
)
def test_broken_options(code: int, data: str) -> None:
    with pytest.raises(WireError) as caught:
        check_option(code, bytes.fromhex(data))
    assert caught.value.rcode == Rcode.FORMERR


@pytest.mark.parametrize(
    ("address", "bits", "option"),
    [
        ("192.0.2.7", 24, "00011800c00002"),
        ("192.0.2.7", 31, "00011f00c0000206"),
        ("192.0.2.7", 8, "00010800c0"),
        ("192.0.2.7", 0, "00010000"),
        ("2001:db8:1:2ff::1", 56, "0002380020010db8000102"),
        ("2001:db8:1:2ff::1", 57, "0002390020010db800010280"),
    ],
)
def test_of_an_address_the_first_bits_are_told(address: str, bits: int, option: str) -> None:
    made = subnet_option(ip_address(address).packed, bits)
    assert made.hex() == option
    check_option(Option.ECS, made)
    assert ip_network(subnet_text(made)) == ip_network(f"{address}/{bits}", strict=False)


ASKED = subnet_option(ip_address("192.0.2.7").packed, 24)


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        (b"", 0),
        (ASKED, 0),
        (ASKED[:3] + b"\x10" + ASKED[4:], 16),
        (ASKED[:3] + b"\x20" + ASKED[4:], 32),
    ],
)
def test_a_reply_says_for_whom_it_is(said: bytes, scope: int) -> None:
    assert scope_of(said, ASKED) == scope
    assert scope_of(said, b"") == scope_of(said, NO_SUBNET) == 0


@pytest.mark.parametrize(
    "said", ["00011800c00003", "00021800c00002", "00011700c00002", "000118", "00011800c0000200"]
)
def test_a_reply_for_others_is_refused(said: str) -> None:
    with pytest.raises(WireError, match="another client subnet"):
        scope_of(bytes.fromhex(said), ASKED)


def test_whoever_wants_nothing_told_says_so_with_no_bits() -> None:
    assert wants_no_subnet(Option.ECS, NO_SUBNET)
    assert wants_no_subnet(Option.ECS, b"\0\0\0\0")
    assert not wants_no_subnet(Option.ECS, ASKED)
    assert not wants_no_subnet(Option.COOKIE, bytes(8))


def test_options_of_a_reply_end_where_they_are_malformed() -> None:
    good = b"\0\x08\0\2ab"
    assert list(options_in(good + good[:5])) == [(8, b"ab")]
    assert list(options_in(good + b"\0")) == [(8, b"ab")]
    assert len(list(options_in(bytes(4) * 200))) == 100


MAC = "02:00:5e:10:00:01"
MAC_BYTES = bytes.fromhex(MAC.replace(":", ""))


def option(code: int, data: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize(
    ("options", "address", "mac"),
    [
        (b"", "", ""),
        (option(8, b"\0\1\x20\0\xc0\0\2\7"), "192.0.2.7", ""),
        (option(8, b"\0\2\x80\0" + ip_address("2001:db8::7").packed), "2001:db8::7", ""),
        (option(8, b"\0\1\x20\0\x7f\0\0\1"), "", ""),
        (option(8, b"\0\1\x18\0\xc0\0\2"), "", ""),
        (option(8, b"\0\1\0\0"), "", ""),
        (option(8, b"\0\0\0\0"), "", ""),
        (option(65001, MAC_BYTES), "", MAC),
        (option(65001, MAC_BYTES + b"\0"), "", ""),
        (option(65073, MAC.encode()), "", MAC),
        (option(65073, b"AgBeEAAB"), "", MAC),
        (option(65073, b"no MAC at all"), "", ""),
        (option(65073, b":\xff"), "", ""),
        (option(8, b"\0\1\x20\0\xc0\0\2\7") + option(65001, MAC_BYTES), "192.0.2.7", MAC),
        (option(10, bytes(8)) + option(65001, MAC_BYTES), "", MAC),
    ],
)
def test_for_which_device_a_forwarder_asks(options: bytes, address: str, mac: str) -> None:
    assert device_in(options) == (ip_address(address).packed if address else b"", mac)
