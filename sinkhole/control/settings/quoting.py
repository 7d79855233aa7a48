"""How values and keys are shown to people: always on one line, never longer than it helps."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

from sinkhole.model.errors import Misfit
from sinkhole.model.masking import masked

_PLAIN_KEY = re.compile(r"[\w*-][\w*.-]*", re.ASCII)
_LONGEST = 60


def quoted(text: str) -> str:
    r"""Text in double quotes, as YAML and JSON read it back; what cannot be seen is escaped."""
    return '"' + "".join(_escaped(char) for char in text) + '"'


def shown(value: object) -> str:
    """A setting's value for an error message: scalars as written, long text cut short.

    What is secret in addresses is masked, as errors are shown to many.
    """
    if isinstance(value, str):
        value = masked(value)
        return quoted(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict):
        return "a set of keys"
    return "nothing" if value is None else str(value)


def key_text(path: Iterable[str | int]) -> str:
    """A key as people write it: `filtering.lists[0].url`, counting items from 0."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _PLAIN_KEY.fullmatch(part) else shown(part))
    return text


def place_text(key: str, item: str) -> str:
    """A key, or an item of a keyed collection: `clients "tv"`."""
    return f"{key} {shown(item)}" if item else key


def misfit(key: str, item: str, text: str) -> Misfit:
    """What is wrong with a key, or an item of it, as people and programs are told it."""
    return Misfit(f"{place_text(key, item)}: {text}", key, masked(item), text)


def listing(words: Iterable[str]) -> str:
    """Words as a choice: "a", "a or b", "a, b or c"."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is nearest to what somebody wrote, whatever its case; "" if none is."""
    plain = word.lower().replace("-", "_").replace(" ", "_")
    return next(iter(get_close_matches(plain, known, n=1)), "")


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x100:
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
