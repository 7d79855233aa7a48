"""The API over operations made for the purpose, on a free port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from bare_house import bare_house
from pydantic import Field

from sinkhole.control.operations.house import House
from sinkhole.control.operations.operation import Done, Download, Input, Nothing, Output, Upload
from sinkhole.control.operations.operation import operation as operation_named
from sinkhole.control.settings import Settings
from sinkhole.control.web import WebServer, create_app
from sinkhole.control.web.v1.route import ApiRoute
from sinkhole.model.actor import Actor, Permission
from sinkhole.model.errors import RequestError, SettingsError, StorageError


class Sought(Input):
    """What is looked for."""

    shelf: Annotated[str, Field(max_length=20)]
    words: list[str] = []
    most: Annotated[int, Field(ge=1, le=9)] = 3
    cursor: str | None = None


class Found(Output):
    """What there is, told back."""

    shelf: str
    words: list[str]
    most: int
    next: str | None = None


class Put(Input):
    """What goes on a shelf."""

    shelf: str
    book: str
    pages: int | None = None
    tags: list[str] = []


class Shelf(Output):
    """A shelf, of which there are versions."""

    books: list[str]
    revision: str


class Sent(Upload):
    """A file, and what it is called."""

    title: str


class Measured(Output):
    """How large a file was, and where it lay."""

    size: int
    path: str


class Wanted(Input):
    """Which file, and how it ends."""

    pieces: int = 2
    fails_after: int | None = None


class Trouble(Input):
    """What shall go wrong."""

    kind: str


@operation_named("books.find", Permission.LOG_READ)
async def find(house: House, actor: Actor, given: Sought) -> Found:
    """Look for books.

    Nothing is moved.
    """
    following = None if given.cursor else "2/é"
    return Found(shelf=given.shelf, words=given.words, most=given.most, next=following)


@operation_named("books.put", Permission.LISTS_WRITE, changes=True)
async def put(house: House, actor: Actor, given: Put) -> Shelf:
    """Put a book on a shelf."""
    return Shelf(books=[given.book], revision=f"of {given.shelf}")


@operation_named("books.shelf", Permission.LISTS_READ)
async def shelf(house: House, actor: Actor, given: Nothing) -> Shelf:
    """Show a shelf."""
    return Shelf(books=["é" * 2000], revision="17")


@operation_named("books.send", Permission.BACKUP_WRITE, changes=True)
async def send(house: House, actor: Actor, given: Sent) -> Measured:
    """Take a file."""
    if given.title == "bad":
        raise RequestError("invalid", "not_a_book", "that is no book")
    return Measured(size=given.file.stat().st_size, path=str(given.file))


@operation_named("books.read", Permission.BACKUP_READ)
async def read(house: House, actor: Actor, given: Wanted) -> Download:
    """Give a file."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        for number in range(given.pieces):
            if number == given.fails_after:
                raise StorageError("the disk is gone")
            yield b"x" * 100_000

    return Download(media_type="text/plain", file_name="book.txt", chunks=chunks())


@operation_named("books.fail", Permission.LISTS_WRITE)
async def fail(house: House, actor: Actor, given: Trouble) -> Done:
    """Go wrong."""
    if given.kind == "settings":
        raise SettingsError(["sinkhole.yaml:14: web.listen: is wrong", "dns.allow[0]: no network"])
    if given.kind == "storage":
        raise StorageError("the disk is stalled")
    if given.kind == "bug":
        raise LookupError("a secret of ours")
    more = {"retry_after_s": 7.4, "where": "/etc/sinkhole/sinkhole.yaml:14"}
    raise RequestError(given.kind, "word", "a sentence", more)


BOOKS = (
    ApiRoute("GET", "/shelves/{shelf}/books", find),
    ApiRoute("POST", "/shelves/{shelf}/books", put),
    ApiRoute("GET", "/shelf", shelf),
    ApiRoute("PUT", "/file", send),
    ApiRoute("GET", "/file", read),
    ApiRoute("POST", "/trouble", fail),
)


class Noting:
    """An audit that remembers."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []

    async def note(self, actor: Actor, operation: str, given: Any, error: str = "") -> None:
        self.notes.append((operation, error))


@pytest.fixture
def audit() -> Noting:
    """What was done."""
    return Noting()


@pytest.fixture
async def books(tmp_path: Path, audit: Noting) -> AsyncIterator[str]:
    """The address of the API over BOOKS; its data folder is `tmp_path`."""
    settings = Settings().model_copy(update={"data_dir": tmp_path})
    house = bare_house(
        settings=SimpleNamespace(settings=settings), state=SimpleNamespace(audit=audit)
    )
    server = WebServer(create_app(house, routes=BOOKS), "127.0.0.1", 0, patience_s=30.0)
    await server.start()
    yield f"{server.url}/api/v1"
    await server.stop()
