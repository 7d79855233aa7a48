"""Lists in a real PostgreSQL: offered, claimed, taken, swept."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sharing_kit import server_of

from sinkhole.control.lists.offers import Offer
from sinkhole.control.postgres import list_offers
from sinkhole.control.postgres.list_offers import PostgresListOffers, sweep_lists
from sinkhole.control.postgres.schema import migrate
from sinkhole.control.postgres.server import Server
from sinkhole.model.errors import StorageError

OFFER = Offer("d1", 5, '"one"', "Sun, 06 Nov 1994 08:49:37 GMT", "https://example.org/ads.txt")


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[Server]:
    async with server_of(postgres_url) as server:
        await migrate(server)
        yield server


async def taken(offers: PostgresListOffers, content_hash: str) -> bytes:
    return b"".join([piece async for piece in offers.take(content_hash)])


class Packing:
    """Makes a file, and counts how often."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.content = content
        self.times = 0

    async def __call__(self) -> Path:
        self.times += 1
        self.path.write_bytes(self.content)
        return self.path


async def test_what_one_offers_another_finds_and_takes(server: Server, tmp_path: Path) -> None:
    attic, cellar = PostgresListOffers(server, "attic"), PostgresListOffers(server, "cellar")
    assert await cellar.offered("s") is None
    content = gzip.compress(os.urandom(3 * list_offers.PIECE_SIZE))
    packing = Packing(tmp_path / "part", content)
    await attic.offer("s", OFFER, packing)
    found = await cellar.offered("s")
    assert found is not None and found.node == "attic" and 0 <= found.age_s < 600
    assert (found.content_hash, found.etag, found.answered_by) == (
        "d1",
        OFFER.etag,
        OFFER.answered_by,
    )
    assert await taken(cellar, "d1") == content
    await cellar.offer("s", OFFER, packing)
    await cellar.offer("another", OFFER, packing)
    assert packing.times == 1, "content that is there is not sent again"
    renewed = await attic.offered("s")
    assert renewed is not None and renewed.node == "cellar"


async def test_one_at_a_time_fetches(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attic, cellar = PostgresListOffers(server, "attic"), PostgresListOffers(server, "cellar")
    assert await attic.claim("s") and await attic.claim("s"), "again after a crash"
    assert not await cellar.claim("s")
    await cellar.release("s")
    assert not await cellar.claim("s"), "it is not its own"
    await attic.release("s")
    assert await cellar.claim("s")
    await cellar.offer("s", OFFER, Packing(tmp_path / "part", b"packed"))
    monkeypatch.setattr(list_offers, "CLAIM_S", 0.0)
    assert await attic.claim("s")
    assert await cellar.claim("s"), "whoever claimed it has not been heard of for too long"


async def test_two_may_offer_the_same_at_once(server: Server, tmp_path: Path) -> None:
    content = gzip.compress(os.urandom(3 * list_offers.PIECE_SIZE))
    await asyncio.gather(
        *(
            PostgresListOffers(server, f"node{number}").offer(
                f"s{number % 2}", OFFER, Packing(tmp_path / f"part{number}", content)
            )
            for number in range(4)
        )
    )
    assert await taken(PostgresListOffers(server, "attic"), "d1") == content


async def test_what_fails_half_way_is_not_there(server: Server, tmp_path: Path) -> None:
    async def missing() -> Path:
        return tmp_path / "none"

    offers = PostgresListOffers(server, "attic")
    with pytest.raises(StorageError):
        await offers.offer("s", OFFER, missing)
    assert await offers.offered("s") is None
    with pytest.raises(StorageError, match="any more"):
        await taken(offers, "d1")


async def test_headers_that_are_no_text_are_not_kept(server: Server, tmp_path: Path) -> None:
    offers = PostgresListOffers(server, "attic")
    await offers.offer("s", Offer("d1", 5, "\udce9"), Packing(tmp_path / "part", b"packed"))
    found = await offers.offered("s")
    assert found is not None and found.etag == ""


async def test_what_nobody_offers_any_more_is_swept(server: Server, tmp_path: Path) -> None:
    offers = PostgresListOffers(server, "attic")
    for content_hash in ("d1", "d2"):
        offer = Offer(content_hash, 5)
        await offers.offer("s", offer, Packing(tmp_path / content_hash, content_hash.encode()))
    async with server.transaction() as session:
        await sweep_lists(session)
    assert await taken(offers, "d2") == b"d2"
    with pytest.raises(StorageError):
        await taken(offers, "d1")
    await server.rows("UPDATE list_offer SET fetched = fetched - interval '41 days'")
    async with server.transaction() as session:
        await sweep_lists(session)
    assert await offers.offered("s") is None
    assert await server.value("SELECT count(*) FROM list_piece") == 0
