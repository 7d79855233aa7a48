"""Tokens by which clients prove their address before anything is kept of them (RFC 9000 §8.1.2).

time 8 | original destination | HMAC 16, over these, the address and our connection id

Whoever has the secret can read them: a client may come back to another process than sent it away.
"""

from __future__ import annotations

import hmac
from typing import Final

VALID_S: Final = 10.0
"""How long a token is good; the client sends it back at once."""

_MAC_SIZE: Final = 16
_TIME_SIZE: Final = 8


class RetryTokens:
    """Makes tokens by a secret and reads those of all who have it; nothing is kept. `now` is of a
    clock that they share: the monotonic one of a machine."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"retry", "sha256")

    def make(self, address: bytes, original: bytes, ours: bytes, now: float) -> bytes:
        """A token for an address, whose first packet was for the connection id `original`, and is
        to be sent again for the id `ours`."""
        said = int(now * 1000).to_bytes(_TIME_SIZE, "big") + original
        return said + self._mac(address, ours, said)

    def read(self, address: bytes, ours: bytes, token: bytes, now: float) -> bytes | None:
        """The original connection id; None for a token that is not ours, of another address or too
        old."""
        said, mac = token[:-_MAC_SIZE], token[-_MAC_SIZE:]
        if len(said) < _TIME_SIZE or not hmac.compare_digest(mac, self._mac(address, ours, said)):
            return None
        age_s = now - int.from_bytes(said[:_TIME_SIZE], "big") / 1000
        return said[_TIME_SIZE:] if age_s <= VALID_S else None

    def _mac(self, address: bytes, ours: bytes, said: bytes) -> bytes:
        parts = bytes((len(address), len(ours))) + address + ours + said
        return hmac.digest(self._key, parts, "sha256")[:_MAC_SIZE]
