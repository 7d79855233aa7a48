"""Settings of the resolvers that queries are forwarded to."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator

from sinkhole.control.settings.addresses import Endpoint
from sinkhole.control.settings.fields import (
    Section,
    endpoint,
    flag,
    no_repeats,
    not_empty,
    time_span,
)
from sinkhole.control.settings.units import Duration


def _somebody(server: Endpoint) -> Endpoint:
    """Refuse addresses that no single server can have."""
    address = ip_address(server.host)
    if address.is_unspecified or address.is_multicast:
        raise ValueError(f'"{server}" is not the address of one server')
    return server


class UpstreamSettings(Section):
    """Who is asked, and how patiently."""

    servers: Annotated[
        tuple[Annotated[Endpoint, endpoint(53), AfterValidator(_somebody)], ...],
        not_empty('there is nobody to forward to, write for instance ["9.9.9.9"]'),
        no_repeats(),
    ] = (Endpoint("9.9.9.9", 53), Endpoint("149.112.112.112", 53))
    timeout: Annotated[Duration, time_span("100ms", "10s")] = Duration.parse("2s")
    """How long one server may take; its two tries share it."""
    randomize_case: Annotated[bool, flag()] = True
    """Send names in random upper and lower case, so that forged answers are recognised (0x20)."""
