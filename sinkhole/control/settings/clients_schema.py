"""Who is known by name: the clients of the settings, and what each is recognised by."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from sinkhole.control.settings.addresses import Network, host_name, network, no_address, unmapped
from sinkhole.control.settings.groups_schema import GroupName, PolicyFields, Scheduled
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.values import (
    Kind,
    Section,
    conflict,
    known_word,
    no_repeats,
    read_text,
    text,
)
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

KNOWN_TAGS = tuple(sorted(CLIENT_TAGS))
"""The words `$ctag` knows: public lists use them, so nobody can add to them."""

IDENTIFIERS: Final = ("addresses", "macs", "ids", "hosts")
"""The keys of what a client is known by."""

_CLIENT_ID: Final = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)
_MAC: Final = re.compile(
    r"[0-9a-f]{12}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}"
    r"|[0-9a-f]{1,2}(?:([:-])[0-9a-f]{1,2})(?:\1[0-9a-f]{1,2}){4}",
    re.ASCII,
)
_MULTICAST: Final = 1
"""The bit of the first byte that says that an address is not that of one device."""


def read_client_id(value: Any) -> str:
    """A client's id, lower-cased: it is a label of a name (RFC 1034 §3.5) or the end of a path."""
    found = read_text(value, 100).lower()
    if not _CLIENT_ID.fullmatch(found):
        raise ValueError(f"{shown(value)} is no client id, write letters, digits and -, at most 63")
    return found


def read_mac(value: Any) -> str:
    """A hardware address as "aa:bb:cc:dd:ee:ff", from any common spelling of it; ValueError."""
    plain = read_text(value, 100).lower()
    if not _MAC.fullmatch(plain):
        raise ValueError(f'{shown(value)} is no MAC address, write one such as "02:00:5e:10:00:01"')
    parts = re.split("[:-]", plain)
    digits = "".join(each.zfill(2) for each in parts) if len(parts) > 1 else plain.replace(".", "")
    found = bytes.fromhex(digits)
    if not any(found) or found[0] & _MULTICAST:
        raise ValueError(f"{shown(value)} is not the MAC address of one device")
    return found.hex(":")


ClientId = Annotated[
    str, Kind(read_client_id, accepts={"type": "string", "pattern": "^[A-Za-z0-9-]{1,63}$"})
]
Mac = Annotated[
    str, Kind(read_mac, accepts={"type": "string", "pattern": "^[0-9A-Fa-f:.-]{11,17}$"})
]


class _Known(Section):
    """In front of what applies to a client: who it is."""

    name: Annotated[str, text(100), no_address()]
    """What rules, the log and the page call it; two clients cannot have the same name."""
    addresses: tuple[Annotated[Network, network(), AfterValidator(unmapped)], ...] = ()
    """IPv4 and IPv6 addresses, or networks such as "192.0.2.0/24"; no two clients can have the
    same one, and an address in several networks is that of the smallest. Every client needs one
    of addresses, macs, ids and hosts; where several clients are meant, an id counts first, then
    an address, a MAC, a host, and a network last."""
    macs: Annotated[tuple[Mac, ...], no_repeats()] = ()
    """Hardware addresses, which stay while the others change; devices of this network only."""
    ids: Annotated[tuple[ClientId, ...], no_repeats()] = ()
    """What a device calls itself over encrypted DNS: the end of a path, or a label in front of one
    of dns.names."""
    hosts: Annotated[tuple[Annotated[str, host_name()], ...], no_repeats()] = Field(
        default=(), validate_default=True
    )
    """What the network calls it: its name in leases or asked for backwards."""
    tags: tuple[
        Annotated[str, known_word(KNOWN_TAGS, f"known are {', '.join(KNOWN_TAGS)}")], ...
    ] = ()
    """Words that rules know: they say what kind of device it is, its system, and who uses it."""
    group: GroupName | None = None
    """The group that it is in; without it, default."""

    @field_validator("hosts", mode="after")
    @classmethod
    def _is_known_by_something(
        cls, hosts: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if not hosts and all(info.data.get(key) == () for key in IDENTIFIERS[:-1]):
            raise conflict(
                "there is neither an address nor a MAC, an id or a host, so nobody could be meant: "
                'write for instance ["192.0.2.7"]',
                "addresses",
            )
        return hosts


class ClientSettings(PolicyFields, _Known):
    """A device or several: what it is called, what it is known by, and what applies to it."""

    schedules: Scheduled = ()
    """As those of groups; what a client says itself counts, whatever is open for its group."""


def clients_differ() -> AfterValidator:
    """Refuse an address, a MAC, an id or a host that two clients have."""

    def check(clients: tuple[ClientSettings, ...]) -> tuple[ClientSettings, ...]:
        owners: dict[tuple[str, Network | str], str] = {}
        for position, client in enumerate(clients):
            for key in IDENTIFIERS:
                for number, known in enumerate(getattr(client, key)):
                    if owner := owners.get((key, known)):
                        message = f'"{known}" already belongs to {shown(owner)}'
                        raise conflict(message, "clients", position, key, number)
                    owners[key, known] = client.name
        return clients

    return AfterValidator(check)
