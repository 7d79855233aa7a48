"""Places in the log as text that programs pass on and don't look into: cursors and frozen views."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from dataclasses import fields
from typing import Any, Final, NamedTuple

from sinkhole.control.querylog.sought import MOST_VALUES, Sought, SoughtName

VERSION: Final = "1"
"""The first character of a frozen view: what the rest means."""

MOST_BYTES: Final = 64 << 10
"""The most that a frozen view may unpack to."""


class Cursor(NamedTuple):
    """Where a page begins: below `before`; ids from `edge` on were later than now and come last.

    None: at the top, and as the clock tells now.
    """

    before: int | None = None
    edge: int | None = None

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """The cursor of a text; ValueError for one that is none."""
        if not text:
            return cls()
        if not (text.isascii() and re.fullmatch(r"\d{1,18}(-\d{1,18})?", text)):
            raise ValueError(f"before is {text!r}; it has to be the `next` of another page")
        before, _, edge = text.partition("-")
        return cls(int(before), int(edge) if edge else None)


def written(sought: Sought) -> str:
    """What is sought as one word, for a link."""
    given = {
        field.name: value
        for field in fields(sought)
        if (value := getattr(sought, field.name)) != field.default
    }
    packed = zlib.compress(json.dumps(given, separators=(",", ":")).encode(), 9)
    return VERSION + base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def thaw(text: str) -> Sought:
    """What is sought by a frozen view; ValueError for a text that is none."""
    if text[:1] != VERSION:
        if text[:1].isdigit():
            raise ValueError("this view was frozen by a newer sinkhole")
        raise ValueError("this is no frozen view: a part of the link is missing")
    try:
        packed = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), b"-_", validate=True)
        unpacker = zlib.decompressobj()
        plain = unpacker.decompress(packed, MOST_BYTES)
        if not unpacker.eof:
            raise ValueError
        sought = _sought(json.loads(plain))
        sought.check()
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError) as error:
        raise ValueError("this is no frozen view: a part of the link is missing") from error
    return sought


def _sought(given: Any) -> Sought:
    """What JSON says; ValueError or TypeError where it does not fit."""
    values = {name: _value(name, value) for name, value in given.items()}
    return Sought(**values)


def _value(name: str, value: Any) -> Any:
    if name in ("from_s", "to_s") and isinstance(value, (int, float)):
        return float(value)
    if name == "through" and type(value) is int and 0 <= value < 1 << 62:
        return value
    if name == "text" and isinstance(value, str):
        return value
    if not (isinstance(value, list) and len(value) <= MOST_VALUES):
        raise ValueError(name)
    if name == "names":
        return tuple(SoughtName(str(text), kind) for text, kind in value)
    kinds = {"clients": (str, int), "lists": (str, int), "text_clients": (int,)}.get(name, (str,))
    if not all(type(each) in kinds and each != "" for each in value):
        raise ValueError(name)
    return tuple(value)
