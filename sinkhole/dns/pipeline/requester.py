"""A client that waits for what an upstream says."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable

from sinkhole.dns.cache.ready import Ready
from sinkhole.dns.pipeline.bugs import Bugs
from sinkhole.dns.pipeline.reaction import Waiting
from sinkhole.dns.pipeline.replies import BUG, fitted
from sinkhole.dns.wire.numbers import Rcode
from sinkhole.dns.wire.write import write_failed
from sinkhole.model.record import Report

Recorder = Callable[[Waiting, Report], None]
"""Takes note of what became of a query that waited."""


class Requester:
    """Gets one reply, whatever becomes of the asking, so that its place is always given back.

    `record` is told of that reply before `send` is called with it. `patience` is the timer of a
    client that will not wait for the end, if there is one.
    """

    __slots__ = ("_bugs", "_is_served", "_record", "_send", "_waiting", "patience")

    def __init__(
        self,
        waiting: Waiting,
        send: Callable[[bytes], None],
        record: Recorder,
        bugs: Bugs,
    ) -> None:
        self.patience: TimerHandle | None = None
        self._waiting = waiting
        self._send = send
        self._record = record
        self._bugs = bugs
        self._is_served = False

    def finish(self, ready: Ready, report: Report) -> None:
        """Give the reply, with the report of this first time, unless one was given already."""
        if self._is_served:
            return
        waiting = self._waiting
        try:
            reply = fitted(ready, waiting.query, waiting.end, waiting.shape, waiting.channel)
        except Exception as error:
            self.fail(error)
        else:
            self._serve(reply, report)

    def fail(self, error: Exception) -> None:
        """Take note of a bug, and answer SERVFAIL unless a reply was given already."""
        self._bugs.meet(error)
        if self._is_served:
            return
        query, end, shape, question = *self._waiting[:3], self._waiting.question
        reply = write_failed(query, end + 4, edns=shape.edns, do=shape.do)
        self._serve(reply, Report(question.name, question.qtype, Rcode.SERVFAIL, BUG))

    def _serve(self, reply: bytes, report: Report) -> None:
        self._is_served = True
        if self.patience is not None:
            self.patience.cancel()
        try:
            self._record(self._waiting, report)
        except Exception as error:
            self._bugs.meet(error)
        self._send(reply)
