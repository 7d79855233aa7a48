"""A body that is a file: bounded, in the data folder while it is worked on, gone afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sinkhole.control.web.v1 import uploads

FILE = {"Content-Type": "application/octet-stream"}


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_file_is_there_while_the_operation_runs_and_then_gone(
    books: str, client: ClientSession, tmp_path: Path
) -> None:
    size = 3 * uploads.PIECE + 17
    async with client.put(f"{books}/file?title=x", data=b"x" * size, headers=FILE) as answer:
        assert answer.status == 200
        told = await answer.json()
    assert told["size"] == size
    assert told["path"].startswith(f"{tmp_path}/")
    assert left_in(tmp_path) == []


async def test_a_file_that_is_refused_is_gone_too(
    books: str, client: ClientSession, tmp_path: Path
) -> None:
    async with client.put(f"{books}/file?title=bad", data=b"x", headers=FILE) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "not_a_book")
    assert left_in(tmp_path) == []


async def test_what_is_wrong_with_the_rest_is_told_before(
    books: str, client: ClientSession, audit: Any
) -> None:
    async with client.put(f"{books}/file", data=b"x", headers=FILE) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["key"]) == (422, "title")
    assert audit.notes == []


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_file_that_is_too_large_is_refused(
    books: str, client: ClientSession, monkeypatch: pytest.MonkeyPatch, is_told: bool
) -> None:
    monkeypatch.setattr(uploads, "MOST_UPLOAD", 1000)

    async def pieces() -> Any:
        for _ in range(11):
            yield b"x" * 100

    data = b"x" * 1100 if is_told else pieces()
    async with client.put(f"{books}/file?title=x", data=data, headers=FILE) as answer:
        assert (answer.status, (await answer.json())["code"]) == (413, "too_large")


async def test_the_disk_is_not_filled(
    books: str, client: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "KEPT_FREE", 1 << 62)
    async with client.put(f"{books}/file?title=x", data=b"x", headers=FILE) as answer:
        assert (answer.status, (await answer.json())["code"]) == (507, "disk_full")


async def test_json_is_no_file(books: str, client: ClientSession) -> None:
    async with client.put(f"{books}/file?title=x", json={}) as answer:
        assert answer.status == 415
