"""What clients are told of the encrypted listeners of the settings (DDR, RFC 9462)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from sinkhole.control.settings import Endpoint
from sinkhole.control.settings.dns_schema import DnsSettings
from sinkhole.dns.policy.designated import DesignatedService
from sinkhole.model.upstream_url import DEFAULT_PATH


def services(settings: DnsSettings, names: Sequence[str], *, quic: bool) -> list[DesignatedService]:
    """The services of each name in the certificate, those over HTTP first, as most clients know
    them; `quic` is whether QUIC can be listened to at all.

    Listeners at every address are told without one: clients look the name up. Those at a port that
    the kernel chooses are not told.
    """
    template = f"{DEFAULT_PATH}{{?dns}}"
    http = ("h2", "h3") if quic and settings.http3 else ("h2",)
    kinds = [(http, settings.https, template), (("dot",), settings.tls, "")]
    kinds += [(("doq",), settings.quic, "")] if quic else []
    return [
        DesignatedService(
            name, alpn, port, path, _addresses(each for each in places if each.port == port)
        )
        for name in names
        for alpn, places, path in kinds
        for port in dict.fromkeys(each.port for each in places if each.port)
    ]


def _addresses(places: Iterable[Endpoint]) -> tuple[IPv4Address | IPv6Address, ...]:
    found = [ip_address(each.host.partition("%")[0]) for each in places]
    return tuple(each for each in found if not (each.is_unspecified or each.is_link_local))
