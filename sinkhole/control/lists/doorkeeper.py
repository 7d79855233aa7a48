"""Which connections a fetch may open: names are resolved once, and only to allowed addresses."""

from __future__ import annotations

import socket
from collections.abc import Callable

from aiohttp.abc import AbstractResolver, ResolveResult

from sinkhole.control.lists.address import is_numeric
from sinkhole.control.lists.resolve import Resolve
from sinkhole.model.errors import ListError, SinkholeError

Refuse = Callable[[str], str]
"""Says why an address in text may not be connected to, "" when it may."""


class Doorkeeper(AbstractResolver):
    """Lets connections out to allowed addresses only; aiohttp asks it for every host name."""

    def __init__(self, list_name: str, resolve: Resolve, refuse: Refuse) -> None:
        self._list_name = list_name
        self._resolve = resolve
        self._refuse = refuse

    def check_literal(self, host: str) -> None:
        """Refuse a URL's host that is a forbidden address: no resolver is asked for those."""
        if is_numeric(host) and (why := self._refuse(host)):
            raise ListError(self._list_name, why)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The allowed addresses of a host; ListError when there are none."""
        try:
            found = await self._resolve(host)
        except (OSError, SinkholeError) as error:
            why = getattr(error, "strerror", None) or error
            raise ListError(self._list_name, f"{host} can't be resolved: {why}") from error
        if not found:
            raise ListError(self._list_name, f"{host} has no address")
        reasons = {address: self._refuse(address) for address in found}
        allowed = [address for address, why in reasons.items() if not why]
        if not allowed:
            raise ListError(self._list_name, f"{host}: {reasons[found[0]]}")
        return [_result(host, address, port) for address in allowed]

    async def close(self) -> None:
        """Nothing to close: the injected resolver belongs to somebody else."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=numeric
    )
