"""Questions nobody gets a usual answer to, whatever the name: other classes, transfers, ANY."""

from __future__ import annotations

from typing import Final

from sinkhole.policy.blocking import Refusal
from sinkhole.wire import numbers as n
from sinkhole.wire.reply import Record

_HINFO_TTL_S: Final = 3600
_HINFO: Final = b"\x07RFC8482\x00"
_META_TYPES: Final = range(128, 256)


def answer_special(name: bytes, qtype: int, qclass: int) -> tuple[Refusal, str] | None:
    """The answer and the reason for it, or None for usual questions.

    Classes other than IN are refused, CHAOS among them: it would tell our version (RFC 6895
    §3.2). Zone transfers are refused (RFC 5936 §2.2), and so are all other types that ask for
    an action instead of records. ANY is answered with HINFO instead of everything there is, as
    that is only good for amplification (RFC 8482 §4.2).
    """
    if qclass != n.CLASS_IN:
        return Refusal(n.Rcode.REFUSED), "class other than IN"
    if qtype == n.Type.ANY:
        record = Record(name, n.Type.HINFO, _HINFO_TTL_S, _HINFO)
        return Refusal(n.Rcode.NOERROR, (record,)), "ANY is not served"
    if qtype in _META_TYPES or qtype in (0, n.Type.OPT):
        return Refusal(n.Rcode.REFUSED), f"{n.type_name(qtype)} is not served"
    return None
