"""What the tests of the library share: a data folder with two lists, and a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from sinkhole.control.lists.library import Library
from sinkhole.control.settings import FilteringSettings, ListSettings
from sinkhole.dns.filter.trie import CompiledList

PATIENCE_S = 30


class Shelf:
    """A data folder, two list files and a clock; remembers what was published."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 1_000_000.0
        self.published: list[list[str]] = []
        self.news = asyncio.Event()
        self.ads = folder / "ads.txt"
        self.good = folder / "good.txt"
        self.ads.write_text("||ads.example^\n||more.example^\n")
        self.good.write_text("shop.example\n")

    @property
    def lists(self) -> Path:
        return self.folder / "data" / "lists"

    def settings(self, **changes: object) -> FilteringSettings:
        lists = (
            ListSettings(name="Ads", url=f"file:{self.ads}"),
            ListSettings(name="Good", url=f"file:{self.good}", kind="allow"),
        )
        return FilteringSettings(**{"lists": lists} | changes)

    def library(
        self, settings: FilteringSettings | None = None, essential_names: Sequence[str] = ()
    ) -> Library:
        return Library(
            settings or self.settings(),
            self.folder / "data",
            on_change=self._heard,
            now=lambda: self.now,
            poll_s=0.01,
            essential_names=essential_names,
        )

    async def _heard(self, lists: Sequence[CompiledList]) -> None:
        self.published.append([f"{found.name}:{found.names}" for found in lists])
        self.news.set()

    async def next_news(self) -> list[str]:
        await asyncio.wait_for(self.news.wait(), PATIENCE_S)
        self.news.clear()
        return self.published[-1]


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until `condition` holds."""

    async def look() -> None:
        while not condition():
            await asyncio.sleep(0.005)

    await asyncio.wait_for(look(), PATIENCE_S)


async def running(library: Library, what: Awaitable[None]) -> None:
    """Do `what` while the library runs by itself."""
    work = asyncio.create_task(library.run())
    try:
        await what
        assert not work.done()
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def statuses(library: Library) -> dict[str, str]:
    return {found["name"]: found["state"] for found in library.status()}
