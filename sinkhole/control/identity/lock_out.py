"""Who failed too often waits: longer each time, a quarter of an hour at most, and never everybody.

A try is counted where it comes from: by its network, so that somebody else's failures are not
held against the house; and, for whoever never signed in from there before, by the account that is
tried, so that an attacker with many addresses is slowed as well. A device that signed in before has
a count of its own in place of both, and so has this machine itself, which hardly waits: what an
attacker does keeps the owner out of neither.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple

from sinkhole.model.counted import counted
from sinkhole.model.errors import RequestError

FREE_TRIES: Final = 5
"""Failures before a network or a device waits; then 1 s, and twice as long after each more."""

FREE_TRIES_OF_STRANGERS: Final = 20
"""Failures at one account, from wherever nobody signed in before, before all such wait."""

LONGEST_S: Final = 900.0
LONGEST_HERE_S: Final = 8.0
"""The longest wait, and that of this machine itself: of its users, and a proxy on it."""

FORGET_S: Final = 3600.0
"""Time without a failure after which all is forgotten."""

MOST_KNOWN: Final = 10_000
"""Networks, devices and accounts that are remembered; those that failed longest ago go first."""

Try = tuple[tuple[str, "_Count | None"], ...]
"""What was counted for one try, with what there was before, to take it back."""


class _Count(NamedTuple):
    failures: int
    until_s: float
    last_s: float


_NONE: Final = _Count(0, 0.0, 0.0)


class LockOut:
    """What failed lately, in memory: a restart forgives everything."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    def begin(self, address: str, account: str, device: str = "") -> Try:
        """Count a try as a failure, before it is known: many at once are no way around it.

        RequestError ("too_many", `locked_out`) while whoever tries has to wait; then nothing is
        counted. `account` is what is tried, `device` names one that is known, "" a strange one.
        """
        now = self._clock()
        limits = _limits(address, account, device)
        until_s = max(self._count(key, now).until_s for key, _, _ in limits)
        if until_s > now:
            seconds = math.ceil(until_s - now)
            raise RequestError(
                "too_many",
                "locked_out",
                f"too many failed tries: wait {counted(seconds, 'second')}",
                {"retry_after_s": seconds},
            )
        before = tuple((key, self._counts.get(key)) for key, _, _ in limits)
        for key, free, longest_s in limits:
            self._add(key, now, free, longest_s)
        return before

    def take_back(self, counted: Try) -> None:
        """The try did not fail. What failed before still counts: else an attacker with an account
        of his own could sign in between his tries at others."""
        for key, before in counted:
            now = self._counts.get(key)
            if now is None:
                continue
            known = before or _NONE
            left = max(0, now.failures - 1)
            until_s = known.until_s if now.failures == known.failures + 1 else now.until_s
            self._counts[key] = now._replace(failures=left, until_s=until_s)

    def __len__(self) -> int:
        """How many networks, devices and accounts are remembered."""
        return len(self._counts)

    def _count(self, key: str, now: float) -> _Count:
        count = self._counts.get(key, _NONE)
        return _NONE if now - count.last_s > FORGET_S else count

    def _add(self, key: str, now: float, free: int, longest_s: float) -> None:
        failures = self._count(key, now).failures + 1
        beyond = failures - free
        wait_s = min(longest_s, 2.0 ** min(beyond - 1, 20)) if beyond > 0 else 0.0
        self._counts[key] = _Count(failures, now + wait_s, now)
        self._counts.move_to_end(key)
        if len(self._counts) > MOST_KNOWN:
            self._counts.popitem(last=False)


def is_here(address: str) -> bool:
    """Whether an address is this machine's own; "" is that of its socket."""
    found = _address(address)
    return not address or (found is not None and found.is_loopback)


def network_of(address: str) -> str:
    """The network that counts as one: an IPv4 address, an IPv6 /64."""
    found = _address(address)
    if found is None:
        return address
    return str(ip_network((found.packed, 32 if found.version == 4 else 64), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _limits(address: str, account: str, device: str) -> list[tuple[str, int, float]]:
    """What a try counts against: key, free tries, longest wait."""
    if device:
        return [(f"device {device}", FREE_TRIES, LONGEST_S)]
    if is_here(address):
        return [("here", FREE_TRIES, LONGEST_HERE_S)]
    return [
        (f"network {network_of(address)}", FREE_TRIES, LONGEST_S),
        (f"account {account}", FREE_TRIES_OF_STRANGERS, LONGEST_S),
    ]
