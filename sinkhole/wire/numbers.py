"""The numbers of the DNS registries that sinkhole uses, and their names (IANA, RFC 6895)."""

from __future__ import annotations

from enum import IntEnum
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


class Rcode(IntEnum):
    """Response codes, RFC 1035 §4.1.1 and RFC 6891 §9."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    NOTAUTH = 9
    BADVERS = 16


class Option(IntEnum):
    """EDNS option codes (IANA, DNS EDNS0 Option Codes)."""

    LLQ = 1
    NSID = 3
    ECS = 8
    EXPIRE = 9
    COOKIE = 10
    KEEPALIVE = 11
    PADDING = 12
    EDE = 15


class Ede(IntEnum):
    """Extended DNS errors, RFC 8914 §4."""

    STALE_ANSWER = 3
    FORGED_ANSWER = 4
    CACHED_ERROR = 13
    NOT_READY = 14
    BLOCKED = 15
    CENSORED = 16
    FILTERED = 17
    PROHIBITED = 18
    NOT_SUPPORTED = 21
    NO_REACHABLE_AUTHORITY = 22
    NETWORK_ERROR = 23


class Type(IntEnum):
    """Resource record types that have a meaning here; all others pass through by number."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    AAAA = 28
    SRV = 33
    NAPTR = 35
    DNAME = 39
    OPT = 41
    DS = 43
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    SVCB = 64
    HTTPS = 65
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255


_OTHER_TYPES: Final = {
    3: "MD", 4: "MF", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 14: "MINFO", 17: "RP",
    18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 24: "SIG", 25: "KEY", 26: "PX", 29: "LOC",
    30: "NXT", 36: "KX", 37: "CERT", 38: "A6", 42: "APL", 44: "SSHFP", 45: "IPSECKEY",
    49: "DHCID", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 59: "CDS",
    60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 99: "SPF", 104: "NID",
    105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64", 256: "URI", 257: "CAA",
    258: "AVC", 260: "AMTRELAY", 32768: "TA", 32769: "DLV",
}  # fmt: skip

_TYPE_NAMES: Final = {int(member): member.name for member in Type} | _OTHER_TYPES
_TYPE_NUMBERS: Final = {name: number for number, name in _TYPE_NAMES.items()}
_RCODE_NAMES: Final = {int(member): member.name for member in Rcode}


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
