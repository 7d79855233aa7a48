"""Whatever stands in the OPT of a reply is read within bounds, and never as being for others."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from sinkhole.dns.wire.options import (
    MOST_OPTIONS,
    check_option,
    options_in,
    scope_of,
    subnet_option,
    wants_no_subnet,
)
from sinkhole.model.errors import WireError


def subnets(version: Literal[4, 6], most: int) -> st.SearchStrategy[bytes]:
    addresses = st.ip_addresses(v=version).map(lambda address: address.packed)
    return st.builds(subnet_option, addresses, st.integers(0, most))


SUBNETS = subnets(4, 32) | subnets(6, 128)


@given(st.binary(max_size=600))
def test_any_bytes_can_be_options(data: bytes) -> None:
    found = list(options_in(data))
    assert len(found) <= MOST_OPTIONS
    assert sum(4 + len(each) for _, each in found) <= len(data)


@given(st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=20))
def test_options_come_back_as_they_were(options: list[tuple[int, bytes]]) -> None:
    data = b"".join(c.to_bytes(2, "big") + len(d).to_bytes(2, "big") + d for c, d in options)
    assert list(options_in(data)) == options


@given(SUBNETS, st.binary(max_size=24))
def test_an_answer_for_others_is_never_taken(asked: bytes, said: bytes) -> None:
    with suppress(WireError):
        scope = scope_of(said, asked)
        assert not scope or said == asked[:3] + bytes((scope,)) + asked[4:]


@given(SUBNETS, st.integers(0, 255))
def test_ours_is_well_formed_and_its_scope_is_read(asked: bytes, scope: int) -> None:
    check_option(8, asked)
    assert wants_no_subnet(8, asked) == (asked[2] == 0)
    assert scope_of(asked[:3] + bytes((scope,)) + asked[4:], asked) == (scope if asked[2] else 0)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_no_bit_beyond_the_prefix_is_told(address: object, bits: int) -> None:
    packed = ip_address(str(address)).packed
    told = subnet_option(packed, bits)[4:].ljust(4, b"\0")
    kept = int.from_bytes(packed, "big") >> (32 - bits) << (32 - bits)
    assert int.from_bytes(told, "big") == kept
