"""Records, names and bytes between text and wire form, by dnslib where it can."""

from __future__ import annotations

import re

import dnslib
from world import local_records, zone_records

from sinkhole.dns.filter.match import Rewritten
from sinkhole.dns.wire.name import from_text
from sinkhole.dns.wire.numbers import rcode_name, type_name

RCODES = [rcode_name(number) for number in range(16)]


def read_record(text: str) -> dnslib.RR:
    """A record from NAME TTL TYPE RDATA; ValueError, whatever dnslib says of it, if it is none."""
    try:
        (record,) = zone_records(text)
    except Exception as error:
        raise ValueError(f"{text!r} is not a record: {error}") from error
    return record


def read_local(lines: list[str]) -> dict[str, list[str]]:
    """Local records from lines of NAME ADDRESS... or NAME TYPE DATA."""
    records: dict[str, list[str]] = {}
    for line in lines:
        name, _, data = line.partition(" ")
        first = data.split()[0]
        values = [data.strip()] if first.isupper() and first.isalpha() else data.split()
        records.setdefault(name, []).extend(values)
    return records


def read_rewrite(line: str) -> tuple[str, Rewritten]:
    """A name and what is said instead, from NAME RCODE, NAME CNAME NAME or NAME TYPE DATA."""
    name, what, *data = line.split()
    if what == "CNAME":
        return name, Rewritten(cname=from_text(data[0]))
    if not data:
        return name, Rewritten(rcode=RCODES.index(what))
    records = local_records({name: [" ".join((what, *data))]})[name]
    return name, Rewritten(records=tuple(records))


def by_section(lines: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Records by section: the answer, and those with `authority` or `additional` in front."""
    sections: dict[str, list[str]] = {"answer": [], "authority": [], "additional": []}
    for line in lines:
        section, _, record = line.partition(" ")
        if section in sections:
            sections[section].append(record)
        else:
            sections["answer"].append(line)
    return sections["answer"], sections["authority"], sections["additional"]


def one_line(record: dnslib.RR) -> str:
    """NAME TTL TYPE RDATA, the name without its final dot."""
    owner = str(record.rname).rstrip(".") or "."
    return f"{owner} {record.ttl} {type_name(record.rtype)} {record.rdata}"


def same_record(text: str, record: dnslib.RR) -> bool:
    """Whether a record is the one of the text: byte for byte, letter case of its owner included.

    `...` stands for any rdata.
    """
    if text.endswith(" ..."):
        return one_line(record).split()[:3] == text.split()[:3]
    return _bytes_of(read_record(text)) == _bytes_of(record)


def _bytes_of(record: dnslib.RR) -> tuple[object, ...]:
    rdata = dnslib.DNSBuffer()
    record.rdata.pack(rdata)
    return (record.rname.label, record.rtype, record.ttl, bytes(rdata.data))


def full_rcode(message: dnslib.DNSRecord) -> int:
    """The rcode with its upper bits, which are in OPT (RFC 6891 §6.1.3)."""
    upper = next((extra.ttl >> 24 for extra in message.ar if extra.rtype == 41), 0)
    return int(upper << 4 | message.header.rcode)


def read_bytes(text: str) -> bytes:
    """Bytes of hex digits and of quoted text; `*N` repeats what is before it, `-` is nothing."""
    pieces: list[bytes] = []
    for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', text):
        if plain.startswith("*") and pieces:
            pieces[-1] *= int(plain[1:])
        elif plain != "-":
            pieces.append(quoted.encode() if quoted else bytes.fromhex(plain))
    return b"".join(pieces)


def write_opt(size: int, do: bool, options: list[tuple[int, bytes]]) -> bytes:
    """An OPT record as a client writes it."""
    data = b"".join(c.to_bytes(2, "big") + len(d).to_bytes(2, "big") + d for c, d in options)
    ttl = 0x8000 if do else 0
    fixed = b"\0\0\x29" + size.to_bytes(2, "big") + ttl.to_bytes(4, "big")
    return fixed + len(data).to_bytes(2, "big") + data
