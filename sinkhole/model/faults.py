"""Errors that nobody caught: they cost what was being done and nothing else.

Nearly all are bugs of ours; the rest is a machine that ran out of something. Each is logged when
it is first met, a bug with its traceback, and then only counted, so that one that happens with
every packet fills no disk.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

log = logging.getLogger(__name__)

EXHAUSTED: Final = frozenset(
    {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN}
)
"""What the system says where it has no descriptor, memory or process left."""

MOST_KINDS: Final = 100
"""Kinds that are told apart: who met it, what it is, and the line that raised it."""

SHOWN_S: Final = 3600.0
"""How long after it was last met a fault is among the problems."""


class Fault(NamedTuple):
    """One kind of fault: who met it, what it says, how often, and when it was last met."""

    where: str
    text: str
    times: int
    at: float


class KeptTask(NamedTuple):
    """A task that runs as long as the server: how often it was begun anew, and after what."""

    restarts: int = 0
    last_error: str = ""


class Faults:
    """All faults of one server since its start; `count` is of all together.

    `kept` are the tasks that run as long as the server, by name (see `Tasks.keep`).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self._clock = clock
        self.kept: dict[str, KeptTask] = {}
        self._met: dict[tuple[str, str, str], Fault] = {}

    def note(self, where: str, error: BaseException | None, text: str = "") -> None:
        """Count an error that `where` met; `text` says what happened where there is no error."""
        self.count += 1
        said = text if error is None else _words(error)
        kind = (where, said, "") if error is None else (where, type(error).__name__, _line(error))
        known = self._met.pop(kind, None)
        if known is None:
            trace = None if _is_want(error) else error
            log.error("%s met %s: %s", where, _kind_of(error), said, exc_info=trace)
            if len(self._met) >= MOST_KINDS:
                del self._met[next(iter(self._met))]  # the one that was not met for longest
        told = f"{_kind_of(error)} ({said})"
        self._met[kind] = Fault(where, told, known.times + 1 if known else 1, self._clock())

    def note_end(self, task: str, error: BaseException) -> None:
        """A kept task has met an error, which ended it; it is begun anew."""
        self.note(task, error)
        restarts = self.kept.get(task, KeptTask()).restarts + 1
        self.kept[task] = KeptTask(restarts, _words(error))

    @contextmanager
    def contain(self, where: str) -> Iterator[None]:
        """Note what is raised within, and go on behind it."""
        try:
            yield
        except Exception as error:
            self.note(where, error)

    def of_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """The event loop's exception handler: what leaves a callback ends nothing."""
        said = str(context.get("message", "an unknown error"))
        self.note("a callback", context.get("exception"), said)

    def problems(self) -> list[str]:
        """What was met lately, a sentence each."""
        now = self._clock()
        return [
            f"{fault.where} met {fault.text}, {_times(fault.times)}: the log has the details, and "
            "all else goes on"
            for fault in self._met.values()
            if now - fault.at < SHOWN_S
        ]


def _is_want(error: BaseException | None) -> bool:
    """Whether nobody's code is to blame: the machine has no more of something."""
    return isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno in EXHAUSTED
    )


def _kind_of(error: BaseException | None) -> str:
    return "a shortage on this machine" if _is_want(error) else "an error of sinkhole's own"


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _line(error: BaseException) -> str:
    """The file and line that raised it, as two bugs may raise the same kind of error."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
