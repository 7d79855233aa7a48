"""The hosts format: `IP name [name…] # comment`, each name exactly (hosts(5)).

Which address stands there makes no difference: the blocking mode decides what to answer.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from sinkhole.filter.line import Ignored, Line, Reject, Rule
from sinkhole.filter.names import read_name

LOCAL_NAMES = frozenset({
    "localhost", "localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6",
    "localhost6.localdomain6", "local", "localdomain", "broadcasthost", "ip6-localhost",
    "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
    "ip6-allhosts", "0.0.0.0",
})  # fmt: skip
"""Names that hosts files list for the machine itself: to block them would help nobody."""

LOCAL = Ignored("a name of the machine itself")

_MAYBE_ADDRESS = re.compile(r"[0-9]+\.[0-9.]+|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(?:%\S+)?")


def begins_with_address(text: str) -> bool:
    """Whether a line's first word is an IP address and more words follow: a hosts line."""
    first, *others = text.split(maxsplit=1)
    if not others or _MAYBE_ADDRESS.fullmatch(first) is None:
        return False
    try:
        ip_address(first)
    except ValueError:
        return False
    return True


def parse_hosts(text: str) -> Line:
    """The names of a hosts line as exact rules; one bad name refuses the line."""
    words = text.partition("#")[0].split()[1:]
    hosts = [word for word in words if word.lower() not in LOCAL_NAMES]
    if not words:
        return Reject("an address without a name")
    names: list[bytes] = []
    for host in hosts:
        name = read_name(host)
        if isinstance(name, Reject):
            return name
        names.append(name)
    return Rule(tuple(names), hosts=True) if names else LOCAL
