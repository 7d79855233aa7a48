"""Lists that the first of a pair has, from a real HTTP server."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from list_server import serving

from sinkhole.control.lists.offers import Offer
from sinkhole.control.pairing.peer import Peer
from sinkhole.control.pairing.peer_lists import PeerLists
from sinkhole.model.errors import StorageError

OFFER = {
    "content_hash": "ab" * 32,
    "size_bytes": 5,
    "etag": '"a"',
    "last_modified": "",
    "answered_by": "https://lists.example.org/ads.txt",
    "age_s": 1.5,
    "of a later one": 1,
}


async def claimed(told: Any) -> Offer | None:
    """What is offered by one that tells this."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"is_looked_after": True, "offer": told})

    async with serving(answer) as url:
        peer = Peer(url, "secret")
        try:
            lists = PeerLists(peer, "attic")
            assert not await lists.claim("source")
            return await lists.offered("source")
        finally:
            await peer.close()


async def test_what_it_has_is_offered() -> None:
    offer = await claimed(OFFER)
    assert offer is not None
    assert (offer.content_hash, offer.size_bytes, offer.node) == ("ab" * 32, 5, "attic")
    assert await claimed(None) is None


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        OFFER | {"age_s": "old"},
        OFFER | {"age_s": float("nan")},
        OFFER | {"size_bytes": None},
        OFFER | {"content_hash": "../../own/sessions"},
        OFFER | {"etag": "a" * 100_000},
    ],
)
async def test_what_makes_no_sense_is_refused(told: Any) -> None:
    with pytest.raises(StorageError):
        await claimed(told)
