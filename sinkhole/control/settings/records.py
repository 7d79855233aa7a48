"""Records of the home network, as people write them and as they go onto the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator

from sinkhole.control.settings.addresses import parse_address, parse_host_name
from sinkhole.control.settings.quoting import listing, shown
from sinkhole.control.settings.values import Kind, conflict, not_empty, read_text
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import Type, type_name
from sinkhole.dns.wire.text.rdata import rdata_from_text, rdata_to_text

TYPES = {
    type_name(number): number
    for number in (
        *(Type.A, Type.AAAA, Type.CNAME, Type.MX, Type.PTR, Type.SRV, Type.TXT),
        *(Type.HTTPS, Type.SVCB),
    )
}
"""The types a record can have, by the word in front of its data."""

_WILDCARD = "*."


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A record without its name: `rdata` is its data on the wire, `text` what parses to it.

    Names in `rdata` are uncompressed, and spelled as people wrote them.
    """

    rtype: int
    rdata: bytes
    text: str = field(compare=False)

    def __str__(self) -> str:
        """An address alone, or the type and the data as in a zone file."""
        return self.text

    @classmethod
    def parse(cls, value: Any) -> LocalRecord:
        """Read "192.0.2.10", "2001:db8::10" or "MX 10 mail.home"; ValueError says what is wrong."""
        if isinstance(value, LocalRecord):
            return value
        written = read_text(value, 4096)
        kind, _, data = written.partition(" ")
        rtype = TYPES.get(kind.upper())
        if rtype is None:
            return cls._address(written)
        try:
            rdata = rdata_from_text(rtype, data, keep_case=True)
        except ValueError as error:
            raise ValueError(f"{shown(written)} is no {kind.upper()} record: {error}") from None
        text = rdata_to_text(rtype, rdata)
        is_address = rtype in (Type.A, Type.AAAA)
        return cls(rtype, rdata, text if is_address else f"{kind.upper()} {text}")

    @classmethod
    def _address(cls, written: str) -> LocalRecord:
        try:
            address = parse_address(written)
        except ValueError as error:
            if " " not in written:
                raise ValueError(f'{error}, or a type and data such as "CNAME nas.home"') from None
            raise ValueError(
                f"{shown(written)} begins with no known type, write an address, or first one of"
                f" {listing(TYPES)}"
            ) from None
        return cls(Type.A if address.version == 4 else Type.AAAA, address.packed, str(address))


def _read_name(value: Any) -> str:
    """Check the name of a record; what it is normalised to comes later, when all are known."""
    name = read_text(value, 1000)
    record_name(name)
    return name


def record_name(name: str) -> str:
    """The lower-cased ASCII form of "nas.home" or "*.nas.home"; ValueError if it is neither."""
    if name.startswith(_WILDCARD):
        return _WILDCARD + parse_host_name(name.removeprefix(_WILDCARD))
    if "*" in name:
        raise ValueError(f'{shown(name)}: a * may only be the first label, as in "*.nas.home"')
    return parse_host_name(name)


def _by_name(
    written_records: Mapping[str, tuple[LocalRecord, ...]],
) -> Mapping[str, tuple[LocalRecord, ...]]:
    """Normalise the names; refuse two spellings of one, and aliases that cannot be."""
    by_name: dict[str, tuple[LocalRecord, ...]] = {}
    for written, records in written_records.items():
        name = record_name(written)
        if name in by_name:
            raise conflict("this name is listed twice, in two spellings", "records", written)
        _check_alias(written, name, records)
        by_name[name] = records
    return by_name


def _check_alias(written: str, name: str, records: tuple[LocalRecord, ...]) -> None:
    """Refuse a CNAME beside other records (RFC 1034 §3.6.2), and one that leads to itself."""
    for position, record in enumerate(records):
        if record.rtype == Type.CNAME and len(records) > 1:
            message = f'"{record}": a name with a CNAME can have nothing else'
            raise conflict(message, "records", written, position)
        if record.rtype == Type.CNAME and record.rdata.lower() == from_text(name):
            raise conflict(f'"{record}" leads to itself', "records", written, position)


LocalRecords = Annotated[
    dict[
        Annotated[str, PlainValidator(_read_name)],
        Annotated[
            tuple[Annotated[LocalRecord, Kind(LocalRecord.parse, accepts={"type": "string"})], ...],
            not_empty("a name needs at least one record"),
        ],
    ],
    AfterValidator(_by_name),
]
"""What `local.records` holds: records by exact name, or by "*.name" for all below a name."""
