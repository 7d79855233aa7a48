r"""The parameters of HTTPS and SVCB records between text and wire form (RFC 9460 §2, RFC 9461).

As text a parameter is one token: `alpn=h2,h3`, `port=8443`, `no-default-alpn`, and `key4711=…` for
keys that have no name here. On the wire they stand sorted by key: key, length, value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

from sinkhole.dns.wire.text.tokens import bytes_to_token, token_to_bytes

MANDATORY, ALPN, NO_DEFAULT_ALPN, PORT, IPV4HINT, ECH, IPV6HINT, DOHPATH = range(8)

_KEYS = {
    "mandatory": MANDATORY,
    "alpn": ALPN,
    "no-default-alpn": NO_DEFAULT_ALPN,
    "port": PORT,
    "ipv4hint": IPV4HINT,
    "ech": ECH,
    "ipv6hint": IPV6HINT,
    "dohpath": DOHPATH,
}
_NAMES = {number: name for name, number in _KEYS.items()}
_OTHER_KEY = re.compile(r"key(0|[1-9][0-9]{0,4})")
_INVALID_KEY = 0xFFFF
_ALPN_ID = re.compile(rb"(?:[^,\\]|\\.)+", re.DOTALL)


def params_from_tokens(tokens: Sequence[str]) -> bytes:
    """The wire form of parameters in any order.

    Raises ValueError, with a text fit for the user, for unknown names, bad values, a key that
    stands twice, and keys that need one that isn't there.
    """
    params: dict[int, bytes] = {}
    for token in tokens:
        name, equals, value = token.partition("=")
        key = _key_of(name)
        if key in params:
            raise ValueError(f"the parameter {name} stands twice")
        params[key] = _read(name, key, token_to_bytes(value) if equals else b"")
    _check_together(params)
    return b"".join(
        key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
        for key, value in sorted(params.items())
    )


def params_to_tokens(wire: bytes) -> list[str]:
    """The tokens of parameters on the wire; ValueError if keys and lengths don't fit together.

    A value that its key can't have is written as `keyNNN=…`, byte by byte.
    """
    tokens, position = [], 0
    while position < len(wire):
        head, value_at = wire[position : position + 4], position + 4
        position = value_at + int.from_bytes(head[2:], "big")
        if len(head) < 4 or position > len(wire):
            raise ValueError("a parameter of a record ends early")
        tokens.append(_write(int.from_bytes(head[:2], "big"), wire[value_at:position]))
    return tokens


def _key_of(name: str) -> int:
    if (key := _KEYS.get(name)) is not None:
        return key
    number = _OTHER_KEY.fullmatch(name)
    if number is None or int(number[1]) >= _INVALID_KEY:
        raise ValueError(f"{name[:40]!r} is no parameter: use {', '.join(_KEYS)} or keyNNN")
    return int(number[1])


def _check_together(params: dict[int, bytes]) -> None:
    if NO_DEFAULT_ALPN in params and ALPN not in params:
        raise ValueError("no-default-alpn needs alpn")  # RFC 9460 §7.1.1
    mandatory = params.get(MANDATORY, b"")
    for at in range(0, len(mandatory), 2):
        key = int.from_bytes(mandatory[at : at + 2], "big")
        if key not in params or key == MANDATORY:
            raise ValueError(f"mandatory names {_name_of(key)}, which is not there")


def _name_of(key: int) -> str:
    return _NAMES.get(key, f"key{key}")


def _read(name: str, key: int, value: bytes) -> bytes:
    """The value of a parameter on the wire, from what its text stands for."""
    try:
        if key == NO_DEFAULT_ALPN and value:
            raise ValueError("no-default-alpn has no value")
        if name not in _KEYS or key == NO_DEFAULT_ALPN:
            return value
        if not value:
            raise ValueError("it needs a value")
        return _read_known(key, value)
    except ValueError as error:
        raise ValueError(f"parameter {name}: {error}") from None


def _read_known(key: int, value: bytes) -> bytes:
    if key == ALPN:
        return b"".join(map(_sized, _split_list(value)))
    if key == DOHPATH:
        return value
    text = value.decode("ascii")  # UnicodeDecodeError is a ValueError
    if key == ECH:
        return _decode_base64(text)
    if key == PORT:
        return _number(text)
    parts = text.split(",")
    if key == MANDATORY:
        return b"".join(key.to_bytes(2, "big") for key in sorted(set(map(_key_of, parts))))
    family = IPv4Address if key == IPV4HINT else IPv6Address
    if "%" in text:
        raise ValueError("an address with a zone")
    return b"".join(family(part).packed for part in parts)


def _split_list(value: bytes) -> list[bytes]:
    r"""The parts of a value between commas; `\,` and `\\` stand for themselves (RFC 9460 §A.1)."""
    parts = _ALPN_ID.findall(value)
    if b",".join(parts) != value:
        raise ValueError("an empty part of a list, or a broken escape")
    return [re.sub(rb"\\(.)", rb"\1", part, flags=re.DOTALL) for part in parts]


def _sized(part: bytes) -> bytes:
    if len(part) > 255:
        raise ValueError("a part of more than 255 bytes")
    return bytes((len(part),)) + part


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None


def _number(text: str) -> bytes:
    if not (text.isdigit() and len(text) <= 5 and int(text) <= 0xFFFF):
        raise ValueError(f"{text[:40]!r} is no number from 0 to 65535")
    return int(text).to_bytes(2, "big")


def _write(key: int, value: bytes) -> str:
    name = _name_of(key)
    try:
        known = _write_known(key, value)
        if key not in _NAMES or _read(name, key, known) != value:
            name, known = f"key{key}", value
    except ValueError:
        name, known = f"key{key}", value
    text = bytes_to_token(known, quoted=False)
    return f"{name}={text}" if text else name


def _write_known(key: int, value: bytes) -> bytes:
    """What the text of a known key's value stands for; wrong for a value the key can't have."""
    if key == PORT:
        return b"%d" % int.from_bytes(value, "big")
    if key == ALPN:
        return b",".join(re.sub(rb"[,\\]", rb"\\\g<0>", part) for part in _split_sized(value))
    if key == MANDATORY:
        keys = (int.from_bytes(value[at : at + 2], "big") for at in range(0, len(value), 2))
        return ",".join(map(_name_of, keys)).encode()
    if key in (IPV4HINT, IPV6HINT):
        size, family = (4, IPv4Address) if key == IPV4HINT else (16, IPv6Address)
        parts = (value[at : at + size] for at in range(0, len(value), size))
        return ",".join(str(family(part)) for part in parts).encode()
    return base64.b64encode(value) if key == ECH else value


def _split_sized(value: bytes) -> list[bytes]:
    parts, position = [], 0
    while position < len(value):
        start = position + 1
        position = start + value[position]
        parts.append(value[start:position])
    return parts
