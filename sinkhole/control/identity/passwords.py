"""Passwords: which are good enough, and their hashes by scrypt (RFC 7914), or imported ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import unicodedata
from typing import Final, NamedTuple

from sinkhole.control.identity.imported_hashes import is_imported, is_right
from sinkhole.model.errors import RequestError

SHORTEST, LONGEST = 8, 1024
"""Characters of a password (NIST SP 800-63B: length counts, rules of what must be in it do not)."""

AT_ONCE: Final = 2
"""Hashes that are made at once: each takes 32 MiB and a processor for some tenths of a second."""

MOST_WAITING: Final = 16
"""Hashes that wait for their turn; beyond, whoever wants one is told to come back."""

_WORST: Final = frozenset(
    {
        *("password", "passw0rd", "password1", "password12", "password123", "changeme", "letmein1"),
        *("12345678", "123456789", "1234567890", "87654321", "123123123", "qwertyui", "qwertyuiop"),
        *("qwerty123", "1q2w3e4r", "1qaz2wsx", "asdfghjkl", "abcdefgh", "abcd1234", "iloveyou"),
        *("sunshine", "football", "baseball", "princess", "superman", "trustno1", "starwars"),
        *("welcome1", "administrator", "sinkhole", "raspberry"),
    }
)
"""What everybody tries first, of those that are long enough."""


class Cost(NamedTuple):
    """The parameters of scrypt: N as a power of two, r and p."""

    log_n: int
    r: int
    p: int


COST: Final = Cost(15, 8, 3)
"""One of OWASP's: 32 MiB, some 0.4 s of a present processor. Hashes say what they were made with,
so it can be raised; those of before are made anew when somebody signs in."""

_DEAREST: Final = Cost(20, 16, 16)
_SALT_BYTES, _HASH_BYTES = 16, 32


def complaint(password: str, name: str = "") -> str:
    """What is wrong with a new password and what to write instead, "" for a good one."""
    length, bare = len(password), password.casefold()
    if not SHORTEST <= length <= LONGEST:
        return f"a password has {SHORTEST} to {LONGEST} characters, this one has {length}"
    if name and bare == name.casefold():
        return "a password is not the account's name: write another one"
    if bare in _WORST or len(set(bare)) == 1:
        return "this password is among the first that everybody tries: write another one"
    return ""


class Passwords:
    """Makes and checks hashes in threads, few at once."""

    def __init__(self, cost: Cost = COST) -> None:
        self.cost = cost
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._nobodys = _text(cost, bytes(_SALT_BYTES), bytes(_HASH_BYTES))

    async def hash(self, password: str) -> str:
        """A hash to store, with its salt and cost; RequestError ("too_many") as in `verify`."""
        salt = secrets.token_bytes(_SALT_BYTES)
        return _text(self.cost, salt, (await self._derive(password, salt, self.cost))[0])

    async def verify(self, password: str, stored: str, imported: str = "") -> bool:
        """Whether a hash is of a password; of no hash ("") it is not, and that takes as long.

        As long as any account has one, `imported` is a hash of another program: it is looked at
        too, so that nobody learns by the time which accounts have such. RequestError ("too_many")
        when too many want to know it at once.
        """
        is_others = is_imported(stored)
        own = "" if is_others else stored
        cost, salt, wanted = _read(own or self._nobodys) or (self.cost, b"", b"")
        if len(password) > LONGEST:
            password = ""  # nobody's, and as dear as any
        others = stored if is_others else imported
        found, is_others_right = await self._derive(password, salt, cost, others)
        if is_others:
            return is_others_right
        return secrets.compare_digest(found, wanted) and bool(stored)

    def is_old(self, stored: str) -> bool:
        """Whether a hash was made at another cost than is used now."""
        read = _read(stored)
        return read is None or read[0] != self.cost

    async def _derive(
        self, password: str, salt: bytes, cost: Cost, imported: str = ""
    ) -> tuple[bytes, bool]:
        """What scrypt makes of a password, and whether an imported hash is of it."""
        if self._waiting >= MOST_WAITING:
            raise RequestError(
                "too_many",
                "busy",
                "too many passwords are being checked; try again in a moment",
                {"retry_after_s": 5},
            )
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(_both, password, salt, cost, imported)
        finally:
            self._waiting -= 1


def _both(password: str, salt: bytes, cost: Cost, imported: str) -> tuple[bytes, bool]:
    return _scrypt(password, salt, cost), bool(imported) and is_right(password, imported)


def _scrypt(password: str, salt: bytes, cost: Cost) -> bytes:
    wire = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    n, r, p = 1 << cost.log_n, cost.r, cost.p
    most = 128 * r * (n + p + 2) + (1 << 20)
    return hashlib.scrypt(wire, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=_HASH_BYTES)


def _text(cost: Cost, salt: bytes, derived: bytes) -> str:
    parts = (
        "scrypt",
        *map(str, cost),
        *(base64.b64encode(each).decode() for each in (salt, derived)),
    )
    return "$".join(parts)


def _read(stored: str) -> tuple[Cost, bytes, bytes] | None:
    """Cost, salt and hash; None for what nobody made here, or would take this machine down."""
    try:
        kind, *cost_text, salt, derived = stored.split("$")
        cost = Cost(*map(int, cost_text))
        if kind == "scrypt" and all(1 <= a <= b for a, b in zip(cost, _DEAREST, strict=True)):
            return cost, base64.b64decode(salt), base64.b64decode(derived)
    except (ValueError, TypeError):
        return None
    return None
