"""How the hosts of lists get their addresses."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

Resolve = Callable[[str], Awaitable[list[str]]]
"""Finds the addresses of a host name; raises OSError or a SinkholeError when it can't."""


async def resolve_by_system(host: str) -> list[str]:
    """The addresses of a host name as the operating system sees them; OSError for none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
