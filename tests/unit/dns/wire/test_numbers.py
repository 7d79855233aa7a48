"""Names of types and codes."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.numbers import rcode_name, type_name, type_number


@pytest.mark.parametrize(
    ("number", "name"), [(1, "A"), (28, "AAAA"), (65, "HTTPS"), (257, "CAA"), (4711, "TYPE4711")]
)
def test_types_have_one_name_each_way(number: int, name: str) -> None:
    assert type_name(number) == name
    assert type_number(name.lower()) == number


@pytest.mark.parametrize("name", ["", "TYPE", "TYPEx", "TYPE65536", "NOPE", "TYPE-1"])
def test_what_is_no_type_is_an_error(name: str) -> None:
    with pytest.raises(ValueError):
        type_number(name)


def test_rcodes_have_names() -> None:
    assert rcode_name(3) == "NXDOMAIN"
    assert rcode_name(11) == "RCODE11"
