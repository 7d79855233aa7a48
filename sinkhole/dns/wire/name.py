r"""Domain names between wire form and text.

A *wire name* is the uncompressed form of RFC 1035 §3.1: labels, each behind its length byte,
ended by a zero byte; at most 255 bytes in all. A *name* is text without the final dot, in the
escapes of RFC 1035 §5.1 (`\.` and `\DDD`); the root is ".". Labels may hold any byte at all
(RFC 2181 §11), a zero byte and a dot included: the end of a wire name is found by walking.
"""

from __future__ import annotations

from collections.abc import Iterator

import idna

from sinkhole.dns.wire.numbers import MAX_LABEL, MAX_NAME
from sinkhole.model.errors import WireError

ROOT = b"\0"

_PLAIN_BYTES = (
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/+=:@~!#$%&^|<>'`,{}[]?"
)
_PLAIN = frozenset(_PLAIN_BYTES)
_DOT = ord(".")


def end_of(wire: bytes, offset: int) -> int:
    """The offset just behind the wire name that starts at `offset`; no compression allowed.

    Raises WireError for a pointer or reserved label type, a name of more than 255 bytes, and a
    message that ends within the name.
    """
    part = wire[offset : offset + MAX_NAME]  # so that no more than a name is walked over
    position = 0
    try:
        while size := part[position]:
            if size > MAX_LABEL:
                raise WireError(f"label type {size:#04x} in a name that may not be compressed")
            position += size + 1
    except IndexError:
        if len(part) == MAX_NAME:
            raise WireError(f"name of more than {MAX_NAME} bytes") from None
        raise WireError("message ends within a name") from None
    return offset + position + 1


def labels(wire_name: bytes) -> Iterator[bytes]:
    """The labels of a valid wire name, leftmost first, without the root's empty one."""
    position = 0
    while size := wire_name[position]:
        yield wire_name[position + 1 : position + 1 + size]
        position += size + 1


def ancestors(wire_name: bytes) -> Iterator[bytes]:
    """The name itself, then each name above it, down to the root (`b"\\0"`) as the last."""
    position = 0
    while size := wire_name[position]:
        yield wire_name[position:]
        position += size + 1
    yield ROOT


def is_below(wire_name: bytes, zone: bytes) -> bool:
    """Whether a wire name equals `zone` or lies below it; both lower-cased."""
    if not wire_name.endswith(zone):
        return False
    position, border = 0, len(wire_name) - len(zone)
    while position < border:
        position += wire_name[position] + 1
    return position == border


def to_text(wire_name: bytes) -> str:
    r"""Text of a valid wire name; bytes outside printable ASCII as `\DDD`, the root as "."."""
    if wire_name == ROOT:
        return "."
    text, borders = bytearray(wire_name), 0
    position = wire_name[0] + 1
    while size := wire_name[position]:
        text[position] = _DOT
        borders += 1
        position += size + 1
    del text[0], text[-1]
    if text.translate(None, _PLAIN_BYTES) == b"." * borders:  # nothing to escape, no dot in a label
        return text.decode("ascii")
    return ".".join(["".join(map(_escape, label)) for label in labels(wire_name)])


def _escape(byte: int) -> str:
    if byte in _PLAIN:
        return chr(byte)
    if 0x21 <= byte <= 0x7E:
        return "\\" + chr(byte)
    return f"\\{byte:03d}"


def from_text(name: str, *, keep_case: bool = False) -> bytes:
    r"""The lower-cased wire name of a text: with or without final dot, escapes, or Unicode.

    With `keep_case` it is spelled as in the text, but for Unicode. That is normalised by IDNA 2008
    with UTS 46 mapping. Raises ValueError, with a text fit for the user, for empty labels, labels
    over 63 or names over 255 bytes, and bad escapes.
    """
    if name in (".", ""):
        return ROOT
    text = name if name.isascii() else _to_ascii(name)
    text = text.removesuffix(".") if not text.endswith("\\.") else text
    parts = text.encode("ascii").split(b".") if "\\" not in text else _split_escaped(text)
    out = bytearray()
    for part in parts:
        if not part:
            raise ValueError(f"{name!r} has an empty label")
        if len(part) > MAX_LABEL:
            raise ValueError(f"{name!r} has a label of {len(part)} bytes, at most {MAX_LABEL}")
        out.append(len(part))
        out += part
    out.append(0)
    if len(out) > MAX_NAME:
        raise ValueError(f"{name!r} takes {len(out)} bytes, at most {MAX_NAME}")
    return bytes(out if keep_case else out.lower())  # no length byte is a capital letter's


def _to_ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{name!r} is not a domain name: {error}") from None


def _split_escaped(text: str) -> list[bytes]:
    parts = [bytearray()]
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if char == ".":
            parts.append(bytearray())
        elif char != "\\":
            parts[-1].append(ord(char))
        elif (digits := text[position : position + 3]).isdigit() and len(digits) == 3:
            if int(digits) > 255:
                raise ValueError(f"{text!r} has the escape \\{digits}, at most \\255 is allowed")
            parts[-1].append(int(digits))
            position += 3
        elif position < len(text):
            parts[-1].append(ord(text[position]))
            position += 1
        else:
            raise ValueError(f"{text!r} ends within an escape")
    return [bytes(part) for part in parts]
