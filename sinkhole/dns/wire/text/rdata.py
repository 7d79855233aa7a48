"""The data of records between text, as in a zone file, and wire form (RFC 1035 §5.1).

    A 192.0.2.10                  AAAA 2001:db8::10             CNAME nas.example
    MX 10 mail.example            TXT "one string" "another"    SRV 0 5 8080 nas.example
    HTTPS 1 . alpn=h2,h3          SVCB 1 dns.example alpn=dot port=8853

Names are always whole, with or without a final dot: there is no origin to add.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from sinkhole.dns.wire.name import end_of, from_text, to_text
from sinkhole.dns.wire.numbers import Type, type_name
from sinkhole.dns.wire.text.svcparams import params_from_tokens, params_to_tokens
from sinkhole.dns.wire.text.tokens import bytes_to_token, split_tokens, token_to_bytes
from sinkhole.model.errors import WireError

MAX_RDATA: Final = 4096
"""Bytes of the longest data that is made from text, well below what fits into a message."""

MAX_STRING: Final = 255
"""Bytes of one string of a TXT record, RFC 1035 §3.3."""


class _Field(NamedTuple):
    """One value of a record: how to call it, both ways, and its bytes (0: as long as a name is)."""

    what: str
    from_token: Callable[[str], bytes]
    to_token: Callable[[bytes], str]
    size: int = 0


class _Rest(NamedTuple):
    """What stands behind the fields of a type, in any number of tokens."""

    what: str
    from_tokens: Callable[[list[str]], bytes]
    to_tokens: Callable[[bytes], list[str]]


class _Form(NamedTuple):
    fields: tuple[_Field, ...]
    rest: _Rest | None = None

    @property
    def needs(self) -> str:
        """What a record of this form needs, for a person."""
        return ", ".join(part.what for part in (*self.fields, self.rest) if part is not None)


def rdata_from_text(rtype: int, text: str, *, keep_case: bool = False) -> bytes:
    """The data of one record on the wire, names in it uncompressed and lower-cased.

    With `keep_case` they are spelled as in the text. Raises ValueError, with a text fit for the
    user, for data that a record of the type can't have, types without a text form here, and more
    than MAX_RDATA bytes.
    """
    form = _FORMS.get(rtype)
    if form is None:
        known = ", ".join(map(type_name, _FORMS))
        raise ValueError(f"{type_name(rtype)} records can't be written here, only {known}")
    tokens, fixed = split_tokens(text), len(form.fields)
    if len(tokens) < fixed or (len(tokens) > fixed and form.rest is None):
        raise ValueError(f"{type_name(rtype)} takes {form.needs}, not {text[:80]!r}")
    rdata = b""
    for field, token in zip(form.fields, tokens[:fixed], strict=True):
        part = field.from_token(token)
        rdata += part.lower() if field is _NAME and not keep_case else part
    if form.rest is not None:
        rdata += form.rest.from_tokens(tokens[fixed:])
    if len(rdata) > MAX_RDATA:
        raise ValueError(f"data of {len(rdata)} bytes, at most {MAX_RDATA} are allowed")
    return rdata


def rdata_to_text(rtype: int, rdata: bytes) -> str:
    r"""The data of a record as text, names without a final dot; never raises.

    Data that its type can't have, and types without a text form here, are written as bytes:
    `\# 2 c0de` (RFC 3597 §5).
    """
    form = _FORMS.get(rtype) or _SHOWN.get(rtype)
    if form is not None:
        with contextlib.suppress(ValueError, WireError):
            return " ".join(_tokens_of(form, rdata))
    return f"\\# {len(rdata)} {rdata.hex()}".rstrip()


def _tokens_of(form: _Form, rdata: bytes) -> list[str]:
    """The tokens of some data; ValueError or WireError if it isn't of that form."""
    tokens, position = [], 0
    for field in form.fields:
        end = position + field.size if field.size else end_of(rdata, position)
        if end > len(rdata):
            raise ValueError("the data ends early")
        tokens.append(field.to_token(rdata[position:end]))
        position = end
    if form.rest is not None:
        return tokens + form.rest.to_tokens(rdata[position:])
    if position < len(rdata):
        raise ValueError("bytes behind the data")
    return tokens


def _number_from_token(token: str, *, size: int) -> bytes:
    most = (1 << 8 * size) - 1
    is_short = token.isascii() and token.isdigit() and len(token) <= len(str(most))
    if not (is_short and int(token) <= most):
        raise ValueError(f"{token[:80]!r} is no number from 0 to {most}")
    return int(token).to_bytes(size, "big")


def _number_to_token(data: bytes) -> str:
    return str(int.from_bytes(data, "big"))


def _ipv4_from_token(token: str) -> bytes:
    return IPv4Address(token).packed


def _ipv4_to_token(data: bytes) -> str:
    return str(IPv4Address(data))


def _ipv6_from_token(token: str) -> bytes:
    address = IPv6Address(token)
    if address.scope_id is not None:
        raise ValueError(f"{token[:80]!r} has a zone, which records can't hold")
    return address.packed


def _ipv6_to_token(data: bytes) -> str:
    return str(IPv6Address(data))


def _name_from_token(token: str) -> bytes:
    if '"' in token.replace('\\"', ""):
        raise ValueError(f"{token[:80]!r} is no name: it has a quote")
    return from_text(token, keep_case=True)


def _strings_from_tokens(tokens: list[str]) -> bytes:
    if not tokens:
        raise ValueError('TXT takes at least one string, such as "some text"')
    strings = [token_to_bytes(token) for token in tokens]
    if (longest := max(map(len, strings))) > MAX_STRING:
        raise ValueError(
            f"a string of {longest} bytes, at most {MAX_STRING} are allowed: "
            'write it in several parts, "one" "after the other"'
        )
    return b"".join(bytes((len(string),)) + string for string in strings)


def _strings_to_tokens(data: bytes) -> list[str]:
    tokens, position = [], 0
    while position < len(data):
        start = position + 1
        position = start + data[position]
        if position > len(data):
            raise ValueError("a string ends early")
        tokens.append(bytes_to_token(data[start:position]))
    if not tokens:
        raise ValueError("no string")
    return tokens


_IPV4 = _Field("an IPv4 address", _ipv4_from_token, _ipv4_to_token, 4)
_IPV6 = _Field("an IPv6 address", _ipv6_from_token, _ipv6_to_token, 16)
_NAME = _Field("a name", _name_from_token, to_text)
_STRINGS = _Rest("strings", _strings_from_tokens, _strings_to_tokens)
_PARAMS = _Rest("parameters", params_from_tokens, params_to_tokens)


def _number(what: str, size: int = 2) -> _Field:
    return _Field(what, partial(_number_from_token, size=size), _number_to_token, size)


_SERVICE = _Form((_number("a priority"), _NAME), _PARAMS)
_FORMS: Final = {
    Type.A: _Form((_IPV4,)),
    Type.AAAA: _Form((_IPV6,)),
    Type.CNAME: _Form((_NAME,)),
    Type.PTR: _Form((_NAME,)),
    Type.NS: _Form((_NAME,)),
    Type.MX: _Form((_number("a preference"), _NAME)),
    Type.TXT: _Form((), _STRINGS),
    Type.SRV: _Form((_number("a priority"), _number("a weight"), _number("a port"), _NAME)),
    Type.HTTPS: _SERVICE,
    Type.SVCB: _SERVICE,
}
_TIMES = (_number(each, 4) for each in ("a serial", "a refresh", "a retry", "an expiry", "a TTL"))
_SHOWN: Final = {Type.SOA: _Form((_NAME, _NAME, *_TIMES))}
"""What comes in answers and is shown, but is nothing to write here."""
