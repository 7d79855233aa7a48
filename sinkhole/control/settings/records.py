"""One local record as people write it, and its data on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sinkhole.control.settings.addresses import parse_address
from sinkhole.control.settings.fields import read_text
from sinkhole.control.settings.words import listing, shown
from sinkhole.dns.wire.numbers import Type, type_name
from sinkhole.dns.wire.text.rdata import rdata_from_text, rdata_to_text

TYPES = {
    type_name(number): number
    for number in (
        Type.A,
        Type.AAAA,
        Type.CNAME,
        Type.MX,
        Type.PTR,
        Type.SRV,
        Type.TXT,
        Type.HTTPS,
        Type.SVCB,
    )
}
"""The types a record can have, by the word in front of its data."""


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A record without its name: `rdata` is its data on the wire, `text` what parses to it.

    Names in `rdata` are uncompressed and lower-cased.
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
            rdata = rdata_from_text(rtype, data)
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
