"""Settings of local names: records of the home network, answered without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, PlainValidator

from sinkhole.control.settings.fields import (
    Section,
    conflict,
    not_empty,
    read_host_name,
    read_path,
    read_text,
    time_span,
)
from sinkhole.control.settings.records import LocalRecord
from sinkhole.control.settings.units import Duration
from sinkhole.control.settings.words import shown
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type

WILDCARD = "*."

HOSTS_FILE = Path("/etc/hosts")
"""The hosts file of the machine, which `hosts_file: true` stands for."""

Records = tuple[LocalRecord, ...]


def _record_name(value: Any) -> str:
    """Check the name of a record; what it is normalised to comes later, when all are known."""
    name = read_text(value, 1000)
    normal(name)
    return name


def normal(name: str) -> str:
    """The lower-cased ASCII form of "nas.home" or "*.nas.home"; ValueError if it is neither."""
    if name.startswith(WILDCARD):
        return WILDCARD + read_host_name(name.removeprefix(WILDCARD))
    if "*" in name:
        raise ValueError(f'{shown(name)}: a * may only be the first label, as in "*.nas.home"')
    return read_host_name(name)


def _once_each(records: Mapping[str, Records]) -> Mapping[str, Records]:
    """Normalise the names; refuse two spellings of one, and aliases that cannot be."""
    normalised: dict[str, Records] = {}
    for written, values in records.items():
        name = normal(written)
        if name in normalised:
            raise conflict("this name is listed twice, in two spellings", "records", written)
        _check_alias(written, name, values)
        normalised[name] = values
    return normalised


def _check_alias(written: str, name: str, values: Records) -> None:
    """Refuse a CNAME beside other records (RFC 1034 §3.6.2), and one that leads to itself."""
    for position, record in enumerate(values):
        if record.rtype == Type.CNAME and len(values) > 1:
            message = f'"{record}": a name with a CNAME can have nothing else'
            raise conflict(message, "records", written, position)
        if record.rtype == Type.CNAME and record.rdata == from_text(name):
            raise conflict(f'"{record}" leads to itself', "records", written, position)


def _read_hosts_file(value: Any) -> Path | Literal[False]:
    """False, the machine's own file for true, or the path of another."""
    words = {"yes": True, "on": True, "no": False, "off": False}
    if isinstance(value, str):
        value = words.get(value.lower(), value)
    if value is False:
        return False
    return HOSTS_FILE if value is True else read_path(value)


class LocalSettings(Section):
    """Names that this server answers for itself."""

    records: Annotated[
        dict[
            Annotated[str, PlainValidator(_record_name)],
            Annotated[
                tuple[Annotated[LocalRecord, PlainValidator(LocalRecord.parse)], ...],
                not_empty("a name needs at least one record"),
            ],
        ],
        AfterValidator(_once_each),
    ] = {}  # noqa: RUF012  # pydantic copies it, and nobody writes to it
    """Exact names, and "*.name" for everything below a name, with their records."""
    ttl: Annotated[Duration, time_span("0s", "7d")] = Duration.parse("60s")
    hosts_file: Annotated[Path | Literal[False], PlainValidator(_read_hosts_file)] = False
    """A hosts file whose names are answered as well; False is none."""

    @property
    def wire_records(self) -> dict[str, tuple[tuple[int, bytes], ...]]:
        """The records as (type, data on the wire), by name as in `records`."""
        return {
            name: tuple((record.rtype, record.rdata) for record in records)
            for name, records in self.records.items()
        }
