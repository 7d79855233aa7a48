"""International names for people: what the A-labels of a name stand for, and how one is typed.

The wire and all that is stored has A-labels (`xn--mnchen-3ya`), RFC 5890. Their Unicode is shown
only beside them, and only where it can mislead nobody: it has to be valid by IDNA 2008, to lead
back to the same A-label, and to mix no scripts that are not written together.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

import idna

from sinkhole.dns.wire.numbers import MAX_NAME

PREFIX: Final = "xn--"

_WITH_LATIN: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
"""What is written in one word with each other and with Latin letters, by the names of Unicode."""


def in_unicode(name: str) -> str:
    """A name with its A-labels as Unicode; those stay that would be unsafe to show.

    So does the whole name if it could not be typed like that, for what other labels hold.
    """
    if not _may_have_any(name):
        return name
    shown = ".".join(map(_shown, name.split(".")))
    return shown if shown == name or _as_ascii(shown) == name else name


def decoded(name: str) -> str:
    """The same for finding and not for showing: quick, and whatever an A-label stands for."""
    return ".".join(map(_decoded, name.split("."))) if _may_have_any(name) else name


def as_stored(typed: str) -> tuple[str, str]:
    """A part of a name as it stands in stored names, and as it stands in decoded ones.

    The first is the A-label where there is one, so both are the same for what is ASCII.
    """
    typed = typed.encode("utf-8", "replace").decode()  # half of a pair is no text
    if typed.isascii() or len(typed) > MAX_NAME:
        return typed.lower(), typed.lower()
    try:
        mapped = idna.uts46_remap(typed, std3_rules=False)
    except idna.IDNAError:
        mapped = unicodedata.normalize("NFC", typed.lower())
    return ".".join(map(_encoded, mapped.split("."))), mapped


def _may_have_any(name: str) -> bool:
    return PREFIX in name and "\\" not in name  # a dot behind a backslash divides no labels


@lru_cache(maxsize=2048)
def _shown(label: str) -> str:
    if not label.startswith(PREFIX):
        return label
    try:
        text = idna.decode(label)
    except (idna.IDNAError, UnicodeError):
        return label
    is_safe = text.isprintable() and not _is_mixed(text) and _as_ascii(text) == label
    return text if is_safe else label


def _as_ascii(text: str) -> str | None:
    """The name a text stands for, as rules and settings are read; None if it is none."""
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return None


def _is_mixed(text: str) -> bool:
    """Whether letters of several scripts stand together that people do not write together."""
    scripts = {
        unicodedata.name(char, "?").split(" ")[0].split("-")[0]
        for char in text
        if unicodedata.category(char)[0] == "L"
    }
    others = scripts - {"LATIN"} - _WITH_LATIN
    return len(others) > 1 or (bool(others) and len(scripts) > 1)


def _decoded(label: str) -> str:
    if not label.startswith(PREFIX):
        return label
    try:
        text = label[len(PREFIX) :].encode("ascii").decode("punycode")
        text.encode()  # surrogates are no text, and anybody can ask for a label that has some
    except UnicodeError:
        return label
    return text


def _encoded(label: str) -> str:
    if label.isascii():
        return label
    return PREFIX + label.encode("punycode").decode("ascii")
