"""Where queries come in, and who may ask: the section `dns`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationInfo, field_validator

from sinkhole.control.settings.addresses import (
    HOME,
    Endpoint,
    Network,
    any_as_networks,
    endpoint,
    host_name,
    network,
)
from sinkhole.control.settings.units import Duration, time_span
from sinkhole.control.settings.values import (
    Section,
    check_pair,
    conflict,
    flag,
    folder,
    no_repeats,
    not_empty,
    number_or,
    whole_number,
)

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
    """Addresses to answer on, over UDP and TCP. 0.0.0.0 and [::] stand for every address of this
    machine. A link-local address needs its interface: "[fe80::1%eth0]:53". One that is not
    there yet, or whose port another program has, is tried again while the others are served."""
    tls: Annotated[tuple[Annotated[Endpoint, endpoint(853, any_port=True)], ...], no_repeats()] = ()
    """Addresses for encrypted DNS, which phones and computers use as "Private DNS" or "secure
    DNS"; they need the certificate below. These are for DNS over TLS (RFC 7858)."""
    https: Annotated[
        tuple[Annotated[Endpoint, endpoint(443, any_port=True)], ...], no_repeats()
    ] = ()
    """DNS over HTTPS (RFC 8484), by HTTP/1.1 and HTTP/2, with the path /dns-query."""
    quic: Annotated[
        tuple[Annotated[Endpoint, endpoint(853, any_port=True)], ...], no_repeats()
    ] = ()
    """DNS over QUIC (RFC 9250), over UDP."""
    http3: Annotated[bool, flag()] = Field(default=True, validate_default=True)
    """Serve https over UDP as well (HTTP/3), and tell clients of it."""
    https_page: Annotated[bool, flag()] = False
    """Serve the page at the addresses of https, too, to those who may ask."""
    certificate: Annotated[Path, folder()] | None = Field(
        default=None, examples=["/etc/sinkhole/certificate.pem"]
    )
    """The file with the certificate, its chain behind it, in PEM. It is watched together with its
    key, and a new pair is used at once; the user that sinkhole runs as must be able to read
    them. "sinkhole certificate self-signed" makes some to try it out."""
    certificate_key: Annotated[Path, folder()] | None = Field(
        default=None, validate_default=True, examples=["/etc/sinkhole/key.pem"]
    )
    """The file with the private key of the certificate, in PEM."""
    names: Annotated[tuple[Annotated[str, host_name()], ...], no_repeats()] = Field(
        default=(), examples=[["dns.example.org"]]
    )
    """Names by which devices reach this server; those of the certificate if none is written. What
    stands in front of one is the id of a client: a device that is told to use
    tablet.dns.example.org, or https://dns.example.org/dns-query/tablet, is the client that has
    tablet among its ids."""
    proxies: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = Field(
        default=(), examples=[["192.0.2.8"]]
    )
    """Addresses and networks of proxies in front of this server. They may say on whose behalf they
    ask, by the PROXY protocol or by X-Forwarded-For; nobody else may."""
    allow: Annotated[
        tuple[Annotated[Network, network(others=', "any"')], ...],
        any_as_networks(),
        not_empty('nobody could ask, list your networks or write ["any"]'),
    ] = HOME
    """Networks that may ask. Everybody else is refused; over TCP, the connection is closed at
    once. The default is this machine and the private networks a home has, those of providers
    and VPNs (100.64.0.0/10) among them. Networks as "192.0.2.0/24", single addresses, or "any"
    for the whole world - which invites others to misuse the server against third parties."""
    deny: Annotated[tuple[Annotated[Network, network()], ...], no_repeats()] = Field(
        default=(), examples=[["192.0.2.66"]]
    )
    """Networks and addresses that may not ask, whatever allow says of them."""
    rate_limit: Annotated[int, whole_number(0, 1_000_000)] = 200
    """Queries a second that one client may send. What is beyond is turned away, so that one device
    gone wild does not take the others down with it: over UDP it is told to come back over TCP,
    where it may send as many again. 0 is no limit; this machine itself is never limited."""
    rate_limit_ipv4_prefix: Annotated[int, whole_number(8, 32)] = 32
    """IPv4 addresses that begin with so many equal bits count as one client for rate_limit and for
    the number of connections. 32 counts each address for itself."""
    rate_limit_ipv6_prefix: Annotated[int, whole_number(16, 128)] = 64
    """The same of IPv6 addresses. One machine can use any address of its network, so the default
    counts that network as a whole. 128 counts each address for itself, for networks whose
    machines can all be trusted."""
    reserved_names: Annotated[bool, flag()] = True
    """Answer names that the internet never knows without asking it (RFC 6761, RFC 6303):
    localhost, test, invalid, onion, local, home.arpa, alt, and addresses of private networks
    asked for backwards. Local records still win."""

    workers: Annotated[int | str, number_or("auto", 1, 64)] = 1
    """Processes that answer. With 1 it is the server itself, which is enough for a home many times
    over. More use as many cores, share the addresses above, and are not held up by whatever else
    the server does; each takes some 35 MB. auto is one for each core."""
    drain: Annotated[Duration, time_span("1s", "10m", or_zero=True)] = Duration(0)
    """How long the server goes on answering after it was told to stop (SIGTERM), while /readyz says
    that it is not ready: time for whatever spreads queries over several servers to send them to
    the others. A second SIGTERM, or Ctrl-C, stops it at once."""

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
        check_pair(certificate, key)
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
