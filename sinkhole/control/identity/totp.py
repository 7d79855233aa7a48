"""The second factor: codes by time (TOTP, RFC 6238), and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlencode

STEP_S: Final = 30
DIGITS: Final = 6
"""With SHA-1 these are what every app can, whatever else it is told (RFC 6238 §5.2)."""

WINDOW: Final = 1
"""Steps that the clock of a phone may be off, either way."""

FAR: Final = 120
"""Steps within which it is looked how far a clock is off when the factor is set up: an hour, which
takes a millisecond or two. A clock that is off by more shows it by what it says."""

RECOVERY_CODES: Final = 10
_RECOVERY_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_SECRET_BYTES: Final = 20


def new_secret() -> str:
    """A secret in base32, as people can type it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def code_at(secret: str, counter: int) -> str:
    """The code of one step since 1970 (HOTP, RFC 4226 §5.3)."""
    key = base64.b32decode(secret)
    mac = hmac.digest(key, counter.to_bytes(8, "big"), hashlib.sha1)
    start = mac[-1] & 15
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def step_of(wall_s: float) -> int:
    """In which step a moment lies."""
    return int(wall_s // STEP_S)


def accept(secret: str, code: str, wall_s: float, last: int) -> int | None:
    """The step of a code that is right now, None for one that is wrong or was used.

    `last` is the step of the last code that was taken. What lies further ahead than any code that
    is right now was taken while the clock was wrong, and forbids nothing.
    """
    present = step_of(wall_s)
    found = None
    for counter in range(max(0, present - WINDOW), present + WINDOW + 1):
        is_right = _same(code_at(secret, counter), code)
        was_used = counter <= last <= present + WINDOW
        if is_right and not was_used:
            found = counter
    return found


def clock_error_s(secret: str, code: str, wall_s: float) -> int | None:
    """By how much this machine's clock is behind (or ahead, below 0) of who showed a code, at most
    an hour; None for a code that is wrong anyway. Only for who sees the secret: it tells of others
    when a code will be right."""
    present = step_of(wall_s)
    for far in sorted(range(-FAR, FAR + 1), key=abs):
        if present + far >= 0 and _same(code_at(secret, present + far), code):
            return far * STEP_S
    return None


def uri(secret: str, account: str, issuer: str = "sinkhole") -> str:
    """What apps read from a QR code."""
    label = quote(f"{issuer}:{account}", safe="")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer})}"


def new_recovery_codes() -> list[str]:
    """Codes that count once each, of 79 random bits: to be shown once, and stored by `hashed`."""
    return ["-".join(_letters(4) for _ in range(4)) for _ in range(RECOVERY_CODES)]


def hashed(code: str) -> str:
    """How a recovery code is stored; dashes, spaces and letter case do not matter."""
    bare = "".join(each for each in code.casefold() if each.isalnum())
    return hashlib.sha256(bare.encode("utf-8", "surrogatepass")).hexdigest()


def without(recovery: Iterable[str], code: str) -> tuple[str, ...] | None:
    """The stored codes without the one that was used; None when it is none of them."""
    known, used = tuple(recovery), hashed(code)
    return tuple(each for each in known if each != used) if used in known else None


def clock_text(wall_s: float) -> str:
    """What this machine takes for the time, for whoever wonders why a code is wrong."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall_s))


def _letters(count: int) -> str:
    return "".join(secrets.choice(_RECOVERY_LETTERS) for _ in range(count))


def _same(known: str, given: str) -> bool:
    bare = "".join(given.split())
    return secrets.compare_digest(known.encode(), bare.encode("utf-8", "surrogatepass"))
