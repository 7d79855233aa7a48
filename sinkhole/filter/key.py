r"""Wire name -> key in the trie.

The key of a name is its text read backwards, with a dot behind every label: `example.org` is
`gro.elpmaxe.`. A rule for a name and everything below it is held under that key; a rule for the
name exactly has one byte more, EXACT. So all rules that match a name are prefixes of one query
key (the name's key and EXACT), and the trie finds them in one walk:

    rule ||example.org^        gro.elpmaxe.
    rule www.example.org       gro.elpmaxe.www.\x01
    query www.example.org      gro.elpmaxe.www.\x01

Labels may hold any byte (RFC 2181 §11). Bytes that mean something in a key are escaped in labels,
so that a dot within a label is never taken for a border.
"""

from __future__ import annotations

import re

EXACT = b"\x01"
_ESCAPE = b"\x02"
_ESCAPES = {
    0x00: _ESCAPE + b"0",  # marisa keeps keys without a zero byte in a smaller way
    EXACT[0]: _ESCAPE + b"1",
    _ESCAPE[0]: _ESCAPE + b"2",
    ord("\n"): _ESCAPE + b"n",  # the compiler keeps keys as lines
    ord("."): _ESCAPE + b"d",
}
_SPECIAL = re.compile(rb"[\x00-\x02\n]")


def query_key(name: bytes) -> bytes:
    """The key whose prefixes are the rules that match a lower-cased wire name. About 1 µs."""
    return _key(name) + EXACT


def rule_key(name: bytes, subtree: bool) -> bytes:
    """The key under which a rule for a lower-cased wire name is held."""
    return _key(name) if subtree else _key(name) + EXACT


def text_key(name: bytes, subtree: bool) -> bytes:
    """`rule_key` for the dotted lower-case text of a name of host letters only; 0.2 µs."""
    return name[::-1] + (b"." if subtree else b"." + EXACT)


def readable(key: bytes) -> str:
    """What a person reads for a stored key: "example.org", or "||example.org^" for a subtree."""
    exact = key.endswith(EXACT)
    text = key.removesuffix(EXACT)[-2::-1].decode("ascii", errors="backslashreplace")
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)
    return shown if exact else f"||{shown}^"


def _key(name: bytes) -> bytes:
    labels = []
    position = 0
    while size := name[position]:
        position += 1
        labels.append(name[position : position + size])
        position += size
    text = b".".join(labels)
    if text.count(b".") >= len(labels) or _SPECIAL.search(text):
        text = b".".join(map(_escaped, labels))
    return text[::-1] + b"." if labels else b""


def _escaped(label: bytes) -> bytes:
    return b"".join(_ESCAPES.get(byte) or bytes((byte,)) for byte in label)
