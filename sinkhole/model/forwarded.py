"""Whose request a proxy brings: X-Forwarded-For, and Forwarded (RFC 7239).

Each proxy on the way adds, at the end, whom it was asked by. What stands before the word of the
first proxy that is not known may be invented, so that one's word is the last that counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address
from typing import Final

from sinkhole.model.errors import WireError

MOST_HOPS: Final = 16
"""Proxies on the way of a request; whoever names more is not believed."""


def client_behind(
    peer: bytes, headers: Iterable[tuple[bytes, bytes]], is_proxy: Callable[[bytes], bool]
) -> bytes:
    """The address, 4 or 16 bytes, of who asked the proxy at `peer`, which is to be trusted.

    `headers` have lower-cased names. Raises WireError where it can't be told: where an address
    can't be read, or the two headers disagree. Then one of them is the client's own invention.
    """
    hops = {b"x-forwarded-for": b"", b"forwarded": b""}
    for name, value in headers:
        if name in hops:
            hops[name] += (b"," if hops[name] else b"") + value
    found = {
        _first_unknown(peer, each, is_proxy)
        for each in (_plain_hops(hops[b"x-forwarded-for"]), _named_hops(hops[b"forwarded"]))
        if each
    }
    if len(found) > 1:
        raise WireError("X-Forwarded-For and Forwarded name different clients")
    return found.pop() if found else peer


def _first_unknown(peer: bytes, hops: list[bytes], is_proxy: Callable[[bytes], bool]) -> bytes:
    """From the end on, the first that is no proxy of ours; the first of all where all are."""
    if len(hops) > MOST_HOPS:
        raise WireError("too many proxies on the way")
    address = peer
    for hop in reversed(hops):
        address = _address(hop)
        if not is_proxy(address):
            break
    return address


def _plain_hops(value: bytes) -> list[bytes]:
    return [hop.strip() for hop in value.split(b",")] if value else []


def _named_hops(value: bytes) -> list[bytes]:
    """What is said by `for=` in each element; one without is of nobody that could be told."""
    hops = []
    for element in value.split(b",") if value else ():
        pairs = (pair.partition(b"=") for pair in element.split(b";"))
        found = [word.strip() for name, _, word in pairs if name.strip().lower() == b"for"]
        hops.append(found[0] if len(found) == 1 else b"")
    return hops


def _address(hop: bytes) -> bytes:
    """The address of 192.0.2.1, 192.0.2.1:80, 2001:db8::1, [2001:db8::1]:80, quoted or not."""
    text = hop.strip(b'"').decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        raise WireError("a proxy names a client without an address") from None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).packed
