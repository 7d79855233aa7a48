"""What is found out about the devices of the house: the section `devices`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from sinkhole.control.settings.addresses import (
    Endpoint,
    Network,
    endpoint,
    network,
    one_server,
)
from sinkhole.control.settings.hosts_file import MACHINE_HOSTS_FILE
from sinkhole.control.settings.values import Section, flag, folder, no_repeats, path_or_off


class DevicesSettings(Section):
    """Where names and MACs of the devices in the house come from. What is switched off is neither
    read nor asked. Of several names a device goes by that of the settings, then of the hosts file,
    of its lease, of the router, and of its own word."""

    neighbours: Annotated[bool, flag()] = True
    """Whether the MACs of devices are taken from this machine's tables of neighbours (ARP, NDP). So
    a device is known by all its addresses, IPv4 and IPv6, as one."""
    hosts_file: Annotated[Path | Literal[False], path_or_off(MACHINE_HOSTS_FILE)] = (
        MACHINE_HOSTS_FILE
    )
    """The hosts file that names devices: true for /etc/hosts, the path of another file, or false.
    Whether its names are answered says local.hosts_file."""
    leases: Annotated[bool, flag()] = True
    """Whether names and MACs are taken from what a DHCP server on this machine writes down:
    dnsmasq, Pi-hole, ISC's, Kea (memfile) and odhcpd, in their usual places and in lease_files."""
    lease_files: Annotated[tuple[Annotated[Path, folder()], ...], no_repeats()] = Field(
        default=(), examples=[["/srv/dhcp/dnsmasq.leases"]]
    )
    """Further lease files, of any of these servers; they count for more than the usual ones."""
    reverse: Annotated[bool, flag()] = True
    """Whether the router is asked for the names of addresses in the house (reverse look-up). It is
    asked about private addresses and those of our own networks, and nobody else is."""
    router: Annotated[Endpoint, endpoint(53), one_server()] | None = Field(
        default=None, examples=["192.0.2.1"]
    )
    """Who is asked for them, where that is not the router that this machine's default route leads
    to."""
    mdns: Annotated[bool, flag()] = True
    """Whether devices for which nobody else has a name are asked themselves, by multicast DNS
    (RFC 6762)."""
    makers: Annotated[bool, flag()] = True
    """Whether the maker of a device is told by its MAC, from a table that is installed with
    sinkhole."""
    forwarders: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = Field(
        default=(), examples=[["192.0.2.1"]]
    )
    """Routers that pass on the queries of others and say whose they are, by the EDNS options that
    dnsmasq adds with add-mac and add-subnet. They are believed; all others are not."""
