"""How devices find this server: its addresses, and the port that they ask."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, NamedTuple, get_args

from pydantic import Field

from sinkhole.control.devices.house_addresses import gateways
from sinkhole.control.machine.freeing import Kind, way_to_free, way_to_the_right
from sinkhole.control.machine.own_addresses import Reach, interface_name, own_addresses
from sinkhole.control.machine.port_holders import Holder, holders
from sinkhole.control.machine.rights import is_contained, may_listen
from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Nothing, Output, operation
from sinkhole.control.settings import Endpoint
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.upstream_url import DEFAULT_PATH

DNS_PORT: Final = 53
"""What devices ask, as nobody can tell them another."""

Over = Literal["HTTPS", "TLS", "QUIC"]

_REACHES: Final = get_args(Reach)
_USUAL: Final = {"HTTPS": 443, "TLS": 853, "QUIC": 853}
"""The ports that need not be said."""


class MachineAddress(Output):
    """An address of this machine."""

    address: str = Field(examples=["192.0.2.2", "fd00::2"])
    version: Literal[4, 6]
    reach: Reach = Field(
        description="Who can use it: this house, anybody, or who is on the same wire."
    )
    interface: str = Field(examples=["eth0"])
    leads_out: bool = Field(description="Whether the router is at the same interface.")
    leased: bool = Field(description="Whether it was given by the router, and so may change.")


class PortHolder(Output):
    """Who has a port that DNS needs."""

    address: str = Field(examples=["127.0.0.53"])
    port: int
    transport: Literal["UDP", "TCP"]
    program: str = Field(description="Empty where it is not told.", examples=["systemd-resolved"])
    user: str = Field(description="Whom it runs for; empty where that has no name.")
    is_us: bool = Field(description="Whether it is this server.")
    kind: Kind = Field(description="What kind of program it is, as far as that is known.")
    commands: list[str] = Field(
        description="Lines for a shell that have it let go, or tell more of it.",
        examples=[["sudo systemctl disable --now dnsmasq"]],
    )


class EncryptedAddress(Output):
    """What a device that can do encrypted DNS is given."""

    over: Over
    address: str = Field(examples=["https://dns.example.org/dns-query", "dns.example.org"])


class Setup(Output):
    """What devices have to be told, and whether they would reach this server."""

    addresses: list[MachineAddress] = Field(description="The best one for devices first.")
    routers: list[str] = Field(description="Whom this machine reaches the Internet by.")
    contained: bool = Field(description="Whether it is a container: then devices can't use them.")
    wanted: list[str] = Field(
        description="Where the settings want DNS answered.", examples=[["0.0.0.0:53"]]
    )
    missing: list[str] = Field(description="Where of that it is not.")
    encrypted: list[EncryptedAddress]
    holders: list[PortHolder] = Field(description="Who has port 53, and the ports that are wanted.")
    may_use_53: bool = Field(description="Whether this server has the right to port 53.")
    right_by: list[str] = Field(description="Lines for a shell by which it would have that.")


class _Seen(NamedTuple):
    addresses: list[MachineAddress]
    routers: list[str]
    holders: list[Holder]
    contained: bool
    may_use_53: bool


@operation("setup.show", Permission.SETTINGS_WRITE)
async def show(house: House, actor: Actor, given: Nothing) -> Setup:
    """Tell how devices find this server: its addresses, and who has the port that they ask.

    Read from this machine alone; nobody is asked.
    """
    dns, status = house.settings.settings.dns, house.status()
    seen = await asyncio.to_thread(_look, {DNS_PORT, *(each.port for each in dns.listen)})
    return Setup(
        addresses=seen.addresses,
        routers=seen.routers,
        contained=seen.contained,
        wanted=[str(each) for each in dns.listen],
        missing=[str(each) for each in dns.listen if not _is_open(each, status["listen"])],
        encrypted=_encrypted(dns, status),
        holders=[_held(each) for each in seen.holders],
        may_use_53=seen.may_use_53,
        right_by=list(way_to_the_right(DNS_PORT)),
    )


def _look(ports: Collection[int]) -> _Seen:
    routers = gateways()
    ways = {name for each in routers if (name := interface_name(each.interface))}
    addresses = [
        MachineAddress(
            address=each.text,
            version=each.version,
            reach=each.reach,
            interface=each.interface,
            leads_out=each.interface in ways,
            leased=each.leased,
        )
        for each in own_addresses()
    ]
    addresses.sort(key=lambda each: (not each.leads_out, each.version, _REACHES.index(each.reach)))
    names = [str(each) for each in routers]
    return _Seen(addresses, names, holders(ports), is_contained(), may_listen(DNS_PORT))


def _held(holder: Holder) -> PortHolder:
    kind, commands = way_to_free(holder.program, holder.port)
    return PortHolder(**holder._asdict(), kind=kind, commands=list(commands))


def _is_open(wanted: Endpoint, places: Collection[str]) -> bool:
    """Whether DNS is answered there; of any port, whether it is at that address."""
    if wanted.port:
        return str(wanted) in places
    return any(Endpoint.parse(each, DNS_PORT).host == wanted.host for each in places)


def _encrypted(dns: DnsSettings, status: Mapping[str, Any]) -> list[EncryptedAddress]:
    """What devices can be given by the names of the certificate, one name for all: the first."""
    certificate = status["certificate"]
    names = [each for each in certificate["names"] if "*" not in each] if certificate else []
    is_open = {where.rpartition("(")[2].rstrip(")") for where in status["encrypted"]}
    found: list[EncryptedAddress] = []
    listeners: tuple[tuple[Over, tuple[Endpoint, ...]], ...] = (
        ("HTTPS", dns.https),
        ("TLS", dns.tls),
        ("QUIC", dns.quic),
    )
    for over, places in listeners:
        port = next((each.port for each in places if each.port), 0)
        if names and port and over in is_open:
            shown = names[0] if port == _USUAL[over] else f"{names[0]}:{port}"
            address = f"https://{shown}{DEFAULT_PATH}" if over == "HTTPS" else shown
            found.append(EncryptedAddress(over=over, address=address))
    return found
