"""What every reply owes its query, whatever is in it."""

from __future__ import annotations

import dnslib
from notation import full_rcode

ERRORS = {1, 4, 16}
"""FORMERR, NOTIMP and BADVERS may be a header alone: the question may be unreadable."""


def complaints(query: bytes, reply: bytes, *, udp: bool) -> list[str]:
    """What is wrong with a reply, in words; nothing, if all is well."""
    try:
        read = dnslib.DNSRecord.parse(reply)
    except dnslib.DNSError as error:
        return [f"the reply cannot be read: {error}"]
    checks = _header_checks(query, reply)
    if reply[4:6] == b"\0\0":
        checks["the header stands alone for an error only"] = full_rcode(read) in ERRORS
        checks["a header alone is all there is"] = reply[6:10] == b"\0\0\0\0"
    else:
        checks |= _answer_checks(query, reply, read, udp=udp)
    return [f"not true: {what}" for what, is_true in checks.items() if not is_true]


def _header_checks(query: bytes, reply: bytes) -> dict[str, bool]:
    """RFC 1035 §4.1.1; no AD, as upstreams are not trusted to validate (RFC 6840 §5.8)."""
    return {
        "the id is the query's": reply[:2] == query[:2],
        "QR is set": bool(reply[2] & 0x80),
        "the opcode is the query's": reply[2] & 0x78 == query[2] & 0x78,
        "AA is not set": not reply[2] & 0x04,
        "RD is the query's": reply[2] & 0x01 == query[2] & 0x01,
        "RA is set": bool(reply[3] & 0x80),
        "Z and AD are not set": not reply[3] & 0x60,
    }


def _answer_checks(
    query: bytes, reply: bytes, read: dnslib.DNSRecord, *, udp: bool
) -> dict[str, bool]:
    asked = dnslib.DNSRecord.parse(query)
    end = 12 + sum(len(label) + 1 for label in asked.q.qname.label) + 1 + 4
    opt = [extra for extra in read.ar if extra.rtype == 41]
    asked_opt = [extra for extra in asked.ar if extra.rtype == 41]
    size = min(max(asked_opt[0].edns_len, 512), 1232) if asked_opt else 512
    checks = {
        "there is one question": reply[4:6] == b"\0\1",
        "the question is the query's, as it was spelled": reply[12:end] == query[12:end],
        "CD is the query's": reply[3] & 0x10 == query[3] & 0x10,
        "it is no longer than the client takes": len(reply) <= size or not udp,
        "TC comes over UDP, with nothing": not read.header.tc or (udp and not read.rr + read.auth),
        "OPT is for who sent OPT": len(opt) == len(asked_opt),
        "there is nothing else in the additional section": len(read.ar) == len(opt),
    }
    if opt and asked_opt:
        checks["EDNS is version 0"] = opt[0].edns_ver == 0
        checks["DO is the query's"] = opt[0].edns_do == asked_opt[0].edns_do
        checks["we take 1232 bytes"] = opt[0].edns_len == 1232
        checks["no option but extended errors"] = {option.code for option in opt[0].rdata} <= {15}
    return checks
