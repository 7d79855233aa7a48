"""TCP towards upstreams: one query on a connection of its own (RFC 7766, RFC 1035 §4.2.2).

Used for the few answers that do not fit into a datagram, and for a question whose datagrams
somebody seems to forge: whoever cannot see our packets cannot finish a handshake.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from sinkhole.dns.wire.query import answers_but_for_case
from sinkhole.dns.wire.reply import answers_question
from sinkhole.model.errors import UpstreamError

MOST_STRAYS: Final = 3
"""Messages that answer another question are skipped up to here, then the connection is closed."""


async def exchange_by_tcp(host: str, port: int, query: bytes) -> bytes:
    """The response to a query, matched by id and question; the connection is closed behind it.

    A question in other letter case is the same (RFC 4343): a connection is proof enough.

    Raises UpstreamError, whose `cause` finishes a sentence, when it cannot be reached, closes
    early, or gives no matching response. For how long that may take is the caller's.
    """
    writer: asyncio.StreamWriter | None = None
    try:
        # A host with an interface behind it is no name to be looked up.
        reader, writer = await asyncio.open_connection(host, port, flags=socket.AI_NUMERICHOST)
        writer.write(len(query).to_bytes(2, "big") + query)
        return await _matching(reader, query)
    except asyncio.IncompleteReadError:
        raise UpstreamError(host, "closed the TCP connection before its answer") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UpstreamError(host, f"could not be asked over TCP ({reason})") from None
    finally:
        if writer is not None:
            writer.transport.abort()  # nothing of ours is left to flush, and closing may not wait


async def _matching(reader: asyncio.StreamReader, query: bytes) -> bytes:
    for _ in range(MOST_STRAYS):
        size = int.from_bytes(await reader.readexactly(2), "big")
        wire = await reader.readexactly(size)
        if answers_question(wire, query) or answers_but_for_case(wire, query):
            return wire
    raise UpstreamError("", "answered other questions than ours over TCP")
