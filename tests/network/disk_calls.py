"""A disk that notes who asks it, and that can be made to sleep until DNS has answered.

    with DiskWatch() as disk:
        async with Served(settings, disk) as served:
            ...
    assert disk.calls == []

`Served` runs an App on a thread of its own, so that whatever that thread asks the disk is the
App's doing, be it in our own code or in a library.
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from house import LIMIT_S

from sinkhole.app.app import App
from sinkhole.control.settings import Settings

T = TypeVar("T")

SILENT: Final = ("stat", "lstat", "statvfs", "access", "fsync", "fdatasync", "readlink")
"""Calls that Python's audit events do not tell of."""

TOLD: Final = (
    "open", "os.chmod", "os.chown", "os.link", "os.listdir", "os.mkdir", "os.remove", "os.rename",
    "os.rmdir", "os.scandir", "os.symlink", "os.truncate", "os.utime", "mmap.__new__",
    "sqlite3.connect", "subprocess.Popen", "os.posix_spawn", "os.fork",
)  # fmt: skip
NO_DISK: Final = ("/dev/null", "/proc/")


class DiskWatch:
    """Sees every call to the disk while it is entered, and tells `on_call`, in that thread.

    `calls` are those of the watched thread.

    While `sleeps` is set, each call of another thread waits there until `wake`, which is the end
    of this nap only: the next call waits for the next `wake`.
    """

    def __init__(self, on_call: Callable[[], None] = int) -> None:
        self.calls: list[str] = []
        self._on_call = on_call
        self.naps = 0
        self._thread: int | None = None
        self._sleeps = False
        self._turn = threading.Condition()
        self._turns = 0

    def watch_this_thread(self) -> None:
        """From now on note what this thread asks the disk."""
        self._thread = threading.get_ident()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Within it every call waits for a `wake` of its own time."""
        self._sleeps = True
        try:
            yield
        finally:
            self._sleeps = False
            self.wake()

    def wake(self) -> None:
        """Something was answered: whoever waits for the disk now may go on."""
        with self._turn:
            self._turns += 1
            self._turn.notify_all()

    def note(self, call: str, subject: object) -> None:
        if str(subject).startswith(NO_DISK):
            return
        self._on_call()
        if self._thread is None:
            return
        if threading.get_ident() == self._thread:
            self.calls.append(f"{call} {subject}{_stack()}")
        elif self._sleeps and threading.current_thread() is not threading.main_thread():
            with self._turn:
                self.naps += 1
                turn = self._turns
                self._turn.wait_for(lambda: self._turns > turn or not self._sleeps, LIMIT_S)

    def __enter__(self) -> DiskWatch:
        global _watch
        _listen()
        _watch = self
        self._plain = {name: getattr(os, name) for name in SILENT}
        for name, plain in self._plain.items():
            setattr(os, name, _noting(self, name, plain))
        return self

    def __exit__(self, *_: object) -> None:
        global _watch
        _watch = None
        for name, plain in self._plain.items():
            setattr(os, name, plain)


_watch: DiskWatch | None = None


@functools.cache
def _listen() -> None:
    """Once a process, as audit hooks stay."""
    sys.addaudithook(_heard)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch is not None and event in TOLD:
        _watch.note(event, arguments[0] if arguments else "")


def _noting(watch: DiskWatch, name: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def noted(subject: Any, *arguments: Any, **options: Any) -> Any:
        watch.note(name, subject)
        return plain(subject, *arguments, **options)

    return noted


def _stack() -> str:
    """Who called, innermost first; not by `traceback`, which reads files."""
    lines = []
    frame = sys._getframe(3)
    while frame is not None and len(lines) < 14:
        code = frame.f_code
        lines.append(f"\n    {code.co_filename}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return "".join(lines)


class Served:
    """An App on a thread with an event loop of its own; the disk is watched while it serves."""

    def __init__(self, settings: Settings, disk: DiskWatch) -> None:
        self.app: App
        self._settings = settings
        self._disk = disk
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="served")
        self._started: asyncio.Future[None]
        self._stop: asyncio.Event

    async def __aenter__(self) -> Served:
        self._here = asyncio.get_running_loop()
        self._started = self._here.create_future()
        self._thread.start()
        async with asyncio.timeout(LIMIT_S):
            await self._started
        return self

    async def __aexit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        await asyncio.to_thread(self._thread.join, LIMIT_S)
        assert not self._thread.is_alive()

    async def does(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs on the App's loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self.app = App(self._settings)
        try:
            await self.app.start()
        except BaseException as error:
            self._here.call_soon_threadsafe(self._started.set_exception, error)
            return
        self._here.call_soon_threadsafe(self._started.set_result, None)
        await self._stop.wait()
        await self.app.stop()
