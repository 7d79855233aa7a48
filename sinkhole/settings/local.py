"""Settings of local names: addresses in the home network, answered without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator

from sinkhole.settings.addresses import Address, parse_address
from sinkhole.settings.fields import (
    Section,
    conflict,
    not_empty,
    read_host_name,
    read_text,
    time_span,
)
from sinkhole.settings.units import Duration
from sinkhole.settings.words import shown

WILDCARD = "*."


def _record_name(value: Any) -> str:
    """Check the name of a record; what it is normalised to comes later, when all are known."""
    name = read_text(value, 1000)
    normal(name)
    return name


def _record_address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    try:
        return parse_address(read_text(value, 1000))
    except ValueError as error:
        raise ValueError(f"{error}; local records hold addresses only") from None


def normal(name: str) -> str:
    """The lower-cased ASCII form of "nas.home" or "*.nas.home"; ValueError if it is neither."""
    if name.startswith(WILDCARD):
        return WILDCARD + read_host_name(name.removeprefix(WILDCARD))
    if "*" in name:
        raise ValueError(f'{shown(name)}: a * may only be the first label, as in "*.nas.home"')
    return read_host_name(name)


def _once_each(records: Mapping[str, tuple[Address, ...]]) -> Mapping[str, tuple[Address, ...]]:
    """Normalise the names and refuse two spellings of the same one."""
    normalised: dict[str, tuple[Address, ...]] = {}
    for name, addresses in records.items():
        if normal(name) in normalised:
            raise conflict("this name is listed twice, in two spellings", "records", name)
        normalised[normal(name)] = addresses
    return normalised


class LocalSettings(Section):
    """Names that this server answers for itself."""

    records: Annotated[
        dict[
            Annotated[str, PlainValidator(_record_name)],
            Annotated[
                tuple[Annotated[Address, PlainValidator(_record_address)], ...],
                not_empty("a record needs at least one address"),
            ],
        ],
        AfterValidator(_once_each),
    ] = {}  # noqa: RUF012  # pydantic copies it, and nobody writes to it
    """Exact names, and "*.name" for everything below a name, with their addresses."""
    ttl: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("60s")
