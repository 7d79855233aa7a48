"""What a client of an encrypted transport calls itself: a label in front of our name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_VALID: Final = re.compile(r"[a-z0-9-]{1,63}")


def read_client_id(text: str) -> str:
    """A client's id as it is looked up: lower-cased; "" for what can be none."""
    text = text.lower()
    return text if _VALID.fullmatch(text) else ""


def client_id_of(server_name: str, names: Iterable[str]) -> str:
    """The id in the name that a client asks for by SNI: of `tablet.dns.example.org` the label
    `tablet`, where `dns.example.org` is among `names`, which are lower-cased; else ""."""
    label, _, rest = server_name.lower().removesuffix(".").partition(".")
    return read_client_id(label) if rest in names else ""
