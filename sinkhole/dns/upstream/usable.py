"""Which replies are of use, and why others are not."""

from __future__ import annotations

from typing import Final

from sinkhole.dns.wire.numbers import Rcode, rcode_name
from sinkhole.dns.wire.reply import Reply

USABLE: Final = frozenset({Rcode.NOERROR, Rcode.NXDOMAIN, Rcode.YXDOMAIN})


def uselessness(reply: Reply) -> str:
    """Why a reply that is truncated, or has another rcode, is of no use: an attempt's outcome."""
    said = f"answered {rcode_name(reply.rcode)}"
    if reply.tc:
        return f"{said}, truncated even over TCP"
    return f"{said} ({'; '.join(map(str, reply.errors))})" if reply.errors else said
