"""EDNS options of a query: whether those we know have the form that their RFCs give them.

No option has a say in an answer here and none is passed on. But a client that sends a broken one
is told so, as one that sends any other broken part of a query is (RFC 7871 §7.2.1, RFC 7873
§5.2.2). Options that are not known here are passed over (RFC 6891 §6.1.2).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sinkhole.dns.wire import numbers as n
from sinkhole.model.errors import WireError

_SIZES: Final[dict[int, Collection[int]]] = {
    n.Option.LLQ: (18,),  # RFC 8764 §3.2
    n.Option.EXPIRE: (0, 4),  # RFC 7314 §2
    n.Option.COOKIE: (8, *range(16, 41)),  # RFC 7873 §4: the client's part, then the server's
    n.Option.KEEPALIVE: (0, 2),  # RFC 7828 §3.1
}

_FAMILY_BITS: Final = {0: 0, 1: 32, 2: 128}
"""Address bits by ECS family. Family 0 is how some clients say "no address" (`dig +subnet=0`)."""


def check_option(code: int, data: bytes) -> None:
    """Raise WireError for a known option of a query whose data is malformed."""
    sizes = _SIZES.get(code)
    if sizes is not None and len(data) not in sizes:
        raise WireError(f"EDNS option {code} cannot have {len(data)} bytes")
    if code == n.Option.ECS:
        _check_client_subnet(data)


def _check_client_subnet(data: bytes) -> None:
    """RFC 7871 §6: family (2 bytes), source and scope prefix lengths, then the address.

    The address has exactly the bytes that the source prefix reaches into, and no bit beyond it.
    """
    if len(data) < 4:
        raise WireError("a client subnet option ends within its head")
    family, source, scope = int.from_bytes(data[:2], "big"), data[2], data[3]
    bits = _FAMILY_BITS.get(family)
    if bits is None:
        raise WireError(f"client subnet of family {family}")
    address = data[4:]
    if source > bits or scope or len(address) != (source + 7) // 8:
        raise WireError("a client subnet whose lengths do not fit together")
    if address and address[-1] & (0xFF >> ((source - 1) % 8 + 1)):
        raise WireError("a client subnet with bits behind its prefix")
