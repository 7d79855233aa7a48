"""Lists in the database: what one node has fetched, for all of them.

Content lies there gzipped, in pieces, once for each hash. What no source offers any more is swept.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

from sinkhole.control.lists.offers import Offer, Packed
from sinkhole.control.postgres.server import Server, Session
from sinkhole.model.errors import StorageError

CLAIM_S: Final = 60.0
"""How long others leave a list to the node that fetches it."""

PIECE_SIZE: Final = 256 * 1024

KEPT_DAYS: Final = 40
"""How long content is kept that nobody fetches any more."""

_CLAIM: Final = """
    INSERT INTO list_claim AS c VALUES ($1, $2, now() + make_interval(secs => $3))
    ON CONFLICT (source) DO UPDATE SET node = excluded.node, until = excluded.until
    WHERE c.until < now() OR c.node = excluded.node RETURNING 1
"""
_OFFERED: Final = """
    SELECT digest, size_bytes, etag, last_modified, answered_by, node,
           extract(epoch FROM now() - fetched)::float8
    FROM list_offer WHERE source = $1
"""
_OFFER: Final = """
    INSERT INTO list_offer VALUES ($1, $2, $3, $4, $5, $6, $7, now())
    ON CONFLICT (source) DO UPDATE SET digest = excluded.digest, size_bytes = excluded.size_bytes,
        etag = excluded.etag, last_modified = excluded.last_modified,
        answered_by = excluded.answered_by, node = excluded.node, fetched = excluded.fetched
"""


class PostgresListOffers:
    """A ListOffers for one node."""

    def __init__(self, server: Server, node: str) -> None:
        self._server = server
        self._node = node

    async def claim(self, source: str) -> bool:
        """Be the one that fetches."""
        return bool(await self._server.rows(_CLAIM, source, self._node, CLAIM_S))

    async def release(self, source: str) -> None:
        """Let others fetch."""
        sql = "DELETE FROM list_claim WHERE source = $1 AND node = $2"
        await self._server.rows(sql, source, self._node)

    async def offered(self, source: str) -> Offer | None:
        """What was last offered; by the time of the database."""
        rows = await self._server.rows(_OFFERED, source)
        return Offer(*rows[0]) if rows else None

    async def take(self, content_hash: str) -> AsyncGenerator[bytes, None]:
        """The pieces."""
        sql = "SELECT packed FROM list_piece WHERE digest = $1 AND number = $2"
        number = 0
        while packed := await self._server.value(sql, content_hash, number):
            yield packed
            number += 1
        if not number:
            raise StorageError("its content is not in the database any more")

    async def offer(self, source: str, offer: Offer, packed: Packed) -> None:
        """Put it there, all or nothing."""
        has = "SELECT 1 FROM list_content WHERE digest = $1"
        is_new = not await self._server.rows(has, offer.content_hash)
        path = await packed() if is_new else None
        async with self._server.transaction() as session:
            if path is not None:
                await _store(session, offer.content_hash, path)
            # Headers are bytes, and need not be proper Unicode.
            said = (offer.etag, offer.last_modified, offer.answered_by)
            known = said if all(map(_is_text, said)) else ("", "", "")
            values = (offer.content_hash, offer.size_bytes, *known, self._node)
            await session.rows(_OFFER, source, *values)
            await session.rows("DELETE FROM list_claim WHERE source = $1", source)


async def sweep_lists(session: Session) -> None:
    """Remove what nobody offers any more, and what nobody fetches."""
    old = "DELETE FROM list_offer WHERE fetched < now() - make_interval(days => $1)"
    await session.rows(old, KEPT_DAYS)
    await session.rows("DELETE FROM list_claim WHERE until < now()")
    await session.rows(
        "DELETE FROM list_content AS c WHERE NOT EXISTS"
        " (SELECT 1 FROM list_offer AS o WHERE o.digest = c.digest)"
    )


async def _store(session: Session, content_hash: str, path: Path) -> None:
    """Write content, unless another node has done so meanwhile."""
    sql = "INSERT INTO list_content VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1"
    if not await session.rows(sql, content_hash):
        return
    number = 0
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, PIECE_SIZE):
            sql = "INSERT INTO list_piece VALUES ($1, $2, $3)"
            await session.rows(sql, content_hash, number, piece)
            number += 1
    finally:
        await asyncio.to_thread(file.close)


def _is_text(value: str) -> bool:
    """Whether the database can keep it."""
    return value.isprintable()
