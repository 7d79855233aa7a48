"""Settings of the DNS server: where it listens and whom it serves."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import BeforeValidator

from sinkhole.control.settings.addresses import ANY, Endpoint, Network
from sinkhole.control.settings.fields import (
    Section,
    endpoint,
    flag,
    network,
    no_repeats,
    not_empty,
    whole_number,
)

# Loopback, private (RFC 1918), carrier NAT (RFC 6598), link-local and ULA (RFC 4193): the
# addresses a home network has. Answering anyone else makes an open resolver (RFC 5358 §4).
_HOME = tuple(
    ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


def _spread_any(value: Any) -> Any:
    """Write "any" out; the IPv6 half goes to the end, so that errors name the right item."""
    if not isinstance(value, (list, tuple)) or "any" not in value:
        return value
    return [str(ANY[0]) if item == "any" else item for item in value] + [str(ANY[1])]


class DnsSettings(Section):
    """Where queries come in, over UDP and TCP, and who may ask."""

    listen: Annotated[
        tuple[Annotated[Endpoint, endpoint(53, any_port=True)], ...],
        not_empty('nobody could ask, write for instance ["0.0.0.0:53"]'),
        no_repeats(),
    ] = (Endpoint("0.0.0.0", 53), Endpoint("::", 53))
    allow: Annotated[
        tuple[Annotated[Network, network(others=', "any"')], ...],
        BeforeValidator(_spread_any),
        not_empty('nobody could ask, list your networks or write ["any"]'),
    ] = _HOME
    """Networks whose queries are answered; everybody else is refused."""
    rate_limit: Annotated[int, whole_number(0, 1_000_000)] = 200
    """Queries a second from one client; 0 is no limit."""
    reserved_names: Annotated[bool, flag()] = True
    """Answer names that never exist on the internet (RFC 6761, RFC 6303) without asking it."""
