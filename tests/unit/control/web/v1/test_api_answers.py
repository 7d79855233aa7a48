"""From an output to a response: ETag, gzip, pages, files."""

from __future__ import annotations

import json

import pytest
from aiohttp import ClientPayloadError, ClientSession


async def test_an_answer_is_json_that_no_cache_keeps(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/shelf") as answer:
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["ETag"].startswith('W/"')
        assert answer.headers["Vary"] == "Accept-Encoding"


async def test_who_has_it_already_is_told_so(books: str, client: ClientSession) -> None:
    url = f"{books}/shelves/top/books"
    async with client.get(url) as answer:
        tag = answer.headers["ETag"]
    for known in (tag, f'"other", {tag}', "*"):
        async with client.get(url, headers={"If-None-Match": known}) as answer:
            assert (answer.status, await answer.read()) == (304, b"")
            assert answer.headers["ETag"] == tag
    async with client.get(f"{url}?most=4", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200


async def test_what_was_changed_is_never_told_as_known(books: str, client: ClientSession) -> None:
    headers = {"If-None-Match": "*"}
    async with client.post(
        f"{books}/shelves/top/books", json={"book": "x"}, headers=headers
    ) as answer:
        assert answer.status == 200


async def test_a_large_answer_is_compressed_for_who_takes_that(
    books: str, client: ClientSession
) -> None:
    async with client.get(f"{books}/shelf", headers={"Accept-Encoding": "identity"}) as answer:
        assert "Content-Encoding" not in answer.headers
        plain = await answer.read()
    assert len(plain) > 10_000
    async with client.get(f"{books}/shelf", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert int(answer.headers["Content-Length"]) < 1000
        assert await answer.read() == plain
    async with client.get(f"{books}/shelves/top/books") as answer:
        assert "Content-Encoding" not in answer.headers


async def test_text_is_escaped_so_that_any_name_is_safe(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/shelf") as answer:
        assert (await answer.read()).isascii()


async def test_the_next_page_is_linked_relative_to_this_one(
    books: str, client: ClientSession
) -> None:
    async with client.get(f"{books}/shelves/top/books?most=2&words=x") as answer:
        told = await answer.json()
        url = answer.links["next"]["url"]
    assert told["next"] == "2/é"
    assert (url.query["cursor"], url.query["most"], url.query["words"]) == ("2/é", "2", "x")
    async with client.get(url) as answer:
        assert "Link" not in answer.headers


async def test_a_head_is_an_answer_without_its_body(books: str, client: ClientSession) -> None:
    for path in ("/shelf", "/file"):
        async with client.head(f"{books}{path}") as answer:
            assert (answer.status, await answer.read()) == (200, b"")


async def test_a_file_comes_in_pieces_and_under_its_name(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/file?pieces=5") as answer:
        assert answer.content_type == "text/plain"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="book.txt"'
        assert await answer.read() == b"x" * 500_000


async def test_a_file_without_anything_in_it_is_a_file(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/file?pieces=0") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_file_that_fails_at_once_is_refused_and_later_cut_off(
    books: str, client: ClientSession
) -> None:
    """So that nobody takes half of it for the whole."""
    async with client.get(f"{books}/file?fails_after=0") as answer:
        assert answer.status == 503
        assert json.loads(await answer.read())["detail"] == "the disk is gone"
    async with client.get(f"{books}/file?pieces=3&fails_after=1") as answer:
        assert answer.status == 200
        with pytest.raises(ClientPayloadError):
            await answer.read()
