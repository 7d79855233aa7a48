"""Any text behind sdns:// is an upstream or a ValueError in words; what is encoded is decoded."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sinkhole.control.settings.stamps import decode_stamp
from sinkhole.control.settings.upstream_urls import parse_upstream
from sinkhole.model.upstream_url import UpstreamKind, UpstreamUrl


def lp(field: bytes) -> bytes:
    return bytes([len(field)]) + field


def vlp(fields: Sequence[bytes]) -> bytes:
    last = len(fields) - 1
    marked = [bytes([len(f) | (0x80 if at < last else 0)]) + f for at, f in enumerate(fields)]
    return b"".join(marked) or b"\0"


def as_stamp(data: bytes) -> str:
    return "sdns://" + urlsafe_b64encode(data).decode().rstrip("=")


def encoded(url: UpstreamUrl, address: str, bootstrap: Sequence[bytes] | None = None) -> str:
    protocol = {"https": 2, "tls": 3, "quic": 4}[url.kind]
    data = bytes([protocol]) + bytes(8) + lp(address.encode()) + vlp(url.hashes)
    data += lp(f"{url.host}:{url.port}".encode())
    data += lp(url.path.encode()) if url.kind == "https" else b""
    return as_stamp(data + (vlp(bootstrap) if bootstrap is not None else b""))


HASHES = st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(tuple)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,20}(\.[a-z][a-z0-9]{0,9}){0,3}", fullmatch=True)
PORTS = st.integers(1, 65535)
PATHS = st.from_regex(r"/[a-zA-Z0-9/._-]{0,30}", fullmatch=True)


@st.composite
def encrypted(draw: st.DrawFn) -> UpstreamUrl:
    kind: UpstreamKind = draw(st.sampled_from(("tls", "quic", "https")))
    path = draw(PATHS) if kind == "https" else ""
    return UpstreamUrl(kind, draw(NAMES), draw(PORTS), path, hashes=draw(HASHES))


ENCRYPTED = encrypted()
SUGGESTED = st.none() | st.lists(st.just(b"192.0.2.53"), max_size=2)


@settings(deadline=None)
@given(ENCRYPTED, SUGGESTED)
def test_a_name_and_its_port_are_read_back(url: UpstreamUrl, bootstrap: list[bytes] | None) -> None:
    assert decode_stamp(encoded(url, "", bootstrap)) == url


@settings(deadline=None)
@given(ENCRYPTED, st.ip_addresses(v=4, network="192.0.2.0/24"))
def test_an_address_beside_a_name_is_known_beforehand(url: UpstreamUrl, address: object) -> None:
    assert decode_stamp(encoded(url, str(address))) == url._replace(addresses=(str(address),))


def check(text: str) -> None:
    try:
        url = decode_stamp(text)
    except ValueError as error:
        assert "cannot be used: " in str(error) and len(str(error)) < 400
    else:
        assert parse_upstream(url.text) == url


@settings(deadline=None)
@given(st.binary(max_size=80).map(as_stamp) | st.text(max_size=80).map("sdns://{}".format))
def test_whatever_stands_there_is_an_upstream_or_refused(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(st.sampled_from([0, 2, 3, 4]), st.lists(st.binary(max_size=20).map(lp), max_size=5))
def test_whatever_its_fields_hold_is_an_upstream_or_refused(kind: int, fields: list[bytes]) -> None:
    check(as_stamp(bytes([kind]) + bytes(8) + b"".join(fields)))


@settings(deadline=None)
@given(ENCRYPTED, st.data())
def test_a_part_of_a_stamp_is_refused(url: UpstreamUrl, data: st.DataObject) -> None:
    whole = encoded(url, "")
    text = whole[: data.draw(st.integers(len("sdns://"), len(whole) - 2))]
    with pytest.raises(ValueError, match="cannot be used"):
        decode_stamp(text)
