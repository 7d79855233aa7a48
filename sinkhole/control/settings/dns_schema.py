"""Who asks, and how: the sections `dns` and `clients`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from sinkhole.control.settings.addresses import (
    HOME,
    Endpoint,
    Network,
    any_as_networks,
    endpoint,
    host_name,
    network,
    no_address,
)
from sinkhole.control.settings.quoting import shown
from sinkhole.control.settings.values import (
    Kind,
    Section,
    conflict,
    flag,
    folder,
    known_word,
    no_repeats,
    not_empty,
    read_text,
    text,
    whole_number,
)
from sinkhole.dns.filter.language.modifiers import CLIENT_TAGS

_ENCRYPTED: Final = ("tls", "https", "quic")
_ON_TCP: Final = ("listen", "tls", "https")
_ON_UDP: Final = ("listen", "quic", "https")
_WILDCARDS: Final = ("0.0.0.0", "::")


class DnsSettings(Section):
    """Where queries come in, by which transport, and who may ask."""

    listen: Annotated[
        tuple[Annotated[Endpoint, endpoint(53, any_port=True)], ...],
        not_empty('nobody could ask, write for instance ["0.0.0.0:53"]'),
        no_repeats(),
    ] = (Endpoint("0.0.0.0", 53), Endpoint("::", 53))
    tls: Annotated[tuple[Annotated[Endpoint, endpoint(853, any_port=True)], ...], no_repeats()] = ()
    """DNS over TLS (RFC 7858)."""
    https: Annotated[
        tuple[Annotated[Endpoint, endpoint(443, any_port=True)], ...], no_repeats()
    ] = ()
    """DNS over HTTPS (RFC 8484), by HTTP/1.1 and HTTP/2."""
    quic: Annotated[
        tuple[Annotated[Endpoint, endpoint(853, any_port=True)], ...], no_repeats()
    ] = ()
    """DNS over QUIC (RFC 9250)."""
    http3: Annotated[bool, flag()] = Field(default=True, validate_default=True)
    """Serve `https` over UDP as well, and say so to clients (Alt-Svc)."""
    https_page: Annotated[bool, flag()] = False
    """Serve the page at `https`, too, to those who may ask."""
    certificate: Annotated[Path, folder()] | None = None
    certificate_key: Annotated[Path, folder()] | None = Field(default=None, validate_default=True)
    """PEM files: the certificate with its chain behind it, and its private key."""
    names: Annotated[tuple[Annotated[str, host_name()], ...], no_repeats()] = ()
    """Names by which devices reach this server; a label below one is a client's id. Empty: those
    of the certificate."""
    proxies: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = ()
    """Who may say on whose behalf they ask: by the PROXY protocol, or by X-Forwarded-For."""
    allow: Annotated[
        tuple[Annotated[Network, network(others=', "any"')], ...],
        any_as_networks(),
        not_empty('nobody could ask, list your networks or write ["any"]'),
    ] = HOME
    """Networks whose queries are answered; everybody else is refused."""
    rate_limit: Annotated[int, whole_number(0, 1_000_000)] = 200
    """Queries a second from one client; 0 is no limit."""
    rate_limit_ipv4_prefix: Annotated[int, whole_number(8, 32)] = 32
    rate_limit_ipv6_prefix: Annotated[int, whole_number(16, 128)] = 64
    """All addresses that begin with so many equal bits count as one client."""
    reserved_names: Annotated[bool, flag()] = True
    """Answer names that never exist on the internet (RFC 6761, RFC 6303) without asking it."""

    @property
    def is_encrypted(self) -> bool:
        """Whether anything is listened to that needs the certificate."""
        return any(getattr(self, key) for key in _ENCRYPTED)

    @field_validator("http3", mode="after")
    @classmethod
    def _share_no_port(cls, http3: bool, info: ValidationInfo) -> bool:
        for one, other in _rivals(info.data, http3=http3):
            key, position, here = other
            message = f'"{here}" is what {one[0]} listens on already ("{one[2]}")'
            raise conflict(message, key, position)
        return http3

    @field_validator("certificate_key", mode="after")
    @classmethod
    def _have_a_certificate(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        if "certificate" not in info.data:
            return key
        certificate = info.data["certificate"]
        if key is not None and certificate is None:
            raise conflict("is of no use without a certificate, set it too", "certificate_key")
        if certificate is not None and key is None:
            raise conflict("is of no use without its key, set certificate_key too", "certificate")
        if certificate is None and (wants := [k for k in _ENCRYPTED if info.data.get(k)]):
            raise conflict(
                "needs a certificate: set certificate and certificate_key, "
                'or try it out with the files of "sinkhole certificate self-signed"',
                wants[0],
            )
        return key


_Claim = tuple[str, int, Endpoint]
"""Who wants to listen: a key, the position in its list, and where."""


def _rivals(data: dict[str, Any], *, http3: bool) -> Iterator[tuple[_Claim, _Claim]]:
    """Pairs of different keys that want the same port of the same address."""
    for keys in (_ON_TCP, _ON_UDP if http3 else _ON_UDP[:-1]):
        claims = [(key, at, each) for key in keys for at, each in enumerate(data.get(key, ()))]
        for one, other in combinations(claims, 2):
            if one[0] != other[0] and _meet(one[2], other[2]):
                yield one, other


def _meet(one: Endpoint, other: Endpoint) -> bool:
    """Whether a socket on one stands in the way of a socket on the other."""
    if one.port != other.port or not one.port or (":" in one.host) != (":" in other.host):
        return False
    return one.host == other.host or one.host in _WILDCARDS or other.host in _WILDCARDS


# ---- clients -----------------------------------------------------------------------------------

KNOWN_TAGS = tuple(sorted(CLIENT_TAGS))
"""The words `$ctag` knows: public lists use them, so nobody can add to them."""

_CLIENT_ID: Final = re.compile(r"[a-z0-9-]{1,63}", re.ASCII)


def read_client_id(value: Any) -> str:
    """A client's id, lower-cased: it is a label of a name (RFC 1034 §3.5) or the end of a path."""
    found = read_text(value, 100).lower()
    if not _CLIENT_ID.fullmatch(found):
        raise ValueError(f"{shown(value)} is no client id, write letters, digits and -, at most 63")
    return found


ClientId = Annotated[
    str, Kind(read_client_id, accepts={"type": "string", "pattern": "^[A-Za-z0-9-]{1,63}$"})
]


class ClientSettings(Section):
    """A device or a group of devices: what rules call it, and what it is known by."""

    name: Annotated[str, text(100), no_address()]
    addresses: tuple[Annotated[Network, network()], ...] = ()
    ids: Annotated[tuple[ClientId, ...], no_repeats()] = Field(default=(), validate_default=True)
    """What it calls itself over an encrypted transport: the end of a path, or a label of a name."""
    tags: tuple[
        Annotated[str, known_word(KNOWN_TAGS, f"known are {', '.join(KNOWN_TAGS)}")], ...
    ] = ()

    @field_validator("ids", mode="after")
    @classmethod
    def _is_known_by_something(cls, ids: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not ids and info.data.get("addresses") == ():
            raise conflict(
                "there is neither an address nor an id, so nobody could be meant: write for "
                'instance ["192.0.2.7"]',
                "addresses",
            )
        return ids


def clients_differ() -> AfterValidator:
    """Refuse an address or an id that two clients have."""

    def check(clients: tuple[ClientSettings, ...]) -> tuple[ClientSettings, ...]:
        owners: dict[Network | str, str] = {}
        for position, client in enumerate(clients):
            for key in ("addresses", "ids"):
                for number, known in enumerate(getattr(client, key)):
                    if owner := owners.get(known):
                        message = f'"{known}" already belongs to {shown(owner)}'
                        raise conflict(message, "clients", position, key, number)
                    owners[known] = client.name
        return clients

    return AfterValidator(check)
