"""EDNS options whose form we know."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.numbers import Rcode
from sinkhole.dns.wire.options import check_option
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
