"""Fields of protobuf, by the examples of its specification."""

from __future__ import annotations

import pytest

from sinkhole.control.shipping.protobuf import bytes_field, fixed32_field, number_field, varint


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (150, "9601"), (300, "ac02"),
     (2**32, "8080808010"), (2**64 - 1, "ffffffffffffffffff01")],
)  # fmt: skip
def test_a_varint_has_seven_bits_a_byte(number: int, encoded: str) -> None:
    assert varint(number).hex() == encoded


def test_fields_are_led_by_their_number_and_kind() -> None:
    assert number_field(1, 150).hex() == "089601"
    assert bytes_field(2, b"testing").hex() == "120774657374696e67"
    assert fixed32_field(9, 1).hex() == "4d01000000"
    assert bytes_field(16, b"")[:2].hex() == "8201"
