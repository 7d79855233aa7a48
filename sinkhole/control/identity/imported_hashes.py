"""Hashes by bcrypt, as another program keeps them: good until the first sign-in makes one of ours.

They say what they cost; one that is dearer than DEAREST would be a way to keep a processor busy.
"""

from __future__ import annotations

import re
from typing import Final

import bcrypt

CHEAPEST: Final = 4
DEAREST: Final = 13
"""Of the logarithm of rounds: AdGuard Home makes hashes of 10, which take some 0.05 s."""

LONGEST_BYTES: Final = 72
"""All that bcrypt looks at of a password."""

_FORM: Final = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}")


def is_imported(stored: str) -> bool:
    """Whether a hash is one of these, and may be checked."""
    found = _FORM.fullmatch(stored)
    return found is not None and CHEAPEST <= int(found[1]) <= DEAREST


def is_right(password: str, stored: str) -> bool:
    """Whether a hash of these is of a password; it takes as long for a wrong one."""
    wire = password.encode("utf-8", "surrogatepass")[:LONGEST_BYTES]
    if b"\0" in wire:  # nobody types one
        wire = b""
    try:
        return bcrypt.checkpw(wire, stored.encode()) and bool(wire)
    except ValueError:  # a salt that no bcrypt has made
        return False
