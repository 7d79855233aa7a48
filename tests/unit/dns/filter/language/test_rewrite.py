"""Values of `$dnsrewrite`."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sinkhole.dns.filter.language.line import EVERY_REWRITE, Reject, Rewrite
from sinkhole.dns.filter.language.rewrite import (
    BAD_DATA,
    BAD_TARGET,
    BAD_VALUE,
    UNKNOWN_WORD,
    read_rewrite,
)
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

V6 = ip_address("2001:db8::1").packed
NAS = from_text("nas.example")
LONGEST = "a." * 27 + "example.b"

VALUES = {
    "192.0.2.1": Rewrite(0, Type.A, bytes((192, 0, 2, 1))),
    "2001:db8::1": Rewrite(0, Type.AAAA, V6),
    "::ffff:192.0.2.1": Rewrite(0, Type.A, bytes((192, 0, 2, 1))),
    "NOERROR": Rewrite(0),
    "NXDOMAIN": Rewrite(3),
    "REFUSED": Rewrite(5),
    "SERVFAIL": Rewrite(2),
    "nas.example": Rewrite(0, Type.CNAME, NAS),
    "NAS.Example.": Rewrite(0, Type.CNAME, NAS),
    "bücher.example": Rewrite(0, Type.CNAME, from_text("xn--bcher-kva.example")),
    "nxdomain": Rewrite(0, Type.CNAME, from_text("nxdomain")),
    LONGEST: Rewrite(0, Type.CNAME, from_text(LONGEST)),
    "NOERROR;A;192.0.2.1": Rewrite(0, Type.A, bytes((192, 0, 2, 1))),
    "noerror;aaaa;2001:db8::1": Rewrite(0, Type.AAAA, V6),
    "NOERROR;CNAME;_x.nas.example": Rewrite(0, Type.CNAME, b"\2_x" + NAS),
    f"NOERROR;CNAME;a{LONGEST}": Rewrite(0, Type.CNAME, from_text(f"a{LONGEST}")),
    "NOERROR;MX;10 nas.example": Rewrite(0, Type.MX, b"\0\x0a" + NAS),
    "NOERROR;PTR;nas.example.": Rewrite(0, Type.PTR, NAS),
    "NOERROR;TXT;": Rewrite(0, Type.TXT, b"\0"),
    "NOERROR;TXT;one; two": Rewrite(0, Type.TXT, b"\x08one; two"),
    'NOERROR;TXT;a "b" \\c': Rewrite(0, Type.TXT, b'\x08a "b" \\c'),
    f"NOERROR;TXT;{'a' * 300}": Rewrite(0, Type.TXT, b"\xff" + b"a" * 255 + b"\x2d" + b"a" * 45),
    "NOERROR;SRV;0 5 8080 nas.example": Rewrite(0, Type.SRV, b"\0\0\0\5\x1f\x90" + NAS),
    "NOERROR;HTTPS;1 . alpn=h3": Rewrite(0, Type.HTTPS, b"\0\1\0\0\1\0\3\2h3"),
    "NOERROR;SVCB;0 nas.example": Rewrite(0, Type.SVCB, b"\0\0" + NAS),
    "NOERROR;;": Rewrite(0),
    "REFUSED;;": Rewrite(5),
    "NotImp;;": Rewrite(4),
    "": EVERY_REWRITE,
}


@pytest.mark.parametrize("value", VALUES)
def test_values(value: str) -> None:
    assert read_rewrite(value) == VALUES[value]


WRONG = {
    "COLOUR": UNKNOWN_WORD,
    "FORMERR": UNKNOWN_WORD,
    "a_b.example": BAD_TARGET,
    "-a.example": BAD_TARGET,
    "a..example": BAD_TARGET,
    f"a{LONGEST}": BAD_TARGET,
    "a b": BAD_TARGET,
    "192.0.2.300": BAD_TARGET,
    "1.2.3": BAD_TARGET,
    "10": BAD_TARGET,
    "[2001:db8::1]": BAD_TARGET,
    "192.0.2.0/24": BAD_TARGET,
    f"{'ü' * 63}": BAD_DATA,
    "NOERROR;A": BAD_VALUE,
    "NXDOMAIN;A;192.0.2.1": BAD_VALUE,
    "COLOUR;;": BAD_VALUE,
    "BADVERS;;": BAD_VALUE,
    "NOERROR;NS;nas.example": BAD_VALUE,
    "NOERROR;A;": BAD_DATA,
    "NOERROR;A;2001:db8::1": BAD_DATA,
    "NOERROR;AAAA;192.0.2.1": BAD_DATA,
    "NOERROR;CNAME;": BAD_DATA,
    "NOERROR;MX;nas.example": BAD_DATA,
    "NOERROR;MX;10": BAD_DATA,
    "NOERROR;MX;10 ": BAD_DATA,
    "NOERROR;SVCB;1": BAD_DATA,
    "NOERROR;SVCB;1 alpn=h3": BAD_DATA,
    "NOERROR;HTTPS;1 alpn=h3": BAD_DATA,
    "NOERROR;SRV;0 5 8080 port=1": BAD_DATA,
    "NOERROR;CNAME;a/b": BAD_DATA,
    "NOERROR;HTTPS;1 . colour=red": BAD_DATA,
    f"NOERROR;TXT;{'a' * 5000}": BAD_DATA,
}


@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_value_says_why(value: str) -> None:
    reason = read_rewrite(value)
    assert isinstance(reason, Reject)
    assert reason == WRONG[value]
