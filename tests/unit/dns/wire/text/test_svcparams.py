"""Parameters of HTTPS and SVCB records."""

from __future__ import annotations

import pytest

from sinkhole.dns.wire.text.svcparams import params_from_tokens, params_to_tokens
from sinkhole.dns.wire.text.tokens import split_tokens


def param(key: int, value: bytes) -> bytes:
    return key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


# What is written, what stands on the wire, and how we write it (None: the same).
PARAMS: dict[str, tuple[bytes, str | None]] = {
    "": (b"", None),
    "alpn=h2": (param(1, b"\x02h2"), None),
    "alpn=h2,h3": (param(1, b"\x02h2\x02h3"), None),
    'alpn="h2,h3"': (param(1, b"\x02h2\x02h3"), "alpn=h2,h3"),
    r"alpn=f\\\\oo\\,bar,h2": (param(1, b"\x08f\\oo,bar\x02h2"), None),
    r"alpn=f\\\092oo\092,bar,h2": (param(1, b"\x08f\\oo,bar\x02h2"), r"alpn=f\\\\oo\\,bar,h2"),
    "alpn=h2 no-default-alpn": (param(1, b"\x02h2") + param(2, b""), None),
    "port=8443": (param(3, b"\x20\xfb"), None),
    "ipv4hint=192.0.2.1,192.0.2.2": (param(4, bytes((192, 0, 2, 1, 192, 0, 2, 2))), None),
    "ech=AEQ=": (param(5, b"\x00\x44"), None),
    "ipv6hint=2001:db8::1": (param(6, b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01"), None),
    "dohpath=/dns-query{?dns}": (param(7, b"/dns-query{?dns}"), None),
    "key667=hello": (param(667, b"hello"), None),
    r'key667="hello \210qoo"': (param(667, b"hello \xd2qoo"), r"key667=hello\032\210qoo"),
    "key667": (param(667, b""), None),
    r"key1=\002h2": (param(1, b"\x02h2"), "alpn=h2"),
    r"key3=\001": (param(3, b"\x01"), None),
    r"key4=\001\002": (param(4, b"\x01\x02"), None),
    r"key1=\009h2": (param(1, b"\x09h2"), None),
    r"key1=": (param(1, b""), "key1"),
    "port=1 alpn=h2": (param(1, b"\x02h2") + param(3, b"\x00\x01"), "alpn=h2 port=1"),
    "mandatory=port,alpn alpn=h2 port=53": (
        param(0, b"\x00\x01\x00\x03") + param(1, b"\x02h2") + param(3, b"\x00\x35"),
        "mandatory=alpn,port alpn=h2 port=53",
    ),
}


@pytest.mark.parametrize("text", PARAMS)
def test_parameters_to_the_wire_and_back(text: str) -> None:
    wire, written = PARAMS[text]
    assert params_from_tokens(split_tokens(text)) == wire
    assert " ".join(params_to_tokens(wire)) == (text if written is None else written)
    assert params_from_tokens(params_to_tokens(wire)) == wire


WRONG = {
    "colour=red": "'colour' is no parameter: use mandatory, alpn, ",
    "=": "'' is no parameter",
    "key01=x": "is no parameter",
    "key65535=x": "is no parameter",
    "key99999=x": "is no parameter",
    "alpn=h2 alpn=h3": "stands twice",
    "alpn=h2 key1=h3": "stands twice",
    "alpn": "parameter alpn: it needs a value",
    "alpn=": "it needs a value",
    "alpn=h2,,h3": "an empty part",
    "alpn=,": "an empty part",
    f"alpn={'a' * 256}": "more than 255 bytes",
    "no-default-alpn": "needs alpn",
    "alpn=h2 no-default-alpn=1": "has no value",
    "port=65536": "no number",
    "port=-1": "no number",
    "port=²": "ascii",
    "ipv4hint=192.0.2": "Expected 4 octets",
    "ipv4hint=192.0.2.1,": "Address cannot be empty",
    "ipv6hint=192.0.2.1": "At least 3 parts",
    "ipv6hint=fe80::1%lo": "zone",
    "ech=*": "not base64",
    "mandatory=port": "mandatory names port, which is not there",
    "mandatory=mandatory": "mandatory names mandatory",
    "mandatory=key9": "mandatory names key9",
    "mandatory=colour": "is no parameter",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_parameters_say_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        params_from_tokens(split_tokens(text))
    assert WRONG[text] in str(caught.value)


@pytest.mark.parametrize("wire", [b"\0", b"\0\1\0", b"\0\1\0\5h2", param(1, b"\x02h2") + b"\0"])
def test_bytes_that_end_early_are_an_error(wire: bytes) -> None:
    with pytest.raises(ValueError, match="ends early"):
        params_to_tokens(wire)
