"""Who may ask at all, by address: what is asked first of everybody (RFC 5358 §4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sinkhole.dns.filter.language.line import Network
from sinkhole.dns.filter.networks import Networks

Keeper = Literal["", "dns.allow", "dns.deny"]
"""The setting that turns somebody away; "" for nobody who is."""


class Gate:
    """The networks of `dns.allow`, but for those of `dns.deny`; never changed."""

    def __init__(self, allow: Iterable[Network] = (), deny: Iterable[Network] = ()) -> None:
        self._allowed = Networks((each, True) for each in allow)
        self._denied = Networks((each, True) for each in deny)

    def turns_away_by(self, packed: bytes) -> Keeper:
        """What turns away who asks from an address (4 or 16 bytes)."""
        if not any(self._allowed.of(packed)):
            return "dns.allow"
        return "dns.deny" if any(self._denied.of(packed)) else ""
