"""What DHCP servers write down: which device has which address, and what it calls itself.

Four forms are known, each told by its look, not by the file's name:

dnsmasq   1764460800 02:00:00:00:00:07 192.0.2.7 tablet 01:02:00:00:00:00:07
ISC       lease 192.0.2.7 {, then lines: binding state active; client-hostname "tablet"; …; }
Kea       a header "address,hwaddr,…,hostname,state,…", then values; the last of an address counts
odhcpd    # br-lan 00010001… 1 tablet 1764460800 7 128 2001:db8::7/128, or lines of a hosts file

A line that is none of its form is passed over. What has run out stays until the server takes it
out: a clock that is wrong would make all of them vanish.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Final, NamedTuple

from sinkhole.control.settings.addresses import parse_host_name

MOST_LEASES: Final = 10_000
"""Leases of one file; those beyond are not taken."""


class Lease(NamedTuple):
    """An address (4 or 16 bytes), the MAC (6 bytes, b"" where it is not told) and the name ("")."""

    address: bytes
    mac: bytes
    name: str


Leases = dict[bytes, Lease]
"""By address."""


def read_leases(text: str, before: Leases | None = None) -> Leases:
    """The leases of one file; never raises. `before` is what an older part of a journal said."""
    leases = dict(before or {})
    for address, lease in _form_of(text)(text):
        leases.pop(address, None)
        if lease is not None:
            leases[address] = lease
        if len(leases) > MOST_LEASES:
            del leases[next(iter(leases))]
    return leases


_Told = Iterator[tuple[bytes, Lease | None]]
"""What a file says from top to bottom; None where an address is nobody's any more."""


def _form_of(text: str) -> Callable[[str], _Told]:
    if text.startswith("address,"):
        return _kea
    if _ISC_LEASE.search(text) or "dhcpd.leases" in text[:500]:
        return _isc
    return _odhcpd if _ODHCPD.search(text) or _ODHCPD_HOST.search(text) else _dnsmasq


# ---- the four forms ----------------------------------------------------------------------------


def _dnsmasq(text: str) -> _Told:
    for line in text.splitlines():
        words = line.split()
        if len(words) < 4 or not words[0].isdigit():
            continue  # such as "duid 00:01:…", behind which the IPv6 leases stand
        address = _address(words[2])
        if address:  # in IPv6 leases an IAID stands where the MAC is in others
            yield address, Lease(address, _mac(words[1]), _name(words[3]))


_ISC_LEASE: Final = re.compile(r"^lease (\S{2,45}) \{$", re.M)
_ISC_STATE: Final = re.compile(r"\s*binding state (\w+);")
_ISC_MAC: Final = re.compile(r"\s*hardware ethernet ([0-9a-f:]{17});", re.I)
_ISC_NAME: Final = re.compile(r'\s*client-hostname "([^"\\]*)";')


def _isc(text: str) -> _Told:
    address, state, mac, name = b"", "", b"", ""
    for line in text.splitlines():
        if (found := _ISC_LEASE.match(line)) is not None:
            address, state, mac, name = _address(found[1]), "", b"", ""
        elif (found := _ISC_STATE.match(line)) is not None:
            state = found[1]
        elif (found := _ISC_MAC.match(line)) is not None:
            mac = _mac(found[1])
        elif (found := _ISC_NAME.match(line)) is not None:
            name = _name(found[1])
        elif line == "}" and address:
            yield address, Lease(address, mac, name) if state == "active" else None
            address = b""


def _kea(text: str) -> _Told:
    lines = iter(text.splitlines())
    columns = next(lines).split(",")
    for line in lines:
        values = dict(zip(columns, line.split(","), strict=False))
        address = _address(values.get("address", ""))
        if not address or values.get("lease_type", "0") != "0":  # a prefix that is given on
            continue
        is_held = values.get("state") == "0" and values.get("valid_lifetime") != "0"
        lease = Lease(address, _mac(values.get("hwaddr", "")), _name(values.get("hostname", "")))
        yield address, lease if is_held else None


_ODHCPD: Final = re.compile(
    r"^# (\S{1,15}) ([0-9a-f]{2,260}) (ipv4|[0-9a-f]{1,8}) (\S+) (-?\d+) [0-9a-f]+ (\d+)( .*)?$",
    re.M,
)
_ODHCPD_HOST: Final = re.compile(r"^([0-9a-f.:]{2,45})\t(\S+)", re.M)


def _odhcpd(text: str) -> _Told:
    for host in _ODHCPD_HOST.finditer(text):  # newer ones tell MACs in another file
        if address := _address(host[1]):
            yield address, Lease(address, b"", _name(host[2]))
    for found in _ODHCPD.finditer(text):
        if found[3] != "ipv4" and found[6] != "128":  # a prefix that is given on
            continue
        mac = _mac(found[2]) if found[3] == "ipv4" else _mac_in_duid(found[2])
        for place in (found[7] or "").split():
            if address := _address(place.partition("/")[0]):
                yield address, Lease(address, mac, _name(found[4]))


# ---- their values ------------------------------------------------------------------------------


def _address(text: str) -> bytes:
    try:
        return ip_address(text).packed
    except ValueError:
        return b""


def _mac(text: str) -> bytes:
    """Six bytes of hexadecimal, b"" for anything else."""
    try:
        mac = bytes.fromhex(text.replace(":", ""))
    except ValueError:
        return b""
    return mac if len(mac) == 6 and any(mac) and not mac[0] & 1 else b""


def _mac_in_duid(duid: str) -> bytes:
    """A device may call itself by a MAC and a time (type 1) or a MAC alone (type 3), RFC 8415
    §11.2 and §11.4. It mostly is that of the interface it asks from; where it is not, the kernel's
    table knows better."""
    head = {"00010001": 16, "00030001": 8}.get(duid[:8])
    return _mac(duid[head:]) if head is not None else b""


def _name(text: str) -> str:
    """A host name in lower case; "" for a word that stands for none, and for what is no name."""
    if text in ("", "*", "-") or "\\" in text:
        return ""
    try:
        return parse_host_name(text)
    except ValueError:
        return ""


def macs_of(leases: Iterable[Lease]) -> dict[bytes, bytes]:
    """The MAC of each address, where it is told."""
    return {lease.address: lease.mac for lease in leases if lease.mac}


def names_of(leases: Iterable[Lease]) -> dict[bytes, tuple[str, ...]]:
    """The name of each address, where there is one."""
    return {lease.address: (lease.name,) for lease in leases if lease.name}
