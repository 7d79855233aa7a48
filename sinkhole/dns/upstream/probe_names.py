"""Names of probes: who has the secret knows a probe of his when he sees one, and remembers nothing.

    time 4 | nonce 8 | server 4 | HMAC 12, over these; in hex, as a label below LOOP_ZONE

All processes of one server have the same secret, so a probe of one is known by another that it
comes back to; so have nodes that are to know each other's. What is answered to it is a *proof*,
another HMAC over the name: who sent the probe learns by it that it came back, to whomever.

Nobody without the secret can make a name or a proof. He may repeat a name that he saw, if he may
ask us at all: then that server is not asked here until the next probe is answered without a proof,
some seconds later. Names are seen by that server, which could as well not answer; by whoever stands
on the way to it, if that is plain DNS, who could as well forge; and by who is asked behind it. What
these keep is soon worth nothing, as a name is good for VALID_S. A proof can't be used again, as no
name is asked twice.
"""

from __future__ import annotations

import hmac
import os
from typing import Final

from sinkhole.dns.wire.name import from_text

LOOP_ZONE: Final = from_text("sinkhole-loop.test")

VALID_S: Final = 5.0
"""How long a name is good, and how far clocks of nodes may be apart: no question lasts longer."""

_TIME, _NONCE, _SERVER, _MAC = 4, 8, 4, 12
_SAID: Final = _TIME + _NONCE + _SERVER
_LABEL: Final = 2 * (_SAID + _MAC)


class ProbeNames:
    """Makes names of probes by a secret, and reads those of all who have it; `now` is the time of
    day."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, server: str, now: float) -> bytes:
        """A name, never used before, for a probe of the server that is called so."""
        time = (int(now) & 0xFFFFFFFF).to_bytes(_TIME, "big")
        said = time + os.urandom(_NONCE) + self.sign(server)
        label = (said + self._mac(b"probe", said, _MAC)).hex().encode()
        return bytes((_LABEL,)) + label + LOOP_ZONE

    def read(self, name: bytes, now: float) -> bytes:
        """The sign of the server that a probe was sent to; b"" for what is no probe of ours, or
        too old. `name` is lower-cased. Cost: about 2 µs."""
        label = name[1 : 1 + _LABEL]
        if len(name) != 1 + _LABEL + len(LOOP_ZONE) or name[0] != _LABEL:
            return b""
        try:
            said = bytes.fromhex(label.decode("ascii"))
        except ValueError:
            return b""
        said, mac = said[:_SAID], said[_SAID:]
        if not hmac.compare_digest(mac, self._mac(b"probe", said, _MAC)):
            return b""
        age_s = now - int.from_bytes(said[:_TIME], "big")
        return said[-_SERVER:] if -VALID_S <= age_s <= VALID_S + 1 else b""  # it has whole seconds

    def sign(self, server: str) -> bytes:
        """What stands for a server in names: strangers are not told which one it is."""
        return self._mac(b"server", server.encode(), _SERVER)

    def proof(self, name: bytes) -> bytes:
        """What only somebody with the secret can answer to a probe, as text of a TXT record."""
        return self._mac(b"seen", name, 16).hex().encode()

    def _mac(self, purpose: bytes, said: bytes, size: int) -> bytes:
        return hmac.digest(self._secret, purpose + b"\0" + said, "sha256")[:size]
