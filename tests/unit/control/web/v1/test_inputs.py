"""From path, query and body to an input, or to a refusal that names the mistake."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.operations.misfits import MOST_ERRORS


async def test_fields_come_from_path_and_query(books: str, client: ClientSession) -> None:
    url = f"{books}/shelves/a%2Fb%20%C3%A9/books?words=x&words=&most=5"
    async with client.get(url) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert (told["shelf"], told["words"], told["most"]) == ("a/b é", ["x", ""], 5)


async def test_fields_come_from_path_and_body(books: str, client: ClientSession) -> None:
    body = {"book": "\U0001f4d6 Ulysses"}  # which JSON writes as two halves
    async with client.post(f"{books}/shelves/top/books", json=body) as answer:
        assert answer.status == 200
        assert await answer.json() == {"books": ["\U0001f4d6 Ulysses"], "revision": "of top"}


@pytest.mark.parametrize(
    ("query", "key", "said"),
    [
        ("most=0", "most", "write 1 or more"),
        ("most=x", "most", "write a number"),
        ("most=", "most", "write a number"),
        ("most=1&most=2", "most", "is given 2 times"),
        ("colour=red", "colour", "accepted: cursor, most, words"),
        ("shelf=other", "shelf", "accepted: cursor, most, words"),
    ],
)
async def test_what_is_wrong_in_the_query_is_named(
    books: str, client: ClientSession, query: str, key: str, said: str
) -> None:
    async with client.get(f"{books}/shelves/top/books?{query}") as answer:
        assert answer.status == 422
        told = await answer.json()
    (error,) = told["errors"]
    assert (error["key"], error["where"]) == (key, "query")
    assert said in error["text"]
    assert said in told["detail"]


async def test_what_is_wrong_in_the_path_is_named(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/shelves/{'x' * 21}/books") as answer:
        told = await answer.json()
    assert [(each["key"], each["where"]) for each in told["errors"]] == [("shelf", "path")]


@pytest.mark.parametrize(
    ("body", "status", "code", "keys"),
    [
        (b"", 422, "invalid_input", ["book"]),
        (b"{}", 422, "invalid_input", ["book"]),
        (b'{"book": 1, "pages": "many"}', 422, "invalid_input", ["book", "pages"]),
        (b'{"book": "x", "shelf": "y"}', 422, "invalid_input", ["shelf"]),
        (b'{"book": "x", "colour": 1}', 422, "invalid_input", ["colour"]),
        (b"[]", 400, "not_an_object", []),
        (b"null", 400, "not_an_object", []),
        (b"{", 400, "not_json", []),
        (b'{"book": "x", "pages": NaN}', 400, "not_json", []),
        (b'{"book": "\xff"}', 400, "not_json", []),
        (b'{"book": "\\ud800"}', 400, "not_json", []),
        (b"[" * 60_000, 400, "not_json", []),
        (b'{"book": "x", "book": "y"}', 400, "repeated", []),
        (b'{"book": "' + b"x" * 70_000 + b'"}', 413, "too_large", []),
    ],
)
async def test_what_is_wrong_in_the_body_is_named(
    books: str,
    client: ClientSession,
    audit: Any,
    body: bytes,
    status: int,
    code: str,
    keys: list[str],
) -> None:
    headers = {"Content-Type": "application/json"}
    async with client.post(f"{books}/shelves/top/books", data=body, headers=headers) as answer:
        assert answer.status == status
        told = await answer.json()
    assert told["code"] == code
    assert [each["key"] for each in told.get("errors", [])] == keys
    assert audit.notes == []


async def test_a_query_beside_a_body_is_no_hiding_place(books: str, client: ClientSession) -> None:
    url = f"{books}/shelves/top/books?book=x"
    async with client.post(url, json={"book": "y"}) as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["where"] == "query"


async def test_what_takes_no_body_is_given_none(books: str, client: ClientSession) -> None:
    async with client.get(f"{books}/shelf", data=b"{}") as answer:
        assert answer.status == 200
    async with client.get(f"{books}/shelf", data=b'{"a": 1}') as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "body_not_taken"


async def test_no_more_than_twenty_mistakes_are_told(books: str, client: ClientSession) -> None:
    url = f"{books}/shelves/top/books"
    async with client.post(url, json={"book": "x", "tags": list(range(2 * MOST_ERRORS))}) as answer:
        assert len((await answer.json())["errors"]) == MOST_ERRORS
