"""The values of `$dnsrewrite`: what a rule answers instead.

short   192.0.2.1    2001:db8::1    nas.example    NXDOMAIN
full    NOERROR;A;192.0.2.1    NOERROR;MX;10 mail.example    REFUSED;;    NOERROR;;
"""

from __future__ import annotations

import re

from sinkhole.dns.filter.language.addresses import read_address
from sinkhole.dns.filter.language.line import EVERY_REWRITE, Address, Reject, Rewrite
from sinkhole.dns.filter.language.names import is_written_as_name
from sinkhole.dns.wire.numbers import Rcode, Type
from sinkhole.dns.wire.text.rdata import rdata_from_text
from sinkhole.dns.wire.text.tokens import bytes_to_token

_SHORT_RCODES = {
    "NOERROR": Rcode.NOERROR,
    "NXDOMAIN": Rcode.NXDOMAIN,
    "REFUSED": Rcode.REFUSED,
    "SERVFAIL": Rcode.SERVFAIL,
}
_RCODES = _SHORT_RCODES | {
    "FORMERR": Rcode.FORMERR,
    "NOTIMP": Rcode.NOTIMP,
    "YXDOMAIN": Rcode.YXDOMAIN,
    "YXRRSET": 7,
    "NXRRSET": 8,
    "NOTAUTH": Rcode.NOTAUTH,
    "NOTZONE": 10,
}
_TYPES = {
    "A": Type.A,
    "AAAA": Type.AAAA,
    "CNAME": Type.CNAME,
    "HTTPS": Type.HTTPS,
    "MX": Type.MX,
    "PTR": Type.PTR,
    "SRV": Type.SRV,
    "SVCB": Type.SVCB,
    "TXT": Type.TXT,
}
_LABEL = r"(?!-)(?:[A-Za-z0-9-]|[^\x00-\x7f])+(?<!-)"
_SHORT_NAME = re.compile(rf"(?=.{{1,63}}$){_LABEL}(?:\.{_LABEL})*\.?", re.DOTALL)
_NUMBERS = re.compile(r"[0-9.]+")
_NAME_AT = {Type.CNAME: 0, Type.PTR: 0, Type.MX: 1, Type.HTTPS: 1, Type.SVCB: 1, Type.SRV: 3}
"""Which word of a type's data is a name."""
_STRING = 255
"""Bytes of one string of a TXT record; longer texts are cut into several."""

BAD_VALUE = Reject("a value that $dnsrewrite can't have")
UNKNOWN_WORD = Reject("an unknown word in capitals as the value of $dnsrewrite")
BAD_DATA = Reject("data that its type of record can't have, in $dnsrewrite")
BAD_TARGET = Reject("a short $dnsrewrite target that is no host name; try NOERROR;CNAME;name")


def read_rewrite(value: str) -> Rewrite | Reject:
    """What a `$dnsrewrite` says; EVERY_REWRITE for no value, which only some rules may have.

    A short name is, as where this language comes from, at most 63 letters, digits, hyphens and
    dots in all; the full form takes any name. The value of TXT is one text as it stands.
    """
    if not value:
        return EVERY_REWRITE
    parts = value.split(";", 2)
    if len(parts) == 1:
        return _read_short(value)
    return _read_full(*parts) if len(parts) == 3 else BAD_VALUE


def rewrite_to(address: Address) -> Rewrite:
    """The rewrite that answers with one address."""
    return Rewrite(rtype=Type.A if address.version == 4 else Type.AAAA, rdata=address.packed)


def _read_short(value: str) -> Rewrite | Reject:
    if value in _SHORT_RCODES:
        return Rewrite(_SHORT_RCODES[value])
    if value.isascii() and value.isalpha() and value.isupper():
        return UNKNOWN_WORD
    address = read_address(value)
    if address is not None:
        return rewrite_to(address)
    if _SHORT_NAME.fullmatch(value) is None or _NUMBERS.fullmatch(value):
        return BAD_TARGET
    return _record(Type.CNAME, value)


def _read_full(rcode_name: str, type_name: str, data: str) -> Rewrite | Reject:
    rcode = _RCODES.get(rcode_name.strip().upper())
    rtype = _TYPES.get(type_name.strip().upper())
    if rcode is None:
        return BAD_VALUE
    if not type_name and not data:
        return Rewrite(rcode)
    if rcode != Rcode.NOERROR or rtype is None:
        return BAD_VALUE
    place = _NAME_AT.get(rtype)
    if place is not None and not is_written_as_name("".join(data.split()[place : place + 1])):
        return BAD_DATA  # `1 alpn=h3` without a target is not about a name called `alpn=h3`
    return _record(rtype, _as_strings(data) if rtype == Type.TXT else data)


def _as_strings(text: str) -> str:
    data = text.encode("utf-8", "replace")
    pieces = (data[at : at + _STRING] for at in range(0, max(len(data), 1), _STRING))
    return " ".join(map(bytes_to_token, pieces))


def _record(rtype: int, data: str) -> Rewrite | Reject:
    try:
        return Rewrite(rtype=rtype, rdata=rdata_from_text(rtype, data))
    except ValueError:
        return BAD_DATA
