"""Why DNS cannot listen where it is to: who has the port, and what to type so that it lets go."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Final

from sinkhole.control.machine.freeing import Way, way_to_free, way_to_the_right
from sinkhole.control.machine.port_holders import Holder, holders
from sinkhole.control.settings import Endpoint
from sinkhole.dns.server.address import ListenAddress
from sinkhole.dns.server.sockets import WILDCARDS, ListenError

_NAME: Final = re.compile(r"[\w.@+-]{1,32}", re.ASCII)
"""A program whose name has anything else in it is not named, as it may be meant to be read as ours.
"""


class TakenPorts:
    """What is known of who has the ports that are missing, as of the last `look`."""

    def __init__(self) -> None:
        self._holders: Sequence[Holder] = ()

    async def look(self, missing: Iterable[ListenAddress]) -> None:
        """See who has the ports of these addresses, in a thread; nobody is asked where none is
        taken."""
        ports = {
            each.port for each in missing if any(error.is_taken for error in each.errors.values())
        }
        self._holders = await asyncio.to_thread(holders, ports) if ports else ()

    def advice(self, host: str, port: int, error: ListenError) -> str:
        """Why an address cannot be had, and what to do."""
        where = Endpoint(host, port)
        if error.is_denied:
            lines = " && ".join(way_to_the_right(port))
            text = f"{where} needs the right to use ports below 1024."
            return " ".join(
                (text, f"Run as a service, or have all programs use them by `{lines}`.")
            )
        found = self._of(host, port) if error.is_taken else []
        if not found:
            return error.advice
        programs = {_called(each): way_to_free(each.program, port) for each in found}
        they = " and ".join(_placed(name, found) for name in programs)
        ways = (_told(name, way) for name, way in programs.items())
        return " ".join((f"{where} is in use by {they}.", *ways))

    def _of(self, host: str, port: int) -> list[Holder]:
        """Who is in the way of a socket of ours there."""
        return [
            each
            for each in self._holders
            if each.port == port and not each.is_us and _collide(host, each.address)
        ]


def _collide(ours: str, theirs: str) -> bool:
    """Whether two addresses of one port cannot be had both; ours is never for both families."""
    if theirs == "::":  # perhaps for IPv4, too
        return True
    same_family = (":" in ours) == (":" in theirs)
    return same_family and (ours == theirs or ours in WILDCARDS or theirs in WILDCARDS)


def _called(holder: Holder) -> str:
    if _NAME.fullmatch(holder.program):
        return holder.program
    return f"a program of {holder.user}" if _NAME.fullmatch(holder.user) else "another program"


def _placed(name: str, found: Iterable[Holder]) -> str:
    """Who it is, and where it listens: "systemd-resolved (127.0.0.53:53)"."""
    places = (Endpoint(each.address, each.port) for each in found if _called(each) == name)
    return f"{name} ({', '.join(dict.fromkeys(map(str, places)))})"


def _told(name: str, way: Way) -> str:
    """What is done about a program, in a sentence."""
    lines = " && ".join(way.commands)
    match way.kind:
        case "resolved" | "service":
            return f"To have {name} let go, type `{lines}`."
        case "dnsmasq":
            return (
                "If dnsmasq serves virtual machines, leave it and set dns.listen to this machine's "
                f"own addresses; else type `{lines}`."
            )
        case "container":
            return f"`{way.commands[0]}` tells which container that is; stop it."
        case "sinkhole":
            return f"`{way.commands[0]}` tells whether it is the service; stop one of the two."
        case _:
            return f"`{lines}` tells which one; stop it."
