"""Secrets that are made here, of 256 random bits: only their SHA-256 is stored.

Such a hash needs no salt and no cost, as nobody can guess what it is of; and looking it up tells
nobody who measures the time anything about a secret.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import Final

TOKEN_PREFIX: Final = "skh_"
"""By what programs that look for leaked secrets, and people, know a token of ours."""

_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_TOKEN_LENGTH: Final = 43
"""Digits of base 62 that 256 bits take."""

LONGEST: Final = 256
"""Characters of a secret that is worth to be looked up."""


def new_secret() -> str:
    """For a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """For a program: letters and digits alone, so that a double click takes all of it."""
    return TOKEN_PREFIX + "".join(secrets.choice(_BASE62) for _ in range(_TOKEN_LENGTH))


def digest(secret: str) -> str:
    """Under which a secret is stored, "" for what is none."""
    if not secret or len(secret) > LONGEST:
        return ""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
