"""A server whom nobody asks lets the machine sleep: it hardly ever wakes, and asks no disk."""

from __future__ import annotations

import asyncio
import selectors
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from disk_calls import DiskWatch
from fake_upstream import FakeUpstream
from house import answers, get, house, list_file, running

MINUTES: Final = 10
PATIENCE_S: Final = 0.1
"""For how long nothing has to happen, and no other thread to be at work, before time passes."""

THREADS: Final = Path("/proc/self/task")


class SkippingLoop(asyncio.SelectorEventLoop):
    """Sleeps no longer than PATIENCE_S, after which the next timer's time has come.

    `wakes` are the times at which a timer ended its sleep.
    """

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self.wakes: list[float] = []
        super().__init__(_Impatient(self))

    def time(self) -> float:
        return super().time() + self.skipped_s


class _Impatient(selectors.EpollSelector):
    def __init__(self, loop: SkippingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None or timeout <= PATIENCE_S:
            return super().select(timeout)
        found = super().select(PATIENCE_S)
        while not found and _others_work():
            found = super().select(PATIENCE_S)
        if not found:
            self._loop.skipped_s += timeout - PATIENCE_S
            self._loop.wakes.append(self._loop.time())
        return found


def _others_work() -> bool:
    """Whether another thread of this process runs, would if it were let, or waits for the disk."""
    others = {each.name for each in THREADS.iterdir()} - {str(threading.get_native_id())}
    return any(_state_of(THREADS / each) in "RD" for each in others)


def _state_of(thread: Path) -> str:
    try:
        return (thread / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"  # it has ended


async def _idle(loop: SkippingLoop, tmp_path: Path) -> set[float]:
    """Be idle for MINUTES; the wakes after which the disk was asked for something."""
    async with FakeUpstream() as upstream:
        upstream.answer("example.org", "A", ["192.0.2.1"])
        lists = [list_file(tmp_path / "mine.txt", "||ads.example^")]
        async with running(house(tmp_path, upstream, filtering__lists=lists)) as app:
            (where,), url = app.addresses, app.listening.page.url if app.listening.page else ""
            assert await answers(where, "ads.example") == ["0.0.0.0"]
            assert await answers(where, "example.org") == ["192.0.2.1"]
            assert (await get(url, "/api/status"))["problems"] == []
            await asyncio.sleep(60)  # until what was asked is written
            touched: set[float] = set()
            with DiskWatch(lambda: touched.add(loop.wakes[-1])):
                loop.wakes[:] = [loop.time()]
                await asyncio.sleep(MINUTES * 60)
            return touched


def test_it_wakes_a_few_times_a_minute_and_asks_the_disk_once_for_each_thing(
    tmp_path: Path,
) -> None:
    if not hasattr(selectors, "EpollSelector"):
        pytest.skip("epoll and inotify are Linux's")
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SkippingLoop)
        touched = runner.run(_idle(loop, tmp_path))
        wakes = len(loop.wakes)
    # The log's writer looks after its file once a minute and then takes a breath, lists and state
    # are looked at once a minute, and the cache's file is written every half hour.
    assert wakes <= 5 * MINUTES
    assert len(touched) <= 2 * MINUTES + 2


async def test_whoever_sleeps_is_woken_by_the_first_query(tmp_path: Path) -> None:
    """And has it in the log within a second, not at the next look."""
    async with running(house(tmp_path, filtering__rules=["||ads.example^"])) as app:
        url = app.listening.page.url if app.listening.page else ""
        for number in range(3):
            assert await answers(app.addresses[0], f"n{number}.ads.example") == ["0.0.0.0"]
            while (await get(url, "/api/status"))["log"]["rows"] <= number:
                await asyncio.sleep(0.02)
