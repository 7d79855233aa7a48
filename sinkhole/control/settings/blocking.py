"""Settings of blocking: what a client is told about a name that is refused."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, PlainValidator, ValidationInfo, field_validator

from sinkhole.control.settings.fields import Section, address, choice, conflict, read_time_span
from sinkhole.control.settings.units import Duration
from sinkhole.control.settings.words import listing, meant, quoted, shown

BlockingMode = Literal["null_ip", "default", "nxdomain", "nodata", "refused", "custom_ip"]
MODES: tuple[str, ...] = get_args(BlockingMode)

DEFAULT_TTL = Duration.parse("10s")
"""Also what a mode has that a mapping of modes leaves out."""


def _read_ttl(value: Any) -> Duration | dict[str, Duration]:
    """One time span for all modes, or a mapping with one for some of them."""
    if not isinstance(value, Mapping):
        return read_time_span(value, "0s", "1d")
    if not value:
        raise ValueError('no mode is named, write one time span, or for instance "nxdomain: 60s"')
    spans = {}
    for mode, span in value.items():
        if mode not in MODES:
            near = meant(mode, MODES)
            hint = f"did you mean {quoted(near)}?" if near else f"write {listing(MODES)}"
            raise conflict(f"{shown(mode)} is no blocking mode, {hint}", "ttl", mode)
        try:
            spans[mode] = read_time_span(span, "0s", "1d")
        except ValueError as error:
            raise conflict(str(error), "ttl", mode) from None
    return spans


class BlockingSettings(Section):
    """What a client is told about a name that is refused."""

    mode: Annotated[BlockingMode, choice(*MODES)] = "null_ip"
    ttl: Annotated[Duration | dict[str, Duration], PlainValidator(_read_ttl)] = DEFAULT_TTL
    """For all modes, or by mode; `ttl_in_force` picks the one that counts."""
    custom_ipv4: Annotated[IPv4Address, address(4)] | None = None
    custom_ipv6: Annotated[IPv6Address, address(6)] | None = Field(
        default=None, validate_default=True
    )

    @property
    def ttl_in_force(self) -> Duration:
        """How long clients may remember an answer in the mode that is set."""
        if isinstance(self.ttl, Duration):
            return self.ttl
        return self.ttl.get(self.mode, DEFAULT_TTL)

    @field_validator("custom_ipv6", mode="after")
    @classmethod
    def _custom_ip_has_an_address(
        cls, custom_ipv6: IPv6Address | None, info: ValidationInfo
    ) -> IPv6Address | None:
        no_ipv4 = "custom_ipv4" in info.data and info.data["custom_ipv4"] is None
        if info.data.get("mode") == "custom_ip" and no_ipv4 and custom_ipv6 is None:
            raise conflict(
                "custom_ip needs an address, set custom_ipv4, custom_ipv6 or both", "mode"
            )
        return custom_ipv6
