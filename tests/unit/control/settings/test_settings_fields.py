from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import PlainValidator, TypeAdapter, ValidationError

from sinkhole.control.settings import fields
from sinkhole.control.settings.addresses import Endpoint
from sinkhole.control.settings.units import Duration, Size


def read(kind: PlainValidator, value: Any) -> Any:
    return TypeAdapter(Annotated[object, kind]).validate_python(value)


def refusal(kind: PlainValidator, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    (error,) = caught.value.errors()
    return str(error["ctx"]["error"])


def test_durations_have_bounds() -> None:
    kind = fields.time_span("100ms", "10s")
    assert read(kind, "100ms") == 0.1
    assert read(kind, "10s") == read(kind, Duration(10)) == 10
    assert refusal(kind, "99ms") == "99ms is out of range, write 100ms to 10s"
    assert refusal(kind, "1h") == "1h is out of range, write 100ms to 10s"
    assert refusal(kind, 0) == "0s is out of range, write 100ms to 10s"


def test_zero_can_be_allowed_beside_the_bounds() -> None:
    kind = fields.time_span("10m", "30d", or_zero=True)
    assert read(kind, 0) == read(kind, "0") == read(kind, "0s") == 0
    assert refusal(kind, "1s") == "1s is out of range, write 10m to 30d, or 0"


def test_sizes_have_bounds() -> None:
    kind = fields.byte_count("1MiB", "4GiB")
    assert read(kind, "4GiB") == read(kind, Size(4 << 30)) == 4 << 30
    assert refusal(kind, "1KiB") == "1KiB is out of range, write 1MiB to 4GiB"


def test_whole_numbers_are_neither_text_nor_truth() -> None:
    kind = fields.whole_number(0, 10)
    assert read(kind, 10) == 10
    for value, shown in (("5", '"5"'), (True, "true"), (2.0, "2.0"), (11, "11"), (-1, "-1")):
        assert refusal(kind, value) == f"{shown} is not a whole number from 0 to 10"


@pytest.mark.parametrize(("value", "meant"), [(True, True), ("yes", True), ("Off", False)])
def test_flags_take_the_words_people_use(value: object, meant: bool) -> None:
    assert read(fields.flag(), value) is meant


@pytest.mark.parametrize("value", [1, 0, "maybe", "true "])
def test_flags_take_nothing_else(value: object) -> None:
    assert refusal(fields.flag(), value).endswith("is neither true nor false")


def test_text_is_one_line_that_is_not_blank() -> None:
    kind = fields.text(10)
    assert read(kind, "  a\tb ") == "a\tb"
    assert refusal(kind, " ") == '" " is empty, write something or remove the line'
    assert refusal(kind, "ä" * 6).endswith("takes 12 bytes, at most 10 are allowed")
    assert refusal(kind, "a\x1b").endswith("it has the character U+001B")
    assert refusal(kind, 5) == '5 is not text, write "5"'
    assert refusal(kind, True) == 'true is not text, write "true"'
    assert refusal(kind, ["a"]) == "a list is not text"


def test_endpoints_get_the_default_port_and_pass_when_they_are_read_already() -> None:
    assert read(fields.endpoint(53), "192.0.2.1") == Endpoint("192.0.2.1", 53)
    assert read(fields.endpoint(53), Endpoint("192.0.2.1", 5)) == Endpoint("192.0.2.1", 5)


def test_addresses_are_of_one_family() -> None:
    assert read(fields.address(4), "192.0.2.1") == IPv4Address("192.0.2.1")
    assert refusal(fields.address(6), "192.0.2.1") == "192.0.2.1 is IPv4, this key takes IPv6"
    assert refusal(fields.address(4), 5) == '5 is not text, write "5"'


@pytest.mark.parametrize(
    ("name", "found"), [("NAS.Home.", "nas.home"), ("bücher.example", "xn--bcher-kva.example")]
)
def test_host_names_are_read_in_their_ascii_form(name: str, found: str) -> None:
    assert read(fields.host_name(), name) == found


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a..b", "has an empty label"),
        ("x" * 64, "has a label of 64 bytes, at most 63"),
        ("a b", "is not a host name, write letters, digits, - and _ between dots"),
        (".", "is not a host name"),
        ("a.b:80", "is not a host name"),
        ("http://a", "is not a host name"),
        ("a\\.b", "is not a host name"),
        ("*.a", "is not a host name"),
        ("\u2603\u200d", "is not a name: "),
        ("192.0.2.1", "is an address, write a name"),
    ],
)
def test_what_is_no_host_name_is_refused(name: str, reason: str) -> None:
    assert reason in refusal(fields.host_name(), name)


def test_folders_are_paths() -> None:
    assert read(fields.folder(), "./data") == read(fields.folder(), Path("data")) == Path("data")
    assert refusal(fields.folder(), "~x") == '"~x": ~ has no meaning here, write the whole path'
