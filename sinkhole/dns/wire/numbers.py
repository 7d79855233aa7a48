"""The numbers of the DNS registries that sinkhole uses, and their names (IANA, RFC 6895).

Plain numbers, grouped by classes that are never instantiated: looking up a member of an IntEnum
takes five times as long, and the path of one answer has a few dozen of them.
"""

from __future__ import annotations

from typing import Final

CLASS_IN: Final = 1

# Bits of the 16-bit flags field, RFC 1035 §4.1.1 and RFC 4035 §3.
QR: Final = 0x8000
AA: Final = 0x0400
TC: Final = 0x0200
RD: Final = 0x0100
RA: Final = 0x0080
AD: Final = 0x0020
CD: Final = 0x0010
OPCODE_MASK: Final = 0x7800
RCODE_MASK: Final = 0x000F

EDNS_DO: Final = 0x8000
"""The DO bit in the flags half of OPT's TTL field, RFC 3225 §3."""

EDNS_PAYLOAD: Final = 1232
"""The largest UDP message sent or asked for: no fragments on any usual path (DNS flag day 2020)."""

CLASSIC_PAYLOAD: Final = 512
"""The largest UDP message for a client without EDNS, RFC 1035 §4.2.1."""

MAX_MESSAGE: Final = 65_535
MAX_NAME: Final = 255
MAX_LABEL: Final = 63


class Rcode:
    """Response codes, RFC 1035 §4.1.1 and RFC 6891 §9."""

    NOERROR: Final = 0
    FORMERR: Final = 1
    SERVFAIL: Final = 2
    NXDOMAIN: Final = 3
    NOTIMP: Final = 4
    REFUSED: Final = 5
    YXDOMAIN: Final = 6
    NOTAUTH: Final = 9
    BADVERS: Final = 16


class Option:
    """The EDNS options that mean something here (IANA, DNS EDNS0 Option Codes)."""

    LLQ: Final = 1
    ECS: Final = 8
    EXPIRE: Final = 9
    COOKIE: Final = 10
    KEEPALIVE: Final = 11
    PADDING: Final = 12
    EDE: Final = 15
    MAC: Final = 65001
    """The MAC of a client, as dnsmasq tells it; and as text, MAC_TEXT."""
    MAC_TEXT: Final = 65073


class Ede:
    """The extended DNS errors that we tell, RFC 8914 §4."""

    STALE_ANSWER: Final = 3
    FORGED_ANSWER: Final = 4
    BLOCKED: Final = 15
    FILTERED: Final = 17
    NOT_AUTHORITATIVE: Final = 20
    NO_REACHABLE_AUTHORITY: Final = 22


class Type:
    """Resource record types that have a meaning here; all others pass through by number."""

    A: Final = 1
    NS: Final = 2
    CNAME: Final = 5
    SOA: Final = 6
    PTR: Final = 12
    HINFO: Final = 13
    MX: Final = 15
    TXT: Final = 16
    AAAA: Final = 28
    SRV: Final = 33
    NAPTR: Final = 35
    DNAME: Final = 39
    OPT: Final = 41
    DS: Final = 43
    RRSIG: Final = 46
    NSEC: Final = 47
    DNSKEY: Final = 48
    NSEC3: Final = 50
    SVCB: Final = 64
    HTTPS: Final = 65
    TKEY: Final = 249
    TSIG: Final = 250
    IXFR: Final = 251
    AXFR: Final = 252
    MAILB: Final = 253
    MAILA: Final = 254
    ANY: Final = 255


_OTHER_TYPES: Final = {
    3: "MD", 4: "MF", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 14: "MINFO", 17: "RP",
    18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 24: "SIG", 25: "KEY", 26: "PX", 29: "LOC",
    30: "NXT", 36: "KX", 37: "CERT", 38: "A6", 42: "APL", 44: "SSHFP", 45: "IPSECKEY",
    49: "DHCID", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS",
    60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 99: "SPF", 104: "NID",
    105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 256: "URI", 257: "CAA",
    258: "AVC", 260: "AMTRELAY", 32768: "TA", 32769: "DLV",
}  # fmt: skip

_TYPE_NAMES: Final[dict[int, str]] = {
    v: k for k, v in vars(Type).items() if k.isupper()
} | _OTHER_TYPES
_TYPE_NUMBERS: Final = {name: number for number, name in _TYPE_NAMES.items()}
_RCODE_NAMES: Final[dict[int, str]] = {v: k for k, v in vars(Rcode).items() if k.isupper()}


def type_name(number: int) -> str:
    """The mnemonic of a type, or TYPEnnn where it has none here (RFC 3597 §5)."""
    return _TYPE_NAMES.get(number) or f"TYPE{number}"


def type_number(name: str) -> int:
    """The number of a type from its mnemonic (any letter case) or TYPEnnn; ValueError if none."""
    upper = name.upper()
    if upper in _TYPE_NUMBERS:
        return _TYPE_NUMBERS[upper]
    digits = upper.removeprefix("TYPE")
    if digits != upper and digits.isascii() and digits.isdigit() and int(digits) <= 0xFFFF:
        return int(digits)
    raise ValueError(f"{name!r} is not a record type")


def rcode_name(number: int) -> str:
    """The mnemonic of a response code, or RCODEnn where it has none here."""
    return _RCODE_NAMES.get(number) or f"RCODE{number}"
