"""The hosts format: `IP name [name…] # comment`, each name exactly (hosts(5)).

The null address and loopback stand for "blocked". Any other address is kept: where the blocking
mode says so, it is what the names are answered with.
"""

from __future__ import annotations

from sinkhole.dns.filter.language.addresses import names_nobody, read_address
from sinkhole.dns.filter.language.line import Ignored, Line, Reject, Rule
from sinkhole.dns.filter.language.names import read_name

LOCAL_NAMES = frozenset({
    "localhost", "localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6",
    "localhost6.localdomain6", "local", "localdomain", "broadcasthost", "ip6-localhost",
    "ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters",
    "ip6-allhosts", "0.0.0.0",
})  # fmt: skip
"""Names that hosts files list for the machine itself: to block them would help nobody."""

SHORT_NULL = "0"
"""The null address as inet_aton(3) also reads it, and some lists write it."""

LOCAL = Ignored("a name of the machine itself")


def begins_with_address(text: str) -> bool:
    """Whether a line's first word is an IP address and more words follow: a hosts line."""
    first, *others = text.split(maxsplit=1)
    return bool(others) and read_address(first) is not None


def begins_with_short_null(text: str) -> bool:
    """Whether a line is a hosts line for `0`. Zones have lines such as `0 PTR name.`: ask them."""
    return text.split(maxsplit=1)[0] == SHORT_NULL and text != SHORT_NULL


def parse_hosts(text: str) -> Line:
    """The names of a hosts line as exact rules; one bad name refuses the line."""
    first, *words = text.partition("#")[0].split()
    if not words:
        return Reject("an address without a name")
    names: list[bytes] = []
    for word in words:
        if word.lower() in LOCAL_NAMES:
            continue
        name = read_name(word)
        if isinstance(name, Reject):
            return name
        names.append(name)
    address = read_address(first)
    addresses = () if address is None or names_nobody(address) else (address,)
    return Rule(tuple(names), hosts=True, addresses=addresses) if names else LOCAL
